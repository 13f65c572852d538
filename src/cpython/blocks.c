#include "cpython/blocks.h"

#include "cpython/read.h"

/* struct malloc_chunk, glibc malloc/malloc.c */
#define CHUNK_FLAGS UINT64_C(7)
#define CHUNK_BEFORE_IN_USE UINT64_C(1)
#define CHUNK_MAPPED UINT64_C(2)
#define CHUNK_HEAD UINT64_C(16)
#define CHUNK_LEAST UINT64_C(32)
#define CHUNK_MOST (UINT64_C(1) << 40)
#define PAGE UINT64_C(4096)

bool uf_pool_is(const struct uf_pool_head *head, uint64_t at, uint64_t pool_bytes)
{
    uint64_t size = uf_pool_block_bytes(head);
    return head->class < UF_POOL_CLASSES && head->max_next_offset == pool_bytes - size &&
           head->count > 0 && head->count <= (pool_bytes - UF_POOL_HEAD_BYTES) / size &&
           head->next_offset >= UF_POOL_HEAD_BYTES &&
           (head->next_offset - UF_POOL_HEAD_BYTES) % size == 0 &&
           head->next_offset <= pool_bytes &&
           (head->free == 0 || head->free / pool_bytes == at / pool_bytes);
}

static struct uf_block pool_block(const struct uf_source *source, uint64_t pool_bytes,
                                  uint64_t address)
{
    struct uf_block none = {0};
    struct uf_pool_head head;
    uint64_t pool = address & ~(pool_bytes - 1), offset = address - pool;
    const void *view = uf_source_view(source, pool, sizeof head);
    if (!view || !pool)
        return none;
    memcpy(&head, view, sizeof head);
    if (!uf_pool_is(&head, pool, pool_bytes) || offset < UF_POOL_HEAD_BYTES ||
        offset >= head.next_offset)
        return none;
    uint64_t size = uf_pool_block_bytes(&head);
    uint64_t start = address - (offset - UF_POOL_HEAD_BYTES) % size;
    return (struct uf_block){start, start + size, UF_BLOCK_SMALL};
}

static struct uf_block chunk_block(const struct uf_source *source, uint64_t address)
{
    struct uf_block none = {0};
    uint64_t chunk = address - CHUNK_HEAD;
    const void *head =
        address % CHUNK_HEAD || address < PAGE ? NULL : uf_source_view(source, chunk, CHUNK_HEAD);
    uint64_t size = head ? uf_u64(head, 8) : 0, bytes = size & ~CHUNK_FLAGS;
    if (bytes < CHUNK_LEAST || bytes % CHUNK_HEAD || bytes > CHUNK_MOST)
        return none;
    if (size & CHUNK_MAPPED) /* a mapping of its own: the words before are a gap for alignment, 0 */
        return chunk % PAGE == 0 && bytes % PAGE == 0 && uf_u64(head, 0) == 0
                   ? (struct uf_block){address, chunk + bytes, UF_BLOCK_MALLOC}
                   : none;
    uint64_t next = uf_source_word(source, chunk + bytes + 8);
    if (!(next & CHUNK_BEFORE_IN_USE) || (next & ~CHUNK_FLAGS) < CHUNK_HEAD ||
        (next & ~CHUNK_FLAGS) > CHUNK_MOST || next & CHUNK_MAPPED)
        return none;
    /* its last word is the first of the next chunk's head */
    return (struct uf_block){address, chunk + bytes + 8, UF_BLOCK_MALLOC};
}

struct uf_block uf_block_at(const struct uf_source *source, uint64_t pool_bytes, uint64_t address)
{
    struct uf_block block = pool_block(source, pool_bytes, address);
    return block.kind ? block : chunk_block(source, address);
}
