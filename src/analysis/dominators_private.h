/* dominators_private.h - the core of a graph: what has to be searched to find all dominators.
 *
 * Left out are objects without references (strings, numbers; half of a heap):
 * their dominator follows from those of what holds them. And references that
 * decide nothing: to roots, which the virtual root holds, and to oneself. This
 * one predicate is asked once, by uf_dom_core_build(); all passes after it go
 * over the core.
 *
 * Core nodes have an index (in the order of nodes) and, when reached, a number:
 * 1 .. reached in the order of a depth-first search, 0 is the virtual root. All
 * that later passes need goes by number, so that they run mostly forward (or
 * backward) through memory.
 */
#ifndef UF_ANALYSIS_DOMINATORS_PRIVATE_H
#define UF_ANALYSIS_DOMINATORS_PRIVATE_H

#include "analysis/ancestors.h"
#include "analysis/dominators.h"
#include "analysis/edges.h"

#define UF_DOM_NONE UINT32_MAX

struct uf_dom_spot {
    uint32_t start;  /* its references are edge[start .. start of the next index - 1] */
    uint32_t number; /* 0: not reached */
};

struct uf_dom_core {
    const struct uf_graph *graph;
    uint32_t count;           /* core nodes */
    struct uf_dom_spot *spot; /* by index; count + 1 entries */
    uint32_t *edge;   /* index of the target; after the search its number, 0: decides nothing */
    uint32_t reached; /* how many have numbers */
    uint32_t shared;  /* numbers up to this one: reached without own objects */
    uint32_t *parent; /* by number: in the depth-first tree */
    UF_VEC(uint32_t) roots; /* indices of roots, in their order; a node may stand in it twice */
    UF_VEC(uint32_t) own;   /* indices of own objects */
    UF_VEC(uint32_t) own_roots;
};

/* index[] by node is filled for the build only: an index in the core, or UF_DOM_NONE. */
enum uf_code uf_dom_core_build(struct uf_dom_core *core, uint32_t *index, struct uf_error *err);
void uf_dom_core_release(struct uf_dom_core *core);

/* Is the node in the core? */
static inline bool uf_dom_is_inner(const struct uf_graph *graph, uf_node node)
{
    return graph->edge_start[node] != graph->edge_start[node + 1];
}

/* dominators_search.c: numbers and parents. */
enum uf_code uf_dom_search(struct uf_dom_core *core, struct uf_error *err);

/* dominators_semi.c: the immediate dominators of all numbers. What the core had for it is freed on
 * the way: edges and parents. `tree` is {0}; the caller releases it, after failures too. */
enum uf_code uf_dom_find(struct uf_dom_core *core, struct uf_ancestors *tree, struct uf_error *err);

#endif
