/* cycles.h - garbage that only the cyclic collector frees: its cycles, and what to cut.
 *
 * Works on the part of the graph for which member[n] is 1 (the garbage of one
 * call, say). Own objects (UF_NODE_OWN) among the members are in no count.
 */
#ifndef UF_ANALYSIS_CYCLES_H
#define UF_ANALYSIS_CYCLES_H

#include "analysis/components.h"
#include "analysis/edges.h"
#include "graph/names.h"

#define UF_CYCLE_CUTS_MAX 8
#define UF_CYCLE_SINGLES_MAX 3

/* What reference counting alone frees once the references `cut` (global edge indices, in any
 * order) are gone and nothing outside `member` holds any of them: cascade of counts over the
 * members, where a count is the number of references from members. freed[] (one byte per node)
 * may be NULL. */
enum uf_code uf_cycles_cascade(const struct uf_graph *graph, const uint8_t *member,
                               const uint32_t *cut, size_t cut_count, uint8_t *freed,
                               uint64_t *freed_objects, uint64_t *freed_bytes,
                               struct uf_error *err);

/* One component explained: the shortest closed walk through the reference to cut. */
struct uf_cycle {
    uint32_t component;
    /* Each reference starts where the one before ends, the last ends where the first starts; the
     * reference to cut comes last. */
    uf_edge_vec walk;
    /* UINT32_MAX: no single reference is enough; then the first of `cuts` closes the walk. */
    uint32_t cut_edge;
    /* All that are enough alone, the best first, at most UF_CYCLE_SINGLES_MAX. */
    uf_edge_vec singles;
    /* The references to cut: one when cut_edge is set; when `alike`, all those of one name; else at
     * most UF_CYCLE_CUTS_MAX, none of them superfluous, first the one that does most. */
    uf_edge_vec cuts;
    /* `cuts` are all references of one name (a tree's `.parent`): one change in the program, say to
     * weak references, ends all of these cycles. */
    bool alike;
    uint64_t frees_objects, frees_bytes; /* by the cascade after cutting `cuts` */
    UF_VEC(uf_node) kept;                /* what this component keeps alive, itself included */
    /* Nothing that this component keeps alive is left. False: more than UF_CYCLE_CUTS_MAX would
     * have to be cut, and `cuts` are only some of them (or the component has more references than
     * UF_KINDS_EDGES_MAX, and `cuts` is just one of them). */
    bool frees_all;
};

/* What a component keeps: its nodes and all members that only they and each other hold. Members
 * outside that hold nodes of the component (a cycle that leads into this one) are taken as gone:
 * so cutting what every component asks for frees everything.
 *
 * Picks by what a person can change: a frame's local first, then an instance's attribute, a
 * closure's cell, an entry of a container; never a type's or the interpreter's own reference where
 * another does (preference.h). Every reference that is enough by itself is found (feedback.h);
 * only if there is none, all of one kind (alike.h) or a small set (cutset.h), whichever asks for no
 * worse a change. On failure `cycle` is {0}. UF_EINVAL: no such component. */
enum uf_code uf_cycle_explain(struct uf_cycle *cycle, const struct uf_graph *graph,
                              const struct uf_names *names, const uint8_t *member,
                              const struct uf_components *components, uint32_t component,
                              struct uf_error *err);
void uf_cycle_release(struct uf_cycle *cycle);

#endif
