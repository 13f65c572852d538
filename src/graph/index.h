/* index.h - the set of object addresses seen so far, and their ranks once it is complete.
 *
 * A radix table: address bits 36..47 choose a middle table, bits 22..35 a leaf
 * of 4 MiB of addresses, bits 9..21 a word of its bitmap, bits 3..8 the bit.
 * The bitmap of a page of 4 KiB is one cache line. Memory: 1/64 of the pages
 * that hold objects, and 12 bytes per such page once ranks exist (about 2 %).
 *
 *     top[4096] -> mids[ mid ][16384] -> bits[ leaf ][8192 words]
 *
 * Tables are numbers into arrays that grow without a copy. Number 0 stands for
 * an empty table that is never written, so that a lookup tests nothing.
 *
 * An object's address is a multiple of 8, not 0, below 2^48; for any other
 * uf_index_valid() is false and no other function may be called.
 *
 * Invariant: a bit is set in leaf 0 or an entry in mid 0 never. After
 * uf_index_rank() the set may not change; ranks are 0 .. count-1, each once.
 */
#ifndef UF_GRAPH_INDEX_H
#define UF_GRAPH_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UF_INDEX_TOP ((size_t)1 << 12)
#define UF_INDEX_MID ((size_t)1 << 14)
#define UF_INDEX_LEAF_WORDS ((size_t)1 << 13)
#define UF_INDEX_PAGE_WORDS ((size_t)8)
#define UF_INDEX_ABSENT UINT64_MAX

struct uf_index {
    uint32_t *top;  /* numbers of middle tables */
    uint32_t *mids; /* numbers of leaves, UF_INDEX_MID per table */
    uint64_t *bits; /* UF_INDEX_LEAF_WORDS per leaf, each page of 8 words on one cache line */
    void *bits_block;
    size_t mid_count, mid_cap, leaf_count, leaf_cap;
    struct uf_index_page *pages; /* by page of `bits`; NULL before uf_index_rank() */
};

/* Counts of bits, for the rank: 12 bytes that mostly lie on one cache line. */
struct uf_index_page {
    uint32_t before;    /* bits set in the pages before */
    uint32_t within[2]; /* low and high half of: 9 bits for each of words 1..7, the bits set in the
                         * words of the page before it */
};

/* 0, or -1 when memory is out; then the index is {0}. */
int uf_index_init(struct uf_index *index);
void uf_index_release(struct uf_index *index);
/* Room for so many leaves in all; 0, or -1 when memory is out (the index is as before). */
int uf_index_reserve(struct uf_index *index, size_t leaves);

static inline bool uf_index_valid(uint64_t address)
{
    uint64_t turned = address >> 3 | address << 61; /* bits 0..2 on top: too large if one is set */
    return turned - 1 < (UINT64_C(1) << 45) - 1;
}

/* Makes a leaf for `address`; 0, or -1 when memory is out (the set is unchanged). */
int uf_index_add_leaf(struct uf_index *index, uint64_t address);

static inline size_t uf_index_word(const struct uf_index *index, uint64_t address)
{
    size_t mid = index->top[address >> 36];
    size_t leaf = index->mids[mid * UF_INDEX_MID | (address >> 22 & (UF_INDEX_MID - 1))];
    return leaf * UF_INDEX_LEAF_WORDS | (address >> 9 & (UF_INDEX_LEAF_WORDS - 1));
}

static inline uint64_t uf_index_bit(uint64_t address)
{
    return UINT64_C(1) << (address >> 3 & 63);
}

static inline bool uf_index_has(const struct uf_index *index, uint64_t address)
{
    return (index->bits[uf_index_word(index, address)] & uf_index_bit(address)) != 0;
}

/* Enters an address: 1 if it is new, 0 if it was there, -1 when memory is out. */
static inline int uf_index_enter(struct uf_index *index, uint64_t address)
{
    size_t word = uf_index_word(index, address);
    uint64_t bit = uf_index_bit(address);
    if (index->bits[word] & bit)
        return 0;
    if (word < UF_INDEX_LEAF_WORDS) {
        if (uf_index_add_leaf(index, address))
            return -1;
        word = uf_index_word(index, address);
    }
    index->bits[word] |= bit;
    return 1;
}

/* Gives every address its rank; 0, or -1 when memory is out (the index is as before). */
int uf_index_rank(struct uf_index *index);

/* Without the popcnt instruction, which the oldest x86-64 does not have. */
static inline uint32_t uf_index_popcount(uint64_t word)
{
    word -= word >> 1 & UINT64_C(0x5555555555555555);
    word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(word * UINT64_C(0x0101010101010101) >> 56);
}

/* The rank of an address that is in the set, of which `word` is uf_index_word(). */
static inline uint32_t uf_index_rank_at(const struct uf_index *index, size_t word, uint64_t address)
{
    const struct uf_index_page *page = &index->pages[word / UF_INDEX_PAGE_WORDS];
    uint64_t within = page->within[0] | (uint64_t)page->within[1] << 32;
    unsigned shift = (unsigned)(((word + 7) & 7) * 9); /* word 0: bit 63, which is 0 */
    return page->before + (uint32_t)(within >> shift & 511) +
           uf_index_popcount(index->bits[word] & (uf_index_bit(address) - 1));
}

/* The rank of any valid address, or UF_INDEX_ABSENT. */
static inline uint64_t uf_index_rank_of(const struct uf_index *index, uint64_t address)
{
    size_t word = uf_index_word(index, address);
    if (!(index->bits[word] & uf_index_bit(address)))
        return UF_INDEX_ABSENT;
    return uf_index_rank_at(index, word, address);
}

#endif
