/* Exclusive sizes by letting each object go, and counting down until nothing changes. */
#include "analysis/exclusive.h"
#include "analysis/dominators.h"

#include "random_graph.h"

static uint64_t graphs = 20000;

static bool is_own(const struct random_graph *made, uf_node node)
{
    return made->flags[node] & UF_NODE_OWN;
}

/* leads[a][b]: a way of one or more references, not over own objects. */
static void find_ways(const struct random_graph *made, uint8_t leads[RANDOM_NODES][RANDOM_NODES])
{
    uf_node nodes = made->graph.node_count;
    memset(leads, 0, RANDOM_NODES * RANDOM_NODES);
    for (uint32_t e = 0; e < made->graph.edge_count; e++)
        if (!is_own(made, made->source[e]) && !is_own(made, made->target[e]))
            leads[made->source[e]][made->target[e]] = 1;
    for (uf_node k = 0; k < nodes; k++)
        for (uf_node a = 0; a < nodes; a++)
            for (uf_node b = 0; b < nodes; b++)
                leads[a][b] |= leads[a][k] & leads[k][b];
}

/* Marks what goes with `first`. */
static void let_go(const struct random_graph *made, uint8_t leads[RANDOM_NODES][RANDOM_NODES],
                   uf_node first, uint8_t *gone)
{
    const struct uf_graph *graph = &made->graph;
    memset(gone, 0, RANDOM_NODES);
    gone[first] = 1;
    for (bool changed = true; changed;) {
        changed = false;
        for (uf_node n = 0; n < graph->node_count; n++) {
            uint32_t held = 0, was_held = 0;
            for (uint32_t e = 0; e < graph->edge_count; e++) {
                if (made->target[e] == n && !is_own(made, made->source[e])) {
                    was_held++;
                    held += !gone[made->source[e]];
                }
            }
            for (uint32_t r = 0; r < graph->root_count; r++)
                held += graph->roots[r].node == n;
            if (was_held > 0 && held == 0 && !gone[n] && !leads[n][n] && !is_own(made, n)) {
                gone[n] = 1;
                changed = true;
            }
        }
    }
}

TEST(what_each_object_owns_is_what_counting_down_frees_with_it)
{
    static struct random_graph made;
    static uint8_t leads[RANDOM_NODES][RANDOM_NODES];
    FOR_RANDOM_GRAPHS(&made, seed, graphs)
    {
        uint8_t gone[RANDOM_NODES][RANDOM_NODES];
        uf_node nodes = made.graph.node_count;
        struct uf_exclusive exclusive;
        struct uf_dominators dominators;
        bool own = false; /* what only these keep alive they share with what refers to it */
        for (uf_node n = 0; n < nodes; n++)
            own |= is_own(&made, n);
        find_ways(&made, leads);
        EXPECT(uf_exclusive_build(&exclusive, &made.graph, NULL) == UF_OK);
        EXPECT(uf_dominators_build(&dominators, &made.graph, NULL) == UF_OK);
        for (uf_node n = 0; n < nodes; n++) {
            uint64_t bytes = 0, objects = 0;
            if (is_own(&made, n)) {
                EXPECT(exclusive.bytes[n] == 0 && exclusive.owner[n] == UF_NODE_NONE);
                memset(gone[n], 0, RANDOM_NODES);
                continue;
            }
            let_go(&made, leads, n, gone[n]);
            for (uf_node other = 0; other < nodes; other++) {
                objects += gone[n][other];
                bytes += gone[n][other] ? made.size[other] : 0;
            }
            EXPECT(exclusive.bytes[n] == bytes && exclusive.objects[n] == objects);
            EXPECT(own || dominators.retained[n] == 0 || bytes <= dominators.retained[n]);
        }
        for (uf_node n = 0; n < nodes; n++) { /* the owner is the nearest that takes it along */
            uf_node owner = UF_NODE_NONE;
            for (uf_node other = 0; other < nodes; other++)
                if (other != n && gone[other][n] && (owner == UF_NODE_NONE || gone[owner][other]))
                    owner = other;
            EXPECT(exclusive.owner[n] == owner);
        }
        uf_exclusive_release(&exclusive);
        uf_dominators_release(&dominators);
    }
}

int main(int argc, char **argv)
{
    graphs = random_graphs(argc, argv, graphs);
    RUN(what_each_object_owns_is_what_counting_down_frees_with_it);
    return test_end();
}
