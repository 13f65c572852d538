/* random_graph.h - small graphs from a seed, of all densities: for the naive rivals. */
#ifndef UF_TESTS_ORACLE_RANDOM_GRAPH_H
#define UF_TESTS_ORACLE_RANDOM_GRAPH_H

#include "base/mem.h"
#include "graph/graph.h"
#include "random.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

#define RANDOM_NODES 24
#define RANDOM_EDGES 96
#define RANDOM_ROOTS 6

struct random_graph {
    struct uf_graph graph;
    uint32_t size[RANDOM_NODES], type[RANDOM_NODES]; /* all of one type, without a name */
    struct uf_graph_type types[1];
    uint8_t flags[RANDOM_NODES], member[RANDOM_NODES];
    uint32_t start[RANDOM_NODES + 1];
    uf_node source[RANDOM_EDGES], target[RANDOM_EDGES];
    struct uf_graph_root roots[RANDOM_ROOTS];
};

/* 1 to RANDOM_NODES nodes with on average 0 to 4 references each; some graphs are nearly lines
 * or rings, with references mostly to near nodes; own objects and roots of all kinds in some. */
static inline void random_graph(struct random_graph *ret, uint64_t seed)
{
    memset(ret, 0, sizeof *ret);
    random_seed(seed);
    for (int i = 0; i < 8; i++)
        random_number();
    struct uf_graph *graph = &ret->graph;
    graph->node_count = (uf_node)(1 + random_below(RANDOM_NODES));
    uint64_t quarter_edges = random_below(17), near = random_below(3), own = random_below(4);
    uint64_t sparse = random_below(4);
    for (uf_node n = 0; n < graph->node_count; n++) {
        ret->size[n] = (uint32_t)(1 + random_below(1000));
        ret->flags[n] = own == 0 && random_below(5) == 0 ? UF_NODE_OWN : 0;
        ret->member[n] = sparse != 0 || random_below(4) != 0;
        ret->start[n] = graph->edge_count;
        uint64_t count = near == 2;
        for (uint64_t q = 0; q < 4; q++)
            count += random_below(16) < quarter_edges;
        for (uint64_t i = 0; i < count && graph->edge_count < RANDOM_EDGES; i++) {
            uint64_t to = near && (i == 0 || random_below(4) != 0)
                              ? n + near - 1 + random_below(3)
                              : random_below(graph->node_count);
            if (near == 2 && i == 0)
                to = n + 1;
            ret->source[graph->edge_count] = n;
            ret->target[graph->edge_count++] = (uf_node)(to % graph->node_count);
        }
    }
    ret->start[graph->node_count] = graph->edge_count;
    graph->root_count = (uint32_t)random_below(RANDOM_ROOTS + 1);
    for (uint32_t r = 0; r < graph->root_count; r++) {
        ret->roots[r].node = (uf_node)random_below(graph->node_count);
        ret->roots[r].kind = (uint8_t)random_below(UF_ROOT_NATIVE + 1);
    }
    graph->size = ret->size;
    graph->type = ret->type;
    graph->types = ret->types;
    graph->type_count = 1;
    graph->flags = ret->flags;
    graph->edge_start = ret->start;
    graph->edge_target = ret->target;
    graph->roots = ret->roots;
}

/* How many graphs to try: the first argument, or what is given. */
static inline uint64_t random_graphs(int argc, char **argv, uint64_t usual)
{
    return argc > 1 ? strtoull(argv[1], NULL, 10) : usual;
}

#define FOR_RANDOM_GRAPHS(made, seed, count)                                                       \
    printf("# seeds 1 to %llu\n", (unsigned long long)(count));                                    \
    for (uint64_t seed = 1; seed <= (count) && !test_failed_here;                                  \
         seed++, random_graph_said(seed - 1))                                                      \
        if (random_graph(made, seed), true)

static inline void random_graph_said(uint64_t seed)
{
    if (test_failed_here)
        printf("# seed %llu\n", (unsigned long long)seed);
}

#endif
