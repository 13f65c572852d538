/* dominators_core.c - takes out of a graph what decides on dominators. */
#include "analysis/dominators_private.h"
#include "base/mem.h"

/* So far ahead what a reference leads to is fetched. */
#define AHEAD 32

static void number_inner(struct uf_dom_core *core, uint32_t *index)
{
    const struct uf_graph *graph = core->graph;
    core->count = 0;
    for (uf_node n = 0; n < graph->node_count; n++)
        index[n] = uf_dom_is_inner(graph, n) ? core->count++ : UF_DOM_NONE;
}

static int collect(struct uf_dom_core *core, const uint32_t *index)
{
    const struct uf_graph *graph = core->graph;
    for (uint32_t r = 0; r < graph->root_count; r++) {
        uf_node node = graph->roots[r].node;
        bool own = graph->flags[node] & UF_NODE_OWN;
        if (index[node] != UF_DOM_NONE && (own ? uf_vec_push(&core->own_roots, index[node])
                                               : uf_vec_push(&core->roots, index[node])))
            return -1;
    }
    for (uf_node n = 0; n < graph->node_count; n++)
        if (graph->flags[n] & UF_NODE_OWN && index[n] != UF_DOM_NONE &&
            uf_vec_push(&core->own, index[n]))
            return -1;
    return 0;
}

/* Nothing leads to a root any more: the search starts from it. */
static void hide_roots(const struct uf_graph *graph, uint32_t *index)
{
    for (uint32_t r = 0; r < graph->root_count; r++)
        if (!(graph->flags[graph->roots[r].node] & UF_NODE_OWN))
            index[graph->roots[r].node] = UF_DOM_NONE;
}

static uint32_t copy_references(struct uf_dom_core *core, const uint32_t *index)
{
    const struct uf_graph *graph = core->graph;
    const uf_node *target = graph->edge_target;
    struct uf_dom_spot *spot = core->spot;
    uint32_t to = 0, ahead_end = graph->edge_count > AHEAD ? graph->edge_count - AHEAD : 0;
    for (uf_node n = 0; n < graph->node_count; n++) {
        uint32_t end = graph->edge_start[n + 1];
        if (graph->edge_start[n] == end)
            continue;
        *spot++ = (struct uf_dom_spot){.start = to};
        for (uint32_t e = graph->edge_start[n]; e < end; e++) {
            if (e < ahead_end)
                __builtin_prefetch(&index[target[e + AHEAD]]);
            uint32_t found = index[target[e]];
            core->edge[to] = found;
            to += found != UF_DOM_NONE && target[e] != n;
        }
    }
    *spot = (struct uf_dom_spot){.start = to};
    return to;
}

enum uf_code uf_dom_core_build(struct uf_dom_core *core, uint32_t *index, struct uf_error *err)
{
    const struct uf_graph *graph = core->graph;
    number_inner(core, index);
    core->spot = uf_mem_alloc(((size_t)core->count + 1) * sizeof *core->spot);
    /* One more, since what is left out is written and then written over. */
    core->edge = uf_mem_alloc(((size_t)graph->edge_count + 1) * sizeof *core->edge);
    if (!core->spot || !core->edge || collect(core, index))
        return uf_error_nomem(err);
    hide_roots(graph, index);
    uint32_t count = copy_references(core, index);
    uint32_t *edge = uf_mem_resize(core->edge, ((size_t)count + 1) * sizeof *core->edge);
    if (!edge)
        return uf_error_nomem(err);
    core->edge = edge;
    return UF_OK;
}

void uf_dom_core_release(struct uf_dom_core *core)
{
    uf_mem_free(core->spot);
    uf_mem_free(core->edge);
    uf_mem_free(core->parent);
    uf_vec_release(&core->roots);
    uf_vec_release(&core->own);
    uf_vec_release(&core->own_roots);
    *core = (struct uf_dom_core){0};
}
