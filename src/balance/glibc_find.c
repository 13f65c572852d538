/* main_arena by its shape. */
#include "balance/glibc_private.h"

#define DELTA_LEAST                                                                                \
    16 /* from an arena to its bins: 112 in glibc 2.27 to 2.42, 24 in 2.43, without fastbins */
#define DELTA_MOST 256
#define ARENAS_MOST 65536

/* An empty bin refers to itself, as if it were a chunk; a chunk in it refers back. */
static bool is_bin(const struct uf_source *source, uint64_t at)
{
    uint64_t self = at - CHUNK_HEAD;
    const void *pair = uf_source_view(source, at, 16);
    uint64_t first = pair ? uf_u64(pair, 0) : 0, last = pair ? uf_u64(pair, 8) : 0;
    if (first == self && last == self)
        return true;
    return first && last && first % 16 == 0 && last % 16 == 0 &&
           uf_source_word(source, first + 24) == self && uf_source_word(source, last + 16) == self;
}

static bool is_bins(const struct uf_source *source, uint64_t bins)
{
    for (uint64_t i = 0; i < BINS; i++)
        if (!is_bin(source, bins + i * 16))
            return false;
    return true;
}

/* Does the way through `next` lead back to where it began, if bins lie `delta` behind? */
static bool closes(const struct uf_source *source, uint64_t bins, uint64_t delta)
{
    struct glibc_ring ring = {.main = bins - delta, .delta = delta};
    uint64_t at = glibc_next(source, &ring, ring.main);
    for (uint32_t i = 0; i < ARENAS_MOST && at != ring.main; i++) {
        if (at % 8 || at == 0 || !uf_source_view(source, at + delta, 16))
            return false;
        at = glibc_next(source, &ring, at);
    }
    return at == ring.main;
}

/* Heaps of threads lie at multiples of 64 MiB (more with huge pages) and begin with their arena. */
static void find_heap_bytes(const struct uf_source *source, struct glibc_ring *ring)
{
    uint64_t arena = glibc_next(source, ring, ring->main);
    if (arena == ring->main)
        return;
    for (unsigned shift = 26; shift < 36; shift++) {
        uint64_t heap = arena & ~((UINT64_C(1) << shift) - 1);
        if (heap && arena - heap <= DELTA_MOST && uf_source_word(source, heap) == arena) {
            ring->heap_bytes = UINT64_C(1) << shift;
            ring->heap_info = arena - heap;
            return;
        }
    }
}

static bool arena_at(const struct uf_source *source, uint64_t bins, struct glibc_ring *ret)
{
    for (uint64_t delta = DELTA_LEAST; delta <= DELTA_MOST && delta < bins; delta += 8) {
        if (!closes(source, bins, delta))
            continue;
        *ret = (struct glibc_ring){.main = bins - delta, .delta = delta};
        find_heap_bytes(source, ret);
        return true;
    }
    return false;
}

/* `at` holds an empty bin: is it one of an arena's, and where do they begin? */
static bool bins_around(const struct uf_source *source, uint64_t at, struct glibc_ring *ret)
{
    for (uint64_t i = 0; i < BINS && at > i * 16; i++) {
        uint64_t bins = at - i * 16;
        if (!is_bin(source, bins)) /* the one before the first is none */
            return false;
        if (is_bins(source, bins) && arena_at(source, bins, ret))
            return true;
    }
    return false;
}

bool glibc_find(const struct uf_outside_memory *memory, size_t *mapping, uint64_t *offset,
                struct glibc_ring *ret)
{
    const struct uf_mappings *mappings = memory->mappings;
    for (; *mapping < mappings->list.len; (*mapping)++, *offset = 0) {
        const struct uf_mapping *m = &mappings->list.at[*mapping];
        const char *path = uf_mapping_path(mappings, m);
        if (!m->readable || !m->writable || m->shared || path[0] != '/')
            continue;
        for (; *offset + 16 <= m->end - m->start; *offset += 8) {
            uint64_t at = m->start + *offset;
            if (uf_source_word(memory->source, at) != at - CHUNK_HEAD ||
                uf_source_word(memory->source, at + 8) != at - CHUNK_HEAD)
                continue;
            if (bins_around(memory->source, at, ret)) {
                *offset = ret->main + ret->delta + BINS_BYTES - m->start;
                return true;
            }
        }
    }
    return false;
}
