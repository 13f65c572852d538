#include "native/owners.h"

#define CHUNK_WORDS 2048

enum uf_code uf_owners_init(struct uf_owners *owners, const struct uf_native_block *blocks,
                            size_t count, struct uf_error *err)
{
    *owners = (struct uf_owners){.blocks = blocks, .count = count};
    owners->owner = uf_mem_zalloc((count + 1) * sizeof *owners->owner);
    if (!owners->owner)
        return uf_error_nomem(err);
    if (count > 0) {
        owners->low = blocks[0].key;
        owners->high = blocks[count - 1].key + blocks[count - 1].bytes;
    }
    return UF_OK;
}

void uf_owners_release(struct uf_owners *owners)
{
    uf_vec_release(&owners->queue);
    uf_mem_free(owners->owner);
    *owners = (struct uf_owners){0};
}

size_t uf_owners_block(const struct uf_owners *owners, uint64_t address)
{
    if (address < owners->low || address >= owners->high)
        return SIZE_MAX;
    size_t low = 0, high = owners->count; /* the last block that begins at or before it */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (owners->blocks[middle].key <= address)
            low = middle;
        else
            high = middle;
    }
    const struct uf_native_block *block = &owners->blocks[low];
    return address - block->key < (block->bytes ? block->bytes : 1) ? low : SIZE_MAX;
}

void uf_owners_give(struct uf_owners *owners, size_t block, uint32_t owner)
{
    if (owners->owner[block] != UF_OWNER_NONE)
        return;
    owners->owner[block] = owner;
    if (uf_vec_push(&owners->queue, (uint32_t)block))
        owners->failed = true;
}

void uf_owners_scan(struct uf_owners *owners, const uint64_t *words, size_t count, uint32_t owner)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i] < owners->low || words[i] >= owners->high)
            continue;
        size_t block = uf_owners_block(owners, words[i]);
        if (block != SIZE_MAX)
            uf_owners_give(owners, block, owner);
    }
}

void uf_owners_follow(struct uf_owners *owners, uf_owners_read read)
{
    uint64_t words[CHUNK_WORDS];
    while (owners->queue.len > 0) {
        uint32_t block = owners->queue.at[--owners->queue.len];
        uint64_t at = (owners->blocks[block].key + 7) & ~UINT64_C(7);
        uint64_t end = owners->blocks[block].key + owners->blocks[block].bytes;
        while (at + 8 <= end) {
            size_t wanted = (size_t)(end - at) / 8;
            wanted = wanted < CHUNK_WORDS ? wanted : CHUNK_WORDS;
            size_t got = read(at, words, wanted);
            uf_owners_scan(owners, words, got, owners->owner[block]);
            if (got < wanted)
                break; /* what lies behind cannot be read: a mapping without access */
            at += wanted * 8;
        }
    }
}
