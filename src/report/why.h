/* why.h - why something is alive, as a person and as a program read it (docs/why-json.md). */
#ifndef UF_REPORT_WHY_H
#define UF_REPORT_WHY_H

#include "analysis/why.h"
#include "report/heap.h"

struct uf_why_report {
    const struct uf_why *why;
    const struct uf_view *view; /* that it was made from */
    struct uf_report_heap heap;
    uint32_t rows; /* of the table of groups; more are counted */
};

void uf_why_text(struct uf_text *ret, const struct uf_why_report *report,
                 const struct uf_report_form *form);
/* Schema unfreed.why/1; ends with a newline. */
void uf_why_json(struct uf_text *ret, const struct uf_why_report *report);

#endif
