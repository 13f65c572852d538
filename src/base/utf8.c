#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

/* Of `len` bytes, as many as fit. */
static size_t fitting(const char *text, size_t len, size_t size)
{
    if (len < size)
        return len;
    len = size - 1;
    while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return len;
}

size_t uf_utf8_cut(char *ret, size_t size, const char *text)
{
    if (size == 0)
        return 0;
    size_t len = fitting(text, strnlen(text, size), size);
    memcpy(ret, text, len);
    ret[len] = 0;
    return len;
}

size_t uf_utf8_copy(char *ret, size_t size, const char *text, size_t len)
{
    if (size == 0)
        return 0;
    len = fitting(text, len, size);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        ret[i] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
    }
    ret[len] = 0;
    return len;
}

/* Bytes of the character that begins at `text`, which ends with NUL; 0: it is none (RFC 3629: no overlong
 * forms, no surrogates, nothing above U+10FFFF). */
static size_t character_bytes(const unsigned char *text)
{
    unsigned char first = text[0];
    size_t bytes = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first > 0xf4)
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool bad = (first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) ||
               (first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f);
    return bad ? 0 : bytes;
}

size_t uf_utf8_clean(char *text)
{
    size_t len = 0;
    while (text[len]) {
        unsigned char c = (unsigned char)text[len];
        size_t bytes = character_bytes((const unsigned char *)text + len);
        if (bytes == 0 || c < 0x20 || c == 0x7f)
            text[len] = '?';
        len += bytes ? bytes : 1;
    }
    return len;
}
