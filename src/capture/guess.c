#include "capture/guess.h"

#include "cpython/read.h"
#include "cpython/scan.h"

#include <stdlib.h>
#include <string.h>

struct guess {
    uf_node source, target;
    uint32_t order; /* in which it was found */
};

struct guesser {
    struct uf_graph *graph;
    const struct uf_builder *builder;
    uint32_t *found;
    struct uf_scans scans;
    UF_VEC(struct guess) guesses; /* sources ascend when they are inserted */
    uf_node source;               /* whose words are looked at, from outside */
    bool immortal;                /* counts that tell nothing need no surplus */
};

static bool has_surplus(const struct guesser *g, uf_node node)
{
    return g->graph->refcount[node] != UF_COUNT_IMMORTAL &&
           g->graph->refcount[node] > g->found[node];
}

/* How often `source` refers to `target` by edges that it reported. */
static uint32_t count_edges(const struct uf_graph *graph, uf_node source, uf_node target)
{
    uint32_t count = 0;
    for (uint32_t e = graph->edge_start[source]; e < graph->edge_start[source + 1]; e++)
        count += graph->edge_target[e] == target;
    return count;
}

/* How many of the words before number `end` are `word`. */
static uint32_t count_before(const void *view, const uint32_t *offsets, uint32_t end, uint64_t word)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < end; i++)
        count += uf_u64(view, offsets[i]) == word;
    return count;
}

static int look_into(struct guesser *g, uf_node source, struct uf_scan scan)
{
    const uint32_t *offsets = g->scans.offsets.at + scan.first;
    uint64_t address = g->graph->address[source];
    const void *view =
        uf_source_view(g->scans.source, address, offsets[scan.count - 1] + sizeof(uint64_t));
    for (uint32_t i = 0; view && i < scan.count; i++) {
        uint64_t word = uf_u64(view, offsets[i]);
        if (!uf_builder_has(g->builder, word))
            continue;
        uf_node target = uf_builder_node_of(g->builder, word);
        if (target == UF_NODE_NONE || target == source || !has_surplus(g, target) ||
            count_before(view, offsets, i, word) < count_edges(g->graph, source, target))
            continue;
        struct guess guess = {source, target, (uint32_t)g->guesses.len};
        g->found[target]++;
        if (!(g->graph->flags[target] & UF_NODE_STATIC) && uf_vec_push(&g->guesses, guess))
            return -1;
    }
    return 0;
}

/* From outside. 1: the word leads to an object. */
static int take_word(void *context, uint64_t word)
{
    struct guesser *g = context;
    uf_node target = uf_builder_has(g->builder, word) ? uf_builder_node_of(g->builder, word)
                                                      : UF_NODE_NONE;
    if (target == UF_NODE_NONE)
        return 0;
    bool immortal = g->immortal && g->graph->refcount[target] == UF_COUNT_IMMORTAL;
    if (target == g->source || (!immortal && !has_surplus(g, target)))
        return 1;
    struct guess guess = {g->source, target, (uint32_t)g->guesses.len};
    g->found[target]++;
    return uf_vec_push(&g->guesses, guess) ? -1 : 1;
}

static int take_object_word(void *context, uint64_t word)
{
    return take_word(context, word) < 0 ? -1 : 0;
}

static int by_source(const void *a, const void *b)
{
    const struct guess *x = a, *y = b;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static int take_objects(struct guesser *g, const struct uf_unknown *unknown)
{
    const struct uf_graph *graph = g->graph;
    g->immortal = true;
    for (uf_node node = 0; node < graph->node_count; node++) {
        const struct uf_scan *scan = &unknown->scans.of_type.at[graph->type[node]];
        g->source = node;
        if ((scan->count || scan->item_bytes) &&
            uf_unknown_words(unknown, graph->address[node], graph->type[node], take_object_word, g))
            return -1;
    }
    return 0;
}

static int take_blocks(struct guesser *g, const struct uf_unknown *unknown, uint32_t depth)
{
    for (size_t i = 0; i < unknown->blocks.len; i++) {
        const struct uf_unknown_block *block = &unknown->blocks.at[i];
        g->source = block->depth == depth ? uf_builder_node_of(g->builder, block->owner)
                                          : UF_NODE_NONE;
        g->immortal = block->dense;
        if (g->source != UF_NODE_NONE && uf_unknown_block_words(unknown, block, take_word, g))
            return -1;
    }
    return 0;
}

/* Nearer words first; but objects borrow what their module's state owns. */
static int take_all(struct guesser *g, const struct uf_unknown *unknown)
{
    int status = take_blocks(g, unknown, 0);
    if (!status)
        status = take_objects(g, unknown);
    for (uint32_t depth = 1; depth <= UF_UNKNOWN_DEPTH_MAX && !status; depth++)
        status = take_blocks(g, unknown, depth);
    if (g->guesses.len > 1)
        qsort(g->guesses.at, g->guesses.len, sizeof *g->guesses.at, by_source);
    return status;
}

/* Puts the guessed edges behind those of their sources: from the end, each block moves once. */
static int insert_edges(struct guesser *g)
{
    struct uf_graph *graph = g->graph;
    uint32_t more = (uint32_t)g->guesses.len, end = graph->edge_count;
    uf_node *targets = uf_mem_resize(graph->edge_target, ((size_t)end + more) * sizeof *targets);
    if (!targets)
        return -1;
    graph->edge_target = targets;
    graph->guessed = uf_mem_alloc((size_t)more * sizeof *graph->guessed);
    if (!graph->guessed)
        return -1;
    uf_node last = graph->node_count;
    for (uint32_t left = more; left > 0; left--) {
        const struct guess *guess = &g->guesses.at[left - 1];
        /* several of one source: its end was moved with the first of them */
        uint32_t from = last == guess->source ? end : graph->edge_start[guess->source + 1];
        memmove(targets + from + left, targets + from, (size_t)(end - from) * sizeof *targets);
        targets[from + left - 1] = guess->target;
        graph->guessed[left - 1] = from + left - 1;
        end = from;
        for (; last > guess->source; last--)
            graph->edge_start[last] += left;
    }
    graph->edge_count += more;
    graph->guessed_count = more;
    return 0;
}

static enum uf_code look_into_all(struct guesser *g, struct uf_heap *heap, struct uf_error *err)
{
    enum uf_code code = uf_scans_make(&g->scans, heap, err);
    for (uf_node node = 0; node < g->graph->node_count && !code; node++) {
        struct uf_scan scan = g->scans.of_type.at[g->graph->type[node]];
        if (scan.count && look_into(g, node, scan))
            code = uf_error_nomem(err);
    }
    return code;
}

enum uf_code uf_capture_guess(struct uf_graph *graph, struct uf_heap *heap,
                              const struct uf_builder *builder, const struct uf_unknown *unknown,
                              uint32_t *found, struct uf_error *err)
{
    struct guesser g = {.graph = graph, .builder = builder, .found = found};
    enum uf_code code;
    if (unknown)
        code = take_all(&g, unknown) ? uf_error_nomem(err) : UF_OK;
    else
        code = look_into_all(&g, heap, err);
    if (!code && (uint64_t)graph->edge_count + g.guesses.len > UINT32_MAX)
        code = uf_error_set(err, UF_ELIMIT, "more than 2^32-1 references");
    if (!code && g.guesses.len > 0 && insert_edges(&g))
        code = uf_error_nomem(err);
    uf_scans_release(&g.scans);
    uf_vec_release(&g.guesses);
    return code;
}
