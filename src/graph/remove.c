/* Nodes that turned out to be no objects, or nobody's, go out of a graph. */
#include "graph/builder.h"

#include <string.h>

/* New numbers of nodes: a bitmap and a count for each of its words lie in the cache, where a table of
 * numbers would not. */
struct numbers {
    const uint64_t *removed;
    uint32_t *before; /* removed nodes before each word of the bitmap */
};

static inline bool is_removed(const struct numbers *n, uf_node node)
{
    return n->removed[node / 64] >> node % 64 & 1;
}

static inline uf_node new_number(const struct numbers *n, uf_node node)
{
    uint64_t below = n->removed[node / 64] & ((UINT64_C(1) << node % 64) - 1);
    return node - n->before[node / 64] - uf_index_popcount(below);
}

static uint32_t *count_before(const uint64_t *removed, uf_node nodes)
{
    size_t words = (size_t)nodes / 64 + 1;
    uint32_t *before = uf_mem_alloc(words * sizeof *before), count = 0;
    for (size_t i = 0; before && i < words; i++) {
        uint64_t word = removed[i];
        if (i == words - 1) /* what lies behind the last node is no node */
            word &= (UINT64_C(1) << nodes % 64) - 1;
        before[i] = count;
        count += uf_index_popcount(word);
    }
    return before;
}

/* Sizes that do not fit, by their new numbers. */
static int move_big_sizes(const struct uf_graph *graph, const struct numbers *n, struct uf_map *ret)
{
    for (uf_node node = 0; graph->big_sizes.len && node < graph->node_count; node++)
        if (graph->size[node] == UF_SIZE_BIG && !is_removed(n, node) &&
            uf_map_set(ret, (uint64_t)new_number(n, node) + 1,
                       uf_map_get(&graph->big_sizes, (uint64_t)node + 1)))
            return -1;
    return 0;
}

static void move_edges(struct uf_graph *graph, const struct numbers *n, uint64_t *lost)
{
    uint32_t kept = 0, edge = 0, guess = 0, kept_guesses = 0;
    uf_node to = 0;
    for (uf_node node = 0; node < graph->node_count; node++) {
        uint32_t end = graph->edge_start[node + 1]; /* what was before it may be overwritten */
        bool gone = is_removed(n, node);
        for (; edge < end; edge++) {
            uf_node target = graph->edge_target[edge];
            bool keep = !gone && !is_removed(n, target);
            if (guess < graph->guessed_count && graph->guessed[guess] == edge) {
                guess++;
                graph->guessed[kept_guesses] = kept;
                kept_guesses += keep;
            }
            if (lost && !gone && !keep)
                lost[to / 64] |= UINT64_C(1) << to % 64;
            if (keep)
                graph->edge_target[kept++] = new_number(n, target);
        }
        if (!gone)
            graph->edge_start[++to] = kept;
    }
    graph->edge_count = kept;
    graph->guessed_count = kept_guesses;
}

static void move_nodes(struct uf_graph *graph, const struct numbers *n)
{
    uf_node to = 0;
    for (uf_node node = 0; node < graph->node_count; node++) {
        if (is_removed(n, node))
            continue;
        graph->address[to] = graph->address[node];
        graph->type[to] = graph->type[node];
        graph->size[to] = graph->size[node];
        graph->refcount[to] = graph->refcount[node];
        graph->flags[to] = graph->flags[node];
        to++;
    }
    graph->node_count = to;
}

enum uf_code uf_builder_remove(struct uf_builder *builder, struct uf_graph *graph,
                               const uint64_t *removed, uint64_t *lost, struct uf_error *err)
{
    struct numbers n = {.removed = removed, .before = count_before(removed, graph->node_count)};
    struct uf_map big_sizes = {0};
    uf_node nodes = graph->node_count;
    if (!n.before || move_big_sizes(graph, &n, &big_sizes)) {
        uf_map_release(&big_sizes);
        uf_mem_free(n.before);
        return uf_error_nomem(err);
    }
    uf_map_release(&graph->big_sizes);
    graph->big_sizes = big_sizes;
    move_edges(graph, &n, lost);
    move_nodes(graph, &n);
    for (uf_node rank = 0; rank < builder->count; rank++) {
        uf_node node = builder->node_of_rank[rank];
        if (node < nodes)
            builder->node_of_rank[rank] = is_removed(&n, node) ? UF_NODE_NONE
                                                               : new_number(&n, node);
    }
    for (uint32_t i = 0; i < graph->type_count; i++) {
        uf_node node = graph->types[i].node;
        if (node < nodes)
            graph->types[i].node = is_removed(&n, node) ? UF_NODE_NONE : new_number(&n, node);
    }
    uf_mem_free(n.before);
    return UF_OK;
}
