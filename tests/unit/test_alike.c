#include "analysis/alike.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static uint8_t member[MADE_NODES];
static struct uf_components components;
static struct uf_piece piece;
static struct uf_kinds kinds;
static uf_edge_vec found;
static unsigned rank;

static void given(const char *text)
{
    make_graph(&made, text);
    memset(member, 1, sizeof member);
    EXPECT(uf_components_build(&components, &made.graph, member, NULL) == UF_OK);
    EXPECT(uf_piece_build(&piece, &made.graph, member, &components, 0, NULL) == UF_OK);
    EXPECT(uf_kinds_build(&kinds, &piece, &made.graph, &made.names, NULL) == UF_OK);
    EXPECT(uf_alike_find(&found, &rank, &piece, &kinds, NULL) == UF_OK);
    EXPECT(piece.removed.len == 0);
}

static void done(void)
{
    uf_vec_release(&found);
    uf_kinds_release(&kinds);
    uf_piece_release(&piece);
    uf_components_release(&components);
    made_graph_release(&made);
}

/* The sources of what was found. */
static const char *sources(void)
{
    static char text[256];
    text[0] = '\0';
    for (size_t i = 0; i < found.len; i++) {
        size_t used = strlen(text);
        uf_node source = piece.nodes.at[uf_piece_source(&piece, found.at[i])];
        snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "", made.nodes[source].name);
    }
    return text;
}

TEST(a_name_that_points_back_is_found_whatever_holds_it)
{
    given("a: Root\nb: Branch\nc: Leaf\na -> b .down\nb -> a .parent\nb -> c .down\nc -> b "
          ".parent\n");
    EXPECT_TEXT(sources(), "b c");
    done();
}

TEST(entries_of_attribute_dictionaries_are_attributes)
{
    given(
        "a -> da __dict__\nb -> db __dict__\nc -> dc __dict__\nda -> b ['next']\ndb -> c ['next']\n"
        "db -> a ['before']\ndc -> b ['before']\n");
    EXPECT_TEXT(sources(), "db dc"); /* "before" stands before "next" */
    done();
}

TEST(entries_of_containers_and_the_interpreters_references_are_never_alike)
{
    given("a: list\nb: list\nc: list\na -> b [0]\nb -> a [0]\nb -> c [1]\nc -> b [0]\n");
    EXPECT(found.len == 0);
    done();
    given("a -> b .f_back\nb -> a .f_back\nb -> c .f_back\nc -> b .f_back\n");
    EXPECT(found.len == 0);
    done();
}

TEST(a_name_that_leaves_a_cycle_is_not_taken)
{
    given("a -> b .next\nb -> a .prev\nb -> c .next\nc -> b .prev\nc -> a .other\na -> c .any\nb "
          "-> b .me\n");
    EXPECT(found.len == 0);
    done();
}

TEST(locals_of_one_function_are_alike)
{
    given("f: frame\ng: frame\na: A\nb: B\nf -> a local 'x' of f() at m.py:1\na -> f .frame\na -> "
          "g .to\n"
          "g -> b local 'x' of f() at m.py:2\nb -> g .from\na -> b .down\nb -> a .up\n");
    EXPECT(found.len == 0); /* a and b hold each other without a frame */
    done();
    given(
        "f: frame\ng: frame\na: A\nb: B\nf -> a local 'x' of f() at m.py:1\na -> f .p\na -> g .to\n"
        "g -> b local 'x' of f() at m.py:2\nb -> g .from\nb -> f .q\n");
    EXPECT_TEXT(sources(), "f g");
    done();
}

static bool find(void)
{
    uf_edge_vec edges = {0};
    bool fine = uf_alike_find(&edges, &rank, &piece, &kinds, NULL) == UF_OK;
    uf_vec_release(&edges);
    return fine;
}

TEST(each_allocation_that_fails_is_an_error_and_leaks_nothing)
{
    given("a -> b .next\nb -> a .prev\nb -> c .next\nc -> b .prev\n");
    EXPECT(found.len == 2);
    EXPECT(every_failed_allocation_is_an_error(find));
    done();
}

int main(void)
{
    RUN(a_name_that_points_back_is_found_whatever_holds_it);
    RUN(entries_of_attribute_dictionaries_are_attributes);
    RUN(entries_of_containers_and_the_interpreters_references_are_never_alike);
    RUN(a_name_that_leaves_a_cycle_is_not_taken);
    RUN(locals_of_one_function_are_alike);
    RUN(each_allocation_that_fails_is_an_error_and_leaks_nothing);
    return test_end();
}
