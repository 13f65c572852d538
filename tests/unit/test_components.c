#include "analysis/components.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static uint8_t member[MADE_NODES];
static struct uf_components c;

/* All nodes are members but those called "out...". */
static void given(const char *text)
{
    make_graph(&made, text);
    for (uf_node n = 0; n < made.node_count; n++)
        member[n] = strncmp(made.nodes[n].name, "out", 3) != 0;
    EXPECT(uf_components_build(&c, &made.graph, member, NULL) == UF_OK);
}

static void done(void)
{
    uf_components_release(&c);
    made_graph_release(&made);
}

static uint32_t component_of(const char *name)
{
    return c.component[made_node(&made, name)];
}

TEST(cycles_that_share_a_node_are_one_component_and_a_chain_is_none)
{
    given("a -> b\nb -> a\nb -> c\nc -> b\nc -> d\nd -> e\n");
    EXPECT(c.count == 1 && c.size_of[0] == 3 && c.first_of[0] == made_node(&made, "a"));
    EXPECT(component_of("c") == 0 && component_of("d") == UINT32_MAX &&
           component_of("e") == UINT32_MAX);
    done();
}

TEST(components_are_numbered_by_their_first_node)
{
    given("z: x\na: x\nb: x\na -> b\nb -> a\nb -> z\nz -> y\ny -> z\n");
    EXPECT(c.count == 2 && component_of("z") == 0 && component_of("y") == 0 &&
           component_of("b") == 1);
    done();
}

TEST(one_node_is_a_component_when_it_refers_to_itself)
{
    given("a -> a\na -> b\n");
    EXPECT(c.count == 1 && c.size_of[0] == 1 && component_of("b") == UINT32_MAX);
    done();
}

TEST(a_way_through_what_is_no_member_does_not_count)
{
    given("a -> out\nout -> a\na -> b\nb -> out\n");
    EXPECT(c.count == 0 && component_of("out") == UINT32_MAX);
    EXPECT(c.references[made_node(&made, "a")] == 0 && c.references[made_node(&made, "b")] == 1);
    done();
}

TEST(references_of_members_are_counted_each)
{
    given("a -> b [0]\na -> b [1]\nb -> b\nout -> b\n");
    EXPECT(c.references[made_node(&made, "b")] == 3);
    done();
}

TEST(an_empty_graph_has_none)
{
    given("");
    EXPECT(c.count == 0);
    done();
}

TEST(a_ring_of_a_million_nodes_needs_no_recursion)
{
    enum { NODES = 1000000 };
    struct uf_graph graph = {.node_count = NODES, .edge_count = NODES};
    uint8_t *all = made_room(NODES, 1);
    graph.edge_start = made_room(NODES + 1, sizeof *graph.edge_start);
    graph.edge_target = made_room(NODES, sizeof *graph.edge_target);
    for (uf_node n = 0; n < NODES; n++) {
        all[n] = 1;
        graph.edge_start[n] = n;
        graph.edge_target[n] = (n + 1) % NODES;
    }
    graph.edge_start[NODES] = NODES;
    EXPECT(uf_components_build(&c, &graph, all, NULL) == UF_OK);
    EXPECT(c.count == 1 && c.size_of[0] == NODES);
    uf_components_release(&c);
    uf_mem_free(all);
    uf_mem_free(graph.edge_start);
    uf_mem_free(graph.edge_target);
}

static bool build(void)
{
    struct uf_components again;
    if (uf_components_build(&again, &made.graph, member, NULL) != UF_OK)
        return again.component != NULL || again.first_of != NULL;
    uf_components_release(&again);
    return true;
}

TEST(each_allocation_that_fails_is_an_error_and_leaks_nothing)
{
    given("a -> b\nb -> c\nc -> a\nc -> d\nd -> e\ne -> f\nf -> c\nx -> x\n");
    EXPECT(every_failed_allocation_is_an_error(build));
    done();
}

int main(void)
{
    RUN(cycles_that_share_a_node_are_one_component_and_a_chain_is_none);
    RUN(components_are_numbered_by_their_first_node);
    RUN(one_node_is_a_component_when_it_refers_to_itself);
    RUN(a_way_through_what_is_no_member_does_not_count);
    RUN(references_of_members_are_counted_each);
    RUN(an_empty_graph_has_none);
    RUN(a_ring_of_a_million_nodes_needs_no_recursion);
    RUN(each_allocation_that_fails_is_an_error_and_leaks_nothing);
    return test_end();
}
