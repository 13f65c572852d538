/* sites.h - what piles up, by the place where it was born.
 *
 * Survivors of many calls, grouped by kind, native part of the stack, and the
 * Python function above it (the first word of its first pair). A place grows when survivors were
 * born there all along: in at least UF_SITES_LEAST_WINDOWS of UF_SITES_WINDOWS
 * equal parts of the calls, at least UF_SITES_LEAST in all. What one call leaves
 * until the next one (a last result, a buffer) is never that. A place also grows
 * when a block of it was made larger in UF_SITES_LEAST calls and stayed so.
 */
#ifndef UF_NATIVE_SITES_H
#define UF_NATIVE_SITES_H

#include "native/store.h"

#define UF_SITES_WINDOWS 5
#define UF_SITES_LEAST_WINDOWS 4
#define UF_SITES_LEAST 5

struct uf_site {
    uint8_t kind;   /* enum uf_native_kind */
    uint32_t stack; /* the most frequent of those of this place */
    uint64_t blocks, bytes;
    uint32_t windows; /* parts of the calls in which survivors were born */
    bool grows;
    bool in_place; /* by blocks that become larger */
};
typedef UF_VEC(struct uf_site) uf_sites;

/* Whether a block was made larger again and again, and is. */
static inline bool uf_site_grows_in_place(const struct uf_native_block *block)
{
    return block->grown >= UF_SITES_LEAST && block->bytes >= (uint64_t)block->grown * 8;
}

/* `wanted[i]` false leaves a survivor out (NULL: all are wanted); those of call 0 count for nothing.
 * Places in descending order of bytes, then of blocks, those that grow first. */
enum uf_code uf_sites_find(uf_sites *ret, const struct uf_native_store *store,
                           const struct uf_native_block *survivors, const bool *wanted,
                           size_t count, uint32_t calls, struct uf_error *err);

#endif
