/* Files of graphs whose values do not fit the narrow columns. */
#include "snapshot_files.h"
#include "wide_graph.h"

static struct uf_snapshot *write_and_read(struct wide_graph *wide)
{
    struct uf_snapshot_content content = {&wide->graph, &wide->shapes, meta_unknown(), false};
    struct uf_snapshot *snapshot = NULL;
    struct uf_error err = {0};
    uint64_t bytes;
    EXPECT(uf_graph_check(&wide->graph, &err) == UF_OK);
    EXPECT(uf_snapshot_write(files_path, &content, &bytes, &err) == UF_OK);
    EXPECT(uf_snapshot_open(&snapshot, files_path, &err) == UF_OK);
    EXPECT(snapshot && uf_snapshot_load(snapshot, UF_LOAD_ALL, &err) == UF_OK);
    EXPECT(snapshot && uf_snapshot_verify(snapshot, &err) == UF_OK);
    EXPECT_TEXT(err.message, "");
    return snapshot;
}

/* What a file says of a node that had this text. */
static void expect_text(const struct wide_graph *wide, const struct uf_names *names, uf_node node)
{
    char text[255], preview[300];
    size_t len;
    wide->shapes.text(wide->shapes.context, node, text, sizeof text, &len);
    text[len] = 0;
    names->preview(names->context, node, preview, sizeof preview);
    if (len > 0)
        EXPECT_TEXT(preview, text);
    bool cut = len >= 5 && memcmp(text + len - 4, "...", 3) == 0;
    if (len == 0 || cut)
        EXPECT(names->length(names->context, node) ==
               wide->shapes.length(wide->shapes.context, node));
    EXPECT(names->bound(names->context, node) == wide->shapes.bound(wide->shapes.context, node));
}

static void expect_words(const struct wide_graph *wide, const struct uf_names *names)
{
    const struct uf_graph *graph = &wide->graph;
    for (uf_node node = 0; node < graph->node_count && !test_failed_here; node++) {
        expect_text(wide, names, node);
        uint32_t degree = graph->edge_start[node + 1] - graph->edge_start[node];
        if (degree == 0)
            continue;
        struct uf_ref_name name;
        char expected[40];
        uint32_t shape = wide->shapes.of(wide->shapes.context, node);
        names->name(names->context, node, degree - 1, &name);
        snprintf(expected, sizeof expected, "name %u", shape);
        EXPECT_TEXT(name.text, expected);
        EXPECT(name.kind == shape % 10);
    }
}

static void round_trip(const struct wide_options *options, uint64_t seed)
{
    struct wide_graph wide;
    wide_graph(&wide, options, seed);
    struct uf_snapshot *snapshot = write_and_read(&wide);
    if (snapshot && !test_failed_here) {
        EXPECT(uf_graph_check(uf_snapshot_graph(snapshot), NULL) == UF_OK);
        expect_same_graph(&wide.graph, uf_snapshot_graph(snapshot));
        expect_words(&wide, uf_snapshot_names(snapshot));
    }
    uf_snapshot_close(snapshot);
    wide_graph_release(&wide);
    if (test_failed_here)
        printf("# seed %llu\n", (unsigned long long)seed);
}

TEST(random_graphs_of_all_sizes_come_back_as_they_were)
{
    static const uf_node sizes[] = {0, 1, 2, 7, 63, 64, 65, 500, 511, 512, 513, 4095, 4096, 4097};
    for (uint64_t seed = 1; seed <= 100 && !test_failed_here; seed++) {
        struct wide_options options = {
            .nodes = sizes[seed % 14],
            .types = 1 + (uint32_t)(seed * 7 % 90),
            .shapes = 1 + (uint32_t)(seed * 13 % 400),
            .degree = (uint32_t)(seed % 6),
            .alike = seed % 3 == 0,
            /* each takes a leaf of the index: thousands would take seconds */
            .far_addresses = seed % 2 && sizes[seed % 14] < 600,
        };
        round_trip(&options, seed);
    }
}

TEST(more_types_shapes_and_forms_than_16_bits_hold_come_back)
{
    round_trip(
        &(struct wide_options){.nodes = 200000, .types = 70000, .shapes = 70000, .degree = 3}, 1);
}

TEST(forms_that_many_objects_share_come_back)
{
    round_trip(
        &(struct wide_options){
            .nodes = 300000, .types = 20, .shapes = 300, .degree = 3, .alike = true},
        2);
}

int main(void)
{
    files_begin();
    RUN(random_graphs_of_all_sizes_come_back_as_they_were);
    RUN(more_types_shapes_and_forms_than_16_bits_hold_come_back);
    RUN(forms_that_many_objects_share_come_back);
    files_end();
    return test_end();
}
