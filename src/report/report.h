/* report.h - one result, as a person and as a program read it.
 *
 * Both forms state the same facts. The text is made for `width` columns
 * (0: not a terminal, 100 columns) and holds colour codes only when asked.
 */
#ifndef UF_REPORT_REPORT_H
#define UF_REPORT_REPORT_H

#include "analysis/result.h"
#include "base/text.h"

struct uf_report_style {
    uint16_t width;
    bool color;
    bool quiet; /* verdict line and findings' first lines only */
};

void uf_report_text(struct uf_text *ret, const struct uf_check_result *result,
                    const struct uf_report_style *style);
/* schema unfreed.check/1 (docs/check-json.md); ends with a newline. */
void uf_report_json(struct uf_text *ret, const struct uf_check_result *result);

#endif
