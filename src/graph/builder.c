#include "graph/builder.h"

#include <string.h>

#define FIRST_CAP ((size_t)4096)
#define BATCH 64 /* addresses looked up at a time: enough to overlap their cache misses */
#define LAG 32   /* references between the prefetch of their bits and their use */

enum uf_code uf_builder_init(struct uf_builder *builder, struct uf_error *err)
{
    memset(builder, 0, sizeof *builder);
    builder->node_limit = UF_NODE_MAX;
    builder->edge_limit = UINT32_MAX;
    return uf_index_init(&builder->index) ? uf_error_nomem(err) : UF_OK;
}

void uf_builder_release(struct uf_builder *builder)
{
    uf_vec_release(&builder->refs);
    uf_mem_free(builder->address);
    uf_mem_free(builder->type);
    uf_mem_free(builder->size);
    uf_mem_free(builder->refcount);
    uf_mem_free(builder->edge_start);
    uf_mem_free(builder->flags);
    uf_vec_release(&builder->big_size_bytes);
    uf_map_release(&builder->big_sizes);
    uf_index_release(&builder->index);
    uf_mem_free(builder->node_of_rank);
    memset(builder, 0, sizeof *builder);
}

/* Gives every array by node room for `cap` entries (edge_start one more). On failure some may have
 * got it; `cap` still holds for all. */
static int resize_nodes(struct uf_builder *b, size_t cap)
{
    void *at;
#define RESIZE(array, entries)                                                                     \
    do {                                                                                           \
        at = uf_mem_resize((array), (entries) * sizeof *(array));                                  \
        if (!at)                                                                                   \
            return -1;                                                                             \
        (array) = at;                                                                              \
    } while (0)
    if (cap < b->cap)
        b->cap = cap;
    RESIZE(b->address, cap);
    RESIZE(b->type, cap);
    RESIZE(b->size, cap);
    RESIZE(b->refcount, cap);
    RESIZE(b->edge_start, cap + 1);
    RESIZE(b->flags, cap);
#undef RESIZE
    b->cap = cap;
    return 0;
}

static enum uf_code grow_nodes(struct uf_builder *b, struct uf_error *err)
{
    size_t cap = b->cap < FIRST_CAP ? FIRST_CAP
                 : b->cap < 1 << 17 ? b->cap * 2
                                    : b->cap + b->cap / 8;
    return resize_nodes(b, cap) ? uf_error_nomem(err) : UF_OK;
}

static size_t and_more(size_t figure)
{
    return figure + figure / 64;
}

struct uf_builder_room uf_builder_room(const struct uf_builder *builder)
{
    return (struct uf_builder_room){
        .nodes = and_more(builder->count),
        .refs = and_more(builder->edge_count),
        .leaves = and_more(builder->index.leaf_count),
    };
}

enum uf_code uf_builder_reserve(struct uf_builder *builder, const struct uf_builder_room *room,
                                struct uf_error *err)
{
    struct uf_builder *b = builder;
    if (uf_index_reserve(&b->index, room->leaves) || uf_vec_reserve(&b->refs, room->refs) ||
        (room->nodes > b->cap && resize_nodes(b, room->nodes)))
        return uf_error_nomem(err);
    return UF_OK;
}

static enum uf_code not_an_object(uint64_t address, struct uf_error *err)
{
    return uf_error_at(err, UF_ECORRUPT, address, "no object can be at address 0x%llx",
                       (unsigned long long)address);
}

/* Before a table is made for `address`. */
static inline bool can_be(const struct uf_builder *b, uint64_t address)
{
    return !b->mapped || address == UF_BUILDER_NOWHERE ||
           b->mapped(b->mapped_context, address & ~(UF_BUILDER_WINDOW - 1));
}

enum uf_code uf_builder_add(struct uf_builder *builder, uint64_t address, uint8_t flags,
                            struct uf_error *err)
{
    struct uf_builder *b = builder;
    if (!uf_index_valid(address) && !b->mapped)
        return not_an_object(address, err);
    if (b->mapped &&
        (!uf_index_valid(address) ||
         (uf_index_word(&b->index, address) < UF_INDEX_LEAF_WORDS && !can_be(b, address))))
        address = UF_BUILDER_NOWHERE;
    int new = uf_index_enter(&b->index, address);
    if (new == 0)
        return UF_OK;
    if (new < 0)
        return uf_error_nomem(err);
    if (b->count >= b->node_limit)
        return uf_error_set(err, UF_ELIMIT, "more than %u objects", b->node_limit);
    if (b->count == b->cap) {
        enum uf_code code = grow_nodes(b, err);
        if (code)
            return code;
    }
    b->address[b->count] = address;
    b->flags[b->count] = flags;
    b->count++;
    return UF_OK;
}

static enum uf_code add_reference(struct uf_builder *b, uint64_t *address, struct uf_error *err)
{
    if (uf_index_word(&b->index, *address) < UF_INDEX_LEAF_WORDS && !can_be(b, *address))
        *address = UF_BUILDER_NOWHERE;
    return uf_builder_add(b, *address, 0, err);
}

/* Queues what is new among `count` <= BATCH valid addresses, for which there is room. Whether an
 * address is new cannot be foreseen, so no branch depends on it. */
static enum uf_code queue_batch(struct uf_builder *b, uint64_t *addresses, size_t count,
                                struct uf_error *err)
{
    struct uf_index *index = &b->index;
    uint64_t *queue = b->address;
    uint8_t *flags = b->flags;
    uf_node end = b->count;
    for (size_t i = 0; i < count; i++) {
        uint64_t address = addresses[i], bit = uf_index_bit(address);
        size_t word = uf_index_word(index, address);
        if (__builtin_expect(word < UF_INDEX_LEAF_WORDS, 0)) {
            if (!can_be(b, address)) {
                address = addresses[i] = UF_BUILDER_NOWHERE;
                bit = uf_index_bit(address);
                word = uf_index_word(index, address);
            }
            if (word < UF_INDEX_LEAF_WORDS && uf_index_add_leaf(index, address))
                return uf_error_nomem(err);
            word = uf_index_word(index, address);
        }
        uint64_t before = index->bits[word];
        index->bits[word] = before | bit;
        queue[end] = address;
        flags[end] = 0;
        end += (before & bit) == 0;
    }
    b->count = end;
    return UF_OK;
}

/* Enters the references up to `to` into the index and the queue. */
static enum uf_code scan(struct uf_builder *b, size_t to, struct uf_error *err)
{
    enum uf_code code = UF_OK;
    while (b->scanned < to && !code) {
        size_t count = to - b->scanned < BATCH ? to - b->scanned : BATCH;
        if (__builtin_expect(b->count + (uint64_t)count > b->node_limit, 0)) {
            code = add_reference(b, &b->refs.at[b->scanned], err);
            count = 1;
        } else {
            if (__builtin_expect(b->count + count > b->cap, 0))
                code = grow_nodes(b, err);
            if (!code)
                code = queue_batch(b, b->refs.at + b->scanned, count, err);
        }
        b->scanned += count;
    }
    return code;
}

static enum uf_code set_size(struct uf_builder *b, uf_node node, uint64_t size,
                             struct uf_error *err)
{
    if (__builtin_expect(size < UF_SIZE_BIG, 1)) {
        b->size[node] = (uint32_t)size;
        return UF_OK;
    }
    b->size[node] = UF_SIZE_BIG;
    if (uf_map_set(&b->big_sizes, (uint64_t)node + 1, (uint32_t)b->big_size_bytes.len) ||
        uf_vec_push(&b->big_size_bytes, size))
        return uf_error_nomem(err);
    return UF_OK;
}

static inline void prefetch_bits(const struct uf_builder *b, uint64_t address)
{
    __builtin_prefetch(&b->index.bits[uf_index_word(&b->index, address)], 1);
}

enum uf_code uf_builder_commit(struct uf_builder *builder, const struct uf_builder_header *header,
                               struct uf_error *err)
{
    struct uf_builder *b = builder;
    uf_node node = b->decoded;
    if (node >= b->count)
        return uf_error_set(err, UF_EINVAL, "no object is being decoded");
    if (b->refs.len > b->edge_limit)
        return uf_error_set(err, UF_ELIMIT, "more than %u references", b->edge_limit);
    size_t from = node ? b->edge_start[node] : 0, to = b->refs.len;
    for (size_t i = from; i < to; i++) {
        uint64_t address = b->refs.at[i];
        if (__builtin_expect(!uf_index_valid(address), 0)) {
            if (!b->mapped)
                return not_an_object(address, err);
            address = b->refs.at[i] = UF_BUILDER_NOWHERE;
        }
        if (!b->held)
            prefetch_bits(b, address);
    }
    b->type[node] = header->type;
    b->refcount[node] = header->refcount;
    b->flags[node] |= header->flags;
    b->edge_start[node + 1] = (uint32_t)to;
    b->decoded++;
    enum uf_code code = set_size(b, node, header->size, err);
    if (b->held)
        return code;
    if (!code && to - b->scanned > LAG)
        code = scan(b, to - LAG, err);
    if (!code && b->decoded == b->count)
        code = scan(b, to, err); /* the queue must not seem empty when it is not */
    return code;
}

void uf_builder_hold(struct uf_builder *builder)
{
    builder->held = true;
}

enum uf_code uf_builder_follow(struct uf_builder *builder, struct uf_error *err)
{
    struct uf_builder *b = builder;
    enum uf_code code = UF_OK;
    b->held = false;
    while (b->scanned < b->refs.len && !code) {
        size_t left = b->refs.len - b->scanned, now = left < BATCH ? left : BATCH;
        size_t ahead = left < 2 * BATCH ? left : 2 * BATCH;
        for (size_t i = now; i < ahead; i++)
            prefetch_bits(b, b->refs.at[b->scanned + i]);
        code = scan(b, b->scanned + now, err);
    }
    return code;
}

uf_node uf_builder_node_of(const struct uf_builder *builder, uint64_t address)
{
    if (!builder->node_of_rank || !uf_index_valid(address))
        return UF_NODE_NONE;
    uint64_t rank = uf_index_rank_of(&builder->index, address);
    return rank == UF_INDEX_ABSENT ? UF_NODE_NONE : builder->node_of_rank[rank];
}

/* The ranks of `count` <= BATCH addresses of the set, in two passes: the misses of a batch overlap. */
static void ranks_of(const struct uf_builder *b, const uint64_t *addresses, uint32_t *ranks,
                     size_t count)
{
    size_t words[BATCH];
    for (size_t i = 0; i < count; i++) {
        words[i] = uf_index_word(&b->index, addresses[i]);
        __builtin_prefetch(&b->index.bits[words[i]]);
        __builtin_prefetch(&b->index.pages[words[i] / UF_INDEX_PAGE_WORDS]);
    }
    for (size_t i = 0; i < count; i++) {
        ranks[i] = uf_index_rank_at(&b->index, words[i], addresses[i]);
        __builtin_prefetch(&b->node_of_rank[ranks[i]]);
    }
}

static void number_ranks(struct uf_builder *b)
{
    for (size_t node = 0; node < b->count; node += BATCH) {
        uint32_t ranks[BATCH];
        size_t count = b->count - node < BATCH ? b->count - node : BATCH;
        ranks_of(b, b->address + node, ranks, count);
        for (size_t i = 0; i < count; i++)
            b->node_of_rank[ranks[i]] = (uf_node)(node + i);
    }
}

/* Turns b.refs into node numbers in place: entry i is written to bytes 4i..4i+3, when all addresses up
 * to byte 8i+7 have been read. Returns the shrunk array; NULL when memory is out. */
static uf_node *refs_to_nodes(struct uf_builder *b)
{
    char *out = (char *)b->refs.at;
    for (size_t i = 0; i < b->refs.len; i += BATCH) {
        uf_node nodes[BATCH];
        size_t count = b->refs.len - i < BATCH ? b->refs.len - i : BATCH;
        ranks_of(b, b->refs.at + i, nodes, count);
        for (size_t j = 0; j < count; j++)
            nodes[j] = b->node_of_rank[nodes[j]];
        memcpy(out + i * sizeof(uf_node), nodes, count * sizeof(uf_node));
    }
    return uf_mem_resize(out, b->refs.len * sizeof(uf_node));
}

enum uf_code uf_builder_finish(struct uf_builder *builder, struct uf_graph *graph,
                               struct uf_error *err)
{
    struct uf_builder *b = builder;
    if (b->decoded != b->count || b->scanned != b->refs.len)
        return uf_error_set(err, UF_EINVAL,
                            "%u objects are not decoded, %zu references not followed",
                            b->count - b->decoded, b->refs.len - b->scanned);
    if (resize_nodes(b, b->count) || uf_vec_reserve(&b->refs, 1) || uf_index_rank(&b->index))
        return uf_error_nomem(err);
    b->node_of_rank = uf_mem_alloc(b->count * sizeof *b->node_of_rank);
    if (!b->node_of_rank)
        return uf_error_nomem(err);
    number_ranks(b);
    uf_node *targets = refs_to_nodes(b);
    if (!targets)
        return uf_error_nomem(err);
    b->edge_start[0] = 0;
    graph->node_count = b->count;
    graph->edge_count = b->edge_count = (uint32_t)b->refs.len;
    graph->edge_target = targets;
    graph->edge_start = b->edge_start;
    graph->address = b->address;
    graph->type = b->type;
    graph->size = b->size;
    graph->refcount = b->refcount;
    graph->flags = b->flags;
    graph->big_sizes = b->big_sizes;
    graph->big_size_bytes = b->big_size_bytes.at;
    memset(&b->refs, 0, sizeof b->refs);
    memset(&b->big_size_bytes, 0, sizeof b->big_size_bytes);
    memset(&b->big_sizes, 0, sizeof b->big_sizes);
    b->address = NULL;
    b->type = b->size = b->refcount = b->edge_start = NULL;
    b->flags = NULL;
    b->cap = 0;
    return UF_OK;
}
