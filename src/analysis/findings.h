/* findings.h - from groups and graphs to the findings that a person reads.
 *
 * Every entry point appends to result->findings and leaves the sorting (worst
 * first) done; on an error the findings that were complete stay.
 * result->function must be set before: it is part of each id. `births` may be NULL: then
 * nothing is said of where objects were allocated.
 */
#ifndef UF_ANALYSIS_FINDINGS_H
#define UF_ANALYSIS_FINDINGS_H

#include "analysis/groups.h"
#include "analysis/result.h"
#include "graph/births.h"

/* What the series said, all groups together: for the verdict and its evidence sentence. */
struct uf_growth_summary {
    uint32_t groups; /* that were judged */
    /* groups with at least one such series, not_from_call left out */
    uint32_t trends, undecided;
    /* of the worst group: a trend's if there is one, else the least of the others */
    double confidence;
    uint32_t windows;      /* judged for that group */
    uint32_t window_calls; /* calls in its shortest window */
    /* entries that the largest growing holder has at the end: a cache bounded above that is not
     * excluded; UF_UNKNOWN without a trend */
    double largest_bound;
};

/* The groups whose series are trends (or settled after notable growth): kinds retained and
 * growing, and cycle for what stays unreachable after collection. Works on the last capture
 * added to `groups`. */
enum uf_code uf_findings_from_groups(struct uf_check_result *result, struct uf_groups *groups,
                                     const struct uf_graph *graph, const struct uf_reach *reach,
                                     const struct uf_names *names, const struct uf_births *births,
                                     struct uf_growth_summary *summary, struct uf_error *err);

/* The garbage of one call (member[n] is 1), before it is collected: one finding of kind cycle
 * for each distinct cycle, at most 10. Called again for another call, it raises the figures of
 * cycles known. */
enum uf_code uf_findings_from_garbage(struct uf_check_result *result, const struct uf_graph *graph,
                                      const uint8_t *member, const struct uf_names *names,
                                      const struct uf_births *births, struct uf_error *err);

/* Fills result->warmup: what is in `graph` and not among the `count` addresses `before` (any
 * order), grouped by the first new object on its path and who holds that; at most 20 rows. */
enum uf_code uf_findings_warmup(struct uf_check_result *result, const struct uf_graph *graph,
                                const struct uf_reach *reach, const struct uf_names *names,
                                const uint64_t *before, size_t count, struct uf_error *err);

/* Leak before delayed before bounded, then by bytes retained per call. */
void uf_findings_sort(struct uf_check_result *result);

#endif
