#include "capture/lost.h"

#include "base/map.h"
#include "capture/words.h"
#include "cpython/read.h"

#include <string.h>
#include <unistd.h>

#define BYTES_MAX ((uint64_t)8 << 30) /* looked through */
#define EDGES_MAX ((size_t)1 << 24)
#define PREFIX_MOST 48 /* before an object: the collector's head, words for attributes */
#define PAGE_BITS 16   /* a bit per hash of a page that holds blocks: most words cost one look */
#define CHUNK_WORDS 64 /* of a block, in which the pointers to chunks are looked for */
#define NONE UINT32_MAX
#define COUNT_MOST ((uint32_t)1 << 30)

struct edge {
    uint32_t source, target; /* blocks */
};

struct finder {
    struct uf_lost *lost;
    struct uf_lost_block *blocks;
    uint32_t count;
    uint64_t lowest, highest;
    uint64_t pages[((size_t)1 << PAGE_BITS) / 64];
    UF_VEC(struct edge) edges;
    UF_VEC(uint32_t) queue;
    uint32_t
        *first; /* by block: where its edges begin, once they are in order; count + 1 entries */
    uint32_t *targets;
};

static size_t page_bit(uint64_t address)
{
    return (size_t)(address >> 12 ^ address >> 28) & (((size_t)1 << PAGE_BITS) - 1);
}

static void enter_blocks(struct finder *f)
{
    f->lowest = UINT64_MAX;
    for (uint32_t i = 0; i < f->count; i++) {
        struct uf_lost_block *block = &f->blocks[i];
        uint64_t end = block->address + block->bytes;
        block->state = UF_LOST_NOT_LOOKED_AT;
        block->kept_bytes = block->bytes;
        block->object = block->type = 0;
        if (block->address < f->lowest)
            f->lowest = block->address;
        if (end > f->highest)
            f->highest = end;
        for (uint64_t at = block->address & ~UINT64_C(4095); at < end; at += 4096)
            f->pages[page_bit(at) / 64] |= UINT64_C(1) << page_bit(at) % 64;
    }
}

const struct uf_lost_block *uf_lost_at(const struct uf_lost *lost, uint64_t address)
{
    size_t low = 0, high = lost->blocks.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lost->blocks.at[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    const struct uf_lost_block *block = &lost->blocks.at[low - 1];
    return address - block->address < block->bytes ? block : NULL;
}

/* Number of the block that holds the byte at `address`, or NONE. */
static uint32_t block_of(const struct finder *f, uint64_t address)
{
    if (address < f->lowest || address >= f->highest ||
        !(f->pages[page_bit(address) / 64] >> page_bit(address) % 64 & 1))
        return NONE;
    const struct uf_lost_block *block = uf_lost_at(f->lost, address);
    return block ? (uint32_t)(block - f->blocks) : NONE;
}

static void mark_objects(struct finder *f, const struct uf_graph *graph)
{
    for (uf_node n = 0; n < graph->node_count; n++) {
        uint32_t block = block_of(f, graph->address[n]);
        if (block != NONE && graph->address[n] - f->blocks[block].address <= PREFIX_MOST)
            f->blocks[block].state = UF_LOST_OBJECT;
    }
}

static int hold(struct finder *f, uint32_t block)
{
    if (f->blocks[block].state != UF_LOST_NOT_LOOKED_AT)
        return 0;
    f->blocks[block].state = UF_LOST_HELD;
    return uf_vec_push(&f->queue, block);
}

static int visit(void *context, const struct uf_words *words)
{
    struct finder *f = context;
    for (size_t i = 0; i < words->count; i++) {
        uint32_t target = block_of(f, words->words[i]);
        if (target == NONE || f->blocks[target].state != UF_LOST_NOT_LOOKED_AT)
            continue;
        uint32_t source = block_of(f, words->address + i * sizeof(uint64_t));
        if (source == target)
            continue;
        if (source == NONE || f->blocks[source].state != UF_LOST_NOT_LOOKED_AT) {
            if (hold(f, target))
                return -1;
            continue;
        }
        struct edge edge = {source, target};
        if (f->edges.len >= EDGES_MAX)
            return 1;
        if (uf_vec_push(&f->edges, edge))
            return -1;
    }
    return 0;
}

/* Edges by source. 0, or -1 when memory is out. */
static int sort_edges(struct finder *f)
{
    f->first = uf_mem_zalloc(((size_t)f->count + 2) * sizeof *f->first);
    f->targets = uf_mem_alloc((f->edges.len + 1) * sizeof *f->targets);
    if (!f->first || !f->targets)
        return -1;
    for (size_t e = 0; e < f->edges.len; e++)
        f->first[f->edges.at[e].source + 2]++;
    for (uint32_t b = 2; b <= f->count + 1; b++)
        f->first[b] += f->first[b - 1];
    for (size_t e = 0; e < f->edges.len; e++)
        f->targets[f->first[f->edges.at[e].source + 1]++] = f->edges.at[e].target;
    return 0;
}

/* What a held block leads to is held. */
static int spread_held(struct finder *f)
{
    while (f->queue.len > 0) {
        uint32_t block = f->queue.at[--f->queue.len];
        for (uint32_t e = f->first[block]; e < f->first[block + 1]; e++)
            if (hold(f, f->targets[e]))
                return -1;
    }
    return 0;
}

/* All that `head` leads to and nobody has yet goes with it. */
static int follow(struct finder *f, uint32_t head)
{
    f->blocks[head].state = UF_LOST_HEAD;
    f->blocks[head].head = head;
    if (uf_vec_push(&f->queue, head))
        return -1;
    while (f->queue.len > 0) {
        uint32_t block = f->queue.at[--f->queue.len];
        for (uint32_t e = f->first[block]; e < f->first[block + 1]; e++) {
            struct uf_lost_block *target = &f->blocks[f->targets[e]];
            if (target->state != UF_LOST_NOT_LOOKED_AT)
                continue;
            target->state = UF_LOST_FOLLOWER;
            target->head = head;
            f->blocks[head].kept_bytes += target->bytes;
            if (uf_vec_push(&f->queue, f->targets[e]))
                return -1;
        }
    }
    return 0;
}

/* First the lost blocks to which no lost block leads; then one of each circle that is left. */
static int find_heads(struct finder *f)
{
    uint8_t *led_to = uf_mem_zalloc((size_t)f->count + 1);
    int failed = led_to ? 0 : -1;
    for (size_t e = 0; e < f->edges.len && !failed; e++)
        if (f->blocks[f->edges.at[e].source].state == UF_LOST_NOT_LOOKED_AT)
            led_to[f->edges.at[e].target] = 1;
    for (int round = 0; round < 2; round++)
        for (uint32_t b = 0; b < f->count && !failed; b++)
            if (f->blocks[b].state == UF_LOST_NOT_LOOKED_AT && (round == 1 || !led_to[b]))
                failed = follow(f, b);
    uf_mem_free(led_to);
    return failed;
}

/* What malloc gave for what a lost block leads to, as the data of an array, goes with its head. A chunk
 * to which several lead counts once. */
static int add_chunks(struct finder *f, const struct uf_segments *segments)
{
    struct uf_map seen = {0};
    int memory = uf_own_memory_open(), failed = 0;
    uint64_t words[CHUNK_WORDS];
    for (uint32_t b = 0; b < f->count && memory >= 0 && !failed; b++) {
        const struct uf_lost_block *block = &f->blocks[b];
        if (block->state != UF_LOST_HEAD && block->state != UF_LOST_FOLLOWER)
            continue;
        size_t size = block->bytes < sizeof words ? (size_t)block->bytes : sizeof words;
        size_t count = uf_own_memory_read(memory, block->address, words, size) / sizeof *words;
        for (size_t i = 0; i < count && !failed; i++) {
            if (words[i] == 0 || block_of(f, words[i]) != NONE ||
                uf_map_get(&seen, words[i]) != UF_MAP_NONE)
                continue;
            uint64_t bytes = uf_words_chunk(segments, memory, words[i]);
            f->blocks[block->head].kept_bytes += bytes;
            failed = bytes ? uf_map_set(&seen, words[i], 1) : 0;
        }
    }
    if (memory >= 0)
        close(memory);
    uf_map_release(&seen);
    return failed;
}

/* Types by address, with whether their objects have the collector's head. */
static int enter_types(struct uf_map *types, const struct uf_graph *graph,
                       const struct uf_heap_config *config)
{
    const struct uf_layout_objects *lay = &config->layout->objects;
    for (uf_node n = 0; n < graph->node_count; n++) {
        if (!(graph->flags[n] & UF_NODE_TYPE))
            continue;
        uint64_t flags = uf_source_word(config->source, graph->address[n] + lay->type.flags);
        if (uf_map_set(types, graph->address[n], (flags & lay->type.flag_gc) != 0))
            return -1;
    }
    return 0;
}

/* Does the block begin like an object? One that takes part in collection has words before it. */
static void recognise(struct uf_lost_block *block, const struct uf_map *types,
                      const struct uf_heap_config *config)
{
    const struct uf_layout_objects *lay = &config->layout->objects;
    for (uint64_t prefix = 0; prefix <= PREFIX_MOST; prefix += 16) {
        if (prefix + lay->object.head_bytes > block->bytes)
            return;
        uint64_t object = block->address + prefix;
        uint64_t type = uf_source_word(config->source, object + lay->object.type);
        uint32_t collected = type ? uf_map_get(types, type) : UF_MAP_NONE;
        uint32_t count = (uint32_t)uf_source_word(config->source, object + lay->object.refcount);
        bool immortal = (count & lay->object.immortal_mask) != 0;
        if (collected == UF_MAP_NONE || (collected != 0) != (prefix != 0) ||
            (!immortal && (count == 0 || count > COUNT_MOST)))
            continue;
        block->object = object;
        block->type = type;
        return;
    }
}

static enum uf_code recognise_all(struct finder *f, const struct uf_graph *graph,
                                  const struct uf_heap_config *config, struct uf_error *err)
{
    struct uf_map types = {0};
    enum uf_code code = enter_types(&types, graph, config) ? uf_error_nomem(err) : UF_OK;
    for (uint32_t b = 0; b < f->count && !code; b++)
        if (f->blocks[b].state == UF_LOST_HEAD || f->blocks[b].state == UF_LOST_HELD)
            recognise(&f->blocks[b], &types, config);
    uf_map_release(&types);
    return code;
}

static enum uf_code find(struct finder *f, const struct uf_graph *graph,
                         const struct uf_heap_config *config, struct uf_error *err)
{
    static char own; /* lies in the engine's own data */
    struct uf_segments segments = {0};
    struct uf_words_except except = {.images = {(uint64_t)(uintptr_t)&own}, .bytes_max = BYTES_MAX};
    enter_blocks(f);
    mark_objects(f, graph);
    enum uf_code code = uf_segments_read(&segments, err);
    if (!code) {
        int status = uf_words_each(&segments, &except, visit, f, &f->lost->complete);
        f->lost->complete &= status == 0;
        if (status < 0)
            code = uf_error_nomem(err);
    }
    if (!code && f->lost->complete &&
        (sort_edges(f) || spread_held(f) || find_heads(f) || add_chunks(f, &segments)))
        code = uf_error_nomem(err);
    uf_segments_release(&segments);
    return code || !f->lost->complete ? code : recognise_all(f, graph, config, err);
}

enum uf_code uf_lost_find(struct uf_lost *lost, const struct uf_graph *graph,
                          const struct uf_heap_config *config, struct uf_error *err)
{
    struct finder *f = uf_mem_zalloc(sizeof *f);
    if (!f)
        return uf_error_nomem(err);
    lost->complete = false;
    if (lost->blocks.len > NONE - 2) {
        uf_mem_free(f);
        return uf_error_set(err, UF_ELIMIT, "more than 2^32-3 blocks");
    }
    f->lost = lost;
    f->blocks = lost->blocks.at;
    f->count = (uint32_t)lost->blocks.len;
    enum uf_code code = find(f, graph, config, err);
    for (uint32_t b = 0; b < f->count && (code || !lost->complete); b++)
        f->blocks[b].state = UF_LOST_NOT_LOOKED_AT;
    uf_vec_release(&f->edges);
    uf_vec_release(&f->queue);
    uf_mem_free(f->first);
    uf_mem_free(f->targets);
    uf_mem_free(f);
    return code;
}

void uf_lost_release(struct uf_lost *lost)
{
    uf_vec_release(&lost->blocks);
    lost->complete = false;
}
