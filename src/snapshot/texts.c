#include "base/mem.h"
#include "graph/index.h"
#include "snapshot/read_private.h"

#include <string.h>

#define GROUP_WORDS 8 /* 512 nodes: one cache line of bits */

static uint32_t bits_in(uint64_t word)
{
    return uf_index_popcount(word);
}

static enum uf_code count_bits(struct uf_snapshot *snapshot, size_t words, struct uf_error *err)
{
    struct uf_file_texts *texts = &snapshot->texts;
    uint32_t count = 0;
    uf_node nodes = snapshot->counts.nodes;
    texts->before = uf_mem_alloc((words / GROUP_WORDS + 1) * sizeof *texts->before);
    if (!texts->before)
        return uf_error_nomem(err);
    for (size_t i = 0; i < words; i++) {
        if (i % GROUP_WORDS == 0)
            texts->before[i / GROUP_WORDS] = count;
        count += bits_in(texts->bits[i]);
    }
    if (nodes % 64 != 0 && texts->bits[words - 1] >> nodes % 64 != 0)
        return uf_damaged(err, "more objects have texts than there are");
    if (count != snapshot->counts.texts)
        return uf_damaged(err, "%u objects have texts, not %u", count, snapshot->counts.texts);
    return UF_OK;
}

static enum uf_code check_bounds(const struct uf_snapshot *snapshot, struct uf_error *err)
{
    const struct uf_file_texts *texts = &snapshot->texts;
    for (uint32_t i = 0; i < texts->bound_count; i++) {
        const struct uf_format_wide *bound = &texts->bounds[i];
        if (bound->node >= snapshot->counts.nodes || bound->value > INT64_MAX || bound->zero ||
            (i > 0 && bound->node <= bound[-1].node))
            return uf_damaged(err, "bound %u is out of range or order", i);
    }
    return UF_OK;
}

static enum uf_code check_blocks(const struct uf_snapshot *snapshot, struct uf_error *err)
{
    const struct uf_file_texts *texts = &snapshot->texts;
    for (uint32_t i = 0; i < texts->block_count; i++)
        if (i == 0 ? texts->blocks[0] != 0
                   : texts->blocks[i] <= texts->blocks[i - 1] || texts->blocks[i] >= texts->bytes)
            return uf_damaged(err, "texts %u begin at the wrong place", i * UF_TEXTS_PER_BLOCK);
    return UF_OK;
}

enum uf_code uf_load_texts(struct uf_snapshot *snapshot, struct uf_error *err)
{
    struct uf_container *container = &snapshot->container;
    struct uf_file_texts *texts = &snapshot->texts;
    size_t words = ((size_t)snapshot->counts.nodes + 63) / 64;
    const void *bits, *blocks, *records, *bounds;
    texts->block_count = (uint32_t)(((uint64_t)snapshot->counts.texts + UF_TEXTS_PER_BLOCK - 1) /
                                    UF_TEXTS_PER_BLOCK);
    enum uf_code code =
        uf_container_items(container, UF_CHUNK_TEXT_BITS, sizeof(uint64_t), words, &bits, err);
    if (!code)
        code = uf_container_items(container, UF_CHUNK_TEXT_BLOCKS, sizeof(uint64_t),
                                  texts->block_count, &blocks, err);
    if (!code)
        code = uf_container_bytes(container, UF_CHUNK_TEXTS, &texts->bytes, &records, err);
    if (!code)
        code = uf_container_all(container, UF_CHUNK_BOUNDS, sizeof(struct uf_format_wide),
                                &texts->bound_count, &bounds, err);
    if (code)
        return code;
    texts->bits = bits;
    texts->blocks = blocks;
    texts->records = records;
    texts->bounds = bounds;
    code = count_bits(snapshot, words, err);
    if (!code)
        code = check_blocks(snapshot, err);
    if (!code)
        code = check_bounds(snapshot, err);
    return code;
}

/* How many nodes before this one have records. */
static uint32_t rank_of(const struct uf_file_texts *texts, uf_node node)
{
    size_t word = node / 64, from = word / GROUP_WORDS * GROUP_WORDS;
    uint32_t rank = texts->before[word / GROUP_WORDS];
    for (size_t i = from; i < word; i++)
        rank += bits_in(texts->bits[i]);
    return rank + bits_in(texts->bits[word] & ((UINT64_C(1) << node % 64) - 1));
}

/* Reads the record at *at, which ends before `end`, and moves *at behind it. */
static bool read_record(const uint8_t **at, const uint8_t *end, struct uf_file_text *ret)
{
    const uint8_t *p = *at;
    uint64_t length = 0;
    if (p == end)
        return false;
    ret->length = -1;
    if (*p == UF_TEXT_LENGTH) {
        unsigned shift = 0;
        do {
            if (++p == end || shift > 56)
                return false;
            length |= (uint64_t)(*p & 0x7f) << shift;
            shift += 7;
        } while (*p & 0x80);
        ret->length = (int64_t)length; /* at most 63 bits were read */
        if (++p == end)
            return false;
    }
    ret->len = *p++;
    if (ret->len > (size_t)(end - p))
        return false;
    ret->at = (const char *)p;
    *at = p + ret->len;
    return true;
}

bool uf_file_text(const struct uf_snapshot *snapshot, uf_node node, struct uf_file_text *ret)
{
    const struct uf_file_texts *texts = &snapshot->texts;
    if (!(texts->bits[node / 64] >> node % 64 & 1))
        return false;
    uint32_t rank = rank_of(texts, node), block = rank / UF_TEXTS_PER_BLOCK;
    uint64_t from = texts->blocks[block];
    uint64_t end = block + 1 < texts->block_count ? texts->blocks[block + 1] : texts->bytes;
    const uint8_t *at = texts->records + from;
    for (uint32_t i = 0; i <= rank % UF_TEXTS_PER_BLOCK; i++)
        if (!read_record(&at, texts->records + end, ret))
            return false;
    return true;
}

int64_t uf_file_bound(const struct uf_snapshot *snapshot, uf_node node)
{
    const struct uf_file_texts *texts = &snapshot->texts;
    uint32_t low = 0, high = texts->bound_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (texts->bounds[middle].node < node)
            low = middle + 1;
        else
            high = middle;
    }
    return low < texts->bound_count && texts->bounds[low].node == node
               ? (int64_t)texts->bounds[low].value
               : -1;
}
