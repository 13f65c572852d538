/* page.h - the few shapes that a text report is made of, each fitted to the width.
 *
 * Texts given to a page are clean (uf_columns_clean) and may hold style marks.
 * A struct uf_text handed over is released, and its failure goes to the page's.
 */
#ifndef UF_REPORT_PAGE_H
#define UF_REPORT_PAGE_H

#include "base/text.h"

#include <stddef.h>

struct uf_page {
    struct uf_text *out;
    size_t width;
};

/* LEAD  text, wrapped behind the lead; `right` (may be empty) at the right margin of the first line.
 * `lead_mark` is the style of the lead. */
void uf_page_headline(struct uf_page *page, const char *lead_mark, const char *lead,
                      struct uf_text *text, const char *right);

/* label  text: the label dim at `indent`, the text wrapped from `column` on. */
void uf_page_row(struct uf_page *page, size_t indent, const char *label, size_t column,
                 struct uf_text *text);

/* A line of `text`, cut where it is too long. */
void uf_page_line(struct uf_page *page, size_t indent, struct uf_text *text);

void uf_page_spaces(struct uf_page *page, size_t count);
void uf_page_newline(struct uf_page *page);

/* Releases a text that was composed for the page; false, and the page failed, if it is not whole. */
void uf_page_drop(struct uf_page *page, struct uf_text *text);

/* The composed text, never NULL. */
const char *uf_page_z(const struct uf_text *text);

#endif
