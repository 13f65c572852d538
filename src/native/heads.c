#include "native/heads.h"

#define NO_PARENT UINT32_MAX
#define WORDS 512

/* Enters for each lost block the first-born one that leads to it. */
static void find_parents(uint32_t *parent, const bool *lost, const struct uf_owners *owners,
                         uf_owners_read read)
{
    uint64_t words[WORDS];
    for (size_t i = 0; i < owners->count; i++) {
        const struct uf_native_block *block = &owners->blocks[i];
        uint64_t at = block->key, end = block->key + block->bytes;
        while (lost[i] && at + 8 <= end) {
            size_t wanted = (size_t)(end - at) / 8 < WORDS ? (size_t)(end - at) / 8 : WORDS;
            size_t got = read(at, words, wanted);
            for (size_t w = 0; w < got; w++) {
                size_t child = uf_owners_block(owners, words[w]);
                if (child == SIZE_MAX || child == i || !lost[child] ||
                    owners->blocks[child].call != block->call)
                    continue;
                if (parent[child] == NO_PARENT ||
                    block->order < owners->blocks[parent[child]].order)
                    parent[child] = (uint32_t)i;
            }
            at = got == wanted ? at + wanted * 8 : end;
        }
    }
}

/* Opens the circle that a way up from `start` runs into, if it does: at its first-born block. `seen`
 * holds the number of the way on which a block was met. */
static void open_circle(uint32_t *parent, uint32_t *seen, uint32_t start,
                        const struct uf_owners *owners)
{
    uint32_t at = start, way = start + 1;
    while (parent[at] != NO_PARENT && seen[at] == 0) {
        seen[at] = way;
        at = parent[at];
    }
    if (parent[at] == NO_PARENT || seen[at] != way)
        return;
    uint32_t first = at;
    for (uint32_t step = parent[at]; step != at; step = parent[step])
        if (owners->blocks[step].order < owners->blocks[first].order)
            first = step;
    parent[first] = NO_PARENT;
}

enum uf_code uf_heads_find(bool *lost, uint64_t *carried, const struct uf_owners *owners,
                           uf_owners_read read, struct uf_error *err)
{
    uint32_t *parent = uf_mem_alloc((owners->count + 1) * sizeof *parent);
    uint32_t *seen = uf_mem_zalloc((owners->count + 1) * sizeof *seen);
    if (!parent || !seen) {
        uf_mem_free(parent);
        uf_mem_free(seen);
        return uf_error_nomem(err);
    }
    for (size_t i = 0; i < owners->count; i++)
        parent[i] = NO_PARENT;
    find_parents(parent, lost, owners, read);
    for (uint32_t i = 0; i < owners->count; i++)
        open_circle(parent, seen, i, owners);
    for (uint32_t i = 0; i < owners->count; i++) {
        uint32_t head = i;
        while (parent[head] != NO_PARENT) /* no circles are left */
            head = parent[head];
        if (head == i)
            continue;
        carried[head] += owners->blocks[i].bytes;
        lost[i] = false;
    }
    uf_mem_free(parent);
    uf_mem_free(seen);
    return UF_OK;
}
