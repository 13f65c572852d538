#include "analysis/dominators.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static struct uf_dominators d;

static void given(const char *text)
{
    make_graph(&made, text);
    EXPECT(uf_dominators_build(&d, &made.graph, NULL) == UF_OK);
}

static void done(void)
{
    uf_dominators_release(&d);
    made_graph_release(&made);
}

static const char *idom_of(const char *name)
{
    uf_node idom = d.idom[made_node(&made, name)];
    return idom == UF_NODE_NONE ? "" : made.nodes[idom].name;
}

static uint64_t retained_by(const char *name)
{
    return d.retained[made_node(&made, name)];
}

static uint32_t objects_of(const char *name)
{
    return d.retained_objects[made_node(&made, name)];
}

TEST(what_two_ways_lead_to_belongs_to_where_they_part)
{
    given("root module app -> app\napp: module size=1\napp -> top\ntop: object size=10\n"
          "top -> left\ntop -> right\nleft: object size=100\nright: object size=1000\n"
          "left -> both\nright -> both\nboth: object size=10000\nboth -> end\nend: object "
          "size=100000\n");
    EXPECT_TEXT(idom_of("app"), "");
    EXPECT_TEXT(idom_of("top"), "app");
    EXPECT_TEXT(idom_of("both"), "top");
    EXPECT_TEXT(idom_of("end"), "both");
    EXPECT(retained_by("app") == 111111 && retained_by("top") == 111110);
    EXPECT(retained_by("left") == 100 && retained_by("both") == 110000);
    EXPECT(objects_of("top") == 5 && objects_of("both") == 2);
    done();
}

TEST(the_example_of_lengauer_and_tarjan)
{
    given("root module m -> R\nR -> A\nR -> B\nR -> C\nA -> D\nB -> A\nB -> D\nB -> E\nC -> F\nC "
          "-> G\n"
          "D -> L\nE -> H\nF -> I\nG -> I\nG -> J\nH -> E\nH -> K\nI -> K\nJ -> I\nK -> I\nK -> "
          "R\nL -> H\n");
    const char *expected[][2] = {{"A", "R"}, {"B", "R"}, {"C", "R"}, {"D", "R"},
                                 {"E", "R"}, {"F", "C"}, {"G", "C"}, {"H", "R"},
                                 {"I", "R"}, {"J", "G"}, {"K", "R"}, {"L", "D"}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        EXPECT_TEXT(idom_of(expected[i][0]), expected[i][1]);
    EXPECT(objects_of("R") == 13 && objects_of("C") == 4);
    done();
}

TEST(a_second_root_of_any_kind_frees_a_node_from_its_holder)
{
    given("root module app -> app\napp -> a\na -> b\nroot native -> b\nb -> c\n");
    EXPECT_TEXT(idom_of("b"), "");
    EXPECT_TEXT(idom_of("c"), "b");
    EXPECT(objects_of("a") == 1);
    done();
}

TEST(what_is_not_reached_has_no_dominator_and_retains_nothing)
{
    given("root module app -> app\nx -> y\ny -> x\ny -> app\n");
    EXPECT_TEXT(idom_of("x"), "");
    EXPECT(retained_by("x") == 0 && objects_of("y") == 0 && objects_of("app") == 1);
    done();
}

TEST(own_objects_hold_only_what_nothing_else_holds_and_weigh_nothing)
{
    given(
        "root module unfreed -> own\nown: engine own size=99\nown -> a\nown -> b\n"
        "root module app -> app\napp -> a\nb: object size=5\nb -> c\nc: object own size=7\nc -> d\n"
        "d: object size=20\nb -> a\napp -> probe\nprobe: object own size=3\nprobe -> own2\nown2: x "
        "own\n");
    EXPECT_TEXT(idom_of("a"), "app");
    EXPECT_TEXT(idom_of("b"), "own");
    EXPECT_TEXT(idom_of("d"), "c");
    EXPECT(retained_by("own") == 25 && objects_of("own") == 2);
    EXPECT_TEXT(idom_of("probe"), "");
    EXPECT(retained_by("app") == 2 && retained_by("probe") == 0 && objects_of("probe") == 0);
    done();
}

TEST(a_chain_of_a_million_nodes_needs_no_recursion)
{
    enum { NODES = 1000000 };
    struct uf_graph_root root = {.node = 0};
    struct uf_graph graph = {
        .node_count = NODES, .edge_count = 2 * NODES - 2, .roots = &root, .root_count = 1};
    graph.size = made_room(NODES, sizeof *graph.size);
    graph.flags = made_room(NODES, 1);
    graph.edge_start = made_room(NODES + 1, sizeof *graph.edge_start);
    graph.edge_target = made_room(2 * NODES, sizeof *graph.edge_target);
    uint32_t e = 0;
    for (uf_node n = 0; n < NODES; n++) { /* to the next one, and back to the one before */
        graph.size[n] = 1;
        graph.edge_start[n] = e;
        if (n + 1 < NODES)
            graph.edge_target[e++] = n + 1;
        if (n > 0)
            graph.edge_target[e++] = n - 1;
    }
    graph.edge_start[NODES] = e;
    EXPECT(e == graph.edge_count);
    EXPECT(uf_dominators_build(&d, &graph, NULL) == UF_OK);
    EXPECT(d.idom[NODES - 1] == NODES - 2 && d.retained[0] == NODES &&
           d.retained[NODES / 2] == NODES / 2);
    uf_dominators_release(&d);
    uf_mem_free(graph.size);
    uf_mem_free(graph.flags);
    uf_mem_free(graph.edge_start);
    uf_mem_free(graph.edge_target);
}

/* A list of LINKS links, each with a value without references and one with one, all of which the
 * head's table refers to as well: whoever goes up link by link from each of them never ends. */
TEST(values_of_a_long_list_that_a_table_shares_take_no_time)
{
    enum { LINKS = 300000, VALUES = 1 + LINKS, NODES = 1 + 3 * LINKS, EDGES = 6 * LINKS };
    struct uf_graph_root root = {.node = 0};
    struct uf_graph graph = {.node_count = NODES, .roots = &root, .root_count = 1};
    graph.size = made_room(NODES, sizeof *graph.size);
    graph.flags = made_room(NODES, 1);
    graph.edge_start = made_room(NODES + 1, sizeof *graph.edge_start);
    graph.edge_target = made_room(EDGES, sizeof *graph.edge_target);
    uint32_t e = 0;
    graph.edge_target[e++] = 1;
    for (uf_node v = VALUES; v < NODES; v++)
        graph.edge_target[e++] = v;
    for (uf_node n = 1; n < NODES; n++) {
        graph.size[n] = 1;
        graph.edge_start[n] = e;
        if (n < LINKS)
            graph.edge_target[e++] = n + 1;
        if (n < VALUES) {
            graph.edge_target[e++] = n + LINKS;
            graph.edge_target[e++] = n + 2 * LINKS;
        } else if (n < VALUES + LINKS) {
            graph.edge_target[e++] = 0;
        }
    }
    graph.edge_start[NODES] = graph.edge_count = e;
    EXPECT(e == EDGES);
    EXPECT(uf_dominators_build(&d, &graph, NULL) == UF_OK);
    EXPECT(d.idom[NODES - 1] == 0 && d.idom[NODES - 1 - LINKS] == 0 && d.idom[LINKS] == LINKS - 1);
    EXPECT(d.retained[0] == NODES - 1 && d.retained[1] == LINKS);
    uf_dominators_release(&d);
    uf_mem_free(graph.size);
    uf_mem_free(graph.flags);
    uf_mem_free(graph.edge_start);
    uf_mem_free(graph.edge_target);
}

TEST(a_graph_without_roots_or_nodes_is_no_error)
{
    given("");
    EXPECT(d.node_count == 0);
    done();
    given("a -> b\n");
    EXPECT(objects_of("a") == 0);
    done();
}

static bool build(void)
{
    struct uf_dominators again;
    if (uf_dominators_build(&again, &made.graph, NULL) != UF_OK)
        return again.idom != NULL;
    uf_dominators_release(&again);
    return true;
}

TEST(each_allocation_that_fails_is_an_error_and_leaks_nothing)
{
    given("root module app -> app\napp -> a\na -> b\nb -> app\napp -> own\nown: x own\n");
    EXPECT(every_failed_allocation_is_an_error(build));
    done();
}

int main(void)
{
    RUN(what_two_ways_lead_to_belongs_to_where_they_part);
    RUN(the_example_of_lengauer_and_tarjan);
    RUN(a_second_root_of_any_kind_frees_a_node_from_its_holder);
    RUN(what_is_not_reached_has_no_dominator_and_retains_nothing);
    RUN(own_objects_hold_only_what_nothing_else_holds_and_weigh_nothing);
    RUN(a_chain_of_a_million_nodes_needs_no_recursion);
    RUN(values_of_a_long_list_that_a_table_shares_take_no_time);
    RUN(a_graph_without_roots_or_nodes_is_no_error);
    RUN(each_allocation_that_fails_is_an_error_and_leaks_nothing);
    return test_end();
}
