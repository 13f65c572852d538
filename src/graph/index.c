#include "graph/index.h"

#include "base/mem.h"

#include <string.h>

#define LEAF_BYTES (UF_INDEX_LEAF_WORDS * sizeof(uint64_t))
#define MID_BYTES (UF_INDEX_MID * sizeof(uint32_t))
/* A large block of uf_mem begins 16 bytes behind a page (base/mem.c), so a cache line begins here.
 * Were it otherwise, lookups would be slower and no less right. */
#define TO_LINE_BYTES ((size_t)48)

static int grow_bits(struct uf_index *index, size_t leaves)
{
    size_t used = TO_LINE_BYTES + index->leaf_count * LEAF_BYTES;
    char *block = uf_mem_zresize(index->bits_block, used, TO_LINE_BYTES + leaves * LEAF_BYTES);
    if (!block)
        return -1;
    index->bits_block = block;
    index->bits = (uint64_t *)(void *)(block + TO_LINE_BYTES);
    index->leaf_cap = leaves;
    return 0;
}

static int grow_mids(struct uf_index *index, size_t mids)
{
    uint32_t *at = uf_mem_zresize(index->mids, index->mid_count * MID_BYTES, mids * MID_BYTES);
    if (!at)
        return -1;
    index->mids = at;
    index->mid_cap = mids;
    return 0;
}

int uf_index_init(struct uf_index *index)
{
    memset(index, 0, sizeof *index);
    index->top = uf_mem_zalloc(UF_INDEX_TOP * sizeof *index->top);
    if (!index->top || grow_mids(index, 4) || grow_bits(index, 8)) {
        uf_index_release(index);
        return -1;
    }
    index->mid_count = index->leaf_count = 1; /* the empty ones */
    return 0;
}

void uf_index_release(struct uf_index *index)
{
    uf_mem_free(index->top);
    uf_mem_free(index->mids);
    uf_mem_free(index->bits_block);
    uf_mem_free(index->pages);
    memset(index, 0, sizeof *index);
}

int uf_index_reserve(struct uf_index *index, size_t leaves)
{
    return leaves > index->leaf_cap ? grow_bits(index, leaves) : 0;
}

int uf_index_add_leaf(struct uf_index *index, uint64_t address)
{
    uint32_t *mid = &index->top[address >> 36];
    if (!*mid) {
        if (index->mid_count == index->mid_cap && grow_mids(index, index->mid_cap * 2))
            return -1;
        *mid = (uint32_t)index->mid_count++;
    }
    if (index->leaf_count == index->leaf_cap &&
        grow_bits(index, index->leaf_cap + (index->leaf_cap + 7) / 8))
        return -1;
    index->mids[*mid * UF_INDEX_MID | (address >> 22 & (UF_INDEX_MID - 1))] =
        (uint32_t)index->leaf_count++;
    return 0;
}

int uf_index_rank(struct uf_index *index)
{
    size_t count = index->leaf_count * UF_INDEX_LEAF_WORDS / UF_INDEX_PAGE_WORDS;
    struct uf_index_page *pages = uf_mem_zalloc(count * sizeof *pages);
    if (!pages)
        return -1;
    uint32_t total = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t *words = index->bits + i * UF_INDEX_PAGE_WORDS;
        uint32_t here = 0;
        uint64_t within = 0;
        for (unsigned w = 0; w < UF_INDEX_PAGE_WORDS; w++) {
            if (w)
                within |= (uint64_t)here << (w - 1) * 9;
            here += uf_index_popcount(words[w]);
        }
        if (!here)
            continue; /* so that parts of `pages` stay untouched */
        pages[i] = (struct uf_index_page){total, {(uint32_t)within, (uint32_t)(within >> 32)}};
        total += here;
    }
    index->pages = pages;
    return 0;
}
