#include "graph/graph.h"

#include "base/mem.h"
#include "graph/index.h"

#include <string.h>

uint64_t uf_graph_size(const struct uf_graph *graph, uf_node node)
{
    if (graph->size[node] != UF_SIZE_BIG)
        return graph->size[node];
    return graph->big_size_bytes[uf_map_get(&graph->big_sizes, (uint64_t)node + 1)];
}

const char *uf_graph_type_name(const struct uf_graph *graph, uf_node node)
{
    return uf_strings_get(&graph->strings, graph->types[graph->type[node]].name);
}

/* How many guessed edges come before `edge`. */
static uint32_t guessed_before(const struct uf_graph *graph, uint32_t edge)
{
    uint32_t low = 0, high = graph->guessed_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (graph->guessed[middle] < edge)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t uf_graph_first_guessed(const struct uf_graph *graph, uf_node node)
{
    uint32_t end = graph->edge_start[node + 1];
    if (graph->guessed_count == 0)
        return end;
    return end - (guessed_before(graph, end) - guessed_before(graph, graph->edge_start[node]));
}

bool uf_graph_is_guessed(const struct uf_graph *graph, uint32_t edge)
{
    uint32_t place = guessed_before(graph, edge);
    return place < graph->guessed_count && graph->guessed[place] == edge;
}

static bool is_string(const struct uf_graph *graph, uint32_t number)
{
    return number == 0 || number < graph->strings.count;
}

static enum uf_code check_edges(const struct uf_graph *graph, struct uf_error *err)
{
    if (!graph->edge_start)
        return graph->node_count || graph->edge_count
                   ? uf_error_set(err, UF_ECORRUPT, "edge_start is missing")
                   : UF_OK;
    if (graph->edge_start[0] != 0)
        return uf_error_set(err, UF_ECORRUPT, "edge_start begins with %u", graph->edge_start[0]);
    for (uf_node node = 0; node < graph->node_count; node++)
        if (graph->edge_start[node] > graph->edge_start[node + 1])
            return uf_error_set(err, UF_ECORRUPT, "edge_start of node %u descends", node);
    if (graph->edge_start[graph->node_count] != graph->edge_count)
        return uf_error_set(err, UF_ECORRUPT, "edge_start ends with %u, not with %u",
                            graph->edge_start[graph->node_count], graph->edge_count);
    for (uint32_t i = 0; i < graph->guessed_count; i++)
        if (graph->guessed[i] >= graph->edge_count ||
            (i > 0 && graph->guessed[i] <= graph->guessed[i - 1]))
            return uf_error_set(err, UF_ECORRUPT, "guessed edge %u is out of range or order", i);
    for (uf_node node = 0, i = 0; node < graph->node_count && i < graph->guessed_count; node++) {
        uint32_t end = graph->edge_start[node + 1], first = i;
        while (i < graph->guessed_count && graph->guessed[i] < end)
            i++;
        if (i > first && graph->guessed[first] != end - (i - first))
            return uf_error_set(err, UF_ECORRUPT, "guessed edges of node %u are not its last",
                                node);
    }
    for (uint32_t edge = 0; edge < graph->edge_count; edge++)
        if (graph->edge_target[edge] >= graph->node_count)
            return uf_error_set(err, UF_ECORRUPT, "target %u of edge %u is out of range",
                                graph->edge_target[edge], edge);
    return UF_OK;
}

static enum uf_code check_nodes(const struct uf_graph *graph, struct uf_error *err)
{
    size_t big = 0;
    for (uf_node node = 0; node < graph->node_count; node++) {
        if (graph->type[node] >= graph->type_count)
            return uf_error_set(err, UF_ECORRUPT, "type %u of node %u is out of range",
                                graph->type[node], node);
        bool listed = uf_map_get(&graph->big_sizes, (uint64_t)node + 1) != UF_MAP_NONE;
        if (listed != (graph->size[node] == UF_SIZE_BIG))
            return uf_error_set(err, UF_ECORRUPT, "big size of node %u is %s", node,
                                listed ? "listed and not marked" : "marked and not listed");
        big += listed;
    }
    if (big != graph->big_sizes.len)
        return uf_error_set(err, UF_ECORRUPT, "%zu big sizes for %zu nodes", graph->big_sizes.len,
                            big);
    return UF_OK;
}

static enum uf_code check_addresses(const struct uf_graph *graph, struct uf_error *err)
{
    struct uf_index seen;
    if (uf_index_init(&seen))
        return uf_error_nomem(err);
    enum uf_code code = UF_OK;
    for (uf_node node = 0; node < graph->node_count && !code; node++) {
        uint64_t address = graph->address[node];
        if (!uf_index_valid(address)) {
            code =
                uf_error_at(err, UF_ECORRUPT, address, "address of node %u is no object's", node);
            break;
        }
        int new = uf_index_enter(&seen, address);
        if (new < 0)
            code = uf_error_nomem(err);
        else if (!new)
            code = uf_error_at(err, UF_ECORRUPT, address, "address of node %u stands twice", node);
    }
    uf_index_release(&seen);
    return code;
}

static enum uf_code check_tables(const struct uf_graph *graph, struct uf_error *err)
{
    for (uint32_t i = 0; i < graph->type_count; i++) {
        const struct uf_graph_type *type = &graph->types[i];
        if (!is_string(graph, type->name) ||
            (type->node != UF_NODE_NONE && type->node >= graph->node_count))
            return uf_error_set(err, UF_ECORRUPT, "name or node of type %u is out of range", i);
    }
    for (uint32_t i = 0; i < graph->root_count; i++) {
        const struct uf_graph_root *root = &graph->roots[i];
        if (root->node >= graph->node_count || !is_string(graph, root->name) ||
            !is_string(graph, root->label) || root->kind > UF_ROOT_NATIVE)
            return uf_error_set(err, UF_ECORRUPT, "node, name or kind of root %u is out of range",
                                i);
    }
    return UF_OK;
}

enum uf_code uf_graph_check(const struct uf_graph *graph, struct uf_error *err)
{
    enum uf_code code = check_edges(graph, err);
    if (!code)
        code = check_nodes(graph, err);
    if (!code)
        code = check_addresses(graph, err);
    if (!code)
        code = check_tables(graph, err);
    return code;
}

void uf_graph_release(struct uf_graph *graph)
{
    uf_mem_free(graph->address);
    uf_mem_free(graph->type);
    uf_mem_free(graph->size);
    uf_mem_free(graph->refcount);
    uf_mem_free(graph->flags);
    uf_mem_free(graph->edge_start);
    uf_mem_free(graph->edge_target);
    uf_mem_free(graph->guessed);
    uf_mem_free(graph->types);
    uf_mem_free(graph->roots);
    uf_map_release(&graph->big_sizes);
    uf_mem_free(graph->big_size_bytes);
    uf_strings_release(&graph->strings);
    memset(graph, 0, sizeof *graph);
}
