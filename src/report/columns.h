/* columns.h - how many terminal columns a text takes, and how to make it fit.
 *
 * Texts are UTF-8. Combining and format characters take no column, East Asian
 * wide ones two, all else one. Bytes 1 to 31 that uf_columns_clean() did not
 * let through are the report's own style marks (report/style.h) and take no
 * column. All functions append to `ret`; want of memory stands in ret->failed.
 */
#ifndef UF_REPORT_COLUMNS_H
#define UF_REPORT_COLUMNS_H

#include "base/text.h"

#include <stddef.h>
#include <stdint.h>

struct uf_columns_range {
    uint32_t first, last;
};

/* columns_table.c, ascending. */
extern const struct uf_columns_range uf_columns_none[], uf_columns_wide[];
extern const size_t uf_columns_none_count, uf_columns_wide_count;

/* Added to the byte, or to the surrogate, that is not valid in UTF-8. */
#define UF_COLUMNS_INVALID 0x1000000u

/* The code point at `text` and how many bytes it takes (1 at least; len must not be 0).
 * Not UTF-8: UF_COLUMNS_INVALID + the byte, 1 byte. An encoded surrogate, as Python writes with
 * "surrogatepass": UF_COLUMNS_INVALID + the surrogate, 3 bytes. */
size_t uf_columns_decode(const char *text, size_t len, uint32_t *code);

unsigned uf_columns_of(uint32_t code); /* 0, 1 or 2 */
size_t uf_columns_width(const char *text, size_t len);

/* `text` on one line, harmless to a terminal: runs of white space become one space, other control
 * characters, direction overrides and invalid bytes are spelled out ("\x1b"). NULL is empty. */
void uf_columns_clean(struct uf_text *ret, const char *text);

/* At most `max` columns; what is too long is cut in the middle ("module.sub...Class") or at the end. */
void uf_columns_cut_middle(struct uf_text *ret, const char *text, size_t max);
void uf_columns_cut_end(struct uf_text *ret, const char *text, size_t max);

/* Words of `text` on lines of at most `width` columns. The first line goes on at column `at`; the
 * others begin after `hang` spaces. A space behind a digit is kept together with what follows
 * ("41 KiB"), as far as that fits; a word longer than a line is broken. No newline at the end.
 * Returns the column reached. */
size_t uf_columns_wrap(struct uf_text *ret, const char *text, size_t at, size_t hang, size_t width);

#endif
