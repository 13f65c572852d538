/* The graph's columns: each in one pass, values that do not fit its width in a second one. */
#include "snapshot/write_private.h"

#include <string.h>

#define BLOCK ((uf_node)4096) /* nodes encoded at a time */

/* for (node, count) over all nodes in blocks */
#define FOR_BLOCKS(graph, from, count)                                                             \
    for (uf_node from = 0, count;                                                                  \
         count = (graph)->node_count - from < BLOCK ? (graph)->node_count - from : BLOCK,          \
                 count > 0;                                                                        \
         from += count)

static void exception(struct uf_emit *emit, uf_node node, uint32_t value)
{
    struct uf_format_exception item = {node, value};
    memcpy(uf_emit_room(emit, sizeof item), &item, sizeof item);
}

static void wide(struct uf_emit *emit, uf_node node, uint64_t value)
{
    struct uf_format_wide item = {value, node, 0};
    memcpy(uf_emit_room(emit, sizeof item), &item, sizeof item);
}

static void write_degrees(struct uf_emit *emit, const struct uf_graph *graph)
{
    bool big = false;
    uf_emit_begin(emit, UF_CHUNK_DEGREE);
    FOR_BLOCKS(graph, from, count) {
        uint8_t *to = uf_emit_room(emit, count);
        const uint32_t *start = graph->edge_start + from;
        uint32_t any = 0;
        for (uf_node i = 0; i < count; i++) {
            uint32_t degree = start[i + 1] - start[i];
            any |= degree >= UF_DEGREE_BIG;
            to[i] = (uint8_t)(degree < UF_DEGREE_BIG ? degree : UF_DEGREE_BIG);
        }
        big |= any;
    }
    uf_emit_begin(emit, UF_CHUNK_DEGREE_BIG);
    for (uf_node n = 0; big && n < graph->node_count; n++) {
        uint32_t degree = graph->edge_start[n + 1] - graph->edge_start[n];
        if (degree >= UF_DEGREE_BIG)
            exception(emit, n, degree);
    }
}

static void write_sizes(struct uf_emit *emit, const struct uf_graph *graph)
{
    bool big = false;
    uf_emit_begin(emit, UF_CHUNK_SIZE);
    FOR_BLOCKS(graph, from, count) {
        uint16_t *to = uf_emit_room(emit, count * sizeof *to);
        uint32_t any = 0;
        for (uf_node i = 0; i < count; i++) {
            uint32_t size = graph->size[from + i];
            any |= size >= UF_SIZE_BIG_16;
            to[i] = (uint16_t)(size < UF_SIZE_BIG_16 ? size : UF_SIZE_BIG_16);
        }
        big |= any;
    }
    uf_emit_begin(emit, UF_CHUNK_SIZE_BIG);
    for (uf_node n = 0; big && n < graph->node_count; n++)
        if (graph->size[n] >= UF_SIZE_BIG_16)
            wide(emit, n, uf_graph_size(graph, n));
}

static void write_counts(struct uf_emit *emit, const struct uf_graph *graph)
{
    bool big = false;
    uf_emit_begin(emit, UF_CHUNK_COUNT);
    FOR_BLOCKS(graph, from, count) {
        uint8_t *to = uf_emit_room(emit, count);
        for (uf_node i = 0; i < count; i++) {
            uint32_t refs = graph->refcount[from + i];
            uint8_t narrow = (uint8_t)(refs < UF_COUNT_BIG ? refs : UF_COUNT_BIG);
            big |= narrow == UF_COUNT_BIG;
            to[i] = refs == UF_COUNT_IMMORTAL ? UF_COUNT_IMMORTAL_8 : narrow;
        }
    }
    uf_emit_begin(emit, UF_CHUNK_COUNT_BIG);
    for (uf_node n = 0; big && n < graph->node_count; n++)
        if (graph->refcount[n] >= UF_COUNT_BIG && graph->refcount[n] != UF_COUNT_IMMORTAL)
            exception(emit, n, graph->refcount[n]);
}

static void write_types(struct uf_emit *emit, const struct uf_graph *graph)
{
    uf_emit_begin(emit, UF_CHUNK_TYPE);
    if (graph->type_count > UF_TYPES_NARROW) {
        uf_emit_bytes(emit, graph->type, (size_t)graph->node_count * sizeof *graph->type);
        return;
    }
    FOR_BLOCKS(graph, from, count) {
        uint16_t *to = uf_emit_room(emit, count * sizeof *to);
        for (uf_node i = 0; i < count; i++)
            to[i] = (uint16_t)graph->type[from + i];
    }
}

/* The high parts that there are, ascending, and the place of each among them. */
struct parts {
    uint16_t part[UF_ADDRESS_PART_MAX], place[UF_ADDRESS_PART_MAX];
    uint32_t count;
};

static uint32_t high_part(uint64_t address)
{
    return (uint32_t)(address >> (32 + UF_ADDRESS_SHIFT)) & (UF_ADDRESS_PART_MAX - 1);
}

/* False: an address that no object can have. */
static bool find_parts(struct parts *parts, const struct uf_graph *graph)
{
    bool valid = true;
    memset(parts, 0, sizeof *parts);
    for (uf_node n = 0; n < graph->node_count; n++) {
        uint64_t address = graph->address[n];
        valid &= address != 0 && address % (1 << UF_ADDRESS_SHIFT) == 0 && address >> 48 == 0;
        parts->place[high_part(address)] = 1;
    }
    for (uint32_t p = 0; p < UF_ADDRESS_PART_MAX; p++) {
        if (!parts->place[p])
            continue;
        parts->place[p] = (uint16_t)parts->count;
        parts->part[parts->count++] = (uint16_t)p;
    }
    return valid;
}

static enum uf_code write_addresses(struct uf_emit *emit, const struct uf_graph *graph,
                                    struct uf_error *err)
{
    struct parts parts;
    if (!find_parts(&parts, graph))
        return uf_error_set(err, UF_EINVAL, "the graph has an address that no object can have");
    uf_emit_begin(emit, UF_CHUNK_ADDRESS);
    FOR_BLOCKS(graph, from, count) {
        uint32_t *to = uf_emit_room(emit, count * sizeof *to);
        for (uf_node i = 0; i < count; i++)
            to[i] = (uint32_t)(graph->address[from + i] >> UF_ADDRESS_SHIFT);
    }
    uf_emit_begin(emit, UF_CHUNK_ADDRESS_PART);
    FOR_BLOCKS(graph, from, count) {
        if (parts.count > UF_PARTS_NARROW) {
            uint16_t *to = uf_emit_room(emit, count * sizeof *to);
            for (uf_node i = 0; i < count; i++)
                to[i] = parts.place[high_part(graph->address[from + i])];
        } else {
            uint8_t *to = uf_emit_room(emit, count);
            for (uf_node i = 0; i < count; i++)
                to[i] = (uint8_t)parts.place[high_part(graph->address[from + i])];
        }
    }
    uf_emit_begin(emit, UF_CHUNK_ADDRESS_PARTS);
    uf_emit_bytes(emit, parts.part, parts.count * sizeof *parts.part);
    return UF_OK;
}

static void write_tables(struct uf_emit *emit, const struct uf_graph *graph)
{
    uf_emit_begin(emit, UF_CHUNK_STRINGS);
    uf_emit_bytes(emit, graph->strings.bytes, graph->strings.bytes_len);
    uf_emit_begin(emit, UF_CHUNK_TYPES);
    for (uint32_t i = 0; i < graph->type_count; i++) {
        const struct uf_graph_type *type = &graph->types[i];
        struct uf_format_type item = {type->address, type->name, type->node};
        memcpy(uf_emit_room(emit, sizeof item), &item, sizeof item);
    }
    uf_emit_begin(emit, UF_CHUNK_ROOTS);
    for (uint32_t i = 0; i < graph->root_count; i++) {
        const struct uf_graph_root *root = &graph->roots[i];
        struct uf_format_root item = {root->node, root->name, root->label, root->surplus,
                                      root->kind};
        memcpy(uf_emit_room(emit, sizeof item), &item, sizeof item);
    }
}

enum uf_code uf_write_graph(struct uf_writing *writing, struct uf_error *err)
{
    const struct uf_graph *graph = writing->content->graph;
    struct uf_emit *emit = writing->emit;
    writing->counts.nodes = graph->node_count;
    writing->counts.edges = graph->edge_count;
    writing->counts.types = graph->type_count;
    writing->counts.roots = graph->root_count;
    writing->counts.guessed = graph->guessed_count;
    write_tables(emit, graph);
    write_degrees(emit, graph);
    uf_emit_begin(emit, UF_CHUNK_TARGET);
    uf_emit_bytes(emit, graph->edge_target, (size_t)graph->edge_count * sizeof(uf_node));
    uf_emit_begin(emit, UF_CHUNK_GUESSED);
    uf_emit_bytes(emit, graph->guessed, (size_t)graph->guessed_count * sizeof(uint32_t));
    write_sizes(emit, graph);
    uf_emit_begin(emit, UF_CHUNK_FLAGS);
    uf_emit_bytes(emit, graph->flags, graph->node_count);
    write_types(emit, graph);
    write_counts(emit, graph);
    return write_addresses(emit, graph, err);
}
