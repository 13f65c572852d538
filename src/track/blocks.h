/* blocks.h - the live blocks of memory that were born while somebody watched.
 *
 * A shadow of the address space: one word for each 16 bytes, reached through
 * three levels of tables that are made when first needed. There is no hashing,
 * no probing and no lock: a block's word belongs to whoever owns the block, so
 * an allocator's hook writes it after the allocator gave the block out and
 * clears it before it is given back, on any thread, with or without the
 * interpreter lock.
 *
 *     address   47     32 31     20 19      4 3  0
 *              |  top   |  middle  |  leaf   | 0  |     leaf: 1 MiB of addresses, 512 KiB of words
 *
 * A word packs a birth: site, call, bytes, domain, flags (below). Blocks of
 * 64 KiB and more keep their exact size in the next word, which lies in the
 * block as well.
 *
 * Not recorded: addresses that are no multiple of 16 or need more than 48 bits,
 * and blocks for which no table could be mapped; `missed` counts them.
 *
 * Ownership: tables are mapped from the system, never from malloc, and released
 * by uf_blocks_release() only, which nobody may race. {0} is a valid empty table.
 */
#ifndef UF_TRACK_BLOCKS_H
#define UF_TRACK_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UF_BLOCKS_ADDRESS_BITS 48
#define UF_BLOCKS_MIDDLE_BITS 12
#define UF_BLOCKS_LEAF_BITS 16
#define UF_BLOCKS_TOP_BITS 16
#define UF_BLOCKS_NO_ADDRESS (UINT64_MAX << UF_BLOCKS_ADDRESS_BITS | 15) /* bits that none has */

#define UF_SITES_MAX ((uint32_t)1 << 26) /* a word has room for no more */
#define UF_CALLS_MAX ((uint32_t)1 << 16) /* later calls count as the last */

enum uf_domain { UF_DOMAIN_RAW, UF_DOMAIN_MEM, UF_DOMAIN_OBJECT, UF_DOMAINS };

struct uf_block {
    uint32_t site, call;
    uint64_t bytes;
    uint8_t domain; /* enum uf_domain */
    bool marked;    /* uf_blocks_died() tells; the block may have been born before */
    bool uncertain; /* born without the allocator, before the birth that its site and call are of */
};

typedef uint64_t *uf_blocks_leaf; /* 1 << UF_BLOCKS_LEAF_BITS words */
typedef uf_blocks_leaf *uf_blocks_middle;

struct uf_blocks {
    uf_blocks_middle *top;
    uint64_t missed;
};

/* --- the word ---------------------------------------------------------------------------------- */

/*  63      38 37     22 21     6 5    4 3 2 1 0
 * |  site    |  call   | bytes  |domain| flags |     0: nothing lives here */
#define UF_BLOCK_LIVE ((uint64_t)1)
#define UF_BLOCK_SIZE                                                                              \
    ((uint64_t)2) /* not a birth: the size of the block that the word before begins */
#define UF_BLOCK_MARKED ((uint64_t)4)
#define UF_BLOCK_UNCERTAIN ((uint64_t)8)
#define UF_BLOCK_BYTES_LARGE ((uint64_t)0xffff)

/* `bytes` is at most UF_BLOCK_BYTES_LARGE. */
static inline uint64_t uf_block_word(uint32_t site, uint32_t call, uint64_t bytes,
                                     enum uf_domain domain)
{
    return (uint64_t)site << 38 | (uint64_t)call << 22 | bytes << 6 | (uint64_t)domain << 4 |
           UF_BLOCK_LIVE;
}

#define UF_BLOCK_SITE(word) ((uint32_t)((word) >> 38))
#define UF_BLOCK_CALL(word) ((uint32_t)((word) >> 22) & (UF_CALLS_MAX - 1))
#define UF_BLOCK_BYTES(word) ((word) >> 6 & UF_BLOCK_BYTES_LARGE)
#define UF_BLOCK_DOMAIN(word) ((uint8_t)((word) >> 4 & 3))

/* --- writing ----------------------------------------------------------------------------------- */

int uf_blocks_init(struct uf_blocks *blocks); /* 0, or -1 when memory is out */
void uf_blocks_release(struct uf_blocks *blocks);
/* Forgets all blocks and gives their memory back; the tables stay, so that late writers harm nothing. */
void uf_blocks_clear(struct uf_blocks *blocks);

/* The word of an address, NULL when its table is not there. */
static inline uint64_t *uf_blocks_word(const struct uf_blocks *blocks, uint64_t address)
{
    if (__builtin_expect((address & UF_BLOCKS_NO_ADDRESS) || !blocks->top, 0))
        return NULL;
    uf_blocks_middle middle = __atomic_load_n(&blocks->top[address >> 32], __ATOMIC_ACQUIRE);
    if (__builtin_expect(!middle, 0))
        return NULL;
    uf_blocks_leaf leaf = __atomic_load_n(
        &middle[address >> 20 & ((1U << UF_BLOCKS_MIDDLE_BITS) - 1)], __ATOMIC_ACQUIRE);
    if (__builtin_expect(!leaf, 0))
        return NULL;
    return &leaf[address >> 4 & ((1U << UF_BLOCKS_LEAF_BITS) - 1)];
}

/* What uf_blocks_born() leaves to it: tables to make, large sizes. `word` has no size yet. */
void uf_blocks_born_slow(struct uf_blocks *blocks, uint64_t address, uint64_t word, uint64_t bytes);
uint64_t uf_blocks_died_large(struct uf_blocks *blocks, uint64_t address, uint64_t word);

/* A block begins at `address`; what was known of an earlier one there is replaced. */
static inline void uf_blocks_born(struct uf_blocks *blocks, uint64_t address, uint64_t bytes,
                                  uint32_t site, uint32_t call, enum uf_domain domain)
{
    uint64_t *at = uf_blocks_word(blocks, address);
    if (__builtin_expect(at && bytes < UF_BLOCK_BYTES_LARGE, 1))
        __atomic_store_n(at, uf_block_word(site, call, bytes, domain), __ATOMIC_RELAXED);
    else
        uf_blocks_born_slow(blocks, address, uf_block_word(site, call, 0, domain), bytes);
}

/* The block at `address` is about to be given back. Its word: 0 when it was not known. */
static inline uint64_t uf_blocks_died(struct uf_blocks *blocks, uint64_t address)
{
    uint64_t *at = uf_blocks_word(blocks, address);
    if (!at)
        return 0;
    uint64_t word = __atomic_load_n(at, __ATOMIC_RELAXED);
    if (word == 0)
        return 0;
    __atomic_store_n(at, 0, __ATOMIC_RELAXED);
    if (__builtin_expect((word & UF_BLOCK_SIZE) || UF_BLOCK_BYTES(word) == UF_BLOCK_BYTES_LARGE, 0))
        return uf_blocks_died_large(blocks, address, word);
    return word;
}

/* The live block at `address` is born again without the allocator; with site 0 the old one stays. */
void uf_blocks_reborn(struct uf_blocks *blocks, uint64_t address, uint32_t site, uint32_t call,
                      bool certain);
/* Sets UF_BLOCK_MARKED on the block at `address`, known or not. */
void uf_blocks_mark(struct uf_blocks *blocks, uint64_t address);

/* --- reading ----------------------------------------------------------------------------------- */

/* The block that begins at `address`. */
bool uf_blocks_at(const struct uf_blocks *blocks, uint64_t address, struct uf_block *ret);
/* The block that begins at most `most` bytes before `address` and holds it; *start is set. */
bool uf_blocks_holding(const struct uf_blocks *blocks, uint64_t address, uint32_t most,
                       struct uf_block *ret, uint64_t *start);
/* All blocks by ascending address; a visitor's value other than 0 ends the walk and is returned. */
typedef int (*uf_blocks_visit)(void *context, uint64_t address, const struct uf_block *block);
int uf_blocks_each(const struct uf_blocks *blocks, uf_blocks_visit visit, void *context);

#endif
