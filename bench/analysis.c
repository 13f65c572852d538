/* bench/analysis - the passes over a whole heap, on made-up heaps of 1 and 10 million objects.
 *
 *     bench_analysis [MILLIONS ...]
 *
 * Two shapes, 2.3 references per object: `heap` is numbered as capture numbers a
 * Python heap (containers in the order in which they were made, each near its
 * holder; then strings and numbers, some of them shared); `random` has no
 * locality at all. Seconds are of the processor. The yardstick beside each
 * figure is the same run's plain breadth-first marking without paths or
 * prefetching.
 */
#include "analysis/components.h"
#include "analysis/dominators.h"
#include "analysis/exclusive.h"
#include "analysis/keepers.h"
#include "analysis/reach.h"
#include "analysis/referrers.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t state = 0x9E3779B97F4A7C15;

static uint32_t below(uint32_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(((state >> 32) * limit) >> 32);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct pair {
    uf_node source, target;
};

/* Fills at most `room` references; returns how many. */
static uint32_t make_heap(struct pair *pairs, uint32_t room, uint32_t nodes)
{
    uint32_t count = 0, tracked = nodes / 10 * 6, atom = tracked;
    for (uint32_t n = 1; n < tracked && count + 4 < room; n++) {
        uint32_t back = below(10) ? 1 + below(8) : 1 + below(n);
        pairs[count++] = (struct pair){back > n ? 0 : n - back, n};
        pairs[count++] = (struct pair){n, below(500)}; /* its type */
        if (atom < nodes)
            pairs[count++] =
                (struct pair){n, below(10) < 7 ? atom++ : tracked + below(nodes - tracked)};
        if (below(10) < 9)
            pairs[count++] =
                (struct pair){n, below(2) ? below(tracked) : tracked + below(nodes - tracked)};
    }
    while (count < room)
        pairs[count++] = (struct pair){below(tracked), below(nodes)};
    return count;
}

static uint32_t make_random(struct pair *pairs, uint32_t room, uint32_t nodes)
{
    for (uint32_t i = 0; i < room; i++)
        pairs[i] = (struct pair){below(nodes), below(nodes)};
    return room;
}

static void make_graph(struct uf_graph *graph, uint32_t nodes, bool heap)
{
    uint32_t room = (uint32_t)((uint64_t)nodes * 23 / 10);
    struct pair *pairs = uf_mem_alloc((size_t)room * sizeof *pairs);
    memset(graph, 0, sizeof *graph);
    graph->node_count = nodes;
    graph->size = uf_mem_alloc((size_t)nodes * sizeof *graph->size);
    graph->flags = uf_mem_zalloc(nodes);
    graph->type = uf_mem_zalloc((size_t)nodes * sizeof *graph->type);
    graph->types = uf_mem_zalloc(sizeof *graph->types);
    graph->type_count = 1;
    graph->edge_start = uf_mem_zalloc(((size_t)nodes + 1) * sizeof *graph->edge_start);
    graph->edge_target = uf_mem_alloc((size_t)room * sizeof *graph->edge_target);
    graph->roots = uf_mem_zalloc(1000 * sizeof *graph->roots);
    if (!pairs || !graph->size || !graph->flags || !graph->type || !graph->types ||
        !graph->edge_start || !graph->edge_target || !graph->roots) {
        fprintf(stderr, "bench/analysis: out of memory\n");
        exit(1);
    }
    graph->edge_count = (heap ? make_heap : make_random)(pairs, room, nodes);
    for (uint32_t e = 0; e < graph->edge_count; e++)
        graph->edge_start[pairs[e].source + 1]++;
    for (uf_node n = 0; n < nodes; n++) {
        graph->edge_start[n + 1] += graph->edge_start[n];
        graph->size[n] = 56;
    }
    for (uint32_t e = graph->edge_count; e > 0;
         e--) /* start[n + 1] walks down to where n + 1 begins */
        graph->edge_target[--graph->edge_start[pairs[e - 1].source + 1]] = pairs[e - 1].target;
    memmove(graph->edge_start, graph->edge_start + 1, (size_t)nodes * sizeof *graph->edge_start);
    graph->edge_start[nodes] = graph->edge_count;
    graph->root_count = 1000;
    for (uint32_t r = 1; r < graph->root_count; r++)
        graph->roots[r].node = below(heap ? nodes / 10 * 6 : nodes);
    uf_mem_free(pairs);
}

static double plain_marking(const struct uf_graph *graph)
{
    uint8_t *mark = uf_mem_zalloc(graph->node_count);
    uf_node *queue = uf_mem_alloc((size_t)graph->node_count * sizeof *queue), len = 0;
    double start = now();
    for (uint32_t r = 0; r < graph->root_count; r++) {
        if (!mark[graph->roots[r].node])
            mark[queue[len++] = graph->roots[r].node] = 1;
    }
    for (uf_node i = 0; i < len; i++) {
        for (uint32_t e = graph->edge_start[queue[i]]; e < graph->edge_start[queue[i] + 1]; e++) {
            uf_node target = graph->edge_target[e];
            if (!mark[target])
                mark[queue[len++] = target] = 1;
        }
    }
    double seconds = now() - start;
    uf_mem_free(mark);
    uf_mem_free(queue);
    return seconds;
}

/* What is in use; from here on the peak is counted. */
static size_t memory_now(void)
{
    uf_mem_trim();
    uf_mem_reset_peak();
    return uf_mem_mapped_bytes();
}

static void line(const char *what, double seconds, double plain, uint32_t nodes, size_t before)
{
    size_t peak = uf_mem_peak_bytes();
    uf_mem_trim();
    size_t kept = uf_mem_mapped_bytes();
    printf("    %-12s %7.2f s  %5.1f x plain marking   peak %5.1f B/object, result %5.1f\n", what,
           seconds, seconds / plain, (double)(peak - before) / nodes,
           (double)(kept - before) / nodes);
    fflush(stdout);
}

/* What keeps one object alive, the middle one by distance from the roots. */
static int keepers_of_one(const struct uf_graph *graph, const struct uf_reach *reach)
{
    static const struct uf_keepers_limits limits = {.paths = 8, .singles = 8, .together = 8};
    struct uf_view view = {.graph = graph, .reach = reach};
    struct uf_keepers keepers;
    uf_node node = reach->order[reach->order_count / 2];
    enum uf_code code = uf_keepers_build(&keepers, &view, &node, 1, &limits, NULL);
    uf_keepers_release(&keepers);
    return code != UF_OK;
}

static int run(uint32_t nodes, bool heap)
{
    struct uf_graph graph;
    struct uf_reach reach;
    struct uf_referrers referrers;
    struct uf_dominators dominators;
    struct uf_exclusive exclusive;
    struct uf_components components;
    make_graph(&graph, nodes, heap);
    double plain = plain_marking(&graph), start;
    int failed = 0;
    size_t before = memory_now();
    start = now();
    failed |= uf_reach_build(&reach, &graph, NULL) != UF_OK;
    double seconds = now() - start;
    printf("%s, %u objects, %u references, %u reached; plain marking %.2f s\n",
           heap ? "heap" : "random", nodes, graph.edge_count, reach.order_count, plain);
    line("reach", seconds, plain, nodes, before);
    before = memory_now();
    start = now();
    failed |= keepers_of_one(&graph, &reach);
    line("keepers", now() - start, plain, nodes, before);
    uf_reach_release(&reach);
    before = memory_now();
    start = now();
    failed |= uf_referrers_build(&referrers, &graph, NULL) != UF_OK;
    line("referrers", now() - start, plain, nodes, before);
    uf_referrers_release(&referrers);
    before = memory_now();
    start = now();
    failed |= uf_dominators_build(&dominators, &graph, NULL) != UF_OK;
    line("dominators", now() - start, plain, nodes, before);
    uf_dominators_release(&dominators);
    before = memory_now();
    start = now();
    failed |= uf_exclusive_build(&exclusive, &graph, NULL) != UF_OK;
    line("exclusive", now() - start, plain, nodes, before);
    uf_exclusive_release(&exclusive);
    uint8_t *member = uf_mem_alloc(nodes);
    if (member)
        memset(member, 1, nodes);
    before = memory_now();
    start = now();
    failed |= !member || uf_components_build(&components, &graph, member, NULL) != UF_OK;
    line("components", now() - start, plain, nodes, before);
    uf_components_release(&components);
    uf_mem_free(member);
    uf_graph_release(&graph);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < (argc > 1 ? argc : 3); i++) {
        uint32_t millions = argc > 1 ? (uint32_t)strtoul(argv[i], NULL, 10) : i == 1 ? 1 : 10;
        for (int heap = 1; heap >= 0; heap--)
            failed |= run(millions * 1000000, heap);
    }
    return failed;
}
