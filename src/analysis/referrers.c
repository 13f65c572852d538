#include "analysis/referrers.h"

#include "base/mem.h"

/* From counts to places: start[n] becomes where those of n end. */
static void place(uint32_t *start, uf_node node_count)
{
    uint32_t sum = 0;
    for (uf_node n = 0; n < node_count; n++) {
        sum += start[n];
        start[n] = sum;
    }
    start[node_count] = sum;
}

/* Backwards, so that those of each target ascend and start[n] ends where they begin. */
static void fill(struct uf_referrers *referrers, const struct uf_graph *graph)
{
    const uf_node *target = graph->edge_target;
    for (uf_node source = graph->node_count; source-- > 0;) {
        for (uint32_t e = graph->edge_start[source + 1]; e-- > graph->edge_start[source];) {
            if (e >= 64) {
                __builtin_prefetch(&referrers->start[target[e - 64]]);
                __builtin_prefetch(&referrers->at[referrers->start[target[e - 32]] - 1], 1);
            }
            referrers->at[--referrers->start[target[e]]] =
                (struct uf_referrer){.source = source, .edge = e};
        }
    }
}

enum uf_code uf_referrers_build(struct uf_referrers *referrers, const struct uf_graph *graph,
                                struct uf_error *err)
{
    referrers->start = uf_mem_zalloc(((size_t)graph->node_count + 1) * sizeof *referrers->start);
    referrers->at = uf_mem_alloc((size_t)graph->edge_count * sizeof *referrers->at);
    if (!referrers->start || !referrers->at) {
        uf_referrers_release(referrers);
        return uf_error_nomem(err);
    }
    for (uint32_t e = 0; e < graph->edge_count; e++)
        referrers->start[graph->edge_target[e]]++;
    place(referrers->start, graph->node_count);
    fill(referrers, graph);
    return UF_OK;
}

void uf_referrers_release(struct uf_referrers *referrers)
{
    uf_mem_free(referrers->start);
    uf_mem_free(referrers->at);
    *referrers = (struct uf_referrers){0};
}
