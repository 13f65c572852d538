/* claims.h - which blocks hold Python objects and what belongs to them.
 *
 * The block that an object lies in is the object's. Keys of a dict, items of a
 * list and the like lie in blocks of their own: sys.getsizeof counts them, so an
 * object whose size exceeds its block has more elsewhere, and a word in it that leads to the
 * beginning of a block that nobody else has, no larger than what is missing, leads
 * there. What stands before an object with values or a dict of its own (3.11, 3.12) leads to
 * its values, which sys.getsizeof does not count.
 */
#ifndef UF_BALANCE_CLAIMS_H
#define UF_BALANCE_CLAIMS_H

#include "balance/areas.h"
#include "graph/graph.h"
#include "memory/outside.h"

struct uf_claims {
    uint64_t
        elsewhere_bytes; /* sizes of objects in anonymous memory that is no known allocator's */
};

/* Sets uses of blocks in `areas` to UF_USE_OBJECT and UF_USE_SIDE. UF_ENOMEM. */
enum uf_code uf_claims_make(struct uf_claims *ret, struct uf_areas *areas,
                            const struct uf_outside_memory *memory, const struct uf_graph *graph,
                            struct uf_error *err);

#endif
