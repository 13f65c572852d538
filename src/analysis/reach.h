/* reach.h - what is alive and by which shortest path: breadth first from the roots, kind by kind.
 *
 * Kinds are taken in the order of enum uf_root_kind: only when all that modules
 * reach is exhausted come threads, and so on, so that a path from a module is
 * shown where there is one. Within a kind roots are taken in their order and
 * references in canonical order: the same heap gives the same paths whatever
 * the numbering of its nodes. The entries of a bounded lru_cache, of a
 * WeakKeyDictionary, and of caches of the package cachetools come after all else
 * of their kind: what something else holds too is not shown as held by them. Only
 * after all roots comes what nothing but
 * unfreed's own objects (UF_NODE_OWN) hold: so a path goes through an own
 * object only where there is no other.
 * Deterministic for a given graph; O(nodes + references), 17 bytes a node.
 */
#ifndef UF_ANALYSIS_REACH_H
#define UF_ANALYSIS_REACH_H

#include "graph/graph.h"

enum uf_reached {
    UF_REACHED = 1,
    UF_REACHED_BY_CACHE, /* the path leads through a bounded cache: nothing else of its kind holds */
};

struct uf_reach {
    uf_node node_count;
    uf_node *parent; /* by node; UF_NODE_NONE where a path starts and for what is not reached */
    uint32_t *parent_edge; /* global edge index of parent -> node; UINT32_MAX: no parent */
    uint32_t *root;   /* by node: index into graph->roots where a path starts, else UINT32_MAX */
    uint8_t *reached; /* enum uf_reached; 0 = garbage */
    uf_node *order;   /* reached nodes in breadth-first order, each after its parent */
    uf_node order_count;
    uf_node shared_count; /* of these: reached without unfreed's own objects; they come first */
    uint64_t garbage_objects, garbage_bytes; /* not reached, without UF_NODE_OWN */
};

/* On failure `reach` is {0}. */
enum uf_code uf_reach_build(struct uf_reach *reach, const struct uf_graph *graph,
                            struct uf_error *err);
void uf_reach_release(struct uf_reach *reach);

/* The path from a root to `node`: fills nodes[] root first; returns its length in nodes (which may
 * exceed `max`; then only the last `max` are filled), 0 when not reached. */
size_t uf_reach_path(const struct uf_reach *reach, uf_node node, uf_node *nodes, size_t max);

/* What dies when the references `cut` (global edge indices, ascending) are removed: marks
 * freed[] (one byte per node, may be NULL) and returns count and bytes, own objects left out.
 * Reachability, as the collector would judge it: cycles count as freed. All roots hold, native
 * ones too; unfreed's own objects hold only what nothing else held before the cut.
 * UF_EINVAL: cut is not ascending or out of range. */
enum uf_code uf_reach_without(const struct uf_graph *graph, const uint32_t *cut, size_t cut_count,
                              uint8_t *freed, uint64_t *freed_objects, uint64_t *freed_bytes,
                              struct uf_error *err);

#endif
