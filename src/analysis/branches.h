/* branches.h - a tree whose nodes are found by texts: under whom, by what reference, of what type.
 *
 * Gives the groups of several heaps common numbers: equal paths are one group.
 * Texts are numbers in one struct uf_strings; a group is entered after its holder.
 */
#ifndef UF_ANALYSIS_BRANCHES_H
#define UF_ANALYSIS_BRANCHES_H

#include "base/map.h"
#include "base/strings.h"

#define UF_BRANCH_ROOT UINT32_MAX /* the holder of what a root holds */

/* {0} is empty. */
struct uf_branches {
    struct uf_map steps;    /* (edge text, type text) -> step */
    struct uf_map children; /* (holder, step) -> number */
    uint32_t step_count;
};

struct uf_branch {
    uint32_t parent; /* UF_BRANCH_ROOT: at a root */
    uint32_t type, edge, root;
};

/* Its number; of a new one `fresh`. UF_MAP_NONE: memory is out. */
uint32_t uf_branches_enter(struct uf_branches *branches, struct uf_strings *strings,
                           const struct uf_branch *wanted, uint32_t fresh);
/* Forgets all numbers, and keeps the memory. */
void uf_branches_clear(struct uf_branches *branches);
void uf_branches_release(struct uf_branches *branches);

#endif
