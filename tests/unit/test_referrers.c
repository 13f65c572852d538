#include "analysis/referrers.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

static struct made_graph made;

static bool build(void)
{
    struct uf_referrers referrers;
    if (uf_referrers_build(&referrers, &made.graph, NULL) != UF_OK)
        return false;
    uf_referrers_release(&referrers);
    return true;
}

TEST(every_reference_is_found_by_what_it_leads_to_in_ascending_order)
{
    struct uf_referrers referrers;
    make_graph(&made, "a -> b\na -> c\nb -> c\nc -> c\na -> c\n");
    EXPECT(uf_referrers_build(&referrers, &made.graph, NULL) == UF_OK);
    uf_node a = made_node(&made, "a"), b = made_node(&made, "b"), c = made_node(&made, "c");
    EXPECT(referrers.start[a] == 0 && referrers.start[a + 1] == 0);
    EXPECT(referrers.start[b + 1] - referrers.start[b] == 1);
    EXPECT(referrers.at[referrers.start[b]].source == a);
    const struct uf_referrer *of_c = &referrers.at[referrers.start[c]];
    EXPECT(referrers.start[c + 1] - referrers.start[c] == 4);
    EXPECT(of_c[0].source == a && of_c[1].source == a && of_c[2].source == b);
    EXPECT(of_c[3].source == c);
    for (int i = 0; i < 4; i++)
        EXPECT(made.graph.edge_target[of_c[i].edge] == c &&
               (!i || of_c[i].edge > of_c[i - 1].edge));
    uf_referrers_release(&referrers);
    made_graph_release(&made);
}

TEST(each_allocation_that_fails_is_an_error_and_leaks_nothing)
{
    make_graph(&made, "a -> b\n");
    EXPECT(every_failed_allocation_is_an_error(build));
    made_graph_release(&made);
}

int main(void)
{
    RUN(every_reference_is_found_by_what_it_leads_to_in_ascending_order);
    RUN(each_allocation_that_fails_is_an_error_and_leaks_nothing);
    return test_end();
}
