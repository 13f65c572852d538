/* Nodes that go out of a finished graph, against building the graph without them. */
#include "graph/builder.h"

#include "random.h"
#include "test.h"

#include <stdlib.h>

#define NODES 300
#define EDGES 8 /* of a node, at most */

static uint64_t targets[NODES][EDGES];
static uint32_t degree[NODES];
static uint64_t removed[NODES / 64 + 1];

static uint64_t address(uint32_t node)
{
    return UINT64_C(0x100000) + (uint64_t)node * 48;
}

static bool is_removed(uint32_t node)
{
    return removed[node / 64] >> node % 64 & 1;
}

static uint64_t size_of(uint32_t node)
{
    return node % 7 ? node : (UINT64_C(1) << 33) + node; /* some do not fit into 32 bits */
}

static void make_random(uint64_t seed)
{
    random_seed(seed);
    memset(removed, 0, sizeof removed);
    for (uint32_t node = 0; node < NODES; node++) {
        degree[node] = (uint32_t)random_below(EDGES + 1);
        for (uint32_t i = 0; i < degree[node]; i++)
            targets[node][i] = address((uint32_t)random_below(NODES));
        removed[node / 64] |= (uint64_t)(random_below(5) == 0) << node % 64;
    }
}

static void build(struct uf_builder *b, struct uf_graph *graph)
{
    uint64_t at;
    EXPECT(!uf_builder_init(b, NULL));
    for (uint32_t node = 0; node < NODES; node++)
        EXPECT(!uf_builder_add(b, address(node), (uint8_t)(node % 3), NULL));
    for (uint32_t node = 0; uf_builder_next(b, &at); node++) {
        struct uf_builder_header header = {
            .type = node % 5, .refcount = node + 1, .size = size_of(node)};
        for (uint32_t i = 0; i < degree[node]; i++)
            EXPECT(!uf_vec_push(&b->refs, targets[node][i]));
        EXPECT(!uf_builder_commit(b, &header, NULL));
    }
    EXPECT(!uf_builder_finish(b, graph, NULL));
}

static uint32_t number_of(uint64_t target)
{
    return (uint32_t)((target - address(0)) / 48);
}

/* Each node that stayed has what it had, in its order, but for what went. */
static void compare(const struct uf_builder *b, const struct uf_graph *graph, const uint64_t *lost)
{
    uf_node now = 0;
    uint32_t edge = 0;
    for (uint32_t node = 0; node < NODES; node++) {
        bool has_lost = false;
        if (is_removed(node)) {
            EXPECT(uf_builder_node_of(b, address(node)) == UF_NODE_NONE);
            continue;
        }
        EXPECT(uf_builder_node_of(b, address(node)) == now && graph->address[now] == address(node));
        EXPECT(graph->type[now] == node % 5 && graph->refcount[now] == node + 1);
        EXPECT(graph->flags[now] == node % 3 && uf_graph_size(graph, now) == size_of(node));
        EXPECT(graph->edge_start[now] == edge);
        for (uint32_t i = 0; i < degree[node]; i++) {
            has_lost |= is_removed(number_of(targets[node][i]));
            if (!is_removed(number_of(targets[node][i])))
                EXPECT(graph->address[graph->edge_target[edge++]] == targets[node][i]);
        }
        EXPECT(has_lost == (lost[now / 64] >> now % 64 & 1));
        now++;
    }
    EXPECT(graph->node_count == now && graph->edge_count == edge);
}

TEST(what_stays_is_as_it_was)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct uf_builder b;
        struct uf_graph graph = {0};
        struct uf_error err;
        uint64_t lost[NODES / 64 + 1] = {0};
        make_random(seed);
        build(&b, &graph);
        graph.types = uf_mem_zalloc(5 * sizeof *graph.types);
        graph.type_count = 5;
        for (uint32_t i = 0; i < 5; i++)
            graph.types[i] = (struct uf_graph_type){.address = address(i), .node = i};
        EXPECT(uf_builder_remove(&b, &graph, removed, lost, NULL) == UF_OK);
        compare(&b, &graph, lost);
        for (uint32_t i = 0; i < 5; i++)
            EXPECT(graph.types[i].node == uf_builder_node_of(&b, address(i)));
        EXPECT(uf_graph_check(&graph, &err) == UF_OK);
        uf_builder_release(&b);
        uf_graph_release(&graph);
    }
}

TEST(guessed_references_stay_the_last_ones)
{
    struct uf_builder b;
    struct uf_graph graph = {0};
    struct uf_error err;
    uint32_t guesses = 0, kept = 0;
    make_random(77);
    build(&b, &graph);
    graph.guessed = uf_mem_alloc(NODES * sizeof *graph.guessed);
    for (uint32_t node = 0; node < NODES; node++) {
        if (!degree[node])
            continue;
        graph.guessed[guesses++] = graph.edge_start[node + 1] - 1;
        kept += !is_removed(node) && !is_removed(number_of(targets[node][degree[node] - 1]));
    }
    graph.guessed_count = guesses;
    graph.types = uf_mem_zalloc(5 * sizeof *graph.types);
    graph.type_count = 5;
    for (uint32_t i = 0; i < 5; i++)
        graph.types[i] = (struct uf_graph_type){.address = address(i), .node = UF_NODE_NONE};
    EXPECT(uf_builder_remove(&b, &graph, removed, NULL, NULL) == UF_OK);
    EXPECT(graph.guessed_count == kept && kept > 0 && kept < guesses);
    EXPECT(uf_graph_check(&graph, &err) == UF_OK);
    uf_builder_release(&b);
    uf_graph_release(&graph);
}

TEST(without_memory_nothing_is_done)
{
    make_random(3);
    for (uint64_t nth = 1;; nth++) {
        struct uf_builder b;
        struct uf_graph graph = {0};
        build(&b, &graph);
        uint64_t blocks = uf_mem_live_blocks();
        uf_mem_fail_at(nth);
        enum uf_code code = uf_builder_remove(&b, &graph, removed, NULL, NULL);
        uf_mem_fail_at(0);
        if (code)
            EXPECT(code == UF_ENOMEM && graph.node_count == NODES &&
                   uf_mem_live_blocks() == blocks);
        uf_builder_release(&b);
        uf_graph_release(&graph);
        if (!code)
            break;
        EXPECT(nth < 20);
    }
}

/* Only the second window of all is there. */
static bool second_window(const void *context, uint64_t start)
{
    (void)context;
    return start == UF_BUILDER_WINDOW;
}

TEST(addresses_that_are_made_up_cost_no_tables)
{
    static const struct uf_builder_header nothing;
    struct uf_builder b;
    uint64_t at;
    EXPECT(!uf_builder_init(&b, NULL));
    b.mapped = second_window;
    EXPECT(!uf_builder_add(&b, UF_BUILDER_WINDOW + 64, 0, NULL));
    EXPECT(!uf_builder_add(&b, UF_BUILDER_WINDOW * 9, 0, NULL));
    EXPECT(!uf_builder_add(&b, 3, 0, NULL));
    EXPECT(b.count == 2 && b.address[1] == UF_BUILDER_NOWHERE);
    size_t leaves = b.index.leaf_count;
    while (uf_builder_next(&b, &at)) {
        for (uint64_t i = 0; b.decoded == 0 && i < 1000; i++)
            EXPECT(!uf_vec_push(&b.refs, i * UF_BUILDER_WINDOW * 5 + i % 16));
        EXPECT(!uf_builder_commit(&b, &nothing, NULL));
    }
    EXPECT(b.count == 2 && b.index.leaf_count == leaves && b.refs.len == 1000);
    for (size_t i = 0; i < b.refs.len; i++)
        EXPECT(b.refs.at[i] == UF_BUILDER_NOWHERE);
    uf_builder_release(&b);
}

int main(void)
{
    RUN(what_stays_is_as_it_was);
    RUN(guessed_references_stay_the_last_ones);
    RUN(without_memory_nothing_is_done);
    RUN(addresses_that_are_made_up_cost_no_tables);
    return test_end();
}
