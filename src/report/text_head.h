/* text_head.h - the first lines of a report: the verdict, in a sentence, and what it was measured on. */
#ifndef UF_REPORT_TEXT_HEAD_H
#define UF_REPORT_TEXT_HEAD_H

#include "analysis/result.h"
#include "report/page.h"

#include <stdbool.h>

void uf_text_head(struct uf_page *page, const struct uf_check_result *result, bool quiet);

/* "700/10/10" */
void uf_text_thresholds(struct uf_text *ret, const struct uf_check_result *result);

/* All samples from this index on left nothing; their number if the last one did not. */
size_t uf_text_settled(const struct uf_check_result *result);

#endif
