/* areas.h - whose a stretch of memory is, and what each block in it is used for.
 *
 *     struct uf_areas areas = {0};
 *     uf_areas_add(&areas, start, end, UF_AREA_GLIBC, arena, &area, &err)     (room for its blocks)
 *     uf_area_set(area, chunk, UF_USE_FREE) ...
 *     uf_areas_block(&areas, address, UF_AREA_BACK, &block)
 *
 * The walkers of the allocators (pymalloc.h, glibc.h) enter the blocks, who
 * knows the objects claims them (claims.h), and one sweep counts them
 * (balance.h). A block begins where a use stands, at a multiple of 16 bytes, and ends
 * where the next one begins; so nothing is read of the target twice.
 *
 * Invariant: areas ascend and do not overlap; the first granule of an area has a use.
 * Owns the tables: a byte for each 16 bytes of an area.
 */
#ifndef UF_BALANCE_AREAS_H
#define UF_BALANCE_AREAS_H

#include "base/error.h"
#include "base/vec.h"

#include <stdbool.h>

#define UF_GRANULE UINT64_C(16)

enum uf_use {
    UF_USE_INSIDE, /* no block begins here */
    UF_USE_TAKEN,  /* given out by the allocator */
    UF_USE_OBJECT, /* and a Python object lies in it */
    UF_USE_SIDE,   /* and belongs to one: keys of a dict, items of a list */
    UF_USE_HEAD,   /* the allocator's own: head of a pool, what is left behind its last block */
    UF_USE_FREE,
    UF_USE_CACHED, /* free, kept for a thread (tcache) */
    UF_USE_FAST,   /* free, in a fastbin */
    UF_USE_TOP,    /* free, at the end of an arena: never given out, or given back */
    UF_USE_POOL,   /* a pool or arena of which no block is in use */
    UF_USES,
};

enum uf_area_kind {
    UF_AREA_PYMALLOC, /* number: arena */
    UF_AREA_GLIBC,    /* a heap of an arena; number: arena */
    UF_AREA_CHUNK,    /* a chunk of malloc that is a mapping of its own */
    UF_AREA_STACK,    /* of a thread */
    UF_AREA_THREAD,   /* what the loader set up for the first thread */
    UF_AREA_FRAMES,   /* where Python's own frames lie (3.11+) */
    UF_AREA_IMAGE, /* variables of a program or library that its file does not hold (.bss); number: mapping */
    UF_AREA_KINDS,
};

struct uf_area {
    uint64_t start, end; /* multiples of UF_GRANULE */
    uint8_t *uses;       /* enum uf_use by granule; NULL: one block, `use` */
    uint8_t use, kind;   /* enum uf_area_kind */
    uint32_t number;
};

struct uf_areas {
    UF_VEC(struct uf_area) list;
};

struct uf_area_block {
    uint64_t start, end;
    struct uf_area *area;
    uint8_t use;
};

/* A block that an address inside an object leads to begins so many bytes before it at the most: 512 and a
 * few, as no larger block is found by anything but its beginning. */
#define UF_AREA_BACK UINT64_C(640)

/* Enters an area whose blocks all have the use `first` at the beginning. *ret is valid until the
 * next call. UF_EINVAL: it is empty, not aligned or overlaps another; nothing was done then. */
enum uf_code uf_areas_add(struct uf_areas *areas, uint64_t start, uint64_t end,
                          enum uf_area_kind kind, uint32_t number, enum uf_use first,
                          struct uf_area **ret, struct uf_error *err);
/* The same for an area that is one block. */
enum uf_code uf_areas_add_whole(struct uf_areas *areas, uint64_t start, uint64_t end,
                                enum uf_area_kind kind, uint32_t number, enum uf_use use,
                                struct uf_error *err);
void uf_areas_release(struct uf_areas *areas);

/* The area that `address` lies in; NULL: none. */
struct uf_area *uf_areas_find(const struct uf_areas *areas, uint64_t address);
/* The first that ends behind `address`; the number of areas: none does. */
size_t uf_areas_from(const struct uf_areas *areas, uint64_t address);

/* A block begins at `address`, which lies in the area and is aligned. */
static inline void uf_area_set(struct uf_area *area, uint64_t address, enum uf_use use)
{
    if (area->uses)
        area->uses[(address - area->start) / UF_GRANULE] = (uint8_t)use;
    else
        area->use = (uint8_t)use;
}

/* The use of the block that begins exactly there; UF_USE_INSIDE: none does. */
static inline enum uf_use uf_area_use(const struct uf_area *area, uint64_t address)
{
    if (!area->uses)
        return address == area->start ? (enum uf_use)area->use : UF_USE_INSIDE;
    return address % UF_GRANULE ? UF_USE_INSIDE
                                : (enum uf_use)area->uses[(address - area->start) / UF_GRANULE];
}

/* The block that begins at or behind `from`, which lies in the area; false: none. */
bool uf_area_next(struct uf_area *area, uint64_t from, struct uf_area_block *ret);
/* The block that `address` lies in, if it begins at most `back` bytes before; false: none. */
bool uf_areas_block(const struct uf_areas *areas, uint64_t address, uint64_t back,
                    struct uf_area_block *ret);

#endif
