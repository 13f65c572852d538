/* References: targets and guessed ones stay where they are in the file. */
#include "snapshot/read_private.h"

static enum uf_code load_targets(struct uf_snapshot *snapshot, struct uf_error *err)
{
    const void *at;
    enum uf_code code = uf_container_items(&snapshot->container, UF_CHUNK_TARGET, sizeof(uf_node),
                                           snapshot->counts.edges, &at, err);
    if (code)
        return code;
    const uf_node *target = at;
    uf_node highest = 0;
    for (uint32_t edge = 0; edge < snapshot->counts.edges; edge++)
        highest = target[edge] > highest ? target[edge] : highest;
    if (snapshot->counts.edges > 0 && highest >= snapshot->counts.nodes)
        return uf_damaged(err, "a reference leads to object %u of %u", highest,
                          snapshot->counts.nodes);
    snapshot->graph.edge_target = (uf_node *)(uintptr_t)target; // NOLINT: nobody writes to it
    return UF_OK;
}

/* The end of the references of the node that edge belongs to. */
static uint32_t end_of_source(const struct uf_graph *graph, uint32_t edge)
{
    uint32_t low = 0, high = graph->node_count; /* edge_start[low] <= edge < edge_start[high] */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (graph->edge_start[middle] <= edge)
            low = middle;
        else
            high = middle;
    }
    return graph->edge_start[high];
}

/* Ascending, and of each node the last ones. */
static bool guessed_are_sound(const struct uf_graph *graph, const uint32_t *guessed, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (guessed[i] >= graph->edge_count || (i > 0 && guessed[i] <= guessed[i - 1]))
            return false;
    for (uint32_t i = 0; i < count;) {
        uint32_t left = end_of_source(graph, guessed[i]) - guessed[i];
        if (left > count - i || guessed[i + left - 1] - guessed[i] != left - 1)
            return false;
        i += left;
    }
    return true;
}

static enum uf_code load_guessed(struct uf_snapshot *snapshot, struct uf_error *err)
{
    struct uf_graph *graph = &snapshot->graph;
    const void *at;
    enum uf_code code = uf_container_items(&snapshot->container, UF_CHUNK_GUESSED, sizeof(uint32_t),
                                           snapshot->counts.guessed, &at, err);
    if (code)
        return code;
    if (!guessed_are_sound(graph, at, snapshot->counts.guessed))
        return uf_damaged(err, "its guessed references are out of range or order");
    graph->guessed = (uint32_t *)(uintptr_t)at; // NOLINT: nobody writes to it
    graph->guessed_count = snapshot->counts.guessed;
    return UF_OK;
}

enum uf_code uf_load_edges(struct uf_snapshot *snapshot, struct uf_error *err)
{
    enum uf_code code = load_targets(snapshot, err);
    snapshot->graph.edge_count = snapshot->counts.edges;
    if (!code)
        code = load_guessed(snapshot, err);
    return code;
}
