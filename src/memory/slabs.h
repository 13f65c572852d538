/* slabs.h - where the pages that are copied out of a process are put.
 *
 * A slab mirrors a stretch of the process's addresses, holes and all: what lies side by side there lies
 * side by side here, and a page that is not there reads as zeros, as of anonymous
 * memory it does there. Addresses are reserved with room around them for what
 * grows; memory is taken only for the pages that are touched before (uf_slabs_touch) or written to.
 *
 * A copy into pages that were never touched takes five to ten times as long, so they are
 * touched before the process is stopped.
 */
#ifndef UF_MEMORY_SLABS_H
#define UF_MEMORY_SLABS_H

#include "base/error.h"
#include "base/vec.h"

#include <stdbool.h>

struct uf_span {
    uint64_t start, end; /* whole pages */
    bool shared;         /* not this process's alone */
};

struct uf_slab {
    uint64_t start, end;
    unsigned char *at;
};

struct uf_slabs {
    UF_VEC(struct uf_slab) list; /* ascending, apart */
};

/* Makes slabs for those of ascending spans that lie in none. UF_EINVAL: one lies in a slab partly; release all, and
 * add again. UF_ENOMEM. */
enum uf_code uf_slabs_add(struct uf_slabs *slabs, const struct uf_span *spans, size_t count,
                          struct uf_error *err);
/* The place of [start, end); NULL: it does not lie in one slab. */
unsigned char *uf_slabs_at(const struct uf_slabs *slabs, uint64_t start, uint64_t end);
/* The slab that holds `address`, or the first one behind it; NULL: none. */
const struct uf_slab *uf_slabs_from(const struct uf_slabs *slabs, uint64_t address);
/* Takes memory for a span that lies in a slab; again is harmless. False: there is none. */
bool uf_slabs_touch(const struct uf_slabs *slabs, struct uf_span span);
void uf_slabs_release(struct uf_slabs *slabs);

#endif
