#include "analysis/weight.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static struct uf_dominators d;
static uint64_t bytes, objects;

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

/* Names separated by blanks. */
static enum uf_code weigh(const char *names)
{
    char text[128];
    uf_node set[16];
    size_t count = 0;
    snprintf(text, sizeof text, "%s", names);
    for (char *name = strtok(text, " "); name; name = strtok(NULL, " "))
        set[count++] = made_node(&made, name);
    return uf_retained_of_set(&d, set, count, &bytes, &objects, NULL);
}

static const char tree[] =
    "root module app -> app\napp -> a\napp -> b\na: x size=10\nb: x size=20\n"
    "a -> a1\na1: x size=100\na1 -> a2\na2: x size=1000\n"
    "a -> both\nb -> both\nboth: x size=50000\nlost: x size=7\n";

TEST(the_weight_of_one_is_what_it_retains)
{
    given(tree);
    EXPECT(weigh("a1") == UF_OK && bytes == 1100 && objects == 2);
    EXPECT(weigh("a2") == UF_OK && bytes == 1000 && objects == 1);
    done();
}

TEST(what_another_member_dominates_is_not_counted_again)
{
    given(tree);
    EXPECT(weigh("a2 a") == UF_OK && bytes == 1110 && objects == 3);
    EXPECT(weigh("a a1 a2 a") == UF_OK && bytes == 1110 && objects == 3);
    EXPECT(weigh("a2 b") == UF_OK && bytes == 1020 && objects == 2);
    done();
}

TEST(what_only_several_together_keep_alive_is_in_no_share)
{
    given(tree);
    EXPECT(weigh("a b") == UF_OK && bytes == 1130 && objects == 4);
    EXPECT(weigh("a b both") == UF_OK && bytes == 51130 && objects == 5);
    done();
}

TEST(garbage_and_an_empty_set_weigh_nothing)
{
    given(tree);
    EXPECT(weigh("lost") == UF_OK && bytes == 0 && objects == 0);
    EXPECT(weigh("") == UF_OK && bytes == 0 && objects == 0);
    done();
}

TEST(a_node_out_of_range_is_refused)
{
    given(tree);
    struct uf_error err;
    uf_node beyond = made.graph.node_count;
    EXPECT(uf_retained_of_set(&d, &beyond, 1, &bytes, &objects, &err) == UF_EINVAL);
    EXPECT_TEXT(err.message, "a node of the set is not in the graph");
    done();
}

static bool weigh_two(void)
{
    return weigh("a b") == UF_OK;
}

TEST(each_allocation_that_fails_is_an_error_and_leaks_nothing)
{
    given(tree);
    EXPECT(every_failed_allocation_is_an_error(weigh_two));
    done();
}

int main(void)
{
    RUN(the_weight_of_one_is_what_it_retains);
    RUN(what_another_member_dominates_is_not_counted_again);
    RUN(what_only_several_together_keep_alive_is_in_no_share);
    RUN(garbage_and_an_empty_set_weigh_nothing);
    RUN(a_node_out_of_range_is_refused);
    RUN(each_allocation_that_fails_is_an_error_and_leaks_nothing);
    return test_end();
}
