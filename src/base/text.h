/* text.h - a growing text buffer.
 *
 * After the first failure for want of memory `failed` is set and further
 * calls do nothing, so a writer checks once at the end. {0} is empty.
 * `at` is NUL-ended once anything was written.
 */
#ifndef UF_BASE_TEXT_H
#define UF_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct uf_text {
    char *at;
    size_t len, cap;
    bool failed;
};

void uf_text_add(struct uf_text *text, const char *bytes, size_t len);
void uf_text_add_z(struct uf_text *text, const char *string);
void uf_text_printf(struct uf_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void uf_text_release(struct uf_text *text);

#endif
