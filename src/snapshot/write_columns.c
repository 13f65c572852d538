/* The graph's columns: each in one pass, values that do not fit its width in a second one. */
#include "snapshot/varint.h"
#include "snapshot/write_private.h"

#include <string.h>

#define BLOCK ((uf_node)4096) /* nodes encoded at a time */

/* for (node, count) over all nodes in blocks */
#define FOR_BLOCKS(graph, from, count)                                                             \
    for (uf_node from = 0, count;                                                                  \
         count = (graph)->node_count - from < BLOCK ? (graph)->node_count - from : BLOCK,          \
                 count > 0;                                                                        \
         from += count)

static void put_count(struct uf_emit *emit, uf_node node, uint32_t count)
{
    struct uf_format_count item = {node, count};
    memcpy(uf_emit_room(emit, sizeof item), &item, sizeof item);
}

static void write_counts(struct uf_emit *emit, const struct uf_graph *graph)
{
    bool big = false;
    uf_emit_begin(emit, UF_CHUNK_COUNT);
    FOR_BLOCKS(graph, from, count)
    {
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
            put_count(emit, n, graph->refcount[n]);
}

static uint16_t high_part(uint64_t address)
{
    return (uint16_t)(address >> UF_ADDRESS_PART_SHIFT);
}

/* One group: its parts are the same, one of two, or any. */
static void write_parts(struct uf_emit *emit, const uint64_t *address, uf_node count)
{
    uint16_t first = high_part(address[0]), second = first;
    uint64_t is_second = 0;
    bool differ = false;
    for (uf_node i = 0; i < count; i++) {
        uint16_t part = high_part(address[i]);
        if (part == first)
            continue;
        if (second == first)
            second = part;
        differ |= part != second;
        is_second |= UINT64_C(1) << i;
    }
    if (differ) {
        uint16_t *to = uf_emit_room(emit, (count + 1) * sizeof *to);
        *to++ = UF_PARTS_DIFFER;
        for (uf_node i = 0; i < count; i++)
            *to++ = high_part(address[i]);
    } else if (second != first) {
        uint16_t two[] = {UF_PARTS_TWO, first, second};
        memcpy(uf_emit_room(emit, sizeof two), two, sizeof two);
        memcpy(uf_emit_room(emit, sizeof is_second), &is_second, sizeof is_second);
    } else {
        memcpy(uf_emit_room(emit, sizeof first), &first, sizeof first);
    }
}

static enum uf_code write_addresses(struct uf_emit *emit, const struct uf_graph *graph,
                                    struct uf_error *err)
{
    uint64_t any = 0;
    bool none = false;
    uf_emit_begin(emit, UF_CHUNK_ADDRESS);
    FOR_BLOCKS(graph, from, count)
    {
        uint32_t *to = uf_emit_room(emit, count * sizeof *to);
        for (uf_node i = 0; i < count; i++) {
            uint64_t address = graph->address[from + i];
            any |= address;
            none |= address == 0;
            to[i] = (uint32_t)(address >> UF_ADDRESS_SHIFT);
        }
    }
    if (none || any % (1 << UF_ADDRESS_SHIFT) != 0 || any >> 48 != 0)
        return uf_error_set(err, UF_EINVAL, "the graph has an address that no object can have");
    uf_emit_begin(emit, UF_CHUNK_ADDRESS_PARTS);
    for (uf_node from = 0; from < graph->node_count; from += UF_PARTS_GROUP) {
        uf_node left = graph->node_count - from;
        write_parts(emit, graph->address + from, left < UF_PARTS_GROUP ? left : UF_PARTS_GROUP);
    }
    return UF_OK;
}

static void write_root(struct uf_emit *emit, const struct uf_graph_root *root)
{
    uint8_t bytes[1 + 4 * UF_VARINT_MAX];
    size_t len = 1;
    bytes[0] = (uint8_t)(root->kind | (root->label ? UF_ROOT_HAS_LABEL : 0) |
                         (root->surplus ? UF_ROOT_HAS_SURPLUS : 0));
    len += uf_varint_put(bytes + len, root->node);
    len += uf_varint_put(bytes + len, root->name);
    if (root->label)
        len += uf_varint_put(bytes + len, root->label);
    if (root->surplus)
        len += uf_varint_put(bytes + len, root->surplus);
    memcpy(uf_emit_room(emit, len), bytes, len);
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
    for (uint32_t i = 0; i < graph->root_count; i++)
        write_root(emit, &graph->roots[i]);
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
    uf_emit_begin(emit, UF_CHUNK_TARGET);
    uf_emit_bytes(emit, graph->edge_target, (size_t)graph->edge_count * sizeof(uf_node));
    uf_emit_begin(emit, UF_CHUNK_GUESSED);
    uf_emit_bytes(emit, graph->guessed, (size_t)graph->guessed_count * sizeof(uint32_t));
    write_counts(emit, graph);
    return write_addresses(emit, graph, err);
}
