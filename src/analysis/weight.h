/* weight.h - what a set of objects keeps alive.
 *
 * The sum of what its members retain, without those that another member
 * dominates: nothing is counted twice. What only several members together
 * keep alive is in no member's share, so this is never too much.
 */
#ifndef UF_ANALYSIS_WEIGHT_H
#define UF_ANALYSIS_WEIGHT_H

#include "analysis/dominators.h"

/* `set` in any order; a node may stand in it twice. UF_EINVAL: a node out of range. */
enum uf_code uf_retained_of_set(const struct uf_dominators *dominators, const uf_node *set,
                                size_t count, uint64_t *retained_bytes, uint64_t *retained_objects,
                                struct uf_error *err);

/* Leaves in `set` only the members that no other one dominates, each once, in their order; *count is their
 * number afterwards. UF_EINVAL: a node out of range. */
enum uf_code uf_topmost_of_set(const struct uf_dominators *dominators, uf_node *set, size_t *count,
                               struct uf_error *err);

#endif
