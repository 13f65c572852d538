#include "export/arrow_texts.h"

#include <stdbool.h>
#include <string.h>

enum uf_code uf_arrow_texts_init(struct uf_arrow_texts *texts, size_t expected,
                                 struct uf_error *err)
{
    *texts = (struct uf_arrow_texts){0};
    if (uf_vec_reserve(&texts->offsets, expected + 1))
        return uf_error_nomem(err);
    texts->offsets.at[texts->offsets.len++] = 0;
    return UF_OK;
}

/* The length of the character at `text`, 0 if none of at most `len` bytes begins there: RFC 3629, so
 * neither surrogates nor longer forms than needed. */
static size_t character(const unsigned char *text, size_t len)
{
    unsigned char first = text[0];
    if (first < 0x80)
        return 1;
    size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || len < size)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool longer = (first == 0xe0 && text[1] < 0xa0) || (first == 0xf0 && text[1] < 0x90);
    bool beyond = (first == 0xed && text[1] > 0x9f) || (first == 0xf4 && text[1] > 0x8f);
    return longer || beyond ? 0 : size;
}

static size_t ascii(const unsigned char *text, size_t len)
{
    size_t at = 0;
    while (at < len && text[at] < 0x80)
        at++;
    return at;
}

/* Into room for 3 * len bytes; how many came of it. */
static size_t put_valid(char *to, const unsigned char *text, size_t len)
{
    size_t put = 0;
    for (size_t at = 0; at < len;) {
        size_t size = character(text + at, len - at);
        if (size) {
            memcpy(to + put, text + at, size);
            put += size;
            at += size;
        } else {
            memcpy(to + put, "\xef\xbf\xbd", 3); /* U+FFFD */
            put += 3;
            at++;
        }
    }
    return put;
}

enum uf_code uf_arrow_texts_add(struct uf_arrow_texts *texts, const char *text, size_t len,
                                struct uf_error *err)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t plain = ascii(bytes, len);
    if (len > INT32_MAX / 3 || texts->bytes.len + 3 * len > INT32_MAX)
        return uf_error_set(err, UF_ELIMIT, "a column of texts is larger than 2 GiB");
    if (uf_vec_reserve(&texts->bytes, texts->bytes.len + plain + 3 * (len - plain)) ||
        uf_vec_reserve(&texts->offsets, texts->offsets.len + 1))
        return uf_error_nomem(err);
    char *to = texts->bytes.at + texts->bytes.len;
    if (plain)
        memcpy(to, text, plain);
    texts->bytes.len += plain + put_valid(to + plain, bytes + plain, len - plain);
    texts->offsets.at[texts->offsets.len++] = (int32_t)texts->bytes.len;
    return UF_OK;
}

size_t uf_arrow_texts_count(const struct uf_arrow_texts *texts)
{
    return texts->offsets.len ? texts->offsets.len - 1 : 0;
}

void uf_arrow_texts_release(struct uf_arrow_texts *texts)
{
    uf_vec_release(&texts->offsets);
    uf_vec_release(&texts->bytes);
}
