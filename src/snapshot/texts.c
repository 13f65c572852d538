#include "base/mem.h"
#include "graph/index.h"
#include "snapshot/read_private.h"
#include "snapshot/varint.h"

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
        const struct uf_format_bound *bound = &texts->bounds[i];
        if (bound->node >= snapshot->counts.nodes || bound->bound > INT64_MAX || bound->zero ||
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
        code = uf_container_all(container, UF_CHUNK_BOUNDS, sizeof(struct uf_format_bound),
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

static const uint8_t *read_length(const uint8_t *at, const uint8_t *end, int64_t *ret)
{
    uint64_t length;
    at = uf_varint_get(at, end, &length);
    *ret = (int64_t)length; /* 63 bits at most */
    return at;
}

/* A record without its text: where that is, how many bytes, and what stands around it. */
struct record {
    const char *before, *after;
    const uint8_t *at;
    size_t len;
    int64_t length;
};

/* The record at `at`; NULL: it is damaged. Else where the next one begins. */
static const uint8_t *read_record(const uint8_t *at, const uint8_t *end, struct record *ret)
{
    static const char *const openings[UF_TEXT_OPENING_COUNT][2] = UF_TEXT_OPENINGS;
    *ret = (struct record){"", "", NULL, 0, -1};
    if (at < end && *at == UF_TEXT_LENGTH)
        at = read_length(at + 1, end, &ret->length);
    if (!at || at == end)
        return NULL;
    uint8_t head = *at++;
    if (head < UF_TEXT_QUOTED) {
        ret->len = head;
    } else if (head < UF_TEXT_CUT) {
        ret->len = head - UF_TEXT_QUOTED;
        ret->before = ret->after = "'";
    } else if (head < UF_TEXT_LONG && ret->length < 0) {
        ret->len = head - UF_TEXT_CUT;
        ret->before = "'";
        ret->after = "...'";
        at = read_length(at, end, &ret->length);
    } else if (head == UF_TEXT_LONG && at < end && *at <= UF_TEXT_MAX) {
        ret->len = *at++;
    } else {
        return NULL;
    }
    if (!at || ret->len > (size_t)(end - at))
        return NULL;
    ret->at = at;
    at += ret->len;
    if (ret->len > 0 && !*ret->before && *ret->at < UF_TEXT_OPENING_COUNT) {
        ret->before = openings[*ret->at][0];
        ret->after = openings[*ret->at++][1];
        ret->len--;
    }
    return at;
}

bool uf_file_text(const struct uf_snapshot *snapshot, uf_node node, struct uf_file_text *ret)
{
    const struct uf_file_texts *texts = &snapshot->texts;
    struct record record;
    if (!(texts->bits[node / 64] >> node % 64 & 1))
        return false;
    uint32_t rank = rank_of(texts, node), block = rank / UF_TEXTS_PER_BLOCK;
    uint64_t end = block + 1 < texts->block_count ? texts->blocks[block + 1] : texts->bytes;
    const uint8_t *at = texts->records + texts->blocks[block];
    for (uint32_t i = 0; i <= rank % UF_TEXTS_PER_BLOCK; i++)
        if (!(at = read_record(at, texts->records + end, &record)))
            return false;
    size_t before = strlen(record.before), after = strlen(record.after);
    if (before + record.len + after > UF_TEXT_MAX)
        return false;
    memcpy(ret->at, record.before, before);
    memcpy(ret->at + before, record.at, record.len);
    memcpy(ret->at + before + record.len, record.after, after + 1);
    ret->len = before + record.len + after;
    ret->length = record.length;
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
               ? (int64_t)texts->bounds[low].bound
               : -1;
}
