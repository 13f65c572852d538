/* text_finding.h - one finding as text: in full, or in a line. */
#ifndef UF_REPORT_TEXT_FINDING_H
#define UF_REPORT_TEXT_FINDING_H

#include "analysis/result.h"
#include "report/page.h"

#include <stdbool.h>

/* "shop.Session, 1 per call, retaining 357 B": what piles up, how fast. */
void uf_text_finding_headline(struct uf_text *ret, const struct uf_finding *finding);

/* Number, headline and severity; `full`: then also who holds it, the cycle, and the fix. */
void uf_text_finding(struct uf_page *page, size_t number, const struct uf_finding *finding,
                     bool full);

/* Number, headline and holder, cut to one line. */
void uf_text_finding_line(struct uf_page *page, size_t number, const struct uf_finding *finding);

#endif
