/* glibc_private.h - what the parts of glibc.h share: struct malloc_state and struct malloc_chunk. */
#ifndef UF_BALANCE_GLIBC_PRIVATE_H
#define UF_BALANCE_GLIBC_PRIVATE_H

#include "balance/glibc.h"
#include "cpython/read.h"

/* struct malloc_chunk: size of the one before if that is free, own size with flags, then memory */
#define CHUNK_HEAD UINT64_C(16)
#define CHUNK_LEAST UINT64_C(32)
#define CHUNK_FLAGS UINT64_C(7)
#define CHUNK_BEFORE_IN_USE UINT64_C(1)
#define CHUNK_MAPPED UINT64_C(2)
#define CHUNK_OF_THREAD UINT64_C(4)
#define PAGE UINT64_C(4096)

/* struct malloc_state: mutex, flags, fastbins, top, last remainder, bins, a bit per bin, next, next
 * free, attached threads, bytes from the system. What stands before the bins is not the same in all versions. */
#define BINS 127
#define BINS_BYTES ((uint64_t)BINS * 16)
#define BINMAP_BYTES 16
#define FASTBINS 10

struct glibc_ring {
    uint64_t main;  /* main_arena */
    uint64_t delta; /* from the beginning of an arena to its bins */
    uint64_t heap_bytes,
        heap_info; /* heaps of threads: their alignment, sizeof(heap_info); 0: there is none */
};

static inline uint64_t glibc_top(const struct uf_source *source, const struct glibc_ring *ring,
                                 uint64_t arena)
{
    return uf_source_word(source, arena + ring->delta - 16);
}

static inline uint64_t glibc_next(const struct uf_source *source, const struct glibc_ring *ring,
                                  uint64_t arena)
{
    return uf_source_word(source, arena + ring->delta + BINS_BYTES + BINMAP_BYTES);
}

/* The next main_arena at or behind *mapping and *offset, which are moved on; false: there is none. */
bool glibc_find(const struct uf_outside_memory *memory, size_t *mapping, uint64_t *offset,
                struct glibc_ring *ret);
/* Enters what is free although its head does not say so: in fastbins of an arena, in caches of threads. */
void glibc_mark_fast(struct uf_areas *areas, const struct uf_source *source,
                     const struct glibc_ring *ring, uint64_t arena);
void glibc_mark_cached(struct uf_glibc *glibc, struct uf_areas *areas,
                       const struct uf_source *source);

#endif
