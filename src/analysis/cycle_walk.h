/* cycle_walk.h - one cycle told as a finding: the closed walk, the reference to cut, where it is
 * made. */
#ifndef UF_ANALYSIS_CYCLE_WALK_H
#define UF_ANALYSIS_CYCLE_WALK_H

#include "analysis/cycles.h"
#include "analysis/steps.h"

/* Fills type, types, cycle, holder, id, made_at, fix_advice, fix_edge and fix_why_not.
 * `view->reach` is not used. `function`: for the id; may be NULL. */
enum uf_code uf_cycle_walk_fill(const struct uf_view *view, const struct uf_cycle *cycle,
                                const char *function, struct uf_finding *finding,
                                struct uf_error *err);

#endif
