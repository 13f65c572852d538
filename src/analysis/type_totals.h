/* type_totals.h - all types of a heap: how many objects, their size, and what they keep alive.
 *
 * What a type retains is what its living objects retain together: what one of
 * them dominates that another one dominates already is not counted again
 * (weight.h, for all types in one walk). Types may be taken together, as those
 * of one name. Own objects (UF_NODE_OWN) are in no figure.
 */
#ifndef UF_ANALYSIS_TYPE_TOTALS_H
#define UF_ANALYSIS_TYPE_TOTALS_H

#include "analysis/domtree.h"

struct uf_type_figures {
    uint64_t objects, bytes;                   /* all there are; shallow sizes */
    uint64_t retained_objects, retained_bytes; /* by the living ones */
    uint64_t garbage_objects, garbage_bytes;   /* of `objects` and `bytes`: what nothing reaches */
};

struct uf_type_totals {
    uint32_t count;
    struct uf_type_figures *of; /* by index into graph->types, or by group of types */
    struct uf_type_figures all; /* the sums; what all retain is what is alive */
};

/* Each type by itself. O(nodes); 8 bytes for each level of the deepest branch besides. On failure `totals`
 * is {0}. */
enum uf_code uf_type_totals_build(struct uf_type_totals *totals, const struct uf_graph *graph,
                                  const struct uf_dominators *dominators,
                                  const struct uf_domtree *tree, struct uf_error *err);
/* Types taken together: groups[type] is below `count`. */
enum uf_code uf_type_totals_build_grouped(struct uf_type_totals *totals,
                                          const struct uf_graph *graph, const uint32_t *groups,
                                          uint32_t count, const struct uf_dominators *dominators,
                                          const struct uf_domtree *tree, struct uf_error *err);
void uf_type_totals_release(struct uf_type_totals *totals);

#endif
