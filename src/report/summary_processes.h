/* summary_processes.h - of a summary of several processes: what it says of each of them. */
#ifndef UF_REPORT_SUMMARY_PROCESSES_H
#define UF_REPORT_SUMMARY_PROCESSES_H

#include "analysis/type_totals.h"
#include "report/heap.h"
#include "report/processes.h"

struct uf_summary_process {
    int pid;
    bool master; /* it was named, and its children with it */
    struct uf_report_heap heap;
    struct uf_type_figures all;
};

/* Belongs to the caller. */
struct uf_summary_processes {
    struct uf_summary_process *at; /* the master first */
    size_t count;
    const struct uf_absent *absent;
    size_t absent_count;
};

/* A table, and a row for each that is not in it. */
void uf_summary_draw_processes(struct uf_page *page, const struct uf_summary_processes *all);
/* The members "processes" (null: one heap) and "unread". */
void uf_summary_processes_json(struct uf_json *json, const struct uf_summary_processes *all);

#endif
