#include "capture/outside.h"

#include "base/map.h"
#include "capture/words.h"
#include "cpython/heap.h"

#include <string.h>

#define HITS_MAX ((size_t)1 << 22)
#define SMALL_BYTES 512 /* larger objects have memory from malloc: Objects/obmalloc.c */
#define SEEN_BITS 16    /* a bit per hash of an address: most words cost one look */

/* A word that is the address of an object looked for. */
struct hit {
    uint64_t at, block_start, block_end;
    uint32_t object; /* index */
    uint8_t place;
    bool of_node; /* it lies in the memory of an object of the graph */
};

struct look {
    struct uf_outside *outside;
    const struct uf_graph *graph;
    struct uf_map wanted; /* address -> index */
    uint64_t lowest, highest;
    uint64_t seen[((size_t)1 << SEEN_BITS) / 64];
    UF_VEC(struct hit) hits; /* in the order of their addresses, in which memory is walked */
    bool full;
};

static size_t hash(uint64_t address)
{
    return (size_t)(address >> 4 ^ address >> 20) & (((size_t)1 << SEEN_BITS) - 1);
}

static int enter_objects(struct look *look)
{
    look->lowest = UINT64_MAX;
    for (size_t i = 0; i < look->outside->objects.len; i++) {
        struct uf_outside_object *object = &look->outside->objects.at[i];
        uint64_t address = object->address;
        *object = (struct uf_outside_object){.address = address, .node = UF_NODE_NONE};
        if (uf_map_set(&look->wanted, address, (uint32_t)i))
            return -1;
        look->seen[hash(address) / 64] |= UINT64_C(1) << hash(address) % 64;
        look->lowest = address < look->lowest ? address : look->lowest;
        look->highest = address > look->highest ? address : look->highest;
    }
    for (uf_node n = 0; n < look->graph->node_count; n++) {
        uint64_t address = look->graph->address[n];
        if (!(look->seen[hash(address) / 64] >> hash(address) % 64 & 1))
            continue;
        uint32_t index = uf_map_get(&look->wanted, address);
        if (index != UF_MAP_NONE)
            look->outside->objects.at[index].node = n;
    }
    return 0;
}

static int enter_hit(struct look *look, const struct uf_words *words, size_t i, uint32_t index)
{
    if (words->place == UF_WORDS_DATA) {
        struct uf_outside_object *object = &look->outside->objects.at[index];
        object->in_data++;
        object->library = uf_strings_add_z(&look->outside->names, words->library);
        return object->library == UF_STRING_NONE ? -1 : 0;
    }
    struct hit hit = {.at = words->address + i * sizeof(uint64_t),
                      .block_start = words->block_start,
                      .block_end = words->block_end,
                      .object = index,
                      .place = words->place};
    look->full |= look->hits.len >= HITS_MAX;
    return look->full ? 1 : uf_vec_push(&look->hits, hit);
}

static int visit(void *context, const struct uf_words *words)
{
    struct look *look = context;
    for (size_t i = 0; i < words->count; i++) {
        uint64_t word = words->words[i];
        if (word < look->lowest || word > look->highest ||
            !(look->seen[hash(word) / 64] >> hash(word) % 64 & 1))
            continue;
        uint32_t index = uf_map_get(&look->wanted, word);
        int status = index == UF_MAP_NONE ? 0 : enter_hit(look, words, i, index);
        if (status)
            return status;
    }
    return 0;
}

/* The first hit at or behind `address`. */
static size_t first_hit(const struct look *look, uint64_t address)
{
    size_t low = 0, high = look->hits.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (look->hits.at[middle].at < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Hits in the memory of `node` itself: references that the graph has, or pointers that are borrowed.
 * A reference of the graph that does not lie there lies in memory of the node's (the items of a list,
 * the table of a dict), which is one of the hits elsewhere. */
static void settle_node(struct look *look, uf_node node, uint8_t *inside)
{
    const struct uf_graph *graph = look->graph;
    uint64_t start = graph->address[node], size = uf_graph_size(graph, node);
    size_t first = first_hit(look, start), end = first;
    for (; end < look->hits.len; end++) {
        struct hit *hit = &look->hits.at[end];
        bool in_block = hit->block_start <= start && start < hit->block_end;
        bool in_chunk = hit->place == UF_WORDS_MALLOC && size > SMALL_BYTES &&
                        hit->at < start + size;
        if (!in_block && !in_chunk)
            break;
        hit->of_node = true;
        inside[hit->object] = 1;
    }
    for (uint32_t e = graph->edge_start[node]; e < graph->edge_start[node + 1]; e++) {
        uint64_t address = graph->address[graph->edge_target[e]];
        if (!(look->seen[hash(address) / 64] >> hash(address) % 64 & 1))
            continue;
        uint32_t index = uf_map_get(&look->wanted, address);
        if (index != UF_MAP_NONE && !inside[index])
            look->outside->objects.at[index].by_graph++;
    }
    for (size_t i = first; i < end; i++)
        inside[look->hits.at[i].object] = 0;
}

static void count_hits(struct look *look)
{
    for (size_t i = 0; i < look->hits.len; i++) {
        const struct hit *hit = &look->hits.at[i];
        struct uf_outside_object *object = &look->outside->objects.at[hit->object];
        if (hit->of_node)
            continue;
        if (object->in_memory < UF_OUTSIDE_PLACES)
            object->at[object->in_memory] = hit->at;
        object->in_memory++;
    }
}

enum uf_code uf_outside_look(struct uf_outside *outside, const struct uf_graph *graph,
                             const struct uf_heap_config *config, struct uf_error *err)
{
    static char own; /* lies in the engine's own data */
    struct uf_segments segments = {0};
    struct look *look = uf_mem_zalloc(sizeof *look);
    uint8_t *inside = uf_mem_zalloc(outside->objects.len + 1);
    enum uf_code code = look && inside ? UF_OK : uf_error_nomem(err);
    if (!code) {
        *look = (struct look){.outside = outside, .graph = graph};
        code = enter_objects(look) ? uf_error_nomem(err) : uf_segments_read(&segments, err);
    }
    if (!code) {
        uint32_t state_bytes = config->layout->runtime.interpreter.bytes;
        struct uf_words_except except = {
            .images = {(uint64_t)(uintptr_t)&own, config->runtime},
            .start = config->interpreter,
            .end = config->interpreter + state_bytes,
            .bytes_max = UF_OUTSIDE_BYTES_MAX,
        };
        int status = uf_words_each(&segments, &except, visit, look, &outside->complete);
        if (status < 0)
            code = uf_error_nomem(err);
        outside->complete &= !look->full;
    }
    if (!code) {
        for (uf_node n = 0; n < graph->node_count; n++)
            settle_node(look, n, inside);
        count_hits(look);
    }
    if (look) {
        uf_map_release(&look->wanted);
        uf_vec_release(&look->hits);
    }
    uf_mem_free(look);
    uf_mem_free(inside);
    uf_segments_release(&segments);
    return code;
}

void uf_outside_release(struct uf_outside *outside)
{
    uf_vec_release(&outside->objects);
    uf_strings_release(&outside->names);
    outside->complete = false;
}
