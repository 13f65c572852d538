#include "analysis/cascade.h"

#include "analysis/cycles.h"
#include "analysis/edges.h"

#include <string.h>

struct cascade {
    const struct uf_graph *graph;
    uint32_t *count; /* by node: references + 1; 0: no member */
    uf_node *queue;  /* without references, in the order in which they lost the last one */
    size_t len;
    uint32_t *cut; /* ascending */
    size_t cut_count;
};

/* Shell sort: qsort may call malloc. */
static void sort(uint32_t *at, size_t count)
{
    for (size_t gap = count / 2; gap > 0; gap /= 2) {
        for (size_t i = gap; i < count; i++) {
            uint32_t value = at[i];
            size_t j = i;
            for (; j >= gap && at[j - gap] > value; j -= gap)
                at[j] = at[j - gap];
            at[j] = value;
        }
    }
}

/* Calls for each reference of `node` to a member that is not cut: +1 or -1 to its count. */
static void count_references(struct cascade *c, uf_node node, bool drop)
{
    const struct uf_graph *graph = c->graph;
    uint32_t end = graph->edge_start[node + 1];
    size_t cut = uf_edges_first_from(c->cut, c->cut_count, graph->edge_start[node]);
    for (uint32_t e = graph->edge_start[node]; e < end; e++) {
        bool is_cut = false;
        for (; cut < c->cut_count && c->cut[cut] <= e; cut++)
            is_cut = is_cut || c->cut[cut] == e;
        uf_node target = graph->edge_target[e];
        if (is_cut || c->count[target] == 0)
            continue;
        if (!drop)
            c->count[target]++;
        else if (--c->count[target] == 1)
            c->queue[c->len++] = target;
    }
}

static void run(struct cascade *c, const uf_node *nodes, size_t node_count)
{
    for (size_t i = 0; i < node_count; i++)
        c->count[nodes[i]] = 1;
    for (size_t i = 0; i < node_count; i++)
        count_references(c, nodes[i], false);
    for (size_t i = 0; i < node_count; i++) {
        if (c->count[nodes[i]] == 1)
            c->queue[c->len++] = nodes[i];
    }
    for (size_t i = 0; i < c->len; i++)
        count_references(c, c->queue[i], true);
}

enum uf_code uf_cascade_run(const struct uf_graph *graph, const uf_node *nodes, size_t node_count,
                            const uint32_t *cut, size_t cut_count, uint8_t *freed,
                            uint64_t *freed_objects, uint64_t *freed_bytes, struct uf_error *err)
{
    struct cascade c = {.graph = graph, .cut_count = cut_count};
    c.count = uf_mem_zalloc((size_t)graph->node_count * sizeof *c.count);
    c.queue = uf_mem_alloc(node_count * sizeof *c.queue);
    c.cut = uf_mem_alloc(cut_count * sizeof *c.cut);
    enum uf_code code = c.count && c.queue && c.cut ? UF_OK : uf_error_nomem(err);
    if (code == UF_OK) {
        if (cut_count > 0)
            memcpy(c.cut, cut, cut_count * sizeof *cut);
        sort(c.cut, cut_count);
        run(&c, nodes, node_count);
        *freed_objects = *freed_bytes = 0;
        for (size_t i = 0; i < c.len; i++) {
            uf_node node = c.queue[i];
            if (graph->flags[node] & UF_NODE_OWN)
                continue;
            ++*freed_objects;
            *freed_bytes += uf_edges_size(graph, node);
            if (freed)
                freed[node] = 1;
        }
    }
    uf_mem_free(c.count);
    uf_mem_free(c.queue);
    uf_mem_free(c.cut);
    return code;
}

enum uf_code uf_cycles_cascade(const struct uf_graph *graph, const uint8_t *member,
                               const uint32_t *cut, size_t cut_count, uint8_t *freed,
                               uint64_t *freed_objects, uint64_t *freed_bytes, struct uf_error *err)
{
    size_t count = 0;
    for (uf_node n = 0; n < graph->node_count; n++)
        count += member[n] != 0;
    uf_node *nodes = uf_mem_alloc(count * sizeof *nodes);
    if (!nodes)
        return uf_error_nomem(err);
    count = 0;
    for (uf_node n = 0; n < graph->node_count; n++) {
        if (member[n])
            nodes[count++] = n;
    }
    if (freed)
        memset(freed, 0, graph->node_count);
    enum uf_code code =
        uf_cascade_run(graph, nodes, count, cut, cut_count, freed, freed_objects, freed_bytes, err);
    uf_mem_free(nodes);
    return code;
}
