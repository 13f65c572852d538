#include "balance/pymalloc.h"

#include "balance/presence.h"
#include "cpython/blocks.h"
#include "cpython/read.h"

#define ARENA_BYTES(version_hex)                                                                   \
    ((version_hex) < 0x030a0000 ? UINT64_C(256) << 10 : UINT64_C(1) << 20)
#define PAGE UINT64_C(4096)
#define BLOCKS_MOST 1024 /* of 16 bytes in a pool of 16 KiB */

/* A pool as it was read. */
struct pool {
    uint64_t at, block_bytes;
    uint32_t arena, begun, in_use; /* blocks that were given out at least once; of them, in use */
    uint8_t used[BLOCKS_MOST];
};

/* Pools of one arena that were met one behind the other, entered when the next one's begin. */
struct arena {
    uint64_t start, end;
    uint32_t number;
};

struct walk {
    struct uf_pymalloc *result;
    struct uf_areas *areas;
    const struct uf_source *source;
    struct uf_error *err;
    struct uf_presence presence;
    struct pool pool;
};

bool uf_pymalloc_may_lie(const struct uf_mappings *mappings, const struct uf_mapping *mapping)
{
    const char *path = uf_mapping_path(mappings, mapping);
    return mapping->readable && mapping->writable && !mapping->shared && mapping->inode == 0 &&
           (path[0] == '\0' || strncmp(path, "[anon", 5) == 0);
}

/* Follows the list of free blocks. Each is in the pool, begins where a block does, and comes once. */
static bool read_free(struct walk *walk, const struct uf_pool_head *head)
{
    struct pool *pool = &walk->pool;
    uint32_t left = pool->begun;
    uint64_t at = head->free;
    memset(pool->used, 1, pool->begun);
    while (at != 0) {
        uint64_t offset = at - pool->at - UF_POOL_HEAD_BYTES;
        if (at < pool->at + UF_POOL_HEAD_BYTES || offset % pool->block_bytes ||
            offset / pool->block_bytes >= pool->begun || !pool->used[offset / pool->block_bytes])
            return false;
        pool->used[offset / pool->block_bytes] = 0;
        left--;
        const void *link = uf_source_view(walk->source, at, sizeof at);
        if (!link)
            return false;
        at = uf_u64(link, 0);
    }
    pool->in_use = left;
    /* A thread that was held in between has counted a block that is still in the list. */
    return left <= head->count + 1 && head->count <= left + 1;
}

/* Is there a pool at `at`? Then it is read into walk->pool. */
static bool read_pool(struct walk *walk, uint64_t at)
{
    uint64_t pool_bytes = walk->result->pool_bytes;
    struct uf_pool_head head;
    const void *view = uf_source_view(walk->source, at, sizeof head);
    if (!view)
        return false;
    memcpy(&head, view, sizeof head);
    uint64_t size = uf_pool_block_bytes(&head);
    if (head.class >= UF_POOL_CLASSES || head.max_next_offset != pool_bytes - size ||
        head.next_offset < UF_POOL_HEAD_BYTES + size ||
        (head.next_offset - UF_POOL_HEAD_BYTES) % size || head.next_offset > pool_bytes ||
        (head.free && head.free / pool_bytes != at / pool_bytes))
        return false;
    walk->pool.at = at;
    walk->pool.block_bytes = size;
    walk->pool.arena = head.arena;
    walk->pool.begun = (uint32_t)((head.next_offset - UF_POOL_HEAD_BYTES) / size);
    if (head.count > walk->pool.begun)
        return false;
    /* Link by link: a page of the pool may be absent, when blocks were given out and not written to. */
    return read_free(walk, &head);
}

static void mark_pool(struct walk *walk, struct uf_area *area)
{
    const struct pool *pool = &walk->pool;
    uint64_t at = pool->at + UF_POOL_HEAD_BYTES, end = pool->at + walk->result->pool_bytes;
    uint64_t blocks = (end - at) / pool->block_bytes;
    walk->result->pools++;
    if (pool->in_use == 0) {
        walk->result->empty_pools++;
        uf_area_set(area, pool->at, UF_USE_POOL);
        return;
    }
    uf_area_set(area, pool->at, UF_USE_HEAD);
    for (uint64_t i = 0; i < blocks; i++, at += pool->block_bytes)
        uf_area_set(area, at, i < pool->begun && pool->used[i] ? UF_USE_TAKEN : UF_USE_FREE);
    if (at < end)
        uf_area_set(area, at, UF_USE_HEAD);
    walk->result->blocks += pool->in_use;
}

/* The arena is known from its first pool to its last one. */
static enum uf_code enter(struct walk *walk, const struct arena *arena)
{
    uint64_t pool_bytes = walk->result->pool_bytes;
    struct uf_area *area;
    struct uf_error ignored;
    if (arena->start == arena->end)
        return UF_OK;
    enum uf_code code = uf_areas_add(walk->areas, arena->start, arena->end, UF_AREA_PYMALLOC,
                                     walk->result->arenas, UF_USE_POOL, &area, &ignored);
    if (code)
        return code == UF_ENOMEM ? uf_error_nomem(walk->err) : UF_OK;
    walk->result->arenas++;
    for (uint64_t at = arena->start; at < arena->end; at += pool_bytes) {
        if (read_pool(walk, at) && walk->pool.arena == arena->number)
            mark_pool(walk, area);
        else
            uf_area_set(area, at, UF_USE_POOL);
    }
    return UF_OK;
}

static enum uf_code walk_mapping(struct walk *walk, const struct uf_mapping *mapping)
{
    uint64_t pool_bytes = walk->result->pool_bytes;
    uint64_t at = (mapping->start + pool_bytes - 1) & ~(pool_bytes - 1);
    struct arena arena = {0};
    uint64_t here, behind;
    enum uf_code code;
    for (; at < mapping->end && pool_bytes <= mapping->end - at; at += pool_bytes) {
        if (!uf_presence_next(&walk->presence, at, mapping->end, &here, &behind))
            break;
        if (here - at >= pool_bytes) { /* passes over what is nowhere */
            at = (here & ~(pool_bytes - 1)) - pool_bytes;
            continue;
        }
        const struct uf_area *other = uf_areas_find(walk->areas, at);
        if (other) { /* memory of somebody else, or an arena already entered */
            at = (other->end - 1) & ~(pool_bytes - 1);
            continue;
        }
        if (!read_pool(walk, at))
            continue;
        uint64_t end = at + pool_bytes;
        if (arena.end && walk->pool.arena == arena.number &&
            end - arena.start <= walk->result->arena_bytes) {
            arena.end = end;
            continue;
        }
        if ((code = enter(walk, &arena)))
            return code;
        arena = (struct arena){.start = at, .end = end};
        if (read_pool(walk, at)) /* enter() has read others since */
            arena.number = walk->pool.arena;
    }
    return enter(walk, &arena);
}

enum uf_code uf_pymalloc_walk(struct uf_pymalloc *ret, struct uf_areas *areas,
                              const struct uf_outside_memory *memory, uint32_t version_hex,
                              struct uf_error *err)
{
    struct walk walk = {.result = ret,
                        .areas = areas,
                        .source = memory->source,
                        .err = err,
                        .presence = {&memory->mappings->pages, 0}};
    enum uf_code code = UF_OK;
    *ret = (struct uf_pymalloc){.arena_bytes = ARENA_BYTES(version_hex),
                                .pool_bytes = UF_POOL_BYTES(version_hex)};
    for (size_t i = 0; i < memory->mappings->list.len && !code; i++) {
        const struct uf_mapping *mapping = &memory->mappings->list.at[i];
        if (uf_pymalloc_may_lie(memory->mappings, mapping))
            code = walk_mapping(&walk, mapping);
    }
    return code;
}

static bool is_untouched(const struct uf_source *source, uint64_t page)
{
    static const unsigned char zeros[PAGE];
    const void *view = uf_source_view(source, page, PAGE);
    return !view || memcmp(view, zeros, PAGE) == 0;
}

struct stretch {
    uint64_t start, end;
    uint32_t arena;
};

/* The pages below and above an area that may be its arena's. */
static void stretch(const struct uf_source *source, const struct uf_area *area, uint64_t low,
                    uint64_t high, struct stretch ret[2])
{
    ret[0] = (struct stretch){area->start, area->start, area->number};
    ret[1] = (struct stretch){area->end, area->end, area->number};
    while (ret[0].start >= low + PAGE && is_untouched(source, ret[0].start - PAGE))
        ret[0].start -= PAGE;
    while (ret[1].end + PAGE <= high && is_untouched(source, ret[1].end))
        ret[1].end += PAGE;
}

enum uf_code uf_pymalloc_extend(const struct uf_pymalloc *pymalloc, struct uf_areas *areas,
                                const struct uf_outside_memory *memory, struct uf_error *err)
{
    UF_VEC(struct stretch) found = {0};
    uint64_t arena_bytes = pymalloc->arena_bytes, reached = 0;
    enum uf_code code = UF_OK;
    for (size_t i = 0; i < areas->list.len && !code; i++) {
        const struct uf_area *area = &areas->list.at[i];
        const struct uf_mapping *mapping = uf_mappings_find(memory->mappings, area->start);
        struct stretch both[2];
        if (area->kind == UF_AREA_PYMALLOC && mapping && area->end <= mapping->end &&
            area->end - area->start < arena_bytes && area->end > arena_bytes) {
            uint64_t low = area->end - arena_bytes, high = area->start + arena_bytes;
            low = low > mapping->start ? low : mapping->start;
            low = low > reached ? low : reached;
            high = high < mapping->end ? high : mapping->end;
            if (i + 1 < areas->list.len && areas->list.at[i + 1].start < high)
                high = areas->list.at[i + 1].start;
            stretch(memory->source, area, low, high, both);
            reached = both[1].end;
            if (uf_vec_push(&found, both[0]) || uf_vec_push(&found, both[1]))
                code = uf_error_nomem(err);
        } else {
            reached = area->end;
        }
    }
    for (size_t i = 0; i < found.len && !code; i++)
        if (found.at[i].start < found.at[i].end)
            code = uf_areas_add_whole(areas, found.at[i].start, found.at[i].end, UF_AREA_PYMALLOC,
                                      found.at[i].arena, UF_USE_POOL, err);
    uf_vec_release(&found);
    return code;
}
