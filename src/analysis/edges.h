/* edges.h - what every pass over the references needs: sizes, sources, cuts, prefetching. */
#ifndef UF_ANALYSIS_EDGES_H
#define UF_ANALYSIS_EDGES_H

#include "base/vec.h"
#include "graph/graph.h"

typedef UF_VEC(uint32_t) uf_edge_vec; /* global edge indices */

/* uf_graph_size() without a call for all but the few big ones. */
static inline uint64_t uf_edges_size(const struct uf_graph *graph, uf_node node)
{
    return graph->size[node] != UF_SIZE_BIG ? graph->size[node] : uf_graph_size(graph, node);
}

/* The node that holds reference `edge` (in range). */
static inline uf_node uf_edges_source(const struct uf_graph *graph, uint32_t edge)
{
    uf_node low = 0, high = graph->node_count; /* edge_start[low] <= edge < edge_start[high] */
    while (high - low > 1) {
        uf_node middle = low + (high - low) / 2;
        if (graph->edge_start[middle] <= edge)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* The place of the first of `sorted` (ascending) that is not below `edge`. */
static inline size_t uf_edges_first_from(const uint32_t *sorted, size_t count, uint32_t edge)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted[middle] < edge)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static inline bool uf_edges_among(const uint32_t *sorted, size_t count, uint32_t edge)
{
    size_t at = uf_edges_first_from(sorted, count, edge);
    return at < count && sorted[at] == edge;
}

/* A queue is worked off in an order that memory does not follow: fetches what entry i + 12
 * begins with, the targets of i + 8, and what is known of the targets of i + 4 (`state`,
 * `state_bytes` for each node). */
static inline void uf_edges_prefetch(const struct uf_graph *graph, const uf_node *queue, uf_node i,
                                     uf_node len, const void *state, size_t state_bytes)
{
    if (len - i <= 12)
        return;
    __builtin_prefetch(&graph->edge_start[queue[i + 12]]);
    __builtin_prefetch(&graph->edge_target[graph->edge_start[queue[i + 8]]]);
    uf_node source = queue[i + 4];
    uint32_t from = graph->edge_start[source], end = graph->edge_start[source + 1];
    if (end - from > 8)
        end = from + 8;
    for (uint32_t e = from; e < end; e++)
        __builtin_prefetch((const char *)state + (size_t)graph->edge_target[e] * state_bytes);
}

#endif
