/* utf8.h - cutting UTF-8 without breaking a character. */
#ifndef UF_BASE_UTF8_H
#define UF_BASE_UTF8_H

#include <stddef.h>

/* Copies text, cut to fit `size` bytes with NUL, never within a character. Returns its length. */
size_t uf_utf8_cut(char *ret, size_t size, const char *text);
/* The same of `len` bytes that have no NUL behind them; what is no text (control characters) becomes '?'. */
size_t uf_utf8_copy(char *ret, size_t size, const char *text, size_t len);
/* What is no UTF-8 in `text`, and control characters, becomes '?', byte by byte: text of a target that is not
 * trusted. Returns its length, which does not change. */
size_t uf_utf8_clean(char *text);

#endif
