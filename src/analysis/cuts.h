/* cuts.h - the references of a finding to cut, and what should be freed by it.
 *
 * Internal: what the proof in a copy of the process works on (pyext/proof.h).
 * Nodes and references are those of the graph that the finding was made from;
 * cuts are void when that graph is released.
 *
 * Invariants: references ascend; members are among objects; both are distinct.
 */
#ifndef UF_ANALYSIS_CUTS_H
#define UF_ANALYSIS_CUTS_H

#include "base/vec.h"
#include "graph/graph.h"

struct uf_cut {
    uf_node source; /* what holds the reference */
    uint32_t edge;  /* global edge index */
};

struct uf_cuts {
    UF_VEC(struct uf_cut) references; /* empty: there is none, or it was not looked for */
    UF_VEC(uf_node) members;          /* what piles up */
    UF_VEC(uf_node) objects;          /* all that the graph says goes with them */
    bool by_counting;                 /* reference counting alone must free them: no collection */
};

/* Fills `cuts` (which is empty): `edges` ascending, freed[] by node. UF_ENOMEM leaves it empty. */
enum uf_code uf_cuts_fill(struct uf_cuts *cuts, const struct uf_graph *graph, const uint32_t *edges,
                          size_t edge_count, const uint8_t *freed, const uf_node *members,
                          size_t member_count, struct uf_error *err);
/* Moves what `from` has to the end of `cuts`; `from` is empty then. */
enum uf_code uf_cuts_join(struct uf_cuts *cuts, struct uf_cuts *from, struct uf_error *err);
void uf_cuts_release(struct uf_cuts *cuts);

#endif
