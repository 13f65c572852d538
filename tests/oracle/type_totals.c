/* Totals by type against sums over all nodes and weight.h for each type; the dominator tree's lists
 * against each node's dominator. */
#include "analysis/type_totals.h"
#include "analysis/weight.h"

#include "random_graph.h"

#define TYPES 4

static uint64_t graphs = 20000;

static void make(struct random_graph *made, struct uf_dominators *d, struct uf_domtree *tree)
{
    for (uf_node n = 0; n < made->graph.node_count; n++)
        made->type[n] = (uint32_t)random_below(TYPES);
    made->graph.type_count = TYPES; /* no test here asks for a type's name */
    EXPECT(uf_dominators_build(d, &made->graph, NULL) == UF_OK);
    EXPECT(uf_domtree_build(tree, d, NULL) == UF_OK);
}

static void release(struct uf_dominators *d, struct uf_domtree *tree)
{
    uf_dominators_release(d);
    uf_domtree_release(tree);
}

TEST(each_living_node_is_listed_once_below_its_dominator)
{
    static struct random_graph made;
    FOR_RANDOM_GRAPHS(&made, seed, graphs)
    {
        struct uf_dominators d;
        struct uf_domtree tree;
        uint32_t listed = 0;
        make(&made, &d, &tree);
        for (uf_node above = 0; above <= made.graph.node_count; above++) {
            uf_node last = UF_NODE_NONE;
            for (uint32_t i = tree.start[above]; i < tree.start[above + 1]; i++, listed++) {
                uf_node n = tree.child[i];
                EXPECT(d.retained_objects[n] > 0);
                EXPECT(d.idom[n] == (above == UF_DOMTREE_ROOT(&tree) ? UF_NODE_NONE : above));
                EXPECT(last == UF_NODE_NONE || n > last);
                last = n;
            }
        }
        for (uf_node n = 0; n < made.graph.node_count; n++)
            listed -= d.retained_objects[n] > 0;
        EXPECT(listed == 0);
        release(&d, &tree);
    }
}

TEST(each_type_retains_what_its_living_objects_retain_as_a_set)
{
    static struct random_graph made;
    FOR_RANDOM_GRAPHS(&made, seed, graphs)
    {
        struct uf_dominators d;
        struct uf_domtree tree;
        struct uf_type_totals totals;
        struct uf_type_figures all = {0};
        make(&made, &d, &tree);
        EXPECT(uf_type_totals_build(&totals, &made.graph, &d, &tree, NULL) == UF_OK);
        for (uint32_t t = 0; t < TYPES; t++) {
            struct uf_type_figures sum = {0};
            uf_node living[RANDOM_NODES];
            size_t count = 0;
            for (uf_node n = 0; n < made.graph.node_count; n++) {
                if (made.type[n] != t || made.flags[n] & UF_NODE_OWN)
                    continue;
                sum.objects++;
                sum.bytes += made.size[n];
                if (d.retained_objects[n] > 0) {
                    living[count++] = n;
                } else {
                    sum.garbage_objects++;
                    sum.garbage_bytes += made.size[n];
                }
            }
            EXPECT(uf_retained_of_set(&d, living, count, &sum.retained_bytes, &sum.retained_objects,
                                      NULL) == UF_OK);
            EXPECT(memcmp(&sum, &totals.of[t], sizeof sum) == 0);
            all.objects += sum.objects;
            all.bytes += sum.bytes;
            all.garbage_objects += sum.garbage_objects;
            all.garbage_bytes += sum.garbage_bytes;
        }
        all.retained_objects = all.objects - all.garbage_objects;
        all.retained_bytes = all.bytes - all.garbage_bytes;
        EXPECT(memcmp(&all, &totals.all, sizeof all) == 0);
        uf_type_totals_release(&totals);
        release(&d, &tree);
    }
}

TEST(when_memory_is_out_the_totals_are_empty)
{
    static struct random_graph made;
    struct uf_dominators d;
    struct uf_domtree tree, again;
    struct uf_type_totals totals;
    random_graph(&made, 7);
    make(&made, &d, &tree);
    for (uint64_t nth = 1, failed = 1; failed; nth++) {
        uint64_t blocks = uf_mem_live_blocks();
        uf_mem_fail_at(nth);
        enum uf_code code = uf_domtree_build(&again, &d, NULL);
        if (!code)
            code = uf_type_totals_build(&totals, &made.graph, &d, &again, NULL);
        uf_mem_fail_at(0);
        failed = code != UF_OK;
        EXPECT(code == UF_OK || code == UF_ENOMEM);
        if (!failed)
            uf_type_totals_release(&totals);
        uf_domtree_release(&again);
        EXPECT(uf_mem_live_blocks() == blocks);
        EXPECT(nth < 100);
    }
    release(&d, &tree);
}

int main(int argc, char **argv)
{
    graphs = random_graphs(argc, argv, graphs);
    RUN(each_living_node_is_listed_once_below_its_dominator);
    RUN(each_type_retains_what_its_living_objects_retain_as_a_set);
    RUN(when_memory_is_out_the_totals_are_empty);
    return test_end();
}
