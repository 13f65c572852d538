#include "analysis/cascade.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static uint64_t objects, bytes;
static uint8_t freed[16];

/* All nodes take part. */
static enum uf_code play(const uint32_t *cut, size_t count)
{
    uf_node nodes[16];
    for (uf_node n = 0; n < made.node_count; n++)
        nodes[n] = n;
    memset(freed, 0, sizeof freed);
    return uf_cascade_run(&made.graph, nodes, made.node_count, cut, count, freed, &objects, &bytes,
                          NULL);
}

TEST(what_loses_its_last_reference_drops_its_own)
{
    make_graph(&made, "a -> b\nb -> a\nb -> c\na -> c\nc: x size=10\nl -> l\n");
    uint32_t cut[] = {made_edge(&made, "b", "a")};
    EXPECT(play(NULL, 0) == UF_OK && objects == 0 && bytes == 0);
    EXPECT(play(cut, 1) == UF_OK && objects == 3 && bytes == 12);
    EXPECT(freed[0] && freed[1] && freed[2] && !freed[3]);
    made_graph_release(&made);
}

TEST(a_reference_that_stands_twice_counts_twice_and_a_cut_named_twice_once)
{
    make_graph(&made, "a -> b [0]\na -> b [1]\nb -> a\n");
    uint32_t one[] = {0, 0}, both[] = {1, 0, 1};
    EXPECT(play(one, 2) == UF_OK && objects == 0);
    EXPECT(play(both, 3) == UF_OK && objects == 2);
    made_graph_release(&made);
}

TEST(what_takes_no_part_neither_holds_nor_falls)
{
    make_graph(&made, "a -> b\nb -> c\nx -> b\n");
    uf_node nodes[] = {made_node(&made, "b"), made_node(&made, "c")};
    EXPECT(uf_cascade_run(&made.graph, nodes, 2, NULL, 0, NULL, &objects, &bytes, NULL) == UF_OK);
    EXPECT(objects == 2 && bytes == 2);
    nodes[0] = made_node(&made, "a");
    EXPECT(uf_cascade_run(&made.graph, nodes, 1, NULL, 0, NULL, &objects, &bytes, NULL) == UF_OK);
    EXPECT(objects == 1);
    made_graph_release(&made);
}

static bool play_once(void)
{
    uint32_t cut = 0;
    return play(&cut, 1) == UF_OK;
}

TEST(each_allocation_that_fails_is_an_error_and_leaks_nothing)
{
    make_graph(&made, "a -> b\nb -> a\n");
    EXPECT(every_failed_allocation_is_an_error(play_once));
    made_graph_release(&made);
}

int main(void)
{
    RUN(what_loses_its_last_reference_drops_its_own);
    RUN(a_reference_that_stands_twice_counts_twice_and_a_cut_named_twice_once);
    RUN(what_takes_no_part_neither_holds_nor_falls);
    RUN(each_allocation_that_fails_is_an_error_and_leaks_nothing);
    return test_end();
}
