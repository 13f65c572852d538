#include "snapshot/write.h"

#include "base/mem.h"
#include "snapshot/write_private.h"

static enum uf_code write_chunks(struct uf_writing *writing, struct uf_error *err)
{
    uf_write_meta(writing);
    enum uf_code code = uf_write_graph(writing, err);
    if (!code)
        code = uf_write_forms(writing, err);
    if (!code) {
        uf_write_shapes(writing);
        code = uf_write_texts(writing, err);
    }
    uf_emit_begin(writing->emit, UF_CHUNK_COUNTS);
    uf_emit_bytes(writing->emit, &writing->counts, sizeof writing->counts);
    uf_emit_finish(writing->emit);
    return code;
}

static bool is_whole(const struct uf_graph *graph)
{
    bool nodes = graph->address && graph->type && graph->size && graph->refcount && graph->flags &&
                 graph->edge_start;
    return (nodes || graph->node_count == 0) && (graph->edge_target || graph->edge_count == 0);
}

enum uf_code uf_snapshot_write(const char *path, const struct uf_snapshot_content *content,
                               uint64_t *bytes, struct uf_error *err)
{
    if (!is_whole(content->graph))
        return uf_error_set(err, UF_EINVAL, "the graph lacks columns");
    struct uf_emit *emit = uf_mem_alloc(sizeof *emit);
    struct uf_sink sink;
    if (!emit)
        return uf_error_nomem(err);
    enum uf_code code = uf_sink_open(&sink, path, err);
    if (code) {
        uf_mem_free(emit);
        return code;
    }
    uf_emit_init(emit, &sink);
    struct uf_writing writing = {.content = content, .emit = emit};
    code = write_chunks(&writing, err);
    *bytes = uf_sink_offset(&sink);
    if (!code)
        code = uf_sink_commit(&sink, err);
    uf_sink_release(&sink);
    uf_mem_free(emit);
    return code;
}
