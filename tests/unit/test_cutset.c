#include "analysis/cutset.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static uint8_t member[MADE_NODES];
static struct uf_components components;
static struct uf_piece piece;
static struct uf_kinds kinds;
static struct uf_cutset set;

static void given(const char *text, size_t max)
{
    make_graph(&made, text);
    memset(member, 1, sizeof member);
    EXPECT(uf_components_build(&components, &made.graph, member, NULL) == UF_OK);
    EXPECT(uf_piece_build(&piece, &made.graph, member, &components, 0, NULL) == UF_OK);
    EXPECT(uf_kinds_build(&kinds, &piece, &made.graph, &made.names, NULL) == UF_OK);
    EXPECT(uf_cutset_find(&set, &piece, &kinds, max, NULL) == UF_OK);
    EXPECT(piece.removed.len == 0);
}

static void done(void)
{
    uf_cutset_release(&set);
    uf_kinds_release(&kinds);
    uf_piece_release(&piece);
    uf_components_release(&components);
    made_graph_release(&made);
}

static bool has(const char *source, const char *target)
{
    for (size_t i = 0; i < set.edges.len; i++) {
        if (piece.edge[set.edges.at[i]] == made_edge(&made, source, target))
            return true;
    }
    return false;
}

TEST(better_references_are_taken_even_if_there_are_more_of_them)
{
    given("a -> b [0]\nb -> a .x\nb -> c .y\nc -> a .z\n", 8);
    EXPECT(set.enough && set.edges.len == 2 && !has("a", "b"));
    EXPECT(has("b", "a") && (has("b", "c") || has("c", "a")) && set.rank == 3);
    done();
}

TEST(among_references_of_one_rank_those_that_do_most_are_taken)
{
    given("a -> hub .zz\nb -> hub .zy\nhub -> a .a\nhub -> b .b\nb -> a .c\n"
          "x -> y .d\ny -> x .e\nhub -> x .f\ny -> hub .g\n",
          8);
    EXPECT(set.enough && set.edges.len == 3);
    done();
}

TEST(where_nobody_can_change_what_is_needed_fewer_are_better)
{
    given("k -> d .__dict__\nd -> p [0]\nd -> q [1]\nd -> r [2]\np -> k .__objclass__\n"
          "q -> k .__objclass__\nr -> k .__objclass__\nk -> m .__mro__\nm -> k .__self__\nk -> k "
          ".__base__\n",
          8);
    EXPECT(set.enough && set.edges.len == 3 && has("k", "d") && has("k", "k"));
    done();
}

TEST(when_more_are_needed_than_allowed_it_is_said)
{
    given("a -> b [0]\nb -> a [0]\na -> c [1]\nc -> a [0]\nb -> c [1]\nc -> b [1]\na -> a [2]\n",
          2);
    EXPECT(!set.enough && set.edges.len == 2);
    done();
    given("a -> b [0]\nb -> a [0]\na -> c [1]\nc -> a [0]\nb -> c [1]\nc -> b [1]\na -> a [2]\n",
          4);
    EXPECT(set.enough && set.edges.len == 4 && has("a", "a"));
    done();
}

static bool find(void)
{
    struct uf_cutset again;
    if (uf_cutset_find(&again, &piece, &kinds, 8, NULL) != UF_OK)
        return again.edges.at != NULL;
    uf_cutset_release(&again);
    return true;
}

static bool sort(void)
{
    struct uf_kinds again;
    if (uf_kinds_build(&again, &piece, &made.graph, &made.names, NULL) != UF_OK)
        return again.kind_of != NULL || again.kinds.at != NULL;
    uf_kinds_release(&again);
    return true;
}

TEST(each_allocation_that_fails_is_an_error_and_leaks_nothing)
{
    given("a -> b .__mro__\nb -> a .x\nb -> c .y\nc -> a .z\nc -> c .__base__\n", 8);
    EXPECT(every_failed_allocation_is_an_error(find));
    EXPECT(every_failed_allocation_is_an_error(sort));
    done();
}

int main(void)
{
    RUN(better_references_are_taken_even_if_there_are_more_of_them);
    RUN(among_references_of_one_rank_those_that_do_most_are_taken);
    RUN(where_nobody_can_change_what_is_needed_fewer_are_better);
    RUN(when_more_are_needed_than_allowed_it_is_said);
    RUN(each_allocation_that_fails_is_an_error_and_leaks_nothing);
    return test_end();
}
