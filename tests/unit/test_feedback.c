#include "analysis/feedback.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static uint8_t member[MADE_NODES];
static struct uf_components components;
static struct uf_feedback feedback;

static void given(const char *text)
{
    make_graph(&made, text);
    memset(member, 1, sizeof member);
    EXPECT(uf_components_build(&components, &made.graph, member, NULL) == UF_OK);
    EXPECT(uf_feedback_find(&feedback, &made.graph, &components, 0, NULL) == UF_OK);
}

static void done(void)
{
    uf_feedback_release(&feedback);
    uf_components_release(&components);
    made_graph_release(&made);
}

/* The targets of the references that are on every cycle, in the cycle's order. */
static const char *enough(void)
{
    static char text[256];
    text[0] = '\0';
    for (size_t p = 0; p < feedback.cycle.len; p++) {
        size_t used = strlen(text);
        if (feedback.enough[p])
            snprintf(text + used, sizeof text - used, "%s%s", used ? " " : "",
                     made.nodes[made.graph.edge_target[feedback.cycle.at[p]]].name);
    }
    return text;
}

TEST(in_a_ring_every_reference_is_enough)
{
    given("a -> b\nb -> c\nc -> a\n");
    EXPECT_TEXT(enough(), "b c a");
    EXPECT(feedback.enough_count == 3 && feedback.parallel[0] == 1);
    done();
}

TEST(a_short_cut_forwards_makes_what_it_passes_by_not_enough)
{
    given("a -> b\nb -> c\nc -> d\nd -> e\ne -> a\nb -> x\nx -> y\ny -> z\nz -> d\n");
    EXPECT_TEXT(enough(), "b e a");
    done();
}

TEST(a_short_cut_backwards_leaves_only_what_lies_between_its_ends)
{
    given("a -> b\nb -> c\nc -> d\nd -> a\nd -> x\nx -> b\n");
    EXPECT_TEXT(enough(), "c d");
    done();
}

TEST(a_second_cycle_apart_from_the_first_leaves_none)
{
    given("a -> b\nb -> a\nb -> x\nx -> y\ny -> x\ny -> a\n");
    EXPECT_TEXT(enough(), "");
    done();
    /* It hangs between two places, and what lies before them is on no jump. */
    given("a -> b\nb -> c\nc -> d\nd -> a\nc -> x\nx -> y\ny -> x\ny -> d\n");
    EXPECT_TEXT(enough(), "");
    done();
}

TEST(a_node_that_also_refers_to_itself_leaves_none)
{
    given("a -> b\nb -> a\nb -> b\n");
    EXPECT_TEXT(enough(), "");
    done();
}

TEST(parallel_references_are_taken_as_one)
{
    given("a -> b\na -> b\nb -> a\n");
    EXPECT_TEXT(enough(), "b a");
    EXPECT(feedback.parallel[0] == 2 && feedback.parallel[1] == 1);
    done();
}

TEST(a_walk_is_the_shortest_way_inside_the_component)
{
    given("a -> b\nb -> c\nc -> d\nd -> a\nb -> d\n");
    uf_edge_vec walk = {0};
    EXPECT(uf_feedback_walk(&walk, &made.graph, &components, made_node(&made, "a"),
                            made_node(&made, "d"), NULL) == UF_OK);
    EXPECT(walk.len == 2 && walk.at[0] == made_edge(&made, "a", "b") &&
           walk.at[1] == made_edge(&made, "b", "d"));
    EXPECT(uf_feedback_walk(&walk, &made.graph, &components, made_node(&made, "c"),
                            made_node(&made, "c"), NULL) == UF_OK);
    EXPECT(walk.len == 6 && walk.at[2] == made_edge(&made, "c", "d"));
    uf_vec_release(&walk);
    done();
}

static bool find(void)
{
    struct uf_feedback again;
    if (uf_feedback_find(&again, &made.graph, &components, 0, NULL) != UF_OK)
        return again.cycle.at != NULL || again.enough != NULL;
    uf_feedback_release(&again);
    return true;
}

TEST(each_allocation_that_fails_is_an_error_and_leaks_nothing)
{
    given("a -> b\nb -> c\nc -> a\n");
    EXPECT(every_failed_allocation_is_an_error(find));
    done();
}

int main(void)
{
    RUN(in_a_ring_every_reference_is_enough);
    RUN(a_short_cut_forwards_makes_what_it_passes_by_not_enough);
    RUN(a_short_cut_backwards_leaves_only_what_lies_between_its_ends);
    RUN(a_second_cycle_apart_from_the_first_leaves_none);
    RUN(a_node_that_also_refers_to_itself_leaves_none);
    RUN(parallel_references_are_taken_as_one);
    RUN(a_walk_is_the_shortest_way_inside_the_component);
    RUN(each_allocation_that_fails_is_an_error_and_leaks_nothing);
    return test_end();
}
