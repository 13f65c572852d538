#include "track/blocks.h"

#include <sys/mman.h>

#define TOP_COUNT ((size_t)1 << UF_BLOCKS_TOP_BITS)
#define MIDDLE_COUNT ((size_t)1 << UF_BLOCKS_MIDDLE_BITS)
#define LEAF_COUNT ((size_t)1 << UF_BLOCKS_LEAF_BITS)
#define LEAF_BYTES (LEAF_COUNT * sizeof(uint64_t))
#define SIZE_SHIFT 4 /* of the exact size in a word with UF_BLOCK_SIZE */

/* Hooks call this on any thread, and perhaps inside malloc: base/mem.h serves one thread only. */
static void *map_pages(size_t bytes)
{
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

int uf_blocks_init(struct uf_blocks *blocks)
{
    *blocks = (struct uf_blocks){.top = map_pages(TOP_COUNT * sizeof(uf_blocks_middle))};
    return blocks->top ? 0 : -1;
}

void uf_blocks_release(struct uf_blocks *blocks)
{
    for (size_t t = 0; blocks->top && t < TOP_COUNT; t++) {
        uf_blocks_middle middle = blocks->top[t];
        for (size_t m = 0; middle && m < MIDDLE_COUNT; m++)
            if (middle[m])
                munmap(middle[m], LEAF_BYTES);
        if (middle)
            munmap(middle, MIDDLE_COUNT * sizeof(uf_blocks_leaf));
    }
    if (blocks->top)
        munmap(blocks->top, TOP_COUNT * sizeof(uf_blocks_middle));
    *blocks = (struct uf_blocks){0};
}

void uf_blocks_clear(struct uf_blocks *blocks)
{
    for (size_t t = 0; blocks->top && t < TOP_COUNT; t++) {
        uf_blocks_middle middle = blocks->top[t];
        for (size_t m = 0; middle && m < MIDDLE_COUNT; m++)
            if (middle[m])
                madvise(middle[m], LEAF_BYTES,
                        MADV_DONTNEED); /* private pages read as zero again */
    }
    blocks->missed = 0;
}

/* The table that *at points to, mapped now if need be; two threads may try at once. */
static void *made(void **at, size_t bytes)
{
    void *there = __atomic_load_n(at, __ATOMIC_ACQUIRE);
    if (there)
        return there;
    void *mine = map_pages(bytes);
    if (!mine)
        return NULL;
    if (__atomic_compare_exchange_n(at, &there, mine, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return mine;
    munmap(mine, bytes);
    return there;
}

static uint64_t *word_made(struct uf_blocks *blocks, uint64_t address)
{
    if (!blocks->top || (address & UF_BLOCKS_NO_ADDRESS))
        return NULL;
    uf_blocks_middle middle =
        made((void **)&blocks->top[address >> 32], MIDDLE_COUNT * sizeof(uf_blocks_leaf));
    if (!middle || !made((void **)&middle[address >> 20 & (MIDDLE_COUNT - 1)], LEAF_BYTES))
        return NULL;
    return uf_blocks_word(blocks, address);
}

void uf_blocks_born_slow(struct uf_blocks *blocks, uint64_t address, uint64_t word, uint64_t bytes)
{
    uint64_t *at = word_made(blocks, address), *size = at;
    bool large = bytes >= UF_BLOCK_BYTES_LARGE;
    if (at && large)
        size = word_made(blocks, address + 16);
    if (!size) {
        __atomic_add_fetch(&blocks->missed, 1, __ATOMIC_RELAXED);
        return;
    }
    if (large)
        __atomic_store_n(size, bytes << SIZE_SHIFT | UF_BLOCK_SIZE, __ATOMIC_RELAXED);
    __atomic_store_n(at, word | (large ? UF_BLOCK_BYTES_LARGE : bytes) << 6, __ATOMIC_RELAXED);
}

/* The exact size of a block of 64 KiB or more; 0 when it is not kept. */
static uint64_t large_bytes(const struct uf_blocks *blocks, uint64_t address)
{
    const uint64_t *at = uf_blocks_word(blocks, address + 16);
    uint64_t word = at ? __atomic_load_n(at, __ATOMIC_RELAXED) : 0;
    return (word & UF_BLOCK_SIZE) && !(word & UF_BLOCK_LIVE) ? word >> SIZE_SHIFT : 0;
}

uint64_t uf_blocks_died_large(struct uf_blocks *blocks, uint64_t address, uint64_t word)
{
    if (word & UF_BLOCK_SIZE)
        return 0; /* the block whose size it was has gone unseen */
    uint64_t *at = uf_blocks_word(blocks, address + 16);
    if (at && (__atomic_load_n(at, __ATOMIC_RELAXED) & UF_BLOCK_SIZE))
        __atomic_store_n(at, 0, __ATOMIC_RELAXED);
    return word;
}

void uf_blocks_mark(struct uf_blocks *blocks, uint64_t address)
{
    uint64_t *at = word_made(blocks, address);
    if (at)
        __atomic_or_fetch(at, UF_BLOCK_MARKED, __ATOMIC_RELAXED);
}

void uf_blocks_reborn(struct uf_blocks *blocks, uint64_t address, uint32_t site, uint32_t call,
                      bool certain)
{
    uint64_t *at = uf_blocks_word(blocks, address);
    uint64_t word = at ? __atomic_load_n(at, __ATOMIC_RELAXED) : 0;
    if (!(word & UF_BLOCK_LIVE) || (word & UF_BLOCK_SIZE))
        return;
    uint64_t now = uf_block_word(site ? site : UF_BLOCK_SITE(word), call, UF_BLOCK_BYTES(word),
                                 (enum uf_domain)UF_BLOCK_DOMAIN(word));
    __atomic_store_n(at, now | (word & UF_BLOCK_MARKED) | (certain ? 0 : UF_BLOCK_UNCERTAIN),
                     __ATOMIC_RELAXED);
}

static bool unpack(const struct uf_blocks *blocks, uint64_t address, uint64_t word,
                   struct uf_block *ret)
{
    if (!(word & UF_BLOCK_LIVE) || (word & UF_BLOCK_SIZE))
        return false;
    *ret = (struct uf_block){
        .site = UF_BLOCK_SITE(word),
        .call = UF_BLOCK_CALL(word),
        .bytes = UF_BLOCK_BYTES(word),
        .domain = UF_BLOCK_DOMAIN(word),
        .marked = word & UF_BLOCK_MARKED,
        .uncertain = word & UF_BLOCK_UNCERTAIN,
    };
    if (ret->bytes == UF_BLOCK_BYTES_LARGE)
        ret->bytes = large_bytes(blocks, address);
    return true;
}

bool uf_blocks_at(const struct uf_blocks *blocks, uint64_t address, struct uf_block *ret)
{
    const uint64_t *at = uf_blocks_word(blocks, address);
    return at && unpack(blocks, address, __atomic_load_n(at, __ATOMIC_RELAXED), ret);
}

bool uf_blocks_holding(const struct uf_blocks *blocks, uint64_t address, uint32_t most,
                       struct uf_block *ret, uint64_t *start)
{
    for (uint64_t at = address & ~(uint64_t)15; at + most >= address; at -= 16) {
        if (uf_blocks_at(blocks, at, ret)) {
            *start = at;
            return address - at < (ret->bytes ? ret->bytes : 1);
        }
        if (at == 0)
            break;
    }
    return false;
}

int uf_blocks_each(const struct uf_blocks *blocks, uf_blocks_visit visit, void *context)
{
    for (uint64_t t = 0; blocks->top && t < TOP_COUNT; t++) {
        uf_blocks_middle middle = blocks->top[t];
        for (uint64_t m = 0; middle && m < MIDDLE_COUNT; m++) {
            uf_blocks_leaf leaf = middle[m];
            for (uint64_t i = 0; leaf && i < LEAF_COUNT; i++) {
                uint64_t word = __atomic_load_n(&leaf[i], __ATOMIC_RELAXED);
                uint64_t address = t << 32 | m << 20 | i << 4;
                struct uf_block block;
                if (word == 0 || !unpack(blocks, address, word, &block))
                    continue;
                int status = visit(context, address, &block);
                if (status != 0)
                    return status;
            }
        }
    }
    return 0;
}
