/* Chunks that their heads call in use and that are free: in fastbins and in caches of threads. */
#include "balance/glibc_private.h"

#include <string.h>

#define LIST_MOST 65536 /* tcache_count is 16 bits wide; fastbins of that length are cut there */

/* tcache_perthread_struct: a number per bin, then a list per bin */
struct cache_form {
    uint64_t chunk_bytes; /* that it takes itself */
    unsigned bins, number_bytes;
    bool slots; /* the numbers say how many still fit, not how many there are */
};

static const struct cache_form cache_forms[] = {
    {0x250, 64, 1, false}, /* 2.26 to 2.29 */
    {0x290, 64, 2, false}, /* 2.30 to 2.41 */
    {0x300, 76, 2, true},  /* 2.42 and 2.43 */
};

#define CACHE_FORMS (sizeof cache_forms / sizeof *cache_forms)
#define SMALL_BINS 64 /* of one size each: 32, 48, ... */

#define STEPS_MOST (1u << 24) /* in all lists together: what is read is not trusted */

struct chunks {
    struct uf_areas *areas;
    const struct uf_source *source;
    uint32_t *steps;
};

/* The area of the chunk in use that begins there and has that size (0: any); NULL: none does. */
static struct uf_area *taken(const struct chunks *chunks, uint64_t chunk, uint64_t bytes)
{
    struct uf_area *area = chunk % UF_GRANULE ? NULL : uf_areas_find(chunks->areas, chunk);
    if (!area || area->kind != UF_AREA_GLIBC || uf_area_use(area, chunk) != UF_USE_TAKEN)
        return NULL;
    uint64_t head = uf_source_word(chunks->source, chunk + 8) & ~CHUNK_FLAGS;
    return bytes == 0 || head == bytes ? area : NULL;
}

/* The memory that the link at `link` leads to: since 2.32 it is mixed with where it stands, and the end of a
 * list is mixed, too; before, it is 0. */
static uint64_t follow(const struct chunks *chunks, uint64_t link, uint64_t to_chunk,
                       uint64_t bytes)
{
    uint64_t raw = uf_source_word(chunks->source, link), mixed = raw ^ (link >> 12);
    if (raw == 0 || mixed == 0)
        return 0;
    return taken(chunks, mixed - to_chunk, bytes) ? mixed
           : taken(chunks, raw - to_chunk, bytes) ? raw
                                                  : 0;
}

void glibc_mark_fast(struct uf_areas *areas, const struct uf_source *source,
                     const struct glibc_ring *ring, uint64_t arena)
{
    struct chunks chunks = {areas, source, NULL};
    uint64_t heads = arena + ring->delta - 16 - FASTBINS * 8;
    struct uf_area *area;
    for (uint64_t i = 0; i < FASTBINS; i++) {
        uint64_t bytes = CHUNK_LEAST + i * 16;
        uint64_t chunk = heads + i * 8 < arena + 8 ? 0 : uf_source_word(source, heads + i * 8);
        for (uint32_t n = 0; n < LIST_MOST && chunk && (area = taken(&chunks, chunk, bytes)); n++) {
            uf_area_set(area, chunk, UF_USE_FAST);
            chunk = follow(&chunks, chunk + CHUNK_HEAD, 0, bytes);
        }
    }
}

static uint64_t bin_bytes(unsigned bin)
{
    return bin < SMALL_BINS ? CHUNK_LEAST + (uint64_t)bin * 16 : 0;
}

static unsigned number_of(const struct cache_form *form, const unsigned char *cache, unsigned bin)
{
    uint16_t number;
    if (form->number_bytes == 1)
        return cache[bin];
    memcpy(&number, cache + (size_t)bin * 2, sizeof number);
    return number;
}

static uint64_t list_of(const struct cache_form *form, const unsigned char *cache, unsigned bin)
{
    return uf_u64(cache, (size_t)form->bins * form->number_bytes + (size_t)bin * 8);
}

/* How many chunks are in the list; -1: it leads astray. */
static int list_length(const struct chunks *chunks, uint64_t memory, uint64_t bytes)
{
    int length = 0;
    for (; memory; length++) {
        if (length == LIST_MOST || ++*chunks->steps > STEPS_MOST ||
            !taken(chunks, memory - CHUNK_HEAD, bytes))
            return -1;
        memory = follow(chunks, memory, CHUNK_HEAD, bytes);
    }
    return length;
}

/* Every list has the length that is said. One may be out by one: its thread was held in between. */
static bool is_cache(const struct chunks *chunks, const struct cache_form *form,
                     const unsigned char *cache)
{
    int full = -1, out = 0, filled = 0;
    for (unsigned i = 0; i < form->bins; i++) {
        unsigned number = number_of(form, cache, i);
        uint64_t list = list_of(form, cache, i);
        if (list % UF_GRANULE || (!form->slots && (number == 0) != (list == 0)))
            return false;
    }
    for (unsigned i = 0; i < form->bins; i++) {
        int number = (int)number_of(form, cache, i);
        int length = list_length(chunks, list_of(form, cache, i), bin_bytes(i));
        if (length < 0)
            return false;
        filled += length > 0;
        if (form->slots && i >= SMALL_BINS)
            continue;
        if (form->slots && full < 0)
            full = number + length;
        int off = form->slots ? number + length - full : number - length;
        out += off != 0;
        if (off < -1 || off > 1 || out > 1)
            return false;
    }
    return filled > 0;
}

static void mark_cache(const struct chunks *chunks, const struct cache_form *form,
                       const unsigned char *cache)
{
    for (unsigned i = 0; i < form->bins; i++) {
        uint64_t memory = list_of(form, cache, i), bytes = bin_bytes(i);
        struct uf_area *area;
        for (int n = 0;
             n < LIST_MOST && memory && (area = taken(chunks, memory - CHUNK_HEAD, bytes)); n++) {
            uint64_t next = follow(chunks, memory, CHUNK_HEAD, bytes);
            uf_area_set(area, memory - CHUNK_HEAD, UF_USE_CACHED);
            memory = next;
        }
    }
}

static void look_at(struct uf_glibc *glibc, const struct chunks *chunks, uint64_t chunk,
                    uint64_t bytes)
{
    for (size_t i = 0; i < CACHE_FORMS; i++) {
        const struct cache_form *form = &cache_forms[i];
        const unsigned char *cache =
            form->chunk_bytes == bytes
                ? uf_source_view(chunks->source, chunk + CHUNK_HEAD,
                                 (size_t)form->bins * (8 + form->number_bytes))
                : NULL;
        if (!cache || !is_cache(chunks, form, cache))
            continue;
        mark_cache(chunks, form, cache);
        glibc->caches++;
    }
}

void glibc_mark_cached(struct uf_glibc *glibc, struct uf_areas *areas,
                       const struct uf_source *source)
{
    uint32_t steps = 0;
    struct chunks chunks = {areas, source, &steps};
    for (size_t i = 0; i < areas->list.len; i++) {
        struct uf_area *area = &areas->list.at[i];
        struct uf_area_block block;
        for (uint64_t at = area->start;
             area->kind == UF_AREA_GLIBC && at < area->end && uf_area_next(area, at, &block);
             at = block.end)
            if (block.use == UF_USE_TAKEN)
                look_at(glibc, &chunks, block.start, block.end - block.start);
    }
}
