/* Addresses and reference counts of nodes. */
#include "base/mem.h"
#include "graph/index.h"
#include "snapshot/read_private.h"

#include <inttypes.h>
#include <string.h>

enum uf_code uf_load_count(struct uf_snapshot *snapshot, struct uf_error *err)
{
    const void *at, *big_at;
    uint32_t big_count, next_big = 0;
    uf_node nodes = snapshot->counts.nodes;
    enum uf_code code =
        uf_container_items(&snapshot->container, UF_CHUNK_COUNT, 1, nodes, &at, err);
    if (!code)
        code = uf_container_all(&snapshot->container, UF_CHUNK_COUNT_BIG,
                                sizeof(struct uf_format_count), &big_count, &big_at, err);
    if (code)
        return code;
    const struct uf_format_count *big = big_at;
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
                big[next_big].count < UF_COUNT_BIG || big[next_big].count == UF_COUNT_IMMORTAL)
                return uf_damaged(err, "the reference count of object %u is missing", node);
            to[node] = big[next_big++].count;
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

/* Reads the parts of the next group; NULL: they end too early. Else where the group after it begins. */
static const uint16_t *next_group(const uint16_t *at, const uint16_t *end, uf_node count,
                                  uint16_t part[UF_PARTS_GROUP])
{
    uint64_t is_second = 0;
    if (at == end)
        return NULL;
    uint16_t first = *at++, second = first;
    if (first == UF_PARTS_DIFFER) {
        if ((size_t)(end - at) < count)
            return NULL;
        memcpy(part, at, count * sizeof *part);
        return at + count;
    }
    if (first == UF_PARTS_TWO) {
        if (end - at < 6)
            return NULL;
        first = at[0];
        second = at[1];
        memcpy(&is_second, at + 2, sizeof is_second);
        at += 6;
    }
    for (uf_node i = 0; i < count; i++)
        part[i] = is_second >> i & 1 ? second : first;
    return at;
}

enum uf_code uf_load_address(struct uf_snapshot *snapshot, struct uf_error *err)
{
    struct uf_container *container = &snapshot->container;
    uf_node nodes = snapshot->counts.nodes;
    const void *low_at, *part_at;
    uint32_t parts;
    enum uf_code code =
        uf_container_items(container, UF_CHUNK_ADDRESS, sizeof(uint32_t), nodes, &low_at, err);
    if (!code)
        code = uf_container_all(container, UF_CHUNK_ADDRESS_PARTS, sizeof(uint16_t), &parts,
                                &part_at, err);
    if (code)
        return code;
    uint64_t *to = uf_mem_alloc(((size_t)nodes + 1) * sizeof *to);
    if (!to)
        return uf_error_nomem(err);
    snapshot->graph.address = to;
    const uint32_t *low = low_at;
    const uint16_t *part = part_at, *end = part + parts;
    for (uf_node from = 0; from < nodes;) {
        uf_node count = nodes - from < UF_PARTS_GROUP ? nodes - from : UF_PARTS_GROUP;
        uint16_t high[UF_PARTS_GROUP];
        part = next_group(part, end, count, high);
        if (!part)
            return uf_damaged(err, "the addresses of its objects end too early");
        for (uf_node i = 0; i < count; i++, from++)
            to[from] = (uint64_t)high[i] << UF_ADDRESS_PART_SHIFT | (uint64_t)low[from]
                                                                        << UF_ADDRESS_SHIFT;
    }
    if (part != end)
        return uf_damaged(err, "it has more addresses than objects");
    return check_addresses(&snapshot->graph, err); /* parts that are too large make no address */
}
