#include "graph/builder.h"

#include "fail.h"
#include "random.h"
#include "test.h"

#include <stdlib.h>

/* A made-up heap: object i lies at address[i] and refers to targets[start[i] .. start[i+1]-1]. */
struct heap {
    uint32_t count;
    uint64_t *address, *size;
    uint32_t *start, *target;
    uint8_t *flags;
    struct uf_map object_at; /* address -> i */
};

static struct heap heap_create(uint32_t count)
{
    struct heap heap = {.count = count};
    heap.address = malloc(count * sizeof *heap.address);
    heap.size = malloc(count * sizeof *heap.size);
    heap.start = malloc((count + 1) * sizeof *heap.start);
    heap.target = malloc(count * 40 * sizeof *heap.target);
    heap.flags = malloc(count);
    for (uint32_t i = 0; i < count;) {
        uint64_t base = random_below(64) ? 0x7f0000000000
                                         : (random_number() & 0x7ffffffff000) + 4096;
        uint64_t address = base + random_below(count * 4 + 1) * 16;
        if (uf_map_get(&heap.object_at, address) != UF_MAP_NONE)
            continue;
        heap.address[i] = address;
        heap.size[i] = random_below(50)  ? 16 + random_below(1000)
                       : random_below(2) ? UINT32_MAX
                                         : random_number();
        heap.flags[i] = (uint8_t)random_below(128);
        uf_map_set(&heap.object_at, address, i++);
    }
    uint32_t edges = 0;
    for (uint32_t i = 0; i < count; i++) {
        heap.start[i] = edges;
        uint64_t degree = random_below(20) ? random_below(4) : random_below(40);
        for (uint64_t j = 0; j < degree; j++)
            heap.target[edges++] = (uint32_t)random_below(count);
    }
    heap.start[count] = edges;
    return heap;
}

static void heap_destroy(struct heap *heap)
{
    free(heap->address);
    free(heap->size);
    free(heap->start);
    free(heap->target);
    free(heap->flags);
    uf_map_release(&heap->object_at);
}

static enum uf_code decode_queue(struct uf_builder *b, const struct heap *heap,
                                 struct uf_error *err)
{
    enum uf_code code = UF_OK;
    uint64_t address;
    while (!code && uf_builder_next(b, &address)) {
        uint32_t i = uf_map_get(&heap->object_at, address);
        for (uint32_t edge = heap->start[i]; edge < heap->start[i + 1] && !code; edge++)
            if (uf_vec_push(&b->refs, heap->address[heap->target[edge]]))
                code = uf_error_nomem(err);
        struct uf_builder_header header = {
            .type = i % 7, .refcount = i * 3, .size = heap->size[i], .flags = heap->flags[i]};
        if (!code)
            code = uf_builder_commit(b, &header, err);
    }
    return code;
}

/* Decodes all that is reached from the first `queued` objects and finishes. */
static enum uf_code build(struct uf_builder *b, struct uf_graph *graph, const struct heap *heap,
                          uint32_t queued, struct uf_error *err)
{
    enum uf_code code = UF_OK;
    for (uint32_t i = 0; i < queued && !code; i++)
        code = uf_builder_add(b, heap->address[i], UF_NODE_TRACKED, err);
    if (!code)
        code = decode_queue(b, heap, err);
    return code ? code : uf_builder_finish(b, graph, err);
}

/* The same, each of the first objects decoded as soon as it is queued. */
static enum uf_code build_held(struct uf_builder *b, struct uf_graph *graph,
                               const struct heap *heap, uint32_t queued, struct uf_error *err)
{
    enum uf_code code = UF_OK;
    uf_builder_hold(b);
    for (uint32_t i = 0; i < queued && !code; i++) {
        code = uf_builder_add(b, heap->address[i], UF_NODE_TRACKED, err);
        if (!code)
            code = decode_queue(b, heap, err);
    }
    if (!code)
        code = uf_builder_follow(b, err);
    if (!code)
        code = decode_queue(b, heap, err);
    return code ? code : uf_builder_finish(b, graph, err);
}

static void give_types(struct uf_graph *graph, uint32_t count)
{
    graph->types = uf_mem_zalloc(count * sizeof *graph->types);
    graph->type_count = count;
    for (uint32_t i = 0; i < count; i++)
        graph->types[i].node = UF_NODE_NONE;
}

/* The obvious way: a list of objects, a map from each address to its place in the list. */
static bool is_what_the_naive_way_gives(const struct uf_graph *graph, const struct heap *heap,
                                        uint32_t queued)
{
    struct uf_map place = {0};
    UF_VEC(uint32_t) list = {0};
    bool same = true;
    for (uint32_t i = 0; i < queued; i++) {
        uf_map_set(&place, heap->address[i], (uint32_t)list.len);
        (void)uf_vec_push(&list, i);
    }
    uint32_t edges = 0;
    for (uf_node node = 0; node < list.len && same; node++) {
        uint32_t i = list.at[node];
        same = node < graph->node_count && graph->address[node] == heap->address[i] &&
               graph->type[node] == i % 7 && graph->refcount[node] == i * 3 &&
               uf_graph_size(graph, node) == heap->size[i] &&
               graph->flags[node] == (heap->flags[i] | (node < queued ? UF_NODE_TRACKED : 0)) &&
               graph->edge_start[node] == edges;
        for (uint32_t edge = heap->start[i]; edge < heap->start[i + 1] && same; edge++) {
            uint64_t target = heap->address[heap->target[edge]];
            if (uf_map_get(&place, target) == UF_MAP_NONE) {
                uf_map_set(&place, target, (uint32_t)list.len);
                (void)uf_vec_push(&list, heap->target[edge]);
            }
            same = edges < graph->edge_count &&
                   graph->edge_target[edges++] == uf_map_get(&place, target);
        }
    }
    same = same && graph->node_count == list.len && graph->edge_count == edges;
    uf_map_release(&place);
    uf_vec_release(&list);
    return same;
}

TEST(random_heaps_give_the_graph_of_the_naive_way)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        random_seed(seed);
        struct heap heap = heap_create(seed == 60 ? 50000 : 1 + (uint32_t)random_below(2000));
        uint32_t queued = (uint32_t)random_below(heap.count + 1);
        struct uf_builder builder;
        struct uf_graph graph = {0};
        struct uf_error err = {0};
        EXPECT(uf_builder_init(&builder, &err) == UF_OK);
        enum uf_code code = (seed % 2 ? build : build_held)(&builder, &graph, &heap, queued, &err);
        EXPECT(code == UF_OK);
        EXPECT(is_what_the_naive_way_gives(&graph, &heap, queued));
        give_types(&graph, 7);
        EXPECT(uf_graph_check(&graph, &err) == UF_OK);
        for (uint32_t i = 0; i < heap.count; i++) {
            uf_node node = uf_builder_node_of(&builder, heap.address[i]);
            if (node == UF_NODE_NONE ? uf_builder_has(&builder, heap.address[i])
                                     : graph.address[node] != heap.address[i])
                EXPECT(!"the node of an address is wrong");
        }
        uf_builder_release(&builder);
        uf_graph_release(&graph);
        heap_destroy(&heap);
    }
}

TEST(an_empty_heap_gives_an_empty_graph)
{
    struct uf_builder builder;
    struct uf_graph graph = {0};
    uint64_t address;
    EXPECT(uf_builder_init(&builder, NULL) == UF_OK);
    EXPECT(!uf_builder_next(&builder, &address));
    EXPECT(uf_builder_finish(&builder, &graph, NULL) == UF_OK);
    EXPECT(graph.node_count == 0 && graph.edge_count == 0 && graph.edge_start[0] == 0);
    EXPECT(uf_graph_check(&graph, NULL) == UF_OK);
    EXPECT(uf_builder_node_of(&builder, 0x1000) == UF_NODE_NONE);
    uf_builder_release(&builder);
    uf_graph_release(&graph);
}

TEST(an_object_queued_twice_is_one_node_with_its_first_flags)
{
    struct uf_builder builder;
    struct uf_graph graph = {0};
    struct uf_builder_header header = {.size = 8, .flags = UF_NODE_TYPE};
    uint64_t address;
    EXPECT(uf_builder_init(&builder, NULL) == UF_OK);
    EXPECT(uf_builder_add(&builder, 0x1000, UF_NODE_TRACKED, NULL) == UF_OK);
    EXPECT(uf_builder_add(&builder, 0x1000, UF_NODE_FROZEN, NULL) == UF_OK);
    EXPECT(uf_builder_has(&builder, 0x1000) && !uf_builder_has(&builder, 0x1008));
    EXPECT(uf_builder_node_of(&builder, 0x1000) == UF_NODE_NONE);
    EXPECT(uf_builder_next(&builder, &address) && address == 0x1000);
    EXPECT(uf_builder_next(&builder, &address) && address == 0x1000);
    EXPECT(uf_vec_push(&builder.refs, 0x1000) == 0 && uf_vec_push(&builder.refs, 0x1000) == 0);
    EXPECT(uf_builder_commit(&builder, &header, NULL) == UF_OK);
    EXPECT(!uf_builder_next(&builder, &address));
    EXPECT(uf_builder_commit(&builder, &header, NULL) == UF_EINVAL);
    EXPECT(uf_builder_finish(&builder, &graph, NULL) == UF_OK);
    EXPECT(graph.node_count == 1 && graph.edge_count == 2);
    EXPECT(graph.flags[0] == (UF_NODE_TRACKED | UF_NODE_TYPE));
    EXPECT(graph.edge_target[0] == 0 && graph.edge_target[1] == 0);
    EXPECT(uf_builder_node_of(&builder, 0x1000) == 0);
    EXPECT(uf_builder_node_of(&builder, 0x1004) == UF_NODE_NONE);
    EXPECT(uf_builder_node_of(&builder, 0) == UF_NODE_NONE);
    EXPECT(uf_builder_node_of(&builder, UINT64_MAX) == UF_NODE_NONE);
    uf_builder_release(&builder);
    uf_graph_release(&graph);
}

TEST(a_long_chain_is_followed_to_its_end)
{
    struct uf_builder builder;
    struct uf_graph graph = {0};
    struct uf_builder_header header = {.size = 8};
    uint64_t address, count = 0;
    EXPECT(uf_builder_init(&builder, NULL) == UF_OK);
    EXPECT(uf_builder_add(&builder, 0x10000, 0, NULL) == UF_OK);
    while (uf_builder_next(&builder, &address)) {
        if (++count < 100000)
            (void)uf_vec_push(&builder.refs, address + 16);
        EXPECT(uf_builder_commit(&builder, &header, NULL) == UF_OK);
    }
    EXPECT(count == 100000);
    EXPECT(uf_builder_finish(&builder, &graph, NULL) == UF_OK && graph.node_count == 100000);
    EXPECT(graph.edge_target[99998] == 99999);
    uf_builder_release(&builder);
    uf_graph_release(&graph);
}

TEST(one_object_may_hold_very_many_references)
{
    enum { MANY = 300000 };
    struct uf_builder builder;
    struct uf_graph graph = {0};
    struct uf_builder_header header = {.size = 8};
    uint64_t address;
    EXPECT(uf_builder_init(&builder, NULL) == UF_OK);
    EXPECT(uf_builder_add(&builder, 0x10000, 0, NULL) == UF_OK);
    while (uf_builder_next(&builder, &address)) {
        for (uint64_t i = 0; address == 0x10000 && i < 2 * MANY; i++)
            (void)uf_vec_push(&builder.refs, 0x20000 + i / 2 * 16);
        EXPECT(uf_builder_commit(&builder, &header, NULL) == UF_OK);
    }
    EXPECT(uf_builder_finish(&builder, &graph, NULL) == UF_OK);
    EXPECT(graph.node_count == MANY + 1 && graph.edge_count == 2 * MANY);
    EXPECT(graph.edge_target[2 * MANY - 1] == MANY);
    uf_builder_release(&builder);
    uf_graph_release(&graph);
}

TEST(an_address_that_is_no_objects_is_refused_by_name)
{
    struct uf_builder builder;
    struct uf_error err = {0};
    struct uf_builder_header header = {.size = 8};
    EXPECT(uf_builder_init(&builder, &err) == UF_OK);
    EXPECT(uf_builder_add(&builder, 0x1001, 0, &err) == UF_ECORRUPT && err.address == 0x1001);
    EXPECT_TEXT(err.message, "no object can be at address 0x1001");
    EXPECT(uf_builder_add(&builder, 0, 0, &err) == UF_ECORRUPT);
    EXPECT(uf_builder_add(&builder, 0x1000, 0, &err) == UF_OK);
    (void)uf_vec_push(&builder.refs, UINT64_C(1) << 48);
    EXPECT(uf_builder_commit(&builder, &header, &err) == UF_ECORRUPT && err.address == UINT64_C(1)
                                                                                           << 48);
    uf_builder_release(&builder);
}

TEST(more_objects_or_references_than_the_bounds_are_refused)
{
    for (uint32_t limit = 1; limit < 200; limit += 7) {
        random_seed(limit);
        struct heap heap = heap_create(3000);
        struct uf_builder builder;
        struct uf_graph graph = {0};
        struct uf_error err = {0};
        EXPECT(uf_builder_init(&builder, &err) == UF_OK);
        builder.node_limit = limit;
        EXPECT(build(&builder, &graph, &heap, 1500, &err) == UF_ELIMIT);
        EXPECT(builder.count == limit && graph.node_count == 0);
        uf_builder_release(&builder);
        EXPECT(uf_builder_init(&builder, &err) == UF_OK);
        builder.edge_limit = limit;
        EXPECT(build(&builder, &graph, &heap, 1500, &err) == UF_ELIMIT && graph.node_count == 0);
        uf_builder_release(&builder);
        EXPECT(uf_builder_init(&builder, &err) == UF_OK);
        EXPECT(build(&builder, &graph, &heap, heap.count, &err) == UF_OK);
        uint32_t edges = graph.edge_count;
        uf_builder_release(&builder);
        uf_graph_release(&graph);
        EXPECT(uf_builder_init(&builder, &err) == UF_OK);
        builder.node_limit = heap.count;
        builder.edge_limit = edges;
        EXPECT(build(&builder, &graph, &heap, heap.count, &err) == UF_OK);
        uf_builder_release(&builder);
        uf_graph_release(&graph);
        heap_destroy(&heap);
    }
}

TEST(a_second_build_begins_with_the_room_of_the_first_and_does_not_grow)
{
    random_seed(9);
    struct heap heap = heap_create(30000);
    struct uf_builder_room room = {0};
    uint64_t allocations[2];
    for (int round = 0; round < 2; round++) {
        struct uf_builder builder;
        struct uf_graph graph = {0};
        EXPECT(uf_builder_init(&builder, NULL) == UF_OK);
        EXPECT(uf_builder_reserve(&builder, &room, NULL) == UF_OK);
        uf_mem_fail_at(0);
        EXPECT(build(&builder, &graph, &heap, 15000, NULL) == UF_OK);
        allocations[round] = uf_mem_fail_at(0);
        EXPECT(is_what_the_naive_way_gives(&graph, &heap, 15000));
        room = uf_builder_room(&builder);
        EXPECT(room.nodes >= graph.node_count && room.refs >= graph.edge_count);
        uf_builder_release(&builder);
        uf_graph_release(&graph);
    }
    EXPECT(allocations[1] * 2 < allocations[0]);
    heap_destroy(&heap);
}

TEST(what_is_not_decoded_or_not_followed_cannot_be_finished)
{
    struct uf_builder builder;
    struct uf_graph graph = {0};
    EXPECT(uf_builder_init(&builder, NULL) == UF_OK);
    EXPECT(uf_builder_add(&builder, 0x1000, 0, NULL) == UF_OK);
    EXPECT(uf_builder_finish(&builder, &graph, NULL) == UF_EINVAL && graph.node_count == 0);
    uint64_t address;
    struct uf_builder_header header = {.size = 8};
    uf_builder_hold(&builder);
    EXPECT(uf_builder_next(&builder, &address) && uf_vec_push(&builder.refs, 0x2000) == 0);
    EXPECT(uf_builder_commit(&builder, &header, NULL) == UF_OK);
    EXPECT(!uf_builder_next(&builder, &address));
    EXPECT(uf_builder_finish(&builder, &graph, NULL) == UF_EINVAL && graph.node_count == 0);
    EXPECT(uf_builder_follow(&builder, NULL) == UF_OK);
    EXPECT(uf_builder_next(&builder, &address) && address == 0x2000);
    uf_builder_release(&builder);
}

static struct heap failing_heap;

static bool build_once(void)
{
    struct uf_builder builder;
    struct uf_graph graph = {0};
    struct uf_error err = {0};
    enum uf_code code = uf_builder_init(&builder, &err);
    if (!code) {
        code = build(&builder, &graph, &failing_heap, 100, &err);
        uf_builder_release(&builder);
    }
    EXPECT(code == UF_OK || (code == UF_ENOMEM && err.code == UF_ENOMEM && graph.node_count == 0));
    uf_graph_release(&graph);
    return code == UF_OK;
}

TEST(every_failed_allocation_is_an_error_and_leaks_nothing)
{
    random_seed(5);
    failing_heap = heap_create(6000);
    EXPECT(every_failed_allocation_is_an_error(build_once));
    heap_destroy(&failing_heap);
}

TEST(peak_memory_is_40_bytes_per_object_and_8_per_reference)
{
    enum { COUNT = 1000000 };
    struct uf_builder builder;
    struct uf_graph graph = {0};
    struct uf_builder_header header = {.size = 64};
    uint64_t address;
    uf_mem_trim();
    uf_mem_reset_peak();
    size_t before = uf_mem_mapped_bytes();
    EXPECT(uf_builder_init(&builder, NULL) == UF_OK);
    for (uint64_t i = 0; i < COUNT; i++)
        if (uf_builder_add(&builder, 0x7f0000000000 + i * 64, 1, NULL))
            EXPECT(!"not added");
    while (uf_builder_next(&builder, &address)) {
        (void)uf_vec_push(&builder.refs, 0x7f0000000000 + random_below(COUNT) * 64);
        (void)uf_vec_push(&builder.refs, 0x7f0000000000 + random_below(COUNT) * 64);
        if (uf_builder_commit(&builder, &header, NULL))
            EXPECT(!"not committed");
    }
    EXPECT(uf_builder_finish(&builder, &graph, NULL) == UF_OK);
    EXPECT(uf_mem_peak_bytes() - before <= (size_t)COUNT * 40 + (size_t)graph.edge_count * 8);
    uf_builder_release(&builder);
    uf_graph_release(&graph);
}

int main(void)
{
    RUN(random_heaps_give_the_graph_of_the_naive_way);
    RUN(an_empty_heap_gives_an_empty_graph);
    RUN(an_object_queued_twice_is_one_node_with_its_first_flags);
    RUN(a_long_chain_is_followed_to_its_end);
    RUN(one_object_may_hold_very_many_references);
    RUN(an_address_that_is_no_objects_is_refused_by_name);
    RUN(more_objects_or_references_than_the_bounds_are_refused);
    RUN(a_second_build_begins_with_the_room_of_the_first_and_does_not_grow);
    RUN(what_is_not_decoded_or_not_followed_cannot_be_finished);
    RUN(every_failed_allocation_is_an_error_and_leaks_nothing);
    RUN(peak_memory_is_40_bytes_per_object_and_8_per_reference);
    return test_end();
}
