/* dominators.h - which object alone keeps which others alive.
 *
 * SEMI-NCA (L. Georgiadis, "Linear-time algorithms for dominators and related
 * problems", 2005) on nodes numbered in depth-first order. The virtual root
 * UF_NODE_NONE dominates everything reached. All roots count, native ones too:
 * they hold what they hold. Unfreed's own objects (UF_NODE_OWN) and what they
 * alone hold form a part of their own: a reference out of it counts for
 * nothing, one into it comes from the virtual root; own objects have no size.
 * retained[n] = shallow bytes of n and of all nodes that n dominates.
 *
 * Time goes with nodes and references, whatever the shape (ancestors.h); half of
 * it is the depth-first search. 16 bytes a node; while building in all 44, or 24
 * and 8 for each reference from one object with references to another, if that is more.
 */
#ifndef UF_ANALYSIS_DOMINATORS_H
#define UF_ANALYSIS_DOMINATORS_H

#include "graph/graph.h"

struct uf_dominators {
    uf_node node_count;
    uf_node *idom;              /* by node; UF_NODE_NONE: the virtual root, or not reached */
    uint64_t *retained;         /* bytes; 0 for what is not reached */
    uint32_t *retained_objects; /* 0 exactly for what is not reached and for own objects that
                                 * dominate none but own ones */
};

/* On failure `dominators` is {0}. */
enum uf_code uf_dominators_build(struct uf_dominators *dominators, const struct uf_graph *graph,
                                 struct uf_error *err);
void uf_dominators_release(struct uf_dominators *dominators);

#endif
