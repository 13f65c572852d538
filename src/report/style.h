/* style.h - colour, kept out of the way of layout.
 *
 * A report is composed with one-byte marks that take no column; at the end
 * uf_style_apply() turns them into ANSI sequences, or drops them. Texts of the
 * target cannot hold marks: uf_columns_clean() spells control characters out.
 */
#ifndef UF_REPORT_STYLE_H
#define UF_REPORT_STYLE_H

#include "base/text.h"

#include <stdbool.h>

#define UF_MARK_PLAIN "\x01"
#define UF_MARK_RED "\x02"    /* bold red: a leak */
#define UF_MARK_YELLOW "\x03" /* bold yellow: delayed */
#define UF_MARK_GREEN "\x04"  /* bold green: clean */
#define UF_MARK_BOLD "\x05"
#define UF_MARK_DIM "\x06"

/* Appends `text` with its marks turned into colour codes, or without them. Spaces at line ends go. */
void uf_style_apply(struct uf_text *ret, const char *text, bool color);

#endif
