/* tree_names.h - what the rows of a tree are called (private to analysis/tree.c).
 *
 * While the tree is made, names are numbers of generalised texts, so that what is
 * alike is told cheaply; a row that is shown gets its text at the end. Whenever
 * memory is out `failed` is set, and what was returned tells nothing.
 */
#ifndef UF_ANALYSIS_TREE_NAMES_H
#define UF_ANALYSIS_TREE_NAMES_H

#include "analysis/tree.h"
#include "base/map.h"

struct uf_tree_names {
    const struct uf_view *view;
    struct uf_strings texts;
    struct uf_map of_number; /* of uf_names.generic, + 1 -> in texts */
    struct uf_map root_of;   /* node + 1 -> its first root */
    bool failed;
};

void uf_tree_names_release(struct uf_tree_names *names);

/* Enters the roots; before, no node is one. */
void uf_tree_names_roots(struct uf_tree_names *names);
bool uf_tree_is_root(const struct uf_tree_names *names, uf_node node);

/* The generalised name of the reference `edge` (global index) of `holder`; `in_dict`: holder is the
 * attribute dictionary of what stands above. A number in texts. */
uint32_t uf_tree_name_of_edge(struct uf_tree_names *names, uf_node holder, uint32_t edge,
                              bool in_dict);
/* The same of the root that holds a node. */
uint32_t uf_tree_name_of_root(struct uf_tree_names *names, uf_node node);

struct uf_tree_place {
    uint32_t name; /* in texts */
    uint32_t edge; /* of a single object held directly: its reference */
    bool in_dict;
};
/* The name of a single object's reference tells its key; that of many is general. uf_mem; NULL: it has
 * none. */
char *uf_tree_final_name(struct uf_tree_names *names, const struct uf_tree_row *row,
                         const struct uf_tree_place *place);

#endif
