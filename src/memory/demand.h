/* demand.h - a source whose bytes are fetched when they are first asked for, and kept.
 *
 *     uf_demand_add(&demand, start, end, tag, &err) ...
 *     uf_demand_seal(&demand, fetch, context, most_bytes)
 *     const struct uf_source *source = &demand.source;
 *
 * Each area has its place here from the start (reserved, not touched), so that
 * views stay where they are and may span all of an area. Pages that were filled by
 * somebody else are marked, and not fetched again. What cannot be fetched cannot be
 * viewed; it is asked for again next time.
 */
#ifndef UF_MEMORY_DEMAND_H
#define UF_MEMORY_DEMAND_H

#include "base/error.h"
#include "base/vec.h"
#include "memory/source.h"

struct uf_demand_area {
    uint64_t start, end; /* whole pages */
    uint64_t offset;     /* the caller's: of `start` in its file */
    unsigned char *at;   /* NULL until something of it is asked for */
    uint64_t *filled;    /* a bit per page; with `at` */
    int tag;             /* the caller's */
};

struct uf_demand {
    UF_VEC(struct uf_demand_area) list; /* ascending, apart */
    /* How many of the bytes at `address` could be had: fewer than `size` where something is missing. */
    size_t (*fetch)(void *context, const struct uf_demand_area *area, uint64_t address, void *ret,
                    size_t size);
    void *context;
    uint64_t fetched_bytes, most_bytes; /* beyond these nothing more can be viewed */
    struct uf_range ways[UF_SOURCE_WAYS];
    struct uf_source
        source; /* set by uf_demand_seal(); refers to this struct, which must not move */
};

/* By ascending address; UF_EINVAL: not whole pages, or before the last one's end. */
enum uf_code uf_demand_add(struct uf_demand *demand, uint64_t start, uint64_t end, int tag,
                           uint64_t offset, struct uf_error *err);
void uf_demand_seal(struct uf_demand *demand,
                    size_t (*fetch)(void *context, const struct uf_demand_area *area,
                                    uint64_t address, void *ret, size_t size),
                    void *context, uint64_t most_bytes);
/* The place of a page, for who fills it otherwise (whole pages), which are marked as filled; NULL: they lie in no
 * area, or memory is out. */
unsigned char *uf_demand_fill(struct uf_demand *demand, uint64_t start, uint64_t end);
/* Forgets what was fetched; views end. The areas stay. */
void uf_demand_forget(struct uf_demand *demand);
void uf_demand_release(struct uf_demand *demand);

#endif
