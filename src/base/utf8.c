#include "base/utf8.h"

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
