/* summary_sum.h - the summaries of several heaps, added up: by type, by who holds it, what is garbage.
 *
 *     struct uf_summary_sum sum = {0};
 *     uf_summary_sum_add(&sum, &of_one, graph, err);          for each heap, which may go afterwards
 *     uf_summary_sum_finish(&sum, UF_BY_BYTES, err);
 *     ... sum.all: its names are in sum.strings ...
 *     uf_summary_sum_release(&sum);
 *
 * What is about single objects is not added up: there are no largest ones, no cycles, and the examples of
 * native rows are UF_NODE_NONE. `types` of a name is the most that one heap has.
 */
#ifndef UF_ANALYSIS_SUMMARY_SUM_H
#define UF_ANALYSIS_SUMMARY_SUM_H

#include "analysis/summary.h"

/* {0} is empty. */
struct uf_summary_sum {
    struct uf_summary all;
    struct uf_strings strings;
    struct uf_map type_rows, native_rows; /* number of a name + 1 -> row */
    uint32_t heaps;
};

/* UF_ENOMEM: the sum is of no use any more. */
enum uf_code uf_summary_sum_add(struct uf_summary_sum *sum, const struct uf_summary *one,
                                const struct uf_graph *graph, struct uf_error *err);
/* Nothing is added after it. */
enum uf_code uf_summary_sum_finish(struct uf_summary_sum *sum, enum uf_summary_order order,
                                   struct uf_error *err);
void uf_summary_sum_release(struct uf_summary_sum *sum);

#endif
