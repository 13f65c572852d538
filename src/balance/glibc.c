#include "balance/glibc_private.h"
#include "balance/presence.h"
#include "balance/pymalloc.h"

#define HEAPS_MOST 65536
#define FENCE UINT64_C(16) /* size of the chunks that end a heap which did not grow any more */
#define RESUME_CHUNKS 16   /* so many have to follow each other where a chain is taken up again */
#define RESUME_BYTES (UINT64_C(1) << 20) /* and so far it is looked for */
#define BREAKS_MOST 64                   /* in one heap */
#define MAPPED_HEAP_LEAST                                                                          \
    (UINT64_C(64) << 10)               /* missing of the main arena, to look for more of it */
#define STEPS_MOST (UINT64_C(1) << 27) /* while looking: what is read is not trusted */

struct walk {
    struct uf_glibc *glibc;
    struct uf_areas *areas;
    const struct uf_outside_memory *memory;
    struct glibc_ring ring;
    struct uf_error *err;
    uint64_t steps;
};

/* A heap that is being walked: chunks from `first` on; `top`, if it is in there, is the last one. */
struct heap {
    uint64_t start, first, end, top;
    bool main;
};

/* The size of the chunk at `at`; 0: there can be none. */
static uint64_t chunk_bytes(const struct walk *walk, const struct heap *heap, uint64_t at)
{
    const void *head = uf_source_view(walk->memory->source, at, CHUNK_HEAD);
    uint64_t size = head ? uf_u64(head, 8) : 0, bytes = size & ~CHUNK_FLAGS;
    if (size & CHUNK_MAPPED || (heap->main && size & CHUNK_OF_THREAD) || bytes % 16)
        return 0;
    if (bytes > heap->end - at || (at < heap->top && bytes > heap->top - at))
        return 0;
    return bytes >= CHUNK_LEAST || (bytes == FENCE && at != heap->top) ? bytes : 0;
}

/* Free, as the next chunk says? Then it has the size at its end, too. */
static bool is_free(const struct walk *walk, const struct heap *heap, uint64_t at, uint64_t bytes,
                    bool *sound)
{
    const void *next = at + bytes < heap->end
                           ? uf_source_view(walk->memory->source, at + bytes, CHUNK_HEAD)
                           : NULL;
    bool is = next && !(uf_u64(next, 8) & CHUNK_BEFORE_IN_USE);
    *sound = !is || uf_u64(next, 0) == bytes;
    return is && *sound;
}

/* Do chunks follow each other from `at` on, so many or up to the end? */
static bool goes_on(const struct walk *walk, const struct heap *heap, uint64_t at)
{
    for (int i = 0; i < RESUME_CHUNKS; i++) {
        uint64_t bytes = chunk_bytes(walk, heap, at);
        bool sound;
        if (at == heap->top)
            return bytes != 0;
        if (bytes < CHUNK_LEAST)
            return false;
        is_free(walk, heap, at, bytes, &sound);
        if (!sound)
            return false;
        at += bytes;
        if (at >= heap->end)
            return at == heap->end;
    }
    return true;
}

/* Where the chain goes on behind `at`; the end of the heap: nowhere near. */
static uint64_t resume(const struct walk *walk, const struct heap *heap, uint64_t at)
{
    uint64_t most = heap->end - at < RESUME_BYTES ? heap->end : at + RESUME_BYTES;
    for (at += 16; at < most; at += 16)
        if (goes_on(walk, heap, at))
            return at;
    return heap->end;
}

static void walk_chunks(struct walk *walk, const struct heap *heap, struct uf_area *area)
{
    uint32_t breaks = 0;
    for (uint64_t at = heap->first; at < heap->end;) {
        bool sound = true;
        uint64_t bytes = chunk_bytes(walk, heap, at);
        if (bytes == 0 || bytes == FENCE) {
            /* Behind a fence of the main arena somebody else's memory may follow, and then its own again. */
            uf_area_set(area, at, bytes == FENCE ? UF_USE_HEAD : UF_USE_TAKEN);
            if (bytes == 0)
                walk->glibc->breaks++;
            if (bytes == FENCE && !heap->main)
                return;
            if (++breaks > BREAKS_MOST)
                return;
            at = resume(walk, heap, at);
            continue;
        }
        if (at == heap->top) {
            uf_area_set(area, at, UF_USE_TOP);
            if (at + bytes < heap->end)
                uf_area_set(area, at + bytes, UF_USE_HEAD);
            return;
        }
        uf_area_set(area, at, is_free(walk, heap, at, bytes, &sound) ? UF_USE_FREE : UF_USE_TAKEN);
        at += bytes;
    }
}

static enum uf_code add_heap(struct walk *walk, const struct heap *heap)
{
    struct uf_area *area;
    struct uf_error ignored;
    size_t arena = walk->glibc->arenas.len - 1;
    if (heap->first < heap->start || heap->first >= heap->end)
        return UF_OK;
    enum uf_code code = uf_areas_add(walk->areas, heap->start, heap->end, UF_AREA_GLIBC,
                                     (uint32_t)arena, UF_USE_HEAD, &area, &ignored);
    if (code == UF_ENOMEM)
        return uf_error_nomem(walk->err);
    if (code) { /* two heaps cannot overlap: one of them is none */
        walk->glibc->breaks++;
        return UF_OK;
    }
    walk_chunks(walk, heap, area);
    return UF_OK;
}

/* Its heap came from mmap(), as brk() could not give more: it begins at a page from which chunks lead to the top. */
static uint64_t first_before_top(struct walk *walk, const struct uf_mapping *mapping,
                                 struct heap *heap)
{
    for (uint64_t at = mapping->start; at < heap->top; at += PAGE) {
        uint64_t chunk = at, bytes = 1;
        while (chunk < heap->top && bytes && ++walk->steps < STEPS_MOST) {
            bytes = chunk_bytes(walk, heap, chunk);
            chunk += bytes;
        }
        if (chunk == heap->top)
            return at;
    }
    return heap->top;
}

static enum uf_code add_main_heap(struct walk *walk, uint64_t top)
{
    const struct uf_mappings *mappings = walk->memory->mappings;
    uint64_t top_bytes = uf_source_word(walk->memory->source, top + 8) & ~CHUNK_FLAGS;
    enum uf_code code = UF_OK;
    for (size_t i = 0; i < mappings->list.len && !code; i++) {
        const struct uf_mapping *m = &mappings->list.at[i];
        struct heap heap = {.start = m->start, .first = m->start, .end = m->end, .main = true};
        bool is_heap = strcmp(uf_mapping_path(mappings, m), "[heap]") == 0;
        while (is_heap && i + 1 < mappings->list.len &&
               mappings->list.at[i + 1].start == heap.end &&
               mappings->list.at[i + 1].path == m->path)
            heap.end = mappings->list.at[++i].end;
        const struct uf_area *image = uf_areas_find(walk->areas, heap.start);
        if (image && image->end < heap.end) /* variables of the program, right before it */
            heap.start = heap.first = image->end;
        bool has_top = top >= heap.start && top < heap.end;
        if (!is_heap && (!has_top || m->inode || !m->writable))
            continue;
        if (has_top) {
            heap.top = top;
            if (top_bytes < heap.end - top)
                heap.end = top + top_bytes;
        }
        if (!is_heap)
            heap.start = heap.first = first_before_top(walk, m, &heap);
        code = add_heap(walk, &heap);
    }
    return code;
}

/* Bytes of the main arena's heap that begins at `at` and is none of brk()'s: chunks up to two fences, behind which a
 * page begins (sysmalloc). 0: there is none. */
static uint64_t mapped_heap_bytes(struct walk *walk, const struct uf_mapping *mapping, uint64_t at)
{
    struct heap heap = {.start = at, .first = at, .end = mapping->end, .main = true};
    uint64_t chunk = at, fences = 0;
    while (chunk < heap.end && fences < 2 && ++walk->steps < STEPS_MOST) {
        uint64_t bytes = chunk_bytes(walk, &heap, chunk);
        bool sound = true;
        if (bytes == 0 || (bytes != FENCE && fences > 0))
            return 0;
        if (bytes != FENCE)
            is_free(walk, &heap, chunk, bytes, &sound);
        if (!sound)
            return 0;
        fences += bytes == FENCE;
        chunk += bytes;
    }
    return fences == 2 && chunk % PAGE == 0 && chunk - at > 2 * FENCE ? chunk - at : 0;
}

/* When brk() could not give more, the main arena grew by mappings. Looked for only as long as it has more from the
 * system than was found. */
static enum uf_code add_mapped_heaps(struct walk *walk, uint64_t missing)
{
    const struct uf_mappings *mappings = walk->memory->mappings;
    struct uf_presence presence = {&mappings->pages, 0};
    enum uf_code code = UF_OK;
    for (size_t i = 0; i < mappings->list.len && missing >= MAPPED_HEAP_LEAST; i++) {
        const struct uf_mapping *m = &mappings->list.at[i];
        uint64_t at = m->start, here, behind;
        while (uf_pymalloc_may_lie(mappings, m) && missing >= MAPPED_HEAP_LEAST && at < m->end &&
               walk->steps < STEPS_MOST &&
               uf_presence_next(&presence, at, m->end, &here, &behind)) {
            const struct uf_area *other = uf_areas_find(walk->areas, here);
            uint64_t bytes = other ? 0 : mapped_heap_bytes(walk, m, here);
            struct heap heap = {.start = here, .first = here, .end = here + bytes, .main = true};
            if (bytes && (code = add_heap(walk, &heap)))
                return code;
            missing -= bytes < missing ? bytes : missing;
            at = other ? other->end : here + (bytes ? bytes : PAGE);
        }
    }
    return UF_OK;
}

/* What the areas have of the arena that was entered last. */
static uint64_t entered(const struct walk *walk)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < walk->areas->list.len; i++) {
        const struct uf_area *area = &walk->areas->list.at[i];
        if (area->kind == UF_AREA_GLIBC && area->number == walk->glibc->arenas.len - 1)
            bytes += area->end - area->start;
    }
    return bytes;
}

/* struct heap_info: arena, the heap before, size */
static enum uf_code add_thread_heaps(struct walk *walk, uint64_t arena, uint64_t top)
{
    const struct uf_source *source = walk->memory->source;
    const struct glibc_ring *ring = &walk->ring;
    uint64_t state_bytes = ring->delta + BINS_BYTES + BINMAP_BYTES + 5 * sizeof(uint64_t);
    uint64_t base = ring->heap_bytes ? top & ~(ring->heap_bytes - 1) : 0;
    for (int i = 0; i < HEAPS_MOST && base; i++) {
        const void *info = uf_source_view(source, base, 24);
        uint64_t bytes = info ? uf_u64(info, 16) : 0;
        if (!info || uf_u64(info, 0) != arena || bytes > ring->heap_bytes || bytes % PAGE)
            break;
        struct heap heap = {.start = base, .first = base + ring->heap_info, .end = base + bytes};
        if (arena - base < bytes)
            heap.first = (arena + state_bytes + 15) & ~UINT64_C(15);
        if (top - base < bytes)
            heap.top = top;
        enum uf_code code = add_heap(walk, &heap);
        if (code)
            return code;
        base = uf_u64(info, 8);
        if (base % ring->heap_bytes || uf_areas_find(walk->areas, base))
            break;
    }
    return UF_OK;
}

static enum uf_code add_ring(struct walk *walk)
{
    const struct uf_source *source = walk->memory->source;
    const struct glibc_ring *ring = &walk->ring;
    uint64_t at = ring->main;
    do {
        struct uf_glibc_arena arena = {
            .address = at, .top = glibc_top(source, ring, at), .main = at == ring->main};
        arena.system_bytes =
            uf_source_word(source, at + ring->delta + BINS_BYTES + BINMAP_BYTES + 24);
        if (uf_vec_push(&walk->glibc->arenas, arena))
            return uf_error_nomem(walk->err);
        enum uf_code code = arena.main ? add_main_heap(walk, arena.top)
                                       : add_thread_heaps(walk, at, arena.top);
        uint64_t found = arena.main && !code ? entered(walk) : arena.system_bytes;
        if (!code && found < arena.system_bytes)
            code = add_mapped_heaps(walk, arena.system_bytes - found);
        if (code)
            return code;
        at = glibc_next(source, ring, at); /* it was seen that this leads back */
    } while (at != ring->main);
    return UF_OK;
}

enum uf_code uf_glibc_walk(struct uf_glibc *ret, struct uf_areas *areas,
                           const struct uf_outside_memory *memory, struct uf_error *err)
{
    struct walk walk = {.glibc = ret, .areas = areas, .memory = memory, .err = err};
    size_t mapping = 0, first = 0;
    uint64_t offset = 0;
    enum uf_code code;
    while (glibc_find(memory, &mapping, &offset, &walk.ring)) {
        if ((code = add_ring(&walk)))
            return code;
        for (size_t i = first; i < ret->arenas.len; i++)
            glibc_mark_fast(areas, memory->source, &walk.ring, ret->arenas.at[i].address);
        first = ret->arenas.len;
    }
    glibc_mark_cached(ret, areas, memory->source);
    return UF_OK;
}

void uf_glibc_release(struct uf_glibc *glibc)
{
    uf_vec_release(&glibc->arenas);
    *glibc = (struct uf_glibc){0};
}
