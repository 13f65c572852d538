/* wide_graph.h - graphs with random values in all columns, and shapes for them: for files, not for analyses.
 *
 *     struct wide_graph wide;
 *     wide_graph(&wide, &(struct wide_options){.nodes = 1000, .types = 70000, .shapes = 300}, seed);
 *     ... wide.graph, wide.shapes ...
 *     wide_graph_release(&wide);
 */
#ifndef UF_TESTS_UNIT_WIDE_GRAPH_H
#define UF_TESTS_UNIT_WIDE_GRAPH_H

#include "base/mem.h"
#include "graph/shapes.h"
#include "random.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

struct wide_options {
    uf_node nodes;
    uint32_t types, shapes;
    uint32_t degree;    /* at most, of most nodes */
    bool alike;         /* sizes, flags and degrees follow from the type */
    bool far_addresses; /* all over 48 bits */
};

struct wide_graph {
    struct uf_graph graph;
    struct uf_shapes shapes;
    struct wide_options options;
    struct uf_strings strings; /* "name 0", "name 1", ... behind the empty one */
    uint64_t seed;
};

static inline void *wide_room(size_t count, size_t item_bytes)
{
    void *room = uf_mem_zalloc((count + 1) * item_bytes);
    if (!room)
        exit(99);
    return room;
}

static inline uint32_t wide_of(void *context, uf_node node)
{
    const struct wide_graph *wide = context;
    return (uint32_t)((node + wide->seed) * UINT64_C(2654435761) >> 7) % wide->options.shapes;
}

static inline uint32_t wide_count(void *context)
{
    return ((struct wide_graph *)context)->options.shapes;
}

/* All of a shape's references have the same name. */
static inline void wide_get(void *context, uint32_t shape, struct uf_shape *ret)
{
    (void)context;
    *ret = (struct uf_shape){.rule = UF_SHAPE_SAME,
                             .same = {shape + 1, shape + 1, (uint8_t)(shape % 10)}};
}

static inline const struct uf_strings *wide_strings(void *context)
{
    return &((struct wide_graph *)context)->strings;
}

/* Every fourth node has none; the others one of each form, up to the longest. */
static inline enum uf_text_kind wide_text(void *context, uf_node node, char *ret, size_t size,
                                          size_t *len)
{
    static const char *const forms[] = {"'%s'",    "%s",   "<function %s>", "<class '%s'>",
                                        "'%s...'", "<%s>", "\"%s\"",        "b'%s'"};
    char text[400], fill[300];
    (void)context;
    size_t many = node % 977 == 1 ? node % 245 : node % 40;
    memset(fill, 'a' + (int)(node % 26), many);
    fill[many] = 0;
    snprintf(text, sizeof text, forms[node % 8], fill);
    *len = node % 4 == 3 ? 0 : strlen(text);
    if (*len >= size)
        *len = size - 1;
    memcpy(ret, text, *len);
    return *len == 0 ? UF_TEXT_NONE : node % 2 ? UF_TEXT_NAME : UF_TEXT_CONTENT;
}

static inline int64_t wide_length(void *context, uf_node node)
{
    (void)context;
    return node % 20 == 3 ? -1 : (int64_t)(UINT64_C(1) << node % 63);
}

static inline int64_t wide_bound(void *context, uf_node node)
{
    (void)context;
    return node % 100 == 7 ? (int64_t)node * 1000000007 : -1;
}

static inline uint64_t wide_size(const struct wide_options *options)
{
    if (options->alike)
        return 16 + random_below(64);
    return random_below(50) ? random_below(70000) : random_number() >> random_below(63);
}

static inline void wide_node(struct wide_graph *wide, uf_node node, uint32_t *big)
{
    struct uf_graph *graph = &wide->graph;
    const struct wide_options *options = &wide->options;
    graph->address[node] = options->far_addresses
                               ? (random_below(UINT64_C(1) << 45) & ~UINT64_C(0xfffff)) << 3 |
                                     ((uint64_t)node + 1) << 3
                               : UINT64_C(0x7f1200000000) + 16 * (uint64_t)node;
    graph->type[node] = (uint32_t)random_below(options->types);
    uint64_t size = wide_size(options);
    graph->size[node] = size >= UF_SIZE_BIG ? UF_SIZE_BIG : (uint32_t)size;
    if (size >= UF_SIZE_BIG) {
        graph->big_size_bytes[*big] = size;
        if (uf_map_set(&graph->big_sizes, (uint64_t)node + 1, (*big)++))
            exit(99);
    }
    graph->refcount[node] = random_below(20) == 0 ? UF_COUNT_IMMORTAL
                            : random_below(20)    ? (uint32_t)random_below(300)
                                                  : (uint32_t)random_number();
    graph->flags[node] = (uint8_t)random_below(options->alike ? 2 : 128);
}

static inline void wide_edges(struct wide_graph *wide)
{
    struct uf_graph *graph = &wide->graph;
    const struct wide_options *options = &wide->options;
    for (uf_node node = 0; node < options->nodes; node++) {
        uint64_t many = random_below(200) ? options->degree : 3000;
        uint64_t degree = random_below((options->alike ? options->degree : many) + 1);
        graph->edge_start[node] = graph->edge_count;
        graph->edge_count += (uint32_t)degree;
    }
    graph->edge_start[options->nodes] = graph->edge_count;
    graph->edge_target = wide_room(graph->edge_count, sizeof *graph->edge_target);
    graph->guessed = wide_room(graph->edge_count, sizeof *graph->guessed);
    for (uint32_t i = 0; i < graph->edge_count; i++)
        graph->edge_target[i] = (uf_node)random_below(options->nodes);
    for (uf_node node = 0; node < options->nodes; node++) { /* the last ones of some */
        uint32_t end = graph->edge_start[node + 1], degree = end - graph->edge_start[node];
        for (uint32_t left = random_below(30) ? 0 : (uint32_t)random_below(degree + 1); left > 0;)
            graph->guessed[graph->guessed_count++] = end - left--;
    }
}

static inline void wide_tables(struct wide_graph *wide)
{
    struct uf_graph *graph = &wide->graph;
    char text[40];
    for (uint32_t i = 0; i < wide->options.types; i++) {
        snprintf(text, sizeof text, "app.Type%u", i);
        graph->types[i] =
            (struct uf_graph_type){.address = random_number(),
                                   .name = uf_strings_add_z(&graph->strings, text),
                                   .node = random_below(3) && wide->options.nodes
                                               ? (uf_node)random_below(wide->options.nodes)
                                               : UF_NODE_NONE};
    }
    graph->type_count = wide->options.types;
    graph->root_count = wide->options.nodes ? (uint32_t)random_below(100) : 0;
    graph->roots = wide_room(graph->root_count, sizeof *graph->roots);
    for (uint32_t i = 0; i < graph->root_count; i++)
        graph->roots[i] =
            (struct uf_graph_root){.node = (uf_node)random_below(wide->options.nodes),
                                   .name = (uint32_t)random_below(wide->options.types),
                                   .label = (uint32_t)random_below(wide->options.types),
                                   .kind = (uint8_t)random_below(UF_ROOT_NATIVE + 1),
                                   .surplus = (uint32_t)random_number()};
    uf_strings_add_z(&wide->strings, "");
    for (uint32_t i = 0; i < wide->options.shapes; i++) {
        snprintf(text, sizeof text, "name %u", i);
        uf_strings_add_z(&wide->strings, text);
    }
}

static inline void wide_graph(struct wide_graph *ret, const struct wide_options *options,
                              uint64_t seed)
{
    memset(ret, 0, sizeof *ret);
    random_seed(seed);
    ret->seed = seed;
    ret->options = *options;
    struct uf_graph *graph = &ret->graph;
    uint32_t big = 0;
    graph->node_count = options->nodes;
    graph->address = wide_room(options->nodes, sizeof *graph->address);
    graph->type = wide_room(options->nodes, sizeof *graph->type);
    graph->size = wide_room(options->nodes, sizeof *graph->size);
    graph->refcount = wide_room(options->nodes, sizeof *graph->refcount);
    graph->flags = wide_room(options->nodes, 1);
    graph->edge_start = wide_room((size_t)options->nodes + 1, sizeof *graph->edge_start);
    graph->big_size_bytes = wide_room(options->nodes, sizeof *graph->big_size_bytes);
    graph->types = wide_room(options->types, sizeof *graph->types);
    for (uf_node node = 0; node < options->nodes; node++)
        wide_node(ret, node, &big);
    wide_edges(ret);
    wide_tables(ret);
    ret->shapes = (struct uf_shapes){.context = ret,
                                     .of = wide_of,
                                     .count = wide_count,
                                     .get = wide_get,
                                     .strings = wide_strings,
                                     .text = wide_text,
                                     .length = wide_length,
                                     .bound = wide_bound};
}

static inline void wide_graph_release(struct wide_graph *wide)
{
    uf_graph_release(&wide->graph);
    uf_strings_release(&wide->strings);
}

#endif
