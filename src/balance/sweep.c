#include "balance/sweep.h"

#include <string.h>

#define PAGE UINT64_C(4096)
/* glibc malloc/malloc.c, mtrim(): what stands at the beginning of a free chunk stays */
#define CHUNK_KEPT UINT64_C(48)
#define CHUNK_LEAST UINT64_C(32)

static void add(struct uf_sweep *sweep, enum uf_balance_part part, uint64_t bytes)
{
    sweep->balance->parts[part] += bytes;
}

static struct uf_balance_file *file(struct uf_sweep *sweep, uint32_t path)
{
    struct uf_balance *balance = sweep->balance;
    if (sweep->file_of[path] == 0) {
        struct uf_balance_file fresh = {.path = path};
        if (uf_vec_push(&balance->files, fresh))
            return NULL;
        sweep->file_of[path] = (uint32_t)balance->files.len;
    }
    return &balance->files.at[sweep->file_of[path] - 1];
}

static void count_python(struct uf_sweep *sweep, const struct uf_area_block *block, uint64_t bytes)
{
    struct uf_balance *balance = sweep->balance;
    bool used = block->use == UF_USE_TAKEN || block->use == UF_USE_OBJECT ||
                block->use == UF_USE_SIDE;
    sweep->arena_bytes[block->area->number] += bytes;
    if (used)
        sweep->arena_used[block->area->number] += block->end - block->start;
    if (block->use == UF_USE_TAKEN) {
        add(sweep, UF_PART_PYTHON_OTHER, bytes);
    } else if (used) {
        add(sweep, UF_PART_OBJECTS, bytes);
        balance->objects_small += bytes;
    } else {
        add(sweep, UF_PART_PYTHON_FREE, bytes);
        *(block->use == UF_USE_HEAD   ? &balance->pool_heads
          : block->use == UF_USE_POOL ? &balance->pools_free
                                      : &balance->pool_blocks_free) += bytes;
    }
}

/* What malloc_trim(0) gives back of a free chunk: whole pages inside; of the main arena's last one,
 * whole pages at its end. */
static uint64_t trimmed(struct uf_sweep *sweep, const struct uf_area_block *block, bool main)
{
    uint64_t start = (block->start + CHUNK_KEPT + PAGE - 1) & ~(PAGE - 1);
    uint64_t end = block->end & ~(PAGE - 1);
    if (block->use == UF_USE_TOP) {
        uint64_t size = block->end - block->start;
        if (!main || size <= CHUNK_LEAST + 1)
            return 0;
        start = block->end - ((size - CHUNK_LEAST - 1) & ~(PAGE - 1));
        end = block->end;
    } else if (block->use != UF_USE_FREE) {
        return 0;
    }
    return start < end ? uf_presence_bytes(&sweep->presence, start, end) : 0;
}

static void count_malloc(struct uf_sweep *sweep, const struct uf_area_block *block, uint64_t bytes)
{
    struct uf_balance *balance = sweep->balance;
    bool chunk = block->area->kind == UF_AREA_CHUNK;
    struct uf_balance_arena none = {0};
    struct uf_balance_arena *arena = chunk ? &none : &balance->arenas.at[block->area->number];
    arena->resident += bytes;
    if (block->use == UF_USE_OBJECT || block->use == UF_USE_SIDE) {
        add(sweep, UF_PART_OBJECTS, bytes);
        balance->objects_large += bytes;
        arena->objects += bytes;
        balance->chunk_objects += chunk ? bytes : 0;
    } else if (block->use == UF_USE_TAKEN || block->use == UF_USE_HEAD) {
        add(sweep, UF_PART_NATIVE_USED, bytes);
        arena->used += bytes;
        balance->chunk_used += chunk ? bytes : 0;
    } else {
        add(sweep, UF_PART_NATIVE_FREE, bytes);
        arena->free += bytes;
        balance->cached += block->use == UF_USE_CACHED ? bytes : 0;
        balance->fast += block->use == UF_USE_FAST ? bytes : 0;
        balance->top += block->use == UF_USE_TOP ? bytes : 0;
        balance->trim += trimmed(sweep, block, arena->main);
    }
}

static bool count_other(struct uf_sweep *sweep, const struct uf_area *area, uint64_t bytes)
{
    struct uf_balance_file *of;
    switch ((enum uf_area_kind)area->kind) {
    case UF_AREA_STACK:
        add(sweep, UF_PART_STACKS, bytes);
        return true;
    case UF_AREA_FRAMES:
        add(sweep, UF_PART_FRAMES, bytes);
        return true;
    case UF_AREA_IMAGE:
        add(sweep, UF_PART_FILES_DATA, bytes);
        if ((of = file(sweep, sweep->mappings->list.at[area->number].path)))
            of->data_bytes += bytes;
        return of != NULL;
    default:
        add(sweep, UF_PART_NAMED, bytes);
        return true;
    }
}

/* The part of an area that lies in [from, to). Returns what of it is in memory. */
static uint64_t sweep_area(struct uf_sweep *sweep, struct uf_area *area, uint64_t from, uint64_t to,
                           bool *ok)
{
    uint64_t all = uf_presence_bytes(&sweep->presence, from, to);
    bool python = area->kind == UF_AREA_PYMALLOC;
    struct uf_area_block block;
    if (!python && area->kind != UF_AREA_GLIBC && area->kind != UF_AREA_CHUNK) {
        *ok = count_other(sweep, area, all) && *ok;
        return all;
    }
    for (uint64_t at = area->start; at < to && uf_area_next(area, at, &block); at = block.end) {
        uint64_t start = block.start > from ? block.start : from;
        uint64_t end = block.end < to ? block.end : to;
        if (start >= end)
            continue;
        uint64_t bytes = all == to - from ? end - start
                                          : uf_presence_bytes(&sweep->presence, start, end);
        if (python)
            count_python(sweep, &block, bytes);
        else
            count_malloc(sweep, &block, bytes);
        if (!area->uses)
            break;
    }
    return all;
}

static bool begins(const char *path, const char *with)
{
    return strncmp(path, with, strlen(with)) == 0;
}

static bool is_shared_memory(const struct uf_mapping *mapping, const char *path)
{
    return (mapping->shared && mapping->inode == 0) || begins(path, "/dev/shm/") ||
           begins(path, "/memfd:") || begins(path, "/SYSV") || begins(path, "/dev/zero") ||
           begins(path, "[anon_shmem");
}

static enum uf_balance_part anonymous_part(const struct uf_sweep *sweep,
                                           const struct uf_mapping *mapping, const char *path)
{
    if (strcmp(path, "[stack]") == 0)
        return UF_PART_STACKS;
    if (path[0] && strcmp(path, "[heap]") != 0)
        return UF_PART_NAMED;
    if (mapping->executable)
        return UF_PART_CODE;
    return sweep->balance->allocator ? UF_PART_ALLOCATOR : UF_PART_REMAINDER;
}

static void note_unknown(struct uf_balance *balance, uint64_t start, uint64_t bytes)
{
    for (int i = 0; i < UF_BALANCE_UNKNOWN; i++)
        if (bytes > balance->unknown[i].bytes) {
            for (int k = UF_BALANCE_UNKNOWN - 1; k > i; k--)
                balance->unknown[k] = balance->unknown[k - 1];
            balance->unknown[i].start = start;
            balance->unknown[i].bytes = bytes;
            return;
        }
}

/* What no area has of a mapping: `bytes` in memory, of which `anonymous` are no file's. */
static bool count_rest(struct uf_sweep *sweep, const struct uf_mapping *mapping, uint64_t bytes,
                       uint64_t anonymous)
{
    const char *path = uf_mapping_path(sweep->mappings, mapping);
    struct uf_balance_file *of;
    if (bytes == 0)
        return true;
    if (is_shared_memory(mapping, path)) {
        add(sweep, UF_PART_SHARED, bytes);
        return true;
    }
    if (path[0] != '/') {
        enum uf_balance_part part = anonymous_part(sweep, mapping, path);
        add(sweep, part, bytes);
        if (part == UF_PART_REMAINDER)
            note_unknown(sweep->balance, mapping->start, bytes);
        return true;
    }
    if (!(of = file(sweep, mapping->path)))
        return false;
    add(sweep, UF_PART_FILES, bytes - anonymous);
    add(sweep, UF_PART_FILES_DATA, anonymous);
    of->bytes += bytes - anonymous;
    of->data_bytes += anonymous;
    return true;
}

static bool sweep_mapping(struct uf_sweep *sweep, const struct uf_mapping *mapping)
{
    uint64_t all = uf_presence_bytes(&sweep->presence, mapping->start, mapping->end);
    uint64_t anonymous = uf_presence_anonymous(&sweep->presence, mapping->start, mapping->end),
             counted = 0;
    bool ok = true;
    sweep->balance->resident_bytes += all;
    if (mapping->swapped_pages != UF_PAGES_UNKNOWN)
        sweep->balance->swapped_bytes += mapping->swapped_pages * PAGE;
    for (size_t i = uf_areas_from(sweep->areas, mapping->start); i < sweep->areas->list.len; i++) {
        struct uf_area *area = &sweep->areas->list.at[i];
        if (area->start >= mapping->end)
            break;
        counted += sweep_area(sweep, area,
                              area->start > mapping->start ? area->start : mapping->start,
                              area->end < mapping->end ? area->end : mapping->end, &ok);
    }
    anonymous = anonymous < all - counted ? anonymous : all - counted;
    return count_rest(sweep, mapping, all - counted, anonymous) && ok;
}

enum uf_code uf_sweep_all(struct uf_sweep *sweep)
{
    const struct uf_mappings *mappings = sweep->mappings;
    for (size_t i = 0; i < mappings->list.len; i++)
        if (!sweep_mapping(sweep, &mappings->list.at[i]))
            return uf_error_nomem(sweep->err);
    return UF_OK;
}
