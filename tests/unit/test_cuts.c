#include "analysis/cuts.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static struct uf_cuts cuts;

static const char *const registry = "root module app -> reg\n"
                                    "reg -> a ['a']\nreg -> b ['b']\n"
                                    "a -> part\nown: x own\nreg -> own\n";

/* Cuts both entries; `own` goes with them but is in no figure. */
static enum uf_code fill(struct uf_error *err)
{
    uint32_t edges[] = {made_edge(&made, "reg", "a"), made_edge(&made, "reg", "b")};
    uf_node members[] = {made_node(&made, "a"), made_node(&made, "b")};
    uint8_t freed[16] = {0};
    freed[members[0]] = freed[members[1]] = freed[made_node(&made, "part")] = 1;
    freed[made_node(&made, "own")] = 1;
    return uf_cuts_fill(&cuts, &made.graph, edges, 2, freed, members, 2, err);
}

TEST(cuts_say_what_is_cut_and_what_goes)
{
    make_graph(&made, registry);
    EXPECT(fill(NULL) == UF_OK);
    EXPECT(cuts.references.len == 2);
    for (size_t i = 0; i < 2; i++)
        EXPECT(cuts.references.at[i].source == made_node(&made, "reg"));
    EXPECT(cuts.references.at[0].edge == made_edge(&made, "reg", "a"));
    EXPECT(cuts.references.at[1].edge == made_edge(&made, "reg", "b"));
    EXPECT(cuts.members.len == 2 && cuts.objects.len == 3);
    uf_cuts_release(&cuts);
    EXPECT(cuts.objects.len == 0 && !cuts.objects.at);
    made_graph_release(&made);
}

TEST(a_member_that_does_not_go_is_none)
{
    make_graph(&made, registry);
    uf_node members[] = {made_node(&made, "a"), made_node(&made, "b")};
    uint8_t freed[16] = {0};
    freed[members[1]] = 1;
    EXPECT(uf_cuts_fill(&cuts, &made.graph, NULL, 0, freed, members, 2, NULL) == UF_OK);
    EXPECT(cuts.members.len == 1 && cuts.members.at[0] == members[1] && cuts.objects.len == 1);
    uf_cuts_release(&cuts);
    made_graph_release(&made);
}

TEST(joined_cuts_are_those_of_both)
{
    struct uf_cuts all = {0};
    make_graph(&made, registry);
    EXPECT(fill(NULL) == UF_OK);
    EXPECT(uf_cuts_join(&all, &cuts, NULL) == UF_OK);
    EXPECT(cuts.references.len == 0 && all.references.len == 2 && all.objects.len == 3);
    uf_cuts_release(&all);
    made_graph_release(&made);
}

static bool fill_and_release(void)
{
    struct uf_error err = {0};
    bool done = fill(&err) == UF_OK;
    if (!done)
        EXPECT(err.code == UF_ENOMEM && cuts.references.len == 0 && cuts.objects.len == 0);
    uf_cuts_release(&cuts);
    return done;
}

TEST(out_of_memory_leaves_no_cuts)
{
    make_graph(&made, registry);
    EXPECT(every_failed_allocation_is_an_error(fill_and_release));
    made_graph_release(&made);
}

int main(void)
{
    RUN(cuts_say_what_is_cut_and_what_goes);
    RUN(a_member_that_does_not_go_is_none);
    RUN(joined_cuts_are_those_of_both);
    RUN(out_of_memory_leaves_no_cuts);
    return test_end();
}
