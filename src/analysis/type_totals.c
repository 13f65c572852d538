#include "analysis/type_totals.h"

#include "analysis/edges.h"

/* The way down to where the walk stands: nodes, and for each the place of its next child. */
struct walk {
    struct uf_type_totals *totals;
    const struct uf_graph *graph;
    const uint32_t *group_of; /* by type; NULL: the type itself */
    const struct uf_dominators *dominators;
    const struct uf_domtree *tree;
    UF_VEC(struct {
        uf_node node;
        uint32_t next;
    })
    levels;
    uint32_t *open; /* by group: objects of it on the way down */
};

static uint32_t group_of(const struct walk *walk, uf_node node)
{
    uint32_t type = walk->graph->type[node];
    return walk->group_of ? walk->group_of[type] : type;
}

static bool counts(const struct walk *walk, uf_node node)
{
    return node != UF_DOMTREE_ROOT(walk->tree) && !(walk->graph->flags[node] & UF_NODE_OWN);
}

static void count_shallow(struct walk *walk)
{
    for (uf_node n = 0; n < walk->graph->node_count; n++) {
        struct uf_type_figures *of = &walk->totals->of[group_of(walk, n)];
        uint64_t bytes = uf_edges_size(walk->graph, n);
        if (!counts(walk, n))
            continue;
        of->objects++;
        of->bytes += bytes;
        if (walk->dominators->retained_objects[n] == 0) {
            of->garbage_objects++;
            of->garbage_bytes += bytes;
        }
    }
}

static bool enter(struct walk *walk, uf_node node)
{
    if (uf_vec_reserve(&walk->levels, walk->levels.len + 1))
        return false;
    walk->levels.at[walk->levels.len].node = node;
    walk->levels.at[walk->levels.len++].next = walk->tree->start[node];
    if (!counts(walk, node))
        return true;
    uint32_t group = group_of(walk, node);
    if (walk->open[group]++ == 0) {
        walk->totals->of[group].retained_objects += walk->dominators->retained_objects[node];
        walk->totals->of[group].retained_bytes += walk->dominators->retained[node];
    }
    return true;
}

static bool count_retained(struct walk *walk)
{
    if (!enter(walk, UF_DOMTREE_ROOT(walk->tree)))
        return false;
    while (walk->levels.len > 0) {
        uf_node node = walk->levels.at[walk->levels.len - 1].node;
        uint32_t next = walk->levels.at[walk->levels.len - 1].next;
        if (next < walk->tree->start[node + 1]) {
            walk->levels.at[walk->levels.len - 1].next++;
            if (!enter(walk, walk->tree->child[next]))
                return false;
            continue;
        }
        walk->levels.len--;
        if (counts(walk, node))
            walk->open[group_of(walk, node)]--;
    }
    return true;
}

static void sum_up(struct uf_type_totals *totals)
{
    struct uf_type_figures *all = &totals->all;
    for (uint32_t t = 0; t < totals->count; t++) {
        const struct uf_type_figures *of = &totals->of[t];
        all->objects += of->objects;
        all->bytes += of->bytes;
        all->garbage_objects += of->garbage_objects;
        all->garbage_bytes += of->garbage_bytes;
    }
    all->retained_objects = all->objects - all->garbage_objects;
    all->retained_bytes = all->bytes - all->garbage_bytes;
}

enum uf_code uf_type_totals_build_grouped(struct uf_type_totals *totals,
                                          const struct uf_graph *graph, const uint32_t *groups,
                                          uint32_t count, const struct uf_dominators *dominators,
                                          const struct uf_domtree *tree, struct uf_error *err)
{
    struct walk walk = {.totals = totals,
                        .graph = graph,
                        .group_of = groups,
                        .dominators = dominators,
                        .tree = tree};
    *totals = (struct uf_type_totals){.count = count};
    totals->of = uf_mem_zalloc(((size_t)count + 1) * sizeof *totals->of);
    walk.open = uf_mem_zalloc(((size_t)count + 1) * sizeof *walk.open);
    bool built = totals->of && walk.open;
    if (built) {
        count_shallow(&walk);
        built = count_retained(&walk);
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

enum uf_code uf_type_totals_build(struct uf_type_totals *totals, const struct uf_graph *graph,
                                  const struct uf_dominators *dominators,
                                  const struct uf_domtree *tree, struct uf_error *err)
{
    return uf_type_totals_build_grouped(totals, graph, NULL, graph->type_count, dominators, tree,
                                        err);
}

void uf_type_totals_release(struct uf_type_totals *totals)
{
    uf_mem_free(totals->of);
    *totals = (struct uf_type_totals){0};
}
