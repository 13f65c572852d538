#include "analysis/dominators.h"

#include "analysis/dominators_private.h"
#include "base/mem.h"

/* So far ahead what a reference leads to is fetched. */
#define AHEAD 32

/* In idom[], while it holds for leaves the number of their dominator so far: nothing that is
 * reached refers to it; the same of an own object; the virtual root, of what own objects alone
 * hold; not a leaf. */
#define UNHELD UINT32_MAX
#define UNHELD_OWN (UINT32_MAX - 1)
#define OWN_ROOT (UINT32_MAX - 2)
#define INNER (UINT32_MAX - 3)

struct sum {
    uint64_t bytes;
    uint32_t objects;
    uf_node node;
};

struct builder {
    const struct uf_graph *graph;
    struct uf_dominators *ret;
    struct uf_dom_core core;
    struct uf_ancestors tree;
    struct sum *sum; /* by number */
};

static void begin_leaves(struct builder *b)
{
    const struct uf_graph *graph = b->graph;
    uint32_t *held = b->ret->idom;
    for (uf_node n = 0; n < graph->node_count; n++)
        held[n] = uf_dom_is_inner(graph, n)       ? INNER
                  : graph->flags[n] & UF_NODE_OWN ? UNHELD_OWN
                                                  : UNHELD;
    for (uint32_t r = 0; r < graph->root_count; r++)
        if (held[graph->roots[r].node] != INNER)
            held[graph->roots[r].node] = 0;
}

/* One more holder, reached without own objects. */
static inline void hold(const struct uf_ancestors *tree, uint32_t *held, uint32_t number)
{
    if (*held == UNHELD)
        *held = number;
    else if (*held == UNHELD_OWN)
        *held = 0;
    else if (*held != number && *held != 0 && *held != INNER)
        *held = uf_ancestors_common(tree, *held, number);
}

/* One more holder that own objects alone hold. What the others hold is theirs. */
static void hold_by_own(const struct builder *b, uint32_t *held, uint32_t number)
{
    if (*held == UNHELD || *held == UNHELD_OWN) {
        *held = number;
    } else if (*held > b->core.shared && *held < INNER) {
        *held = uf_ancestors_common(&b->tree, *held, number);
        if (*held == 0)
            *held = OWN_ROOT;
    }
}

/* Nodes and references in the order of memory; number of each inner node on the way. */
static void find_leaves(struct builder *b)
{
    const struct uf_graph *graph = b->graph;
    const uf_node *target = graph->edge_target;
    const struct uf_dom_spot *spot = b->core.spot;
    uint32_t *held = b->ret->idom;
    uint32_t ahead_end = graph->edge_count > AHEAD ? graph->edge_count - AHEAD : 0;
    for (uf_node n = 0; n < graph->node_count; n++) {
        uint32_t end = graph->edge_start[n + 1];
        if (graph->edge_start[n] == end)
            continue;
        uint32_t number = (spot++)->number;
        if (number == 0 || number > b->core.shared)
            continue;
        for (uint32_t e = graph->edge_start[n]; e < end; e++) {
            if (e < ahead_end)
                __builtin_prefetch(&held[target[e + AHEAD]], 1);
            hold(&b->tree, &held[target[e]], number);
        }
    }
}

/* After find_leaves(). */
static void find_own_leaves(struct builder *b)
{
    const struct uf_graph *graph = b->graph;
    const struct uf_dom_spot *spot = b->core.spot;
    for (uf_node n = 0; n < graph->node_count && b->core.reached > b->core.shared; n++) {
        if (!uf_dom_is_inner(graph, n))
            continue;
        uint32_t number = (spot++)->number;
        if (number <= b->core.shared)
            continue;
        for (uint32_t e = graph->edge_start[n]; e < graph->edge_start[n + 1]; e++)
            hold_by_own(b, &b->ret->idom[graph->edge_target[e]], number);
    }
}

static bool is_number(uint32_t held)
{
    return held != 0 && held < INNER;
}

/* Each node's own size; that of leaves goes to what holds them, too. */
static void begin_sums(struct builder *b)
{
    const struct uf_graph *graph = b->graph;
    const struct uf_dom_spot *spot = b->core.spot;
    const uint32_t *held = b->ret->idom;
    for (uf_node n = 0; n < graph->node_count; n++) {
        bool inner = held[n] == INNER, own = graph->flags[n] & UF_NODE_OWN;
        uint32_t number = inner ? (spot++)->number : is_number(held[n]) ? held[n] : 0;
        struct sum *sum = &b->sum[number];
        if (inner && number != 0)
            sum->node = n;
        if (own || number == 0)
            continue;
        sum->bytes += uf_edges_size(graph, n);
        sum->objects++;
    }
}

static void sum_up(struct builder *b)
{
    for (uint32_t n = b->core.reached; n > 0; n--) {
        struct sum *above = &b->sum[b->tree.above[n]];
        above->bytes += b->sum[n].bytes;
        above->objects += b->sum[n].objects;
    }
}

/* From numbers to nodes. */
static void hand_over(struct builder *b)
{
    const struct uf_graph *graph = b->graph;
    const struct uf_dom_spot *spot = b->core.spot;
    struct uf_dominators *d = b->ret;
    for (uf_node n = 0; n < graph->node_count; n++) {
        uint32_t held = d->idom[n];
        if (held == INNER) {
            uint32_t number = (spot++)->number;
            uint32_t above = number ? b->tree.above[number] : 0;
            d->retained[n] = number ? b->sum[number].bytes : 0;
            d->retained_objects[n] = number ? b->sum[number].objects : 0;
            d->idom[n] = above ? b->sum[above].node : UF_NODE_NONE;
        } else {
            bool counts = held != UNHELD && !(graph->flags[n] & UF_NODE_OWN);
            d->retained[n] = counts ? uf_edges_size(graph, n) : 0;
            d->retained_objects[n] = counts;
            d->idom[n] = is_number(held) ? b->sum[held].node : UF_NODE_NONE;
        }
    }
}

static enum uf_code build(struct builder *b, struct uf_error *err)
{
    struct uf_dominators *d = b->ret;
    size_t n = b->graph->node_count;
    d->idom = uf_mem_alloc(n * sizeof *d->idom); /* until leaves begin: indices in the core */
    enum uf_code code = d->idom ? uf_dom_core_build(&b->core, d->idom, err) : uf_error_nomem(err);
    if (!code)
        code = uf_dom_search(&b->core, err);
    if (!code)
        code = uf_dom_find(&b->core, &b->tree, err);
    if (code)
        return code;
    begin_leaves(b);
    find_leaves(b);
    find_own_leaves(b);
    uf_mem_free(b->tree.jump);
    uf_mem_free(b->tree.depth);
    b->tree.jump = b->tree.depth = NULL;
    b->sum = uf_mem_zalloc(((size_t)b->core.reached + 1) * sizeof *b->sum);
    if (!b->sum)
        return uf_error_nomem(err);
    begin_sums(b);
    sum_up(b);
    d->retained = uf_mem_alloc(n * sizeof *d->retained);
    d->retained_objects = uf_mem_alloc(n * sizeof *d->retained_objects);
    if (!d->retained || !d->retained_objects)
        return uf_error_nomem(err);
    hand_over(b);
    return UF_OK;
}

enum uf_code uf_dominators_build(struct uf_dominators *dominators, const struct uf_graph *graph,
                                 struct uf_error *err)
{
    struct builder b = {.graph = graph, .ret = dominators, .core = {.graph = graph}};
    *dominators = (struct uf_dominators){.node_count = graph->node_count};
    enum uf_code code = build(&b, err);
    uf_dom_core_release(&b.core);
    uf_ancestors_release(&b.tree);
    uf_mem_free(b.sum);
    if (code)
        uf_dominators_release(dominators);
    return code;
}

void uf_dominators_release(struct uf_dominators *dominators)
{
    uf_mem_free(dominators->idom);
    uf_mem_free(dominators->retained);
    uf_mem_free(dominators->retained_objects);
    *dominators = (struct uf_dominators){0};
}
