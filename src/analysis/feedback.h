/* feedback.h - the references that lie on every cycle of a component.
 *
 * Removing any one of them leaves no cycle. All are found in time and memory
 * linear in the component, after M. Garey and R. Tarjan ("A linear-time
 * algorithm for finding all feedback vertices", 1978), for edges:
 *
 *   Take any cycle C. What lies on every cycle lies on C. Take C's references
 *   away; if the rest still has a cycle, there is no such reference. Else the
 *   rest is acyclic, and any other cycle is made of arcs of C and of jumps:
 *   paths of the rest from one node of C to another. A jump from place i to
 *   place j (forwards round C) passes by the references of C in between, and
 *   closes a cycle without them. A reference of C that no jump passes by is on
 *   every cycle, for every cycle goes round C at least once.
 *
 * Parallel references (same source, same target) are taken as one here.
 */
#ifndef UF_ANALYSIS_FEEDBACK_H
#define UF_ANALYSIS_FEEDBACK_H

#include "analysis/components.h"
#include "analysis/edges.h"

struct uf_feedback {
    uf_edge_vec cycle;  /* references of a shortest cycle through the component's first node */
    uint32_t *parallel; /* by place on the cycle: references side by side there, 1 or more */
    uint8_t *enough;    /* by place: 1 = on every cycle */
    uint32_t enough_count;
};

/* `graph` and `components` as for uf_components_build. On failure `feedback` is {0}. */
enum uf_code uf_feedback_find(struct uf_feedback *feedback, const struct uf_graph *graph,
                              const struct uf_components *components, uint32_t component,
                              struct uf_error *err);
void uf_feedback_release(struct uf_feedback *feedback);

/* A shortest way inside the component from `from` to `to`, at least one reference long, is
 * appended to `walk`. Both nodes are in the component. UF_ENOMEM leaves `walk` as it was. */
enum uf_code uf_feedback_walk(uf_edge_vec *walk, const struct uf_graph *graph,
                              const struct uf_components *components, uf_node from, uf_node to,
                              struct uf_error *err);

#endif
