/* blocks.h - blocks of memory as the allocators gave them out: Python's small one and glibc's.
 *
 * Told by what stands in memory, without the allocators' own tables: the head of
 * a pool (Objects/obmalloc.c), the head of a chunk (glibc malloc/malloc.c). What is
 * read is not trusted.
 */
#ifndef UF_CPYTHON_BLOCKS_H
#define UF_CPYTHON_BLOCKS_H

#include "memory/source.h"

#include <stdbool.h>

/* struct pool_header, Objects/obmalloc.c (pycore_obmalloc.h since 3.12): the same from 3.8 to 3.15 */
struct uf_pool_head {
    uint32_t count, unused;
    uint64_t free, next, previous;
    uint32_t arena, class, next_offset, max_next_offset;
};

#define UF_POOL_HEAD_BYTES 48
#define UF_POOL_CLASSES 32
/* POOL_BITS 12 before 3.10, 14 since (64 bit) */
#define UF_POOL_BYTES(version_hex) ((version_hex) < 0x030a0000 ? UINT64_C(4096) : UINT64_C(16384))

/* Bytes of each block of a pool. */
static inline uint64_t uf_pool_block_bytes(const struct uf_pool_head *head)
{
    return ((uint64_t)head->class + 1) * 16;
}

/* Does the memory at `at`, a multiple of `pool_bytes`, begin like a pool that is in use? */
bool uf_pool_is(const struct uf_pool_head *head, uint64_t at, uint64_t pool_bytes);

enum uf_block_kind {
    UF_BLOCK_NONE, /* memory of neither allocator, as far as can be told */
    UF_BLOCK_SMALL,
    UF_BLOCK_MALLOC, /* told only for the address at which the block begins */
};

struct uf_block {
    uint64_t start, end;
    uint8_t kind; /* enum uf_block_kind */
};

/* The block that the byte at `address` lies in. A block of a pool that was never given out is none; one that was
 * freed is not told from one in use. */
struct uf_block uf_block_at(const struct uf_source *source, uint64_t pool_bytes, uint64_t address);

#endif
