#include "analysis/domtree.h"

#include "base/mem.h"

/* Alive: own objects that dominate none but own ones retain no objects, but then nothing hangs below them
 * that is in any figure. */
static bool is_reached(const struct uf_dominators *dominators, uf_node node)
{
    return dominators->retained_objects[node] > 0;
}

static uf_node above(const struct uf_domtree *tree, const struct uf_dominators *dominators,
                     uf_node node)
{
    uf_node idom = dominators->idom[node];
    return idom == UF_NODE_NONE ? UF_DOMTREE_ROOT(tree) : idom;
}

enum uf_code uf_domtree_build(struct uf_domtree *tree, const struct uf_dominators *dominators,
                              struct uf_error *err)
{
    size_t count = dominators->node_count;
    *tree = (struct uf_domtree){.node_count = dominators->node_count};
    tree->start = uf_mem_zalloc((count + 2) * sizeof *tree->start);
    tree->child = uf_mem_alloc((count + 1) * sizeof *tree->child);
    if (!tree->start || !tree->child) {
        uf_domtree_release(tree);
        return uf_error_nomem(err);
    }
    /* Counts, then ends; filled from the end, so that each becomes the beginning of its list. */
    for (uf_node n = 0; n < count; n++)
        if (is_reached(dominators, n))
            tree->start[above(tree, dominators, n)]++;
    for (size_t n = 1; n <= count; n++)
        tree->start[n] += tree->start[n - 1];
    tree->start[count + 1] = tree->start[count];
    for (uf_node n = (uf_node)count; n-- > 0;)
        if (is_reached(dominators, n))
            tree->child[--tree->start[above(tree, dominators, n)]] = n;
    return UF_OK;
}

void uf_domtree_release(struct uf_domtree *tree)
{
    uf_mem_free(tree->start);
    uf_mem_free(tree->child);
    *tree = (struct uf_domtree){0};
}
