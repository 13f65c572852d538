/* summary.h - a heap's summary, as a person and as a program read it (docs/summary-json.md). */
#ifndef UF_REPORT_SUMMARY_H
#define UF_REPORT_SUMMARY_H

#include "analysis/summary.h"
#include "report/heap.h"
#include "report/summary_processes.h"

struct uf_balance;

struct uf_summary_report {
    const struct uf_summary *summary;
    const struct uf_strings *strings; /* that its names are in */
    const struct uf_view *view;       /* that it was made from; NULL: several processes */
    struct uf_report_heap heap;
    const struct uf_summary_processes *processes; /* of several, added up; NULL: one heap */
    enum uf_summary_order order;
    const struct uf_balance *balance; /* of resident memory, when it was asked for; else NULL */
    uint32_t rows, other_rows; /* of the table of types, and of each other one; more are counted */
};

void uf_summary_text(struct uf_text *ret, const struct uf_summary_report *report,
                     const struct uf_report_form *form);
/* Schema unfreed.summary/1; ends with a newline. */
void uf_summary_json(struct uf_text *ret, const struct uf_summary_report *report);

/* The member "collector". */
void uf_summary_collector_json(struct uf_json *json, const struct uf_meta *meta);

/* "modules", "threads", ...: who holds, by enum uf_root_kind. */
const char *uf_summary_holder(int root_kind);

#endif
