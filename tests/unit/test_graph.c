#include "graph/graph.h"

#include "base/mem.h"
#include "fail.h"
#include "test.h"

static void *copy(const void *from, size_t size)
{
    void *to = uf_mem_alloc(size);
    if (to)
        memcpy(to, from, size);
    return to;
}

/* Three nodes: 0 -> 1, 0 -> 2, 2 -> 0; node 1 is of more than 4 GiB. */
static bool make(struct uf_graph *graph)
{
    memset(graph, 0, sizeof *graph);
    graph->node_count = 3;
    graph->address = copy((uint64_t[]){0x1000, 0x2000, 0x3000}, 24);
    graph->type = copy((uint32_t[]){0, 1, 1}, 12);
    graph->size = copy((uint32_t[]){64, UF_SIZE_BIG, 0}, 12);
    graph->refcount = copy((uint32_t[]){1, 1, 1}, 12);
    graph->flags = copy((uint8_t[]){1, 0, 0}, 3);
    graph->edge_count = 3;
    graph->edge_start = copy((uint32_t[]){0, 2, 2, 3}, 16);
    graph->edge_target = copy((uf_node[]){1, 2, 0}, 12);
    graph->big_size_bytes = copy((uint64_t[]){UINT64_C(5) << 32}, 8);
    graph->types = uf_mem_zalloc(2 * sizeof *graph->types);
    graph->roots = uf_mem_zalloc(sizeof *graph->roots);
    if (!graph->address || !graph->type || !graph->size || !graph->refcount || !graph->flags ||
        !graph->edge_start || !graph->edge_target || !graph->big_size_bytes || !graph->types ||
        !graph->roots || uf_map_set(&graph->big_sizes, 2, 0))
        return false;
    graph->type_count = 2;
    graph->root_count = 1;
    graph->types[0] = (struct uf_graph_type){0x1000, uf_strings_add_z(&graph->strings, "dict"), 0};
    graph->types[1] = (struct uf_graph_type){
        0x9000, uf_strings_add_z(&graph->strings, "shop.Session"), UF_NODE_NONE};
    graph->roots[0] = (struct uf_graph_root){.node = 2, .name = 1, .kind = UF_ROOT_MODULE};
    return graph->types[1].name == 2;
}

TEST(a_sound_graph_passes_and_an_empty_one_too)
{
    struct uf_graph graph, empty = {0};
    EXPECT(make(&graph));
    EXPECT(uf_graph_check(&graph, NULL) == UF_OK);
    EXPECT(uf_graph_check(&empty, NULL) == UF_OK);
    uf_graph_release(&graph);
    EXPECT(graph.node_count == 0 && graph.address == NULL && graph.strings.count == 0);
    uf_graph_release(&graph);
}

TEST(sizes_of_any_magnitude_and_names_of_types_are_found)
{
    struct uf_graph graph;
    EXPECT(make(&graph));
    EXPECT(uf_graph_size(&graph, 0) == 64);
    EXPECT(uf_graph_size(&graph, 1) == UINT64_C(5) << 32);
    EXPECT(uf_graph_size(&graph, 2) == 0);
    EXPECT_TEXT(uf_graph_type_name(&graph, 0), "dict");
    EXPECT_TEXT(uf_graph_type_name(&graph, 2), "shop.Session");
    uf_graph_release(&graph);
}

#define EXPECT_CORRUPT(change, text)                                                               \
    do {                                                                                           \
        struct uf_graph graph;                                                                     \
        struct uf_error err = {0};                                                                 \
        EXPECT(make(&graph));                                                                      \
        change;                                                                                    \
        EXPECT(uf_graph_check(&graph, &err) == UF_ECORRUPT);                                       \
        EXPECT_TEXT(err.message, text);                                                            \
        uf_graph_release(&graph);                                                                  \
    } while (0)

TEST(every_broken_invariant_is_named)
{
    EXPECT_CORRUPT(graph.edge_start[0] = 1, "edge_start begins with 1");
    EXPECT_CORRUPT(graph.edge_start[1] = 3, "edge_start of node 1 descends");
    EXPECT_CORRUPT(graph.edge_start[3] = 2, "edge_start ends with 2, not with 3");
    EXPECT_CORRUPT(graph.edge_target[1] = 3, "target 3 of edge 1 is out of range");
    EXPECT_CORRUPT(graph.type[2] = 2, "type 2 of node 2 is out of range");
    EXPECT_CORRUPT(graph.size[1] = 5, "big size of node 1 is listed and not marked");
    EXPECT_CORRUPT(graph.size[2] = UF_SIZE_BIG, "big size of node 2 is marked and not listed");
    EXPECT_CORRUPT(uf_map_set(&graph.big_sizes, 77, 0), "2 big sizes for 1 nodes");
    EXPECT_CORRUPT(graph.address[1] = 0, "address of node 1 is no object's");
    EXPECT_CORRUPT(graph.address[2] = 0x1000, "address of node 2 stands twice");
    EXPECT_CORRUPT(graph.types[1].name = 3, "name or node of type 1 is out of range");
    EXPECT_CORRUPT(graph.types[1].node = 3, "name or node of type 1 is out of range");
    EXPECT_CORRUPT(graph.roots[0].node = 3, "node, name or kind of root 0 is out of range");
    EXPECT_CORRUPT(graph.roots[0].kind = 9, "node, name or kind of root 0 is out of range");
    EXPECT_CORRUPT(graph.roots[0].label = 3, "node, name or kind of root 0 is out of range");
}

/* Of the references of make()'s graph some are guessed. */
TEST(guessed_references_are_the_last_ones_of_their_object)
{
    struct uf_graph graph;
    EXPECT(make(&graph));
    uint32_t edges[] = {graph.edge_start[1] - 1};
    EXPECT(uf_graph_first_guessed(&graph, 0) == graph.edge_start[1]);
    EXPECT(!uf_graph_is_guessed(&graph, edges[0]));
    graph.guessed = uf_mem_alloc(sizeof edges);
    memcpy(graph.guessed, edges, sizeof edges);
    graph.guessed_count = 1;
    EXPECT(uf_graph_check(&graph, NULL) == UF_OK);
    EXPECT(uf_graph_first_guessed(&graph, 0) == edges[0]);
    EXPECT(uf_graph_is_guessed(&graph, edges[0]) && !uf_graph_is_guessed(&graph, edges[0] + 1));
    EXPECT(uf_graph_first_guessed(&graph, 1) == graph.edge_start[2]);
    graph.guessed[0] = graph.edge_count;
    EXPECT(uf_graph_check(&graph, NULL) == UF_ECORRUPT);
    if (graph.edge_start[1] > 1) {
        graph.guessed[0] = 0;
        EXPECT(uf_graph_check(&graph, NULL) == UF_ECORRUPT);
    }
    uf_graph_release(&graph);
}

static bool make_and_check(void)
{
    struct uf_graph graph;
    bool done = make(&graph) && uf_graph_check(&graph, NULL) == UF_OK;
    uf_graph_release(&graph);
    return done;
}

TEST(a_graph_of_which_only_a_part_was_made_is_released)
{
    EXPECT(every_failed_allocation_is_an_error(make_and_check));
}

int main(void)
{
    RUN(a_sound_graph_passes_and_an_empty_one_too);
    RUN(sizes_of_any_magnitude_and_names_of_types_are_found);
    RUN(every_broken_invariant_is_named);
    RUN(guessed_references_are_the_last_ones_of_their_object);
    RUN(a_graph_of_which_only_a_part_was_made_is_released);
    return test_end();
}
