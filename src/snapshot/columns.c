/* Nodes: narrow columns become those of the graph. */
#include "base/mem.h"
#include "graph/index.h"
#include "snapshot/read_private.h"

#include <inttypes.h>

/* The sizes that 16 bits do not hold, in the order of the nodes that are marked. */
static enum uf_code fill_big_sizes(struct uf_snapshot *snapshot, const struct uf_format_wide *big,
                                   uint32_t count, struct uf_error *err)
{
    struct uf_graph *graph = &snapshot->graph;
    uint32_t huge = 0;
    graph->big_size_bytes = uf_mem_alloc(((size_t)count + 1) * sizeof *graph->big_size_bytes);
    if (!graph->big_size_bytes)
        return uf_error_nomem(err);
    for (uint32_t i = 0; i < count; i++) {
        uf_node node = big[i].node;
        if (node >= snapshot->counts.nodes || (i > 0 && node <= big[i - 1].node) ||
            graph->size[node] != UF_SIZE_BIG_16 || big[i].value < UF_SIZE_BIG_16 || big[i].zero)
            return uf_damaged(err, "the size of object %u stands at the wrong place", node);
        if (big[i].value < UF_SIZE_BIG) {
            graph->size[node] = (uint32_t)big[i].value;
            continue;
        }
        graph->size[node] = UF_SIZE_BIG;
        graph->big_size_bytes[huge] = big[i].value;
        if (uf_map_set(&graph->big_sizes, (uint64_t)node + 1, huge++))
            return uf_error_nomem(err);
    }
    return UF_OK;
}

static enum uf_code load_sizes(struct uf_snapshot *snapshot, struct uf_error *err)
{
    const void *at, *big;
    uint32_t big_count, marked = 0;
    enum uf_code code = uf_container_items(&snapshot->container, UF_CHUNK_SIZE, sizeof(uint16_t),
                                           snapshot->counts.nodes, &at, err);
    if (!code)
        code = uf_container_all(&snapshot->container, UF_CHUNK_SIZE_BIG,
                                sizeof(struct uf_format_wide), &big_count, &big, err);
    if (code)
        return code;
    uint32_t *to = uf_mem_alloc(((size_t)snapshot->counts.nodes + 1) * sizeof *to);
    if (!to)
        return uf_error_nomem(err);
    snapshot->graph.size = to;
    const uint16_t *size = at;
    for (uf_node node = 0; node < snapshot->counts.nodes; node++) {
        to[node] = size[node];
        marked += size[node] == UF_SIZE_BIG_16;
    }
    if (marked != big_count)
        return uf_damaged(err, "%u large objects, and the sizes of %u", marked, big_count);
    return fill_big_sizes(snapshot, big, big_count, err);
}

static enum uf_code load_flags(struct uf_snapshot *snapshot, struct uf_error *err)
{
    const void *at;
    enum uf_code code = uf_container_items(&snapshot->container, UF_CHUNK_FLAGS, 1,
                                           snapshot->counts.nodes, &at, err);
    if (!code)
        snapshot->graph.flags = (uint8_t *)(uintptr_t)at; // NOLINT: nobody writes to it
    return code;
}

enum uf_code uf_load_base(struct uf_snapshot *snapshot, struct uf_error *err)
{
    snapshot->graph.node_count = snapshot->counts.nodes;
    enum uf_code code = uf_load_edges(snapshot, err);
    if (!code)
        code = load_sizes(snapshot, err);
    if (!code)
        code = load_flags(snapshot, err);
    if (!code)
        code = uf_load_tables(snapshot, err);
    return code;
}

enum uf_code uf_load_type(struct uf_snapshot *snapshot, struct uf_error *err)
{
    bool narrow = snapshot->counts.types <= UF_TYPES_NARROW;
    uf_node nodes = snapshot->counts.nodes;
    uint32_t highest = 0;
    const void *at;
    enum uf_code code = uf_container_items(&snapshot->container, UF_CHUNK_TYPE,
                                           narrow ? sizeof(uint16_t) : sizeof(uint32_t), nodes, &at,
                                           err);
    if (code)
        return code;
    uint32_t *to = uf_mem_alloc(((size_t)nodes + 1) * sizeof *to);
    if (!to)
        return uf_error_nomem(err);
    snapshot->graph.type = to;
    for (uf_node node = 0; node < nodes; node++) {
        to[node] = narrow ? ((const uint16_t *)at)[node] : ((const uint32_t *)at)[node];
        highest = to[node] > highest ? to[node] : highest;
    }
    if (nodes > 0 && highest >= snapshot->counts.types)
        return uf_damaged(err, "an object has type %u of %u", highest, snapshot->counts.types);
    return UF_OK;
}

enum uf_code uf_load_count(struct uf_snapshot *snapshot, struct uf_error *err)
{
    const void *at, *big_at;
    uint32_t big_count, next_big = 0;
    uf_node nodes = snapshot->counts.nodes;
    enum uf_code code =
        uf_container_items(&snapshot->container, UF_CHUNK_COUNT, 1, nodes, &at, err);
    if (!code)
        code = uf_container_all(&snapshot->container, UF_CHUNK_COUNT_BIG,
                                sizeof(struct uf_format_exception), &big_count, &big_at, err);
    if (code)
        return code;
    const struct uf_format_exception *big = big_at;
    const uint8_t *count = at;
    uint32_t *to = uf_mem_alloc(((size_t)nodes + 1) * sizeof *to);
    if (!to)
        return uf_error_nomem(err);
    snapshot->graph.refcount = to;
    for (uf_node node = 0; node < nodes; node++) {
        to[node] = count[node];
        if (count[node] == UF_COUNT_IMMORTAL_8) {
            to[node] = UF_COUNT_IMMORTAL;
        } else if (count[node] == UF_COUNT_BIG) {
            if (next_big == big_count || big[next_big].node != node ||
                big[next_big].value < UF_COUNT_BIG || big[next_big].value == UF_COUNT_IMMORTAL)
                return uf_damaged(err, "the reference count of object %u is missing", node);
            to[node] = big[next_big++].value;
        }
    }
    if (next_big != big_count)
        return uf_damaged(err, "%u large reference counts for %u objects", big_count, next_big);
    return UF_OK;
}

/* No two objects have the same address. */
static enum uf_code check_addresses(const struct uf_graph *graph, struct uf_error *err)
{
    struct uf_index seen;
    enum uf_code code = UF_OK;
    if (uf_index_init(&seen))
        return uf_error_nomem(err);
    for (uf_node node = 0; node < graph->node_count && !code; node++) {
        uint64_t address = graph->address[node];
        int entered = uf_index_valid(address) ? uf_index_enter(&seen, address) : 0;
        if (entered < 0)
            code = uf_error_nomem(err);
        else if (entered == 0)
            code = uf_damaged(err, "object %u has the address 0x%" PRIx64 ", which cannot be", node,
                              address);
    }
    uf_index_release(&seen);
    return code;
}

enum uf_code uf_load_address(struct uf_snapshot *snapshot, struct uf_error *err)
{
    struct uf_container *container = &snapshot->container;
    uf_node nodes = snapshot->counts.nodes;
    const void *low_at, *place_at, *part_at;
    uint32_t parts, highest = 0;
    enum uf_code code =
        uf_container_items(container, UF_CHUNK_ADDRESS, sizeof(uint32_t), nodes, &low_at, err);
    if (!code)
        code = uf_container_all(container, UF_CHUNK_ADDRESS_PARTS, sizeof(uint16_t), &parts,
                                &part_at, err);
    if (code)
        return code;
    bool narrow = parts <= UF_PARTS_NARROW;
    code = uf_container_items(container, UF_CHUNK_ADDRESS_PART, narrow ? 1 : 2, nodes, &place_at,
                              err);
    if (code)
        return code;
    for (uf_node node = 0; node < nodes; node++) {
        uint32_t place = narrow ? ((const uint8_t *)place_at)[node] : ((const uint16_t *)place_at)[node];
        highest = place > highest ? place : highest;
    }
    if (nodes > 0 && highest >= parts)
        return uf_damaged(err, "an address has part %u of %u", highest, parts);
    uint64_t *to = uf_mem_alloc(((size_t)nodes + 1) * sizeof *to);
    if (!to)
        return uf_error_nomem(err);
    snapshot->graph.address = to;
    const uint32_t *low = low_at;
    const uint16_t *part = part_at;
    for (uf_node node = 0; node < nodes; node++) {
        uint32_t place = narrow ? ((const uint8_t *)place_at)[node] : ((const uint16_t *)place_at)[node];
        to[node] = ((uint64_t)part[place] << 32 | low[node]) << UF_ADDRESS_SHIFT;
    }
    return check_addresses(&snapshot->graph, err);
}
