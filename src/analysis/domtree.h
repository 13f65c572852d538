/* domtree.h - the dominator tree downwards: which objects an object alone keeps alive, directly.
 *
 * The children of node n are child[start[n] .. start[n+1]-1], ascending; those
 * of the virtual root are child[start[node_count] .. start[node_count+1]-1].
 * What is not reached is in no list. 8 bytes a node.
 */
#ifndef UF_ANALYSIS_DOMTREE_H
#define UF_ANALYSIS_DOMTREE_H

#include "analysis/dominators.h"

struct uf_domtree {
    uf_node node_count;
    uint32_t *start; /* node_count + 2 entries */
    uf_node *child;
};

/* The number by which the virtual root is asked for its children. */
#define UF_DOMTREE_ROOT(tree) ((tree)->node_count)

/* On failure `tree` is {0}. */
enum uf_code uf_domtree_build(struct uf_domtree *tree, const struct uf_dominators *dominators,
                              struct uf_error *err);
void uf_domtree_release(struct uf_domtree *tree);

#endif
