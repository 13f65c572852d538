/* referrers.h - who refers to an object: all references, by what they lead to.
 *
 * References of unfreed's own objects (UF_NODE_OWN) are in it as all others.
 * Ascending for each target. Two passes over the references; 4 bytes a node
 * and 8 a reference.
 */
#ifndef UF_ANALYSIS_REFERRERS_H
#define UF_ANALYSIS_REFERRERS_H

#include "graph/graph.h"

struct uf_referrer {
    uf_node source;
    uint32_t edge; /* global edge index */
};

struct uf_referrers {
    uint32_t *start; /* node_count + 1 entries: those of n are at[start[n] .. start[n + 1] - 1] */
    struct uf_referrer *at;
};

/* On failure `referrers` is {0}. */
enum uf_code uf_referrers_build(struct uf_referrers *referrers, const struct uf_graph *graph,
                                struct uf_error *err);
void uf_referrers_release(struct uf_referrers *referrers);

#endif
