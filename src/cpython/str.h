/* str.h - text and small numbers out of objects of the target, for names and previews. */
#ifndef UF_CPYTHON_STR_H
#define UF_CPYTHON_STR_H

#include "base/utf8.h"
#include "cpython/plan.h"

struct uf_str {
    const void *data; /* view of the characters */
    uint64_t length;  /* code points */
    uint8_t width;    /* bytes per character: 1, 2 or 4 */
};

/* A str object's characters (at most `max` of them are in the view; length is the true one). */
bool uf_str_view(const struct uf_heap *heap, uint64_t object, uint64_t max, struct uf_str *ret);
static inline uint32_t uf_str_char(const struct uf_str *str, uint64_t index)
{
    const uint8_t *data = str->data;
    uint16_t two;
    uint32_t four;
    switch (str->width) {
    case 1:
        return data[index];
    case 2:
        __builtin_memcpy(&two, data + index * 2, 2);
        return two;
    default:
        __builtin_memcpy(&four, data + index * 4, 4);
        return four;
    }
}

/* UTF-8 of a str object, cut to fit `size` bytes with NUL; the number of bytes written without NUL.
 * What is not text (lone surrogates, control characters) becomes '?'. 0 and "" when it is no str. */
size_t uf_str_copy(const struct uf_heap *heap, uint64_t object, char *ret, size_t size);
bool uf_str_equals(const struct uf_heap *heap, uint64_t object, const char *ascii);
/* A C string of the target, cut within no character; what is not UTF-8 becomes '?'. */
size_t uf_cstr_copy(const struct uf_heap *heap, uint64_t address, char *ret, size_t size);

/* Appends one code point as UTF-8; returns the number of bytes (at most 4). */
size_t uf_utf8_put(char *ret, uint32_t character);

#endif
