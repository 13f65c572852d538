#include "analysis/piece.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static uint8_t member[MADE_NODES];
static struct uf_components components;
static struct uf_piece piece;

static void given(const char *text)
{
    make_graph(&made, text);
    for (uf_node n = 0; n < made.node_count; n++)
        member[n] = strncmp(made.nodes[n].name, "out", 3) != 0;
    EXPECT(uf_components_build(&components, &made.graph, member, NULL) == UF_OK);
    EXPECT(uf_piece_build(&piece, &made.graph, member, &components, 0, NULL) == UF_OK);
}

static void done(void)
{
    uf_piece_release(&piece);
    uf_components_release(&components);
    made_graph_release(&made);
}

static const char *nodes(void)
{
    static char text[256];
    text[0] = '\0';
    for (size_t i = 0; i < piece.nodes.len; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "",
                 made.nodes[piece.nodes.at[i]].name);
    }
    return text;
}

TEST(a_piece_is_the_component_and_what_only_it_holds)
{
    given("a -> b\nb -> a\nb -> h\nh -> h2\na -> h2\na -> shared\nup -> shared\nup -> a\n"
          "b -> out\nb -> c\nc -> d\nd -> c\n");
    EXPECT_TEXT(nodes(), "a b h h2");
    EXPECT(piece.core_count == 2 && piece.core.node_count == 3 && piece.core.edge_count == 2);
    EXPECT(piece.edge[1] == made_edge(&made, "b", "a") && uf_piece_source(&piece, 1) == 1);
    EXPECT(piece.core.edge_target[0] == 1 && piece.core.edge_target[1] == 0);
    EXPECT(piece.member[0] && piece.member[1] && !piece.member[2]);
    done();
}

TEST(what_is_removed_leads_nowhere_until_it_is_put_back)
{
    given("a -> b\nb -> a\na -> a\n");
    EXPECT(uf_piece_remove(&piece, 0) == 0 && uf_piece_remove(&piece, 2) == 0);
    EXPECT(piece.core.edge_target[0] == 2 && piece.core.edge_target[2] == 2);
    uf_piece_restore(&piece, 1);
    EXPECT(piece.core.edge_target[0] == 2 && piece.core.edge_target[2] == 0 &&
           piece.removed.len == 1);
    uf_piece_restore(&piece, 0);
    EXPECT(piece.core.edge_target[0] == 1);
    done();
}

static bool build(void)
{
    struct uf_piece again;
    if (uf_piece_build(&again, &made.graph, member, &components, 0, NULL) != UF_OK)
        return again.nodes.at != NULL || again.edge != NULL;
    bool removed = uf_piece_remove(&again, 0) == 0;
    uf_piece_release(&again);
    return removed;
}

TEST(each_allocation_that_fails_is_an_error_and_leaks_nothing)
{
    given("a -> b\nb -> a\nb -> c\nc -> d\nd -> e\n");
    EXPECT(every_failed_allocation_is_an_error(build));
    done();
}

int main(void)
{
    RUN(a_piece_is_the_component_and_what_only_it_holds);
    RUN(what_is_removed_leads_nowhere_until_it_is_put_back);
    RUN(each_allocation_that_fails_is_an_error_and_leaks_nothing);
    return test_end();
}
