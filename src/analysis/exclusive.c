#include "analysis/exclusive.h"

#include "analysis/ancestors.h"
#include "analysis/components.h"
#include "analysis/edges.h"

/* Owner so far, as a number: nothing was met that refers to it; nobody's, once and for all. */
#define UNHELD UINT32_MAX
#define NOBODYS 0

struct builder {
    const struct uf_graph *graph;
    struct uf_exclusive *ret;
    uint32_t *owner;   /* by node */
    uint32_t *waiting; /* by node: references to it that were not met yet */
    uf_node *node;     /* by number; numbers are given when all that refers to a node has one */
    uint32_t count;
    struct uf_ancestors tree; /* of owners, by number */
};

/* From components: what is on a cycle is nobody's, and how many references each node has. */
static enum uf_code begin(struct builder *b, struct uf_error *err)
{
    const struct uf_graph *graph = b->graph;
    struct uf_components components;
    uint8_t *member = uf_mem_alloc(graph->node_count);
    if (!member)
        return uf_error_nomem(err);
    for (uf_node n = 0; n < graph->node_count; n++)
        member[n] = !(graph->flags[n] & UF_NODE_OWN);
    enum uf_code code = uf_components_build(&components, graph, member, err);
    uf_mem_free(member);
    if (code)
        return code;
    b->owner = components.component;
    b->waiting = components.references;
    components.component = components.references = NULL;
    uf_components_release(&components);
    for (uf_node n = 0; n < graph->node_count; n++)
        b->owner[n] = b->owner[n] == UINT32_MAX ? UNHELD : NOBODYS;
    return UF_OK;
}

/* All that refers to the node is known, or does not matter. */
static void give_number(struct builder *b, uf_node node)
{
    uint32_t number = ++b->count;
    b->node[number] = node;
    b->tree.above[number] = b->owner[node] == UNHELD ? NOBODYS : b->owner[node];
    uf_ancestors_enter(&b->tree, number);
}

/* What is on a cycle never ceases to wait: it goes first. */
static void give_first_numbers(struct builder *b)
{
    const struct uf_graph *graph = b->graph;
    for (uf_node n = 0; n < graph->node_count; n++) {
        if (graph->flags[n] & UF_NODE_OWN)
            continue;
        bool cyclic = b->owner[n] == NOBODYS;
        if (cyclic)
            b->waiting[n] = UINT32_MAX;
        if (cyclic || b->waiting[n] == 0)
            give_number(b, n);
    }
    for (uint32_t r = 0; r < graph->root_count; r++)
        b->owner[graph->roots[r].node] = NOBODYS;
}

static void hold(struct builder *b, uint32_t number, uf_node target)
{
    uint32_t *owner = &b->owner[target];
    if (b->waiting[target] == UINT32_MAX || b->graph->flags[target] & UF_NODE_OWN)
        return;
    if (*owner == UNHELD)
        *owner = number;
    else if (*owner != NOBODYS && *owner != number)
        *owner = uf_ancestors_common(&b->tree, *owner, number);
    if (--b->waiting[target] == 0)
        give_number(b, target);
}

static void find_owners(struct builder *b)
{
    const struct uf_graph *graph = b->graph;
    uf_ancestors_begin(&b->tree);
    give_first_numbers(b);
    for (uint32_t n = 1; n <= b->count; n++) {
        uf_edges_prefetch(graph, b->node, n, b->count + 1, b->waiting, sizeof *b->waiting);
        uf_node node = b->node[n];
        for (uint32_t e = graph->edge_start[node]; e < graph->edge_start[node + 1]; e++)
            hold(b, n, graph->edge_target[e]);
    }
}

static void sum_up(struct builder *b)
{
    struct uf_exclusive *ret = b->ret;
    for (uint32_t n = b->count; n > 0; n--) {
        uf_node node = b->node[n], above = b->node[b->tree.above[n]];
        ret->owner[node] = above;
        ret->bytes[node] += uf_edges_size(b->graph, node);
        ret->objects[node]++;
        if (above == UF_NODE_NONE)
            continue;
        ret->bytes[above] += ret->bytes[node];
        ret->objects[above] += ret->objects[node];
    }
}

static bool alloc(struct builder *b)
{
    size_t n = (size_t)b->graph->node_count + 1;
    b->node = uf_mem_alloc(n * sizeof *b->node);
    b->tree.above = uf_mem_alloc(n * sizeof *b->tree.above);
    b->tree.jump = uf_mem_alloc(n * sizeof *b->tree.jump);
    b->tree.depth = uf_mem_alloc(n * sizeof *b->tree.depth);
    return b->node && b->tree.above && b->tree.jump && b->tree.depth;
}

static bool alloc_result(struct uf_exclusive *ret)
{
    ret->bytes = uf_mem_zalloc((size_t)ret->node_count * sizeof *ret->bytes);
    ret->objects = uf_mem_zalloc((size_t)ret->node_count * sizeof *ret->objects);
    return ret->bytes && ret->objects;
}

static enum uf_code build(struct builder *b, struct uf_error *err)
{
    enum uf_code code = begin(b, err);
    if (code)
        return code;
    if (!alloc(b))
        return uf_error_nomem(err);
    b->node[0] = UF_NODE_NONE;
    find_owners(b);
    uf_mem_free(b->tree.jump);
    uf_mem_free(b->tree.depth);
    b->tree.jump = b->tree.depth = NULL;
    uf_mem_free(b->waiting);
    b->waiting = NULL;
    if (!alloc_result(b->ret))
        return uf_error_nomem(err);
    b->ret->owner = b->owner;
    b->owner = NULL;
    for (uf_node n = 0; n < b->graph->node_count; n++)
        b->ret->owner[n] = UF_NODE_NONE;
    sum_up(b);
    return UF_OK;
}

enum uf_code uf_exclusive_build(struct uf_exclusive *exclusive, const struct uf_graph *graph,
                                struct uf_error *err)
{
    struct builder b = {.graph = graph, .ret = exclusive};
    *exclusive = (struct uf_exclusive){.node_count = graph->node_count};
    enum uf_code code = build(&b, err);
    uf_mem_free(b.owner);
    uf_mem_free(b.waiting);
    uf_mem_free(b.node);
    uf_ancestors_release(&b.tree);
    if (code)
        uf_exclusive_release(exclusive);
    return code;
}

void uf_exclusive_release(struct uf_exclusive *exclusive)
{
    uf_mem_free(exclusive->owner);
    uf_mem_free(exclusive->bytes);
    uf_mem_free(exclusive->objects);
    *exclusive = (struct uf_exclusive){0};
}
