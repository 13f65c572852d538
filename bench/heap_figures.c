/* bench/heap_figures - what the engine needs for a snapshot, from the closed file to the answer.
 *
 *     heap_figures retained FILE       all retained sizes
 *     heap_figures why FILE [TYPE]     what keeps one object alive, and what frees it
 *     heap_figures size FILE TYPE      retained size of the first object of a type
 *
 * One line of key=value on standard output. Seconds are of the processor (cpu) and
 * of the clock (wall); peak_bytes is the most memory that the process ever had
 * resident, pages of the file included (VmHWM). `why` asks for an object of
 * TYPE half way through the heap, as seen from the roots.
 */
#include "analysis/dominators.h"
#include "analysis/keepers.h"
#include "snapshot/snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t peak_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)usage.ru_maxrss * 1024;
}

static int fail(const struct uf_error *err)
{
    fprintf(stderr, "heap_figures: %s\n", err->message);
    return 1;
}

struct run {
    double cpu, wall, loaded_cpu;
    struct uf_snapshot *snapshot;
    const struct uf_graph *graph;
};

static enum uf_code load(struct run *run, const char *path, unsigned parts, struct uf_error *err)
{
    run->cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    run->wall = seconds(CLOCK_MONOTONIC);
    enum uf_code code = uf_snapshot_open(&run->snapshot, path, err);
    if (!code)
        code = uf_snapshot_load(run->snapshot, parts, err);
    if (!code)
        code = uf_snapshot_verify(run->snapshot, err);
    run->loaded_cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - run->cpu;
    run->graph = code ? NULL : uf_snapshot_graph(run->snapshot);
    return code;
}

static void stop(struct run *run)
{
    run->cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - run->cpu;
    run->wall = seconds(CLOCK_MONOTONIC) - run->wall;
}

static void say(const struct run *run)
{
    printf("objects=%" PRIu32 " references=%" PRIu32 " cpu=%.3f wall=%.3f load_cpu=%.3f "
           "file_bytes=%" PRIu64 " peak_bytes=%" PRIu64,
           run->graph->node_count, run->graph->edge_count, run->cpu, run->wall, run->loaded_cpu,
           uf_snapshot_bytes(run->snapshot), peak_bytes());
}

static uf_node first_of_type(const struct uf_graph *graph, const char *type)
{
    for (uf_node n = 0; n < graph->node_count; n++)
        if (strcmp(uf_graph_type_name(graph, n), type) == 0)
            return n;
    return UF_NODE_NONE;
}

static int retained(const char *path, const char *type)
{
    struct uf_error err = {0};
    struct run run = {0};
    struct uf_dominators dominators = {0};
    unsigned parts = type ? UF_LOAD_BASE | UF_LOAD_TYPE : UF_LOAD_BASE;
    if (load(&run, path, parts, &err) || uf_dominators_build(&dominators, run.graph, &err))
        return fail(&err);
    stop(&run);
    say(&run);
    uf_node node = type ? first_of_type(run.graph, type) : UF_NODE_NONE;
    if (node != UF_NODE_NONE)
        printf(" retained=%" PRIu64, dominators.retained[node]);
    uint64_t top = 0;
    for (uf_node n = 0; n < run.graph->node_count; n++)
        top += dominators.idom[n] == UF_NODE_NONE ? dominators.retained[n] : 0;
    printf(" alive_bytes=%" PRIu64 "\n", top);
    uf_dominators_release(&dominators);
    uf_snapshot_close(run.snapshot);
    return 0;
}

static uf_node in_the_middle(const struct uf_graph *graph, const struct uf_reach *reach,
                             const char *type)
{
    for (uf_node i = 0; i < reach->order_count; i++) {
        uf_node n = reach->order[((size_t)i + reach->order_count / 2) % reach->order_count];
        if (!type || strcmp(uf_graph_type_name(graph, n), type) == 0)
            return n;
    }
    return UF_NODE_NONE;
}

static int why(const char *path, const char *type)
{
    static const struct uf_keepers_limits limits = {.paths = 8, .singles = 8, .together = 8};
    struct uf_error err = {0};
    struct run run = {0};
    struct uf_reach reach = {0};
    struct uf_keepers keepers = {0};
    if (load(&run, path, UF_LOAD_ALL, &err) || uf_reach_build(&reach, run.graph, &err))
        return fail(&err);
    double reached = seconds(CLOCK_PROCESS_CPUTIME_ID) - run.cpu - run.loaded_cpu;
    uf_node node = in_the_middle(run.graph, &reach, type);
    if (node == UF_NODE_NONE) {
        fprintf(stderr, "heap_figures: no object of that type is alive\n");
        return 1;
    }
    struct uf_view view = {
        .graph = run.graph, .reach = &reach, .names = uf_snapshot_names(run.snapshot)};
    if (uf_keepers_build(&keepers, &view, &node, 1, &limits, &err))
        return fail(&err);
    stop(&run);
    say(&run);
    printf(" reach_cpu=%.3f keepers_cpu=%.3f holders=%" PRIu64 " paths=%zu singles=%" PRIu64
           " together=%zu\n",
           reached, run.cpu - run.loaded_cpu - reached, keepers.holders, keepers.paths.len,
           keepers.single_count, keepers.together.len);
    uf_keepers_release(&keepers);
    uf_reach_release(&reach);
    uf_snapshot_close(run.snapshot);
    return 0;
}

int main(int argc, char **argv)
{
    const char *type = argc > 3 ? argv[3] : NULL;
    if (argc > 2 && (strcmp(argv[1], "retained") == 0 || strcmp(argv[1], "size") == 0))
        return retained(argv[2], type);
    if (argc > 2 && strcmp(argv[1], "why") == 0)
        return why(argv[2], type);
    fprintf(stderr, "usage: heap_figures retained|size|why FILE [TYPE]\n");
    return 2;
}
