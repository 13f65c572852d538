#include "analysis/type_totals.h"

#include "analysis/edges.h"

/* The way down to where the walk stands: nodes, and for each the place of its next child. */
struct walk {
    UF_VEC(struct {
        uf_node node;
        uint32_t next;
    })
    levels;
    uint32_t *open; /* by type: objects of it on the way down */
};

static void count_shallow(struct uf_type_totals *totals, const struct uf_graph *graph,
                          const struct uf_dominators *dominators)
{
    for (uf_node n = 0; n < graph->node_count; n++) {
        struct uf_type_figures *of = &totals->of[graph->type[n]];
        uint64_t bytes = uf_edges_size(graph, n);
        if (graph->flags[n] & UF_NODE_OWN)
            continue;
        of->objects++;
        of->bytes += bytes;
        if (dominators->retained_objects[n] == 0) {
            of->garbage_objects++;
            of->garbage_bytes += bytes;
        }
    }
}

static bool counts(const struct uf_graph *graph, uf_node node)
{
    return !(graph->flags[node] & UF_NODE_OWN);
}

static bool enter(struct walk *walk, struct uf_type_totals *totals, const struct uf_graph *graph,
                  const struct uf_dominators *dominators, const struct uf_domtree *tree,
                  uf_node node)
{
    if (uf_vec_reserve(&walk->levels, walk->levels.len + 1))
        return false;
    walk->levels.at[walk->levels.len].node = node;
    walk->levels.at[walk->levels.len++].next = tree->start[node];
    if (node == UF_DOMTREE_ROOT(tree) || !counts(graph, node))
        return true;
    uint32_t type = graph->type[node];
    if (walk->open[type]++ == 0) {
        totals->of[type].retained_objects += dominators->retained_objects[node];
        totals->of[type].retained_bytes += dominators->retained[node];
    }
    return true;
}

static bool count_retained(struct walk *walk, struct uf_type_totals *totals,
                           const struct uf_graph *graph, const struct uf_dominators *dominators,
                           const struct uf_domtree *tree)
{
    if (!enter(walk, totals, graph, dominators, tree, UF_DOMTREE_ROOT(tree)))
        return false;
    while (walk->levels.len > 0) {
        uf_node node = walk->levels.at[walk->levels.len - 1].node;
        uint32_t next = walk->levels.at[walk->levels.len - 1].next;
        if (next < tree->start[node + 1]) {
            walk->levels.at[walk->levels.len - 1].next++;
            if (!enter(walk, totals, graph, dominators, tree, tree->child[next]))
                return false;
            continue;
        }
        walk->levels.len--;
        if (node != UF_DOMTREE_ROOT(tree) && counts(graph, node))
            walk->open[graph->type[node]]--;
    }
    return true;
}

static void sum_up(struct uf_type_totals *totals)
{
    struct uf_type_figures *all = &totals->all;
    for (uint32_t t = 0; t < totals->type_count; t++) {
        const struct uf_type_figures *of = &totals->of[t];
        all->objects += of->objects;
        all->bytes += of->bytes;
        all->garbage_objects += of->garbage_objects;
        all->garbage_bytes += of->garbage_bytes;
    }
    all->retained_objects = all->objects - all->garbage_objects;
    all->retained_bytes = all->bytes - all->garbage_bytes;
}

enum uf_code uf_type_totals_build(struct uf_type_totals *totals, const struct uf_graph *graph,
                                  const struct uf_dominators *dominators,
                                  const struct uf_domtree *tree, struct uf_error *err)
{
    struct walk walk = {0};
    *totals = (struct uf_type_totals){.type_count = graph->type_count};
    totals->of = uf_mem_zalloc(((size_t)graph->type_count + 1) * sizeof *totals->of);
    walk.open = uf_mem_zalloc(((size_t)graph->type_count + 1) * sizeof *walk.open);
    bool built = totals->of && walk.open;
    if (built) {
        count_shallow(totals, graph, dominators);
        built = count_retained(&walk, totals, graph, dominators, tree);
        sum_up(totals);
    }
    uf_vec_release(&walk.levels);
    uf_mem_free(walk.open);
    if (!built) {
        uf_type_totals_release(totals);
        return uf_error_nomem(err);
    }
    return UF_OK;
}

void uf_type_totals_release(struct uf_type_totals *totals)
{
    uf_mem_free(totals->of);
    *totals = (struct uf_type_totals){0};
}
