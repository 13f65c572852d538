/* lost.h - blocks of Python's memory to which nothing leads any more.
 *
 * What the collector does not track (bytes, str, int) and no object refers to is
 * in no graph. A tracker knows the blocks that were born while it watched and
 * still live (pyext/tracing.h). Of these, some are objects of the graph; some are
 * led to by a pointer somewhere in the memory of the process, directly or through
 * one another: tables of dicts, buffers of C code, objects that only C code
 * holds. What is left is lost: nobody can ever give it back.
 *
 * Conservative: any word that points anywhere into a block leads to it, stale
 * ones in freed memory too. So a few lost blocks may go unnoticed, and one that is
 * in use is told lost only where its one pointer lies in memory that is not
 * looked through (words.h).
 */
#ifndef UF_CAPTURE_LOST_H
#define UF_CAPTURE_LOST_H

#include "base/vec.h"
#include "cpython/heap.h"
#include "graph/graph.h"

enum uf_lost_state {
    UF_LOST_NOT_LOOKED_AT,
    UF_LOST_OBJECT,   /* an object of the graph */
    UF_LOST_HELD,     /* something leads to it */
    UF_LOST_HEAD,     /* lost; no other lost block leads to it */
    UF_LOST_FOLLOWER, /* lost with the head that leads to it */
};

struct uf_lost_block {
    uint64_t address, bytes; /* given; blocks by ascending address, none overlaps another */
    uint32_t site, call;     /* the caller's */
    /* found out: */
    uint8_t state; /* enum uf_lost_state */
    uint32_t head; /* of a head or follower: number of the head */
    /* of a head: its own, those of its followers, and those that malloc gave for what they lead to */
    uint64_t kept_bytes;
    uint64_t
        object; /* a lost or held block that begins like an object: the object's address; else 0 */
    uint64_t type; /* ... and its type's */
};

struct uf_lost {
    UF_VEC(struct uf_lost_block) blocks;
    bool complete; /* false: not all memory could be looked through, and no state is set */
};

/* `graph` and `config` show the present heap. */
enum uf_code uf_lost_find(struct uf_lost *lost, const struct uf_graph *graph,
                          const struct uf_heap_config *config, struct uf_error *err);
/* The block that holds the byte at `address`; NULL: none of them. */
const struct uf_lost_block *uf_lost_at(const struct uf_lost *lost, uint64_t address);
void uf_lost_release(struct uf_lost *lost);

#endif
