/* comparison.h - the one way of `unfreed diff` from two sets of groups to its report.
 *
 * Whoever opens the heaps (diff.c: two of them; diff_many.c: several processes, looked at twice) fills in
 * `heap`, `side` and what else is said of each field; then
 *
 *     uf_comparison_end(&comparison)         compares, looks closer, reports: the answer is filled in
 *     uf_comparison_release(&comparison)     the rest stays with its owner
 */
#ifndef UF_ANSWER_COMPARISON_H
#define UF_ANSWER_COMPARISON_H

#include "answer/after.h"
#include "answer/heap.h"
#include "report/diff.h"

#define UF_COMPARISON_NOTES 8

struct uf_comparison {
    const struct uf_heap_request *request;
    struct uf_answer *answer;
    /* Indexed by enum uf_diff_heap. Of several processes: NEW is the one that examples are from, OLD is NULL. */
    struct uf_opened *heap[2];
    const struct uf_signatures *signatures[2];
    struct uf_diff_processes *processes; /* NULL: two heaps */
    struct uf_after after;               /* {0}: nothing was waited for */
    /* Figures of the processes, once entries are known; of several processes only. */
    enum uf_code (*fill)(struct uf_comparison *c, struct uf_error *err);
    void *fill_context;

    struct uf_diff diff;
    struct uf_diff_walk *walks;
    size_t looked_at;
    char interrupted[80];
    const char *notes[UF_COMPARISON_NOTES + 1];
    size_t note_count;
};

/* Are the two heaps of one process? */
bool uf_comparison_same_process(const struct uf_meta *old, const struct uf_meta *new);

void uf_comparison_end(struct uf_comparison *c);
void uf_comparison_release(struct uf_comparison *c);

#endif
