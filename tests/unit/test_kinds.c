#include "analysis/kinds.h"

#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static uint8_t member[MADE_NODES];
static struct uf_components components;
static struct uf_piece piece;
static struct uf_kinds kinds;

static void given(const char *text)
{
    make_graph(&made, text);
    memset(member, 1, sizeof member);
    EXPECT(uf_components_build(&components, &made.graph, member, NULL) == UF_OK);
    EXPECT(uf_piece_build(&piece, &made.graph, member, &components, 0, NULL) == UF_OK);
    EXPECT(uf_kinds_build(&kinds, &piece, &made.graph, &made.names, NULL) == UF_OK);
}

static void done(void)
{
    uf_kinds_release(&kinds);
    uf_piece_release(&piece);
    uf_components_release(&components);
    made_graph_release(&made);
}

static uint32_t kind_of(const char *source, const char *target)
{
    uint32_t e = 0;
    while (piece.edge[e] != made_edge(&made, source, target))
        e++;
    return kinds.kind_of[e];
}

static const struct uf_kind *at(const char *source, const char *target)
{
    return &kinds.kinds.at[kind_of(source, target)];
}

TEST(attributes_of_one_name_are_of_one_kind_and_entries_only_of_one_type)
{
    given("a: A\nb: B\nl: list\nm: list\nt: tuple\na -> b .x\nb -> a .x\na -> l .y\nl -> b [0]\nl "
          "-> a [1]\n"
          "b -> m .z\nm -> a [0]\nb -> t .w\nt -> a [0]\n");
    EXPECT(kind_of("a", "b") == kind_of("b", "a") && at("a", "b")->edges == 2 &&
           at("a", "b")->one_place);
    EXPECT(kind_of("l", "b") == kind_of("m", "a") && at("l", "a")->edges == 3 &&
           !at("l", "b")->one_place);
    EXPECT(kind_of("t", "a") != kind_of("l", "a"));
    done();
}

TEST(the_best_kind_comes_first)
{
    given("f -> e local 'e' of f() at a.py:1\ne -> t .__traceback__\nt -> f .tb_frame\n"
          "f -> x local 'x' of f() at a.py:1\nx -> f .back\nx -> e [0]\n");
    EXPECT(kind_of("f", "e") == 0 && at("f", "e")->preference.rank == 1);
    EXPECT(kind_of("f", "x") == 1 && kind_of("x", "f") == 2);
    EXPECT(kind_of("t", "f") == kinds.kinds.len - 1 && !at("t", "f")->one_place);
    done();
}

TEST(entries_of_an_attribute_dictionary_are_told_apart_by_key)
{
    given("a -> d __dict__\nd -> b ['p']\nd -> c ['q']\nb -> a [0]\nc -> a [0]\n");
    EXPECT(kind_of("d", "b") != kind_of("d", "c") && at("d", "b")->one_place);
    EXPECT(at("d", "b")->preference.rank == 3 && !at("a", "d")->one_place);
    done();
}

int main(void)
{
    RUN(attributes_of_one_name_are_of_one_kind_and_entries_only_of_one_type);
    RUN(the_best_kind_comes_first);
    RUN(entries_of_an_attribute_dictionary_are_told_apart_by_key);
    return test_end();
}
