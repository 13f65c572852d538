/* orphans.h - what is said of objects that only their counts keep alive.
 *
 * Their group stands at the root "native code". Whether C code holds them or
 * has lost them is seen by looking for their addresses outside of the graph
 * (capture/outside.h), once, at the end: uf_orphans_list() notes what to look
 * for when the finding is made, uf_orphans_settle() takes the answer.
 */
#ifndef UF_ANALYSIS_ORPHANS_H
#define UF_ANALYSIS_ORPHANS_H

#include "analysis/groups.h"
#include "analysis/result.h"

/* Of a finding's objects, so many are looked for. */
#define UF_UNHELD_MAX 4096

/* What the search told. */
struct uf_holding {
    double share;        /* of the objects looked for, those that something outside holds: 0 to 1 */
    const char *library; /* whose variables hold most of these; NULL: other memory does */
};

/* Notes the addresses of the newest members, whose references nobody is known to have. */
enum uf_code uf_orphans_list(struct uf_finding *finding, const struct uf_graph *graph,
                             const uf_node_list *members, struct uf_error *err);

/* The finding becomes one of kind orphan where most of its objects are held by nothing, else one that
 * tells who holds them. `function`: of the target, for the id. */
enum uf_code uf_orphans_settle(struct uf_finding *finding, const struct uf_holding *holding,
                               const char *function, struct uf_error *err);

/* Writes the advice of an orphan anew, when it is known where its objects were allocated. */
enum uf_code uf_orphans_advise(struct uf_finding *finding, struct uf_error *err);

#endif
