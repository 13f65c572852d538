/* builder.h - makes a graph out of addresses as a decoder finds them.
 *
 *     uf_builder_init(&b, err);
 *     for each tracked object: uf_builder_add(&b, address, UF_NODE_TRACKED, err);
 *     for each object that a root holds: uf_builder_add(&b, address, 0, err);
 *     while (uf_builder_next(&b, &address)) {
 *         ... decode; append the references to b.refs ...
 *         uf_builder_commit(&b, &header, err);
 *     }
 *     uf_builder_finish(&b, &graph, err);
 *     ... enter types and roots: uf_builder_node_of(&b, address) ...
 *     uf_builder_release(&b);
 *
 * The nodes in order of discovery are the queue of what is to be decoded: a
 * reference to an address not seen before queues it. References stand as
 * 8-byte addresses in b.refs until the end, when they become 4-byte node
 * numbers in place. Peak: 25 bytes per node, 4 more while node numbers are looked
 * up, 8 per reference, the index (index.h), and at most 1/8 of it mapped ahead.
 *
 * The builder owns everything until finish, which hands the arrays over to the
 * graph and keeps what uf_builder_node_of() needs. After an error the builder can
 * only be released (and an untouched graph be thrown away).
 * Errors: UF_ENOMEM; UF_ECORRUPT for an address that cannot be an object's;
 * UF_ELIMIT beyond UF_NODE_MAX nodes or 2^32-1 references.
 *
 * Where addresses are not trusted (`mapped` is set), one that cannot be an object's
 * becomes UF_BUILDER_NOWHERE, at which the decoder finds nothing: it commits that node,
 * like any other that turns out to be no object, without references, and takes
 * them all out at the end (uf_builder_remove).
 */
#ifndef UF_GRAPH_BUILDER_H
#define UF_GRAPH_BUILDER_H

#include "base/refs.h"
#include "graph/graph.h"
#include "graph/index.h"

#define UF_BUILDER_NOWHERE 8 /* no object is there, in any process */
#define UF_BUILDER_WINDOW ((uint64_t)4 << 20)

struct uf_builder {
    uf_refs
        refs; /* what the decoder of the present node appends to; it may not touch what is there */

    /* Private. By node, `cap` entries each: address and flags are set for all `count` nodes queued, the
     * others for the `decoded` first. */
    uf_node count, decoded;
    size_t cap;
    bool held;
    size_t scanned; /* references whose addresses are in the index; the others are prefetched */
    uint64_t *address;
    uint32_t *type, *size, *refcount, *edge_start;
    uint8_t *flags;
    UF_VEC(uint64_t) big_size_bytes;
    struct uf_map big_sizes;
    struct uf_index index;
    uf_node *node_of_rank; /* after finish */
    uint32_t edge_count;   /* after finish */
    uf_node node_limit;    /* UF_NODE_MAX; less where that is too many for the memory */
    uint32_t edge_limit;   /* UINT32_MAX; the same */
    /* Set by who does not trust addresses: is there any memory in the UF_BUILDER_WINDOW bytes at `start`? So
     * an address that is made up costs no table. */
    bool (*mapped)(const void *context, uint64_t start);
    const void *mapped_context;
};

/* What the decoder says of the present node; `flags` are added to those it was queued with. */
struct uf_builder_header {
    uint32_t type; /* index into the graph's types */
    uint32_t refcount;
    uint64_t size; /* shallow bytes */
    uint8_t flags;
};

enum uf_code uf_builder_init(struct uf_builder *builder, struct uf_error *err);
void uf_builder_release(struct uf_builder *builder);

/* What a build took and 1/64 more, once it is finished: a later build of the same heap that begins with
 * as much gets the pages that this one gives back (base/pages.h) and need not grow. */
struct uf_builder_room {
    size_t nodes, refs, leaves; /* leaves: of the index */
};

struct uf_builder_room uf_builder_room(const struct uf_builder *builder);
/* Right after init; optional. */
enum uf_code uf_builder_reserve(struct uf_builder *builder, const struct uf_builder_room *room,
                                struct uf_error *err);

/* Queues an object. One that was queued before stays as it is: its flags do not change. */
enum uf_code uf_builder_add(struct uf_builder *builder, uint64_t address, uint8_t flags,
                            struct uf_error *err);

/* The next object to decode, until the queue is empty. The same one until it is committed. */
static inline bool uf_builder_next(struct uf_builder *builder, uint64_t *address)
{
    uf_node node = builder->decoded;
    if (node >= builder->count)
        return false;
    *address = builder->address[node];
    return true;
}

/* One that will be asked for a little later, to be fetched into the cache; 0: none. */
static inline uint64_t uf_builder_ahead(const struct uf_builder *builder)
{
    enum { AHEAD = 12 }; /* far enough to hide a cache miss behind the decoding of small objects */
    size_t node = (size_t)builder->decoded + AHEAD;
    return node < builder->count ? builder->address[node] : 0;
}

/* Takes the header of the present node and what was appended to b.refs, and queues what is new. */
enum uf_code uf_builder_commit(struct uf_builder *builder, const struct uf_builder_header *header,
                               struct uf_error *err);

/* Between these two references are kept and not followed. So each tracked object can be decoded right
 * when the collector's list leads to it (its first bytes have just been read), and what they refer to is
 * still numbered behind all of them. */
void uf_builder_hold(struct uf_builder *builder);
enum uf_code uf_builder_follow(struct uf_builder *builder, struct uf_error *err);

/* Fills nodes, edges and big sizes of `graph` ({0} before); types, roots and strings are the caller's
 * to add. Every queued node must be committed and every reference followed (UF_EINVAL else). */
enum uf_code uf_builder_finish(struct uf_builder *builder, struct uf_graph *graph,
                               struct uf_error *err);

/* After finish, before roots are entered: takes the nodes of `removed` (a bit each) out of the graph, and all
 * references to and of them; the others are numbered anew in the same order. Sets in `lost` (a bit for each
 * of the new numbers, zeroed; may be NULL) which nodes have lost a reference. UF_ENOMEM: nothing was done. */
enum uf_code uf_builder_remove(struct uf_builder *builder, struct uf_graph *graph,
                               const uint64_t *removed, uint64_t *lost, struct uf_error *err);

/* After finish, until release: the node of an address, or UF_NODE_NONE. Any value may be asked for. */
uf_node uf_builder_node_of(const struct uf_builder *builder, uint64_t address);

/* At any time: is the address queued or decoded? */
static inline bool uf_builder_has(const struct uf_builder *builder, uint64_t address)
{
    return uf_index_valid(address) && uf_index_has(&builder->index, address);
}

#endif
