/* exclusive.h - what each object owns alone: what reference counting frees with it.
 *
 * When an object is freed, what only it refers to is freed at once, and what
 * only that refers to, and so on: that is its exclusive size, its own bytes
 * included. The collector has no part in it, so
 *   - references of garbage count like all others, as do roots;
 *   - an object on a cycle is nobody's: counting does not free it, whoever goes.
 * So this is never more than the retained size (dominators.h) of what the
 * program keeps alive, and the difference is what would wait for the collector. Owners form a forest:
 * the owner of an object is the nearest one that takes it with it.
 *
 * Unfreed's own objects (UF_NODE_OWN) own nothing, are nobody's, and weigh nothing; what they refer
 * to is as if they did not.
 *
 * 16 bytes a node; while building in all 25, or what components.h needs if that is more.
 */
#ifndef UF_ANALYSIS_EXCLUSIVE_H
#define UF_ANALYSIS_EXCLUSIVE_H

#include "graph/graph.h"

struct uf_exclusive {
    uf_node node_count;
    uf_node *owner;    /* by node; UF_NODE_NONE: nobody's */
    uint64_t *bytes;   /* its own and of all that it owns; 0 for own objects */
    uint32_t *objects; /* the same, counted */
};

/* On failure `exclusive` is {0}. */
enum uf_code uf_exclusive_build(struct uf_exclusive *exclusive, const struct uf_graph *graph,
                                struct uf_error *err);
void uf_exclusive_release(struct uf_exclusive *exclusive);

#endif
