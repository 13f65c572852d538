/* Dominators by taking each node away; weights of sets by adding up what is below them. */
#include "analysis/dominators.h"
#include "analysis/weight.h"

#include "random_graph.h"

static uint64_t graphs = 20000;

/* What is reached without node `gone` (UF_NODE_NONE: all are there). shared[] NULL: only without
 * own objects; else the part that own objects alone hold, entered at own objects that others
 * refer to. */
static void reach(const struct random_graph *made, const uint8_t *shared, uf_node gone,
                  uint8_t *alive)
{
    const struct uf_graph *graph = &made->graph;
    memset(alive, 0, RANDOM_NODES);
    for (uint32_t r = 0; r < graph->root_count; r++) {
        uf_node n = graph->roots[r].node;
        alive[n] = n != gone && (shared ? !shared[n] : !(made->flags[n] & UF_NODE_OWN));
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t e = 0; e < graph->edge_count; e++) {
            uf_node s = made->source[e], t = made->target[e];
            bool usable = shared ? (shared[s] || alive[s]) && !shared[t]
                                 : alive[s] && !(made->flags[t] & UF_NODE_OWN);
            if (usable && t != gone && !alive[t]) {
                alive[t] = 1;
                changed = true;
            }
        }
    }
}

/* dominates[a][b]: a is on every path to b, and not b itself. Both parts are put into one table. */
static void naive(const struct random_graph *made, uint8_t *alive,
                  uint8_t dominates[RANDOM_NODES][RANDOM_NODES])
{
    uint8_t shared[RANDOM_NODES], rest[RANDOM_NODES], without[RANDOM_NODES];
    memset(dominates, 0, RANDOM_NODES * RANDOM_NODES);
    reach(made, NULL, UF_NODE_NONE, shared);
    reach(made, shared, UF_NODE_NONE, rest);
    for (uf_node n = 0; n < made->graph.node_count; n++) {
        const uint8_t *part = shared[n] ? shared : rest;
        alive[n] = shared[n] || rest[n];
        if (!alive[n])
            continue;
        reach(made, shared[n] ? NULL : shared, n, without);
        for (uf_node b = 0; b < made->graph.node_count; b++)
            dominates[n][b] = b != n && part[b] && !without[b];
    }
}

/* The dominator that all others dominate. */
static uf_node nearest(uint8_t dominates[RANDOM_NODES][RANDOM_NODES], uf_node nodes, uf_node of)
{
    uf_node best = UF_NODE_NONE;
    for (uf_node n = 0; n < nodes; n++) {
        if (dominates[n][of] && (best == UF_NODE_NONE || dominates[best][n]))
            best = n;
    }
    return best;
}

TEST(each_dominator_and_retained_size_is_what_taking_nodes_away_says)
{
    static struct random_graph made;
    static uint8_t dominates[RANDOM_NODES][RANDOM_NODES];
    FOR_RANDOM_GRAPHS(&made, seed, graphs)
    {
        uint8_t alive[RANDOM_NODES];
        uf_node nodes = made.graph.node_count;
        struct uf_dominators d;
        naive(&made, alive, dominates);
        EXPECT(uf_dominators_build(&d, &made.graph, NULL) == UF_OK);
        EXPECT(d.node_count == nodes);
        for (uf_node n = 0; n < nodes; n++) {
            uint64_t bytes = 0, objects = 0;
            for (uf_node b = 0; b < nodes; b++) {
                if (alive[n] && (b == n || dominates[n][b]) && !(made.flags[b] & UF_NODE_OWN)) {
                    bytes += made.size[b];
                    objects++;
                }
            }
            EXPECT(d.idom[n] == nearest(dominates, nodes, n));
            EXPECT(d.retained[n] == bytes && d.retained_objects[n] == objects);
        }
        uf_dominators_release(&d);
    }
}

TEST(the_weight_of_a_set_is_the_sum_over_all_that_a_member_dominates)
{
    static struct random_graph made;
    static uint8_t dominates[RANDOM_NODES][RANDOM_NODES];
    FOR_RANDOM_GRAPHS(&made, seed, graphs)
    {
        uint8_t alive[RANDOM_NODES], counted[RANDOM_NODES] = {0};
        uf_node nodes = made.graph.node_count, set[RANDOM_NODES];
        size_t count = (size_t)random_below(RANDOM_NODES);
        struct uf_dominators d;
        uint64_t bytes = 0, objects = 0, got_bytes, got_objects;
        naive(&made, alive, dominates);
        EXPECT(uf_dominators_build(&d, &made.graph, NULL) == UF_OK);
        for (size_t i = 0; i < count; i++) {
            set[i] = (uf_node)random_below(nodes);
            for (uf_node b = 0; b < nodes; b++)
                counted[b] |= alive[set[i]] && (b == set[i] || dominates[set[i]][b]);
        }
        for (uf_node b = 0; b < nodes; b++) {
            if (counted[b] && !(made.flags[b] & UF_NODE_OWN)) {
                bytes += made.size[b];
                objects++;
            }
        }
        EXPECT(uf_retained_of_set(&d, set, count, &got_bytes, &got_objects, NULL) == UF_OK);
        EXPECT(got_bytes == bytes && got_objects == objects);
        uf_dominators_release(&d);
    }
}

int main(int argc, char **argv)
{
    graphs = random_graphs(argc, argv, graphs);
    RUN(each_dominator_and_retained_size_is_what_taking_nodes_away_says);
    RUN(the_weight_of_a_set_is_the_sum_over_all_that_a_member_dominates);
    return test_end();
}
