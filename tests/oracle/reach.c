/* Reachability against a closure that is repeated until nothing changes. */
#include "analysis/reach.h"

#include "random_graph.h"

static uint64_t graphs = 20000;

/* Adds to alive[] what is held: by a root of these kinds (own objects only if `own`), or by what is
 * alive already, over references that are not cut. distance[] counts references from a root, for
 * what is added now. */
static void close_over(const struct random_graph *made, int kinds, bool own, const uint8_t *cut,
                       uint8_t *alive, uint32_t *distance)
{
    const struct uf_graph *graph = &made->graph;
    uint8_t settled[RANDOM_NODES];
    memcpy(settled, alive, sizeof settled);
    for (uint32_t r = 0; r < graph->root_count; r++) {
        uf_node n = graph->roots[r].node;
        if (alive[n] || graph->roots[r].kind > kinds || (!own && made->flags[n] & UF_NODE_OWN))
            continue;
        alive[n] = 1;
        distance[n] = 0;
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t e = 0; e < graph->edge_count; e++) {
            uf_node s = made->source[e], t = made->target[e];
            if (!alive[s] || settled[t] || (cut && cut[e]) ||
                (!own && made->flags[t] & UF_NODE_OWN))
                continue;
            uint32_t now = settled[s] ? 0 : distance[s] + 1; /* own ones wait for their turn */
            if (!alive[t] || now < distance[t]) {
                alive[t] = 1;
                distance[t] = now;
                changed = true;
            }
        }
    }
}

/* The first root of a node, of the kind; UINT32_MAX: none. */
static uint32_t root_of(const struct uf_graph *graph, uf_node node, int kind)
{
    uint32_t r = 0;
    while (r < graph->root_count && (graph->roots[r].node != node || graph->roots[r].kind != kind))
        r++;
    return r < graph->root_count ? r : UINT32_MAX;
}

static void check_paths(const struct random_graph *made, const struct uf_reach *reach,
                        const uint8_t *shared)
{
    const struct uf_graph *graph = &made->graph;
    for (uf_node n = 0; n < graph->node_count; n++) {
        uf_node path[RANDOM_NODES], tail[2];
        size_t len = uf_reach_path(reach, n, path, RANDOM_NODES);
        EXPECT((len > 0) == (reach->reached[n] != 0));
        EXPECT(uf_reach_path(reach, n, tail, 2) == len);
        if (len == 0) {
            EXPECT(reach->parent[n] == UF_NODE_NONE && reach->root[n] == UINT32_MAX);
            continue;
        }
        EXPECT(path[len - 1] == n && tail[len < 2 ? 0 : 1] == n);
        EXPECT(len < 2 || tail[0] == path[len - 2]);
        EXPECT(reach->parent[path[0]] == UF_NODE_NONE);
        EXPECT(reach->root[path[0]] != UINT32_MAX);
        EXPECT(graph->roots[reach->root[path[0]]].node == path[0]);
        for (size_t i = 1; i < len; i++) {
            uint32_t e = reach->parent_edge[path[i]];
            EXPECT(made->source[e] == path[i - 1] && made->target[e] == path[i]);
            EXPECT(reach->root[path[i]] == UINT32_MAX);
            EXPECT(!shared[n] || !(made->flags[path[i]] & UF_NODE_OWN));
        }
    }
}

TEST(what_is_alive_garbage_and_shortest_is_what_a_naive_closure_says)
{
    static struct random_graph made;
    FOR_RANDOM_GRAPHS(&made, seed, graphs)
    {
        const struct uf_graph *graph = &made.graph;
        uint8_t alive[RANDOM_NODES] = {0}, shared[RANDOM_NODES], before[RANDOM_NODES];
        uint32_t distance[RANDOM_NODES] = {0};
        struct uf_reach reach;
        uint64_t objects = 0, bytes = 0, alive_count = 0;
        EXPECT(uf_reach_build(&reach, graph, NULL) == UF_OK);
        for (int kind = 0; kind <= UF_ROOT_NATIVE; kind++) {
            memcpy(before, alive, sizeof before);
            close_over(&made, kind, false, NULL, alive, distance);
            for (uf_node n = 0; n < graph->node_count; n++) { /* shortest among roots of the kind */
                uf_node path[RANDOM_NODES];
                if (!alive[n] || before[n])
                    continue;
                EXPECT(uf_reach_path(&reach, n, path, RANDOM_NODES) == distance[n] + 1);
                EXPECT(reach.root[path[0]] == root_of(graph, path[0], kind));
            }
        }
        memcpy(shared, alive, sizeof shared);
        close_over(&made, UF_ROOT_NATIVE, true, NULL, alive, distance);
        for (uf_node n = 0; n < graph->node_count; n++) {
            EXPECT(reach.reached[n] == alive[n]);
            alive_count += alive[n];
            if (!alive[n] && !(made.flags[n] & UF_NODE_OWN)) {
                objects++;
                bytes += made.size[n];
            }
        }
        EXPECT(reach.order_count == alive_count);
        EXPECT(reach.garbage_objects == objects && reach.garbage_bytes == bytes);
        check_paths(&made, &reach, shared);
        uf_reach_release(&reach);
    }
}

TEST(what_dies_without_some_references_is_what_two_naive_closures_differ_in)
{
    static struct random_graph made;
    FOR_RANDOM_GRAPHS(&made, seed, graphs)
    {
        const struct uf_graph *graph = &made.graph;
        uint8_t before[RANDOM_NODES] = {0}, after[RANDOM_NODES] = {0}, freed[RANDOM_NODES];
        uint8_t is_cut[RANDOM_EDGES] = {0};
        uint32_t distance[RANDOM_NODES] = {0}, cut[RANDOM_EDGES];
        size_t count = 0;
        uint64_t every = 1 + random_below(12), objects, bytes, all = 0, sum = 0;
        for (uint32_t e = 0; e < graph->edge_count; e++) {
            is_cut[e] = random_below(every) == 0;
            if (is_cut[e])
                cut[count++] = e;
        }
        close_over(&made, UF_ROOT_NATIVE, false, NULL, before, distance);
        close_over(&made, UF_ROOT_NATIVE, false, is_cut, after, distance);
        EXPECT(uf_reach_without(graph, cut, count, freed, &objects, &bytes, NULL) == UF_OK);
        for (uf_node n = 0; n < graph->node_count; n++) {
            if (before[n]) /* what only own objects hold is a matter of its own */
                EXPECT(freed[n] == (before[n] && !after[n]));
            EXPECT(!freed[n] || !(made.flags[n] & UF_NODE_OWN));
            all += freed[n];
            sum += freed[n] ? made.size[n] : 0;
        }
        EXPECT(objects == all && bytes == sum);
    }
}

int main(int argc, char **argv)
{
    graphs = random_graphs(argc, argv, graphs);
    RUN(what_is_alive_garbage_and_shortest_is_what_a_naive_closure_says);
    RUN(what_dies_without_some_references_is_what_two_naive_closures_differ_in);
    return test_end();
}
