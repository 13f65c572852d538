/* cutset.h - a few references that together close all cycles of a component, none superfluous.
 *
 * All references are put in a row, the best first (kinds.h). The shortest part
 * of the row from its beginning that is enough is found by bisection; its last
 * one is then needed. The same again in front of it, with what is needed
 * already taken out, until that is enough by itself: so worse references are
 * taken only where no better ones serve, at the cost of log2(references) passes
 * over the component for each reference found. Where references that nobody
 * can do without have to be among them, ranks are left aside, for fewer.
 */
#ifndef UF_ANALYSIS_CUTSET_H
#define UF_ANALYSIS_CUTSET_H

#include "analysis/edges.h"
#include "analysis/kinds.h"

struct uf_cutset {
    /* Of the core; first the one without which the fewest nodes are left on cycles. */
    uf_edge_vec edges;
    bool enough;   /* false: more than `max` are needed, these are among them */
    unsigned rank; /* of the worst of them */
};

/* `piece` is as before afterwards. On failure `cutset` is {0}. */
enum uf_code uf_cutset_find(struct uf_cutset *cutset, struct uf_piece *piece,
                            const struct uf_kinds *kinds, size_t max, struct uf_error *err);
void uf_cutset_release(struct uf_cutset *cutset);

#endif
