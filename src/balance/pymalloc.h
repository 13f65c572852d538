/* pymalloc.h - the arenas of Python's allocator for small blocks, from outside.
 *
 * A pool is told by its head and by its list of free blocks, which has to have
 * exactly the length that the head implies (Objects/obmalloc.c; struct
 * pool_header is the same from CPython 3.8 to 3.15). Pools with the same number
 * of an arena, as near to each other as an arena is long, make an arena. What lies between
 * them was never given out, or given back as a whole.
 */
#ifndef UF_BALANCE_PYMALLOC_H
#define UF_BALANCE_PYMALLOC_H

#include "balance/areas.h"
#include "memory/outside.h"

struct uf_pymalloc {
    uint64_t arena_bytes, pool_bytes; /* of this version */
    uint32_t arenas, pools, empty_pools;
    uint64_t blocks; /* in use */
};

/* Enters arenas and their blocks into `areas`, where they do not lie in another's. `version_hex` is
 * PY_VERSION_HEX of the target. */
enum uf_code uf_pymalloc_walk(struct uf_pymalloc *ret, struct uf_areas *areas,
                              const struct uf_outside_memory *memory, uint32_t version_hex,
                              struct uf_error *err);

/* An arena reaches further than its pools that were ever used: pages beside them, up to its size, that are in memory
 * and were never written to (large folios bring them) are its own, where no area has them. After all other
 * areas were entered. */
enum uf_code uf_pymalloc_extend(const struct uf_pymalloc *pymalloc, struct uf_areas *areas,
                                const struct uf_outside_memory *memory, struct uf_error *err);

/* May the mapping hold memory of an allocator: private, of no file, to be written to? */
bool uf_pymalloc_may_lie(const struct uf_mappings *mappings, const struct uf_mapping *mapping);

#endif
