/* fuzz_snapshot - whatever a snapshot file holds, reading it ends in a sound graph or in an error.
 *
 * The first byte of an input says what the others are:
 *     0        a file, byte by byte: the container and its checksums
 *     else     chunks, each of them an id of four bytes, a length of two, and its bytes: the harness makes
 *              a file with right checksums of them, so that what lies behind these is reached
 *
 * With libFuzzer it is the fuzzer (make fuzz); with standalone.c it runs what is in the corpus, as a test.
 */
#include "analysis/dominators.h"
#include "analysis/domtree.h"
#include "analysis/reach.h"
#include "analysis/signatures.h"
#include "analysis/type_totals.h"
#include "base/mem.h"
#include "snapshot/snapshot.h"
#include "snapshot_parts.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NODES_MAX 100000 /* looked at: an input is small, its heap may be large */

static void fault(const char *what, const char *why)
{
    fprintf(stderr, "fuzz_snapshot: %s: %s\n", what, why);
    abort();
}

static void ask_names(const struct uf_graph *graph, const struct uf_names *names)
{
    char text[100];
    struct uf_ref_name name;
    uint32_t asked = 0;
    for (uf_node node = 0; node < graph->node_count && asked < NODES_MAX; node++) {
        names->preview(names->context, node, text, sizeof text);
        if (strnlen(text, sizeof text) == sizeof text)
            fault("preview", "it has no end");
        (void)names->length(names->context, node);
        (void)names->bound(names->context, node);
        uint32_t degree = graph->edge_start[node + 1] - graph->edge_start[node];
        for (uint32_t i = 0; i < degree && asked < NODES_MAX; i++, asked++) {
            names->name(names->context, node, i, &name);
            uint32_t number = names->generic(names->context, node, i);
            const char *generic = names->generic_text(names->context, number);
            if (name.kind > UF_REF_UNKNOWN || UF_GENERIC_KIND(number) != name.kind)
                fault("kind of a name", name.text);
            if (strncmp(generic, name.generic, sizeof name.generic - 5) != 0)
                fault(generic, name.generic);
        }
    }
}

static void check(enum uf_code code, const char *what, const struct uf_error *err)
{
    if (code)
        fault(what, err->message);
}

/* What every command that reads a heap does with it. */
static void analyse(const struct uf_graph *graph, const struct uf_names *names)
{
    struct uf_error err;
    struct uf_reach reach;
    struct uf_dominators dominators;
    struct uf_domtree tree;
    struct uf_type_totals totals;
    struct uf_signatures signatures;
    check(uf_reach_build(&reach, graph, &err), "reach", &err);
    check(uf_dominators_build(&dominators, graph, &err), "dominators", &err);
    check(uf_domtree_build(&tree, &dominators, &err), "dominator tree", &err);
    check(uf_type_totals_build(&totals, graph, &dominators, &tree, &err), "totals", &err);
    struct uf_view view = {.graph = graph, .reach = &reach, .names = names};
    check(uf_signatures_build(&signatures, &view, &err), "signatures", &err);
    uf_signatures_release(&signatures);
    uf_type_totals_release(&totals);
    uf_domtree_release(&tree);
    uf_dominators_release(&dominators);
    uf_reach_release(&reach);
}

static void read_all(const uint8_t *bytes, size_t len)
{
    struct uf_snapshot *snapshot;
    struct uf_error err;
    uint64_t blocks = uf_mem_live_blocks();
    if (uf_snapshot_open_memory(&snapshot, bytes, len, &err) == UF_OK) {
        enum uf_code verified = uf_snapshot_verify(snapshot, &err);
        if (uf_snapshot_load(snapshot, UF_LOAD_ALL, &err) == UF_OK) {
            const struct uf_graph *graph = uf_snapshot_graph(snapshot);
            if (uf_graph_check(graph, &err))
                fault("graph", err.message);
            ask_names(graph, uf_snapshot_names(snapshot));
            if (graph->node_count < NODES_MAX)
                analyse(graph, uf_snapshot_names(snapshot));
        } else if (verified == UF_OK && err.code != UF_ECORRUPT) {
            fault("error of a damaged file", err.message);
        }
        uf_snapshot_close(snapshot);
    }
    if (uf_mem_live_blocks() != blocks)
        fault("memory", "blocks are left");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] == 0) {
        uint8_t *copy = malloc(size); /* aligned, and its end is watched */
        if (!copy)
            return 0;
        memcpy(copy, data + 1, size - 1);
        read_all(copy, size - 1);
        free(copy);
        return 0;
    }
    struct parts parts = {.count = 0};
    uint8_t *copy = malloc(size);
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    for (size_t at = 1; at + 6 <= size && parts.count < PARTS_MAX;) {
        struct part *part = &parts.part[parts.count++];
        size_t len = (size_t)parts_read(copy + at + 4, 2);
        memcpy(part->id, copy + at, 4);
        part->at = copy + at + 6;
        part->len = len < size - at - 6 ? len : size - at - 6;
        at += 6 + part->len;
    }
    struct joined file = parts_join(&parts);
    if (file.at)
        read_all(file.at, file.len);
    free(file.at);
    free(copy);
    return 0;
}
