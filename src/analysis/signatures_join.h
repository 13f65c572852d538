/* signatures_join.h - the groups of several heaps as if they were one heap: equal paths are one group.
 *
 *     struct uf_signatures_join join = {0};
 *     uf_signatures_join_add(&join, &of_one, &numbers, err);      for each heap
 *     join.all.at[numbers[group]].objects                         of all heaps
 *     uf_signatures_join_release(&join);
 *
 * So workers of one server are told in one report, with what all of them hold
 * named once. `all` has no nodes: first and last are UF_NODE_NONE, `of` is NULL
 * unless uf_signatures_join_nodes() has let in those of one of the heaps.
 */
#ifndef UF_ANALYSIS_SIGNATURES_JOIN_H
#define UF_ANALYSIS_SIGNATURES_JOIN_H

#include "analysis/branches.h"
#include "analysis/signatures.h"
#include "base/vec.h"

/* {0} is empty. */
struct uf_signatures_join {
    struct uf_signatures all;
    UF_VEC(struct uf_signature) groups; /* what all.at points to */
    struct uf_branches branches;
};

/* Adds a heap. *numbers, which the caller frees (uf_mem_free): by group of `one` its number in `all`. UF_ENOMEM:
 * *numbers is NULL and the join is of no use any more. */
enum uf_code uf_signatures_join_add(struct uf_signatures_join *join,
                                    const struct uf_signatures *one, uint32_t **numbers,
                                    struct uf_error *err);
/* From now on the nodes of `all` are those of `one`. */
enum uf_code uf_signatures_join_nodes(struct uf_signatures_join *join,
                                      const struct uf_signatures *one, const uint32_t *numbers,
                                      struct uf_error *err);
void uf_signatures_join_release(struct uf_signatures_join *join);

#endif
