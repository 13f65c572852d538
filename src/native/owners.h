/* owners.h - whose a surviving block is: followed from objects through memory, by pointers.
 *
 * Conservative, as leak sanitizers are: any aligned word that leads into a
 * block, to its start or its inside, is taken for a reference. The caller
 * offers the memory of what is alive by itself (objects) with uf_owners_scan();
 * uf_owners_follow() then follows blocks that were reached, so that a block
 * belongs to the first object from which a chain of blocks leads to it.
 *
 * A block has one owner: a number of the caller's, not 0. Blocks must be
 * ascending by key and must not overlap.
 */
#ifndef UF_NATIVE_OWNERS_H
#define UF_NATIVE_OWNERS_H

#include "native/store.h"

#define UF_OWNER_NONE 0

struct uf_owners {
    const struct uf_native_block *blocks; /* only those that are memory */
    size_t count;
    uint32_t *owner; /* by block */
    UF_VEC(uint32_t) queue;
    uint64_t low, high; /* all blocks lie in [low, high) */
    bool failed;        /* memory was out: some blocks may have no owner */
};

enum uf_code uf_owners_init(struct uf_owners *owners, const struct uf_native_block *blocks,
                            size_t count, struct uf_error *err);
void uf_owners_release(struct uf_owners *owners);

/* The block that `address` lies in; SIZE_MAX = none. */
size_t uf_owners_block(const struct uf_owners *owners, uint64_t address);
/* Makes `owner` the owner of a block that has none; its memory will be followed. */
void uf_owners_give(struct uf_owners *owners, size_t block, uint32_t owner);
/* Gives the blocks to which [words, words + count) leads. */
void uf_owners_scan(struct uf_owners *owners, const uint64_t *words, size_t count, uint32_t owner);
/* Follows all that was given and not followed yet. `read` copies `count` words at `address` (ones that
 * cannot be read leave `ret` alone) and returns how many it could. */
typedef size_t (*uf_owners_read)(uint64_t address, uint64_t *ret, size_t count);
void uf_owners_follow(struct uf_owners *owners, uf_owners_read read);

#endif
