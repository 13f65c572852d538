/* diff_processes.h - of a comparison of several processes: what it says of each of them.
 *
 * Belongs to the caller, as all of diff.h.
 */
#ifndef UF_REPORT_DIFF_PROCESSES_H
#define UF_REPORT_DIFF_PROCESSES_H

#include "analysis/diff.h"
#include "report/heap.h"
#include "report/processes.h"

/* Seen twice. */
struct uf_diff_process {
    int pid;
    bool master; /* it was named, and its children with it */
    struct uf_report_heap old, new;
};

/* What an entry is in one process. */
struct uf_diff_part {
    struct uf_diff_figures heap[2]; /* of its main group */
    int64_t bytes;                  /* change of all its groups */
};

struct uf_diff_processes {
    struct uf_diff_process *at; /* by pid, the master first */
    size_t count;
    struct uf_diff_part *parts; /* of process p in the grown entry e: parts[e * count + p] */
    size_t part_entries;        /* so many entries have them */
    struct uf_absent *absent;
    size_t absent_count;
    int example_pid; /* examples and walks are from this one */
};

struct uf_diff_report;

/* The row "each": in which processes an entry grew, by how much. */
void uf_diff_draw_each(struct uf_page *page, const struct uf_diff_report *report, size_t index);
/* The figures of its main group, indexed by enum uf_diff_heap; of several processes in the one that the
 * examples are from. */
const struct uf_diff_figures *uf_diff_of_example(const struct uf_diff_report *report, size_t index);
/* The table of processes, and what is to be said of those that are not in it. */
void uf_diff_draw_processes(struct uf_page *page, const struct uf_diff_report *report);

/* The member "processes": null for two heaps; then "came", "went", "unread". */
void uf_diff_processes_json(struct uf_json *json, const struct uf_diff_report *report);
/* The member "by_process" of a grown entry: null for two heaps. */
void uf_diff_each_json(struct uf_json *json, const struct uf_diff_report *report, size_t index);

#endif
