/* Writes many random graphs as one .heapsnapshot, and what the engine's dominators say of them.
 *
 *     write_heapsnapshot OUT.heapsnapshot OUT.retained [SEEDS]
 *
 * The rivals are the viewers' own dominators: a Python test lets them read the first file and compares
 * with the second, which has a double for each object, in the order of the graph: the bytes that it
 * retains; -1 for garbage. Some objects are larger than 4 GiB.
 */
#include "analysis/dominators.h"
#include "export/heapsnapshot.h"

#include "random_graph.h"

static struct uf_graph all;

static void *more(void *block, size_t count, size_t item_bytes)
{
    return uf_mem_resize(block, (count + 1) * item_bytes);
}

static void append(const struct uf_graph *graph)
{
    uf_node first = all.node_count;
    uint32_t first_edge = all.edge_count;
    all.node_count += graph->node_count;
    all.edge_count += graph->edge_count;
    all.address = more(all.address, all.node_count, sizeof *all.address);
    all.type = more(all.type, all.node_count, sizeof *all.type);
    all.size = more(all.size, all.node_count, sizeof *all.size);
    all.flags = more(all.flags, all.node_count, sizeof *all.flags);
    all.big_size_bytes = more(all.big_size_bytes, all.node_count, sizeof *all.big_size_bytes);
    all.edge_start = more(all.edge_start, all.node_count + 1, sizeof *all.edge_start);
    all.edge_target = more(all.edge_target, all.edge_count, sizeof *all.edge_target);
    all.roots = more(all.roots, all.root_count + graph->root_count, sizeof *all.roots);
    for (uf_node n = 0; n < graph->node_count; n++) {
        uf_node node = first + n;
        all.address[node] = 0x7f0000000000 + 16 * (uint64_t)node;
        all.type[node] = 0;
        all.flags[node] = graph->flags[n];
        all.size[node] = graph->size[n];
        if (graph->size[n] % 97 == 0) {
            all.big_size_bytes[all.big_sizes.len] = (uint64_t)graph->size[n] << 30;
            if (uf_map_set(&all.big_sizes, node + 1, (uint32_t)all.big_sizes.len))
                exit(99);
            all.size[node] = UF_SIZE_BIG;
        }
        all.edge_start[node] = first_edge + graph->edge_start[n];
    }
    all.edge_start[all.node_count] = all.edge_count;
    for (uint32_t e = 0; e < graph->edge_count; e++)
        all.edge_target[first_edge + e] = first + graph->edge_target[e];
    for (uint32_t r = 0; r < graph->root_count; r++) {
        all.roots[all.root_count] = graph->roots[r];
        all.roots[all.root_count++].node += first;
    }
}

static void name(void *context, uf_node source, uint32_t ordinal, struct uf_ref_name *ret)
{
    (void)context;
    ret->kind = UF_REF_ATTR;
    snprintf(ret->text, sizeof ret->text, ".reference_%u", (source + ordinal) % 100);
    snprintf(ret->generic, sizeof ret->generic, ".reference_%u", (source + ordinal) % 100);
}

static int write_retained(const char *path, const struct uf_reach *reach,
                          const struct uf_dominators *dominators)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return 1;
    for (uf_node n = 0; n < all.node_count; n++) {
        double retained = reach->reached[n] ? (double)dominators->retained[n] : -1;
        fwrite(&retained, sizeof retained, 1, file);
    }
    return fclose(file);
}

int main(int argc, char **argv)
{
    static struct random_graph made;
    struct uf_reach reach;
    struct uf_dominators dominators;
    struct uf_sink sink;
    struct uf_error err;
    if (argc < 3)
        return 2;
    uint64_t seeds = argc > 3 ? strtoull(argv[3], NULL, 10) : 500;
    struct uf_graph_type type = {.name = uf_strings_add_z(&all.strings, "thing")};
    all.types = &type;
    all.type_count = 1;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        random_graph(&made, seed);
        append(&made.graph);
    }
    struct uf_names names = {.name = name};
    struct uf_export_input input = {.graph = &all, .names = &names, .reach = &reach};
    if (uf_reach_build(&reach, &all, &err) || uf_dominators_build(&dominators, &all, &err) ||
        uf_sink_open(&sink, argv[1], &err) || uf_export_heapsnapshot(&input, &sink, &err) ||
        uf_sink_commit(&sink, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    uf_sink_release(&sink);
    return write_retained(argv[2], &reach, &dominators);
}
