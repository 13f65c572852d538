#include "export/arrow_export.h"

#include "export/arrow_file.h"
#include "export/arrow_stream.h"

#include <string.h>

struct export {
    const struct uf_export_input *input;
    struct uf_arrow_heap *heap;
    struct uf_sink *sink; /* of the table being written */
};

static bool go_on(void *context)
{
    const struct export *export = context;
    return !uf_export_stopped(export->input, export->sink);
}

static enum uf_code write_table(struct export *export, struct uf_sink *sink,
                                const struct uf_arrow_table *table, struct uf_error *err)
{
    struct ArrowArrayStream stream;
    struct uf_arrow_selection all = uf_arrow_all_columns(table);
    enum uf_code code =
        uf_arrow_stream(&stream, export->heap, table, &all, UF_ARROW_BATCH_ROWS, err);
    if (code)
        return code;
    export->sink = sink;
    code = uf_arrow_file_write(sink, &stream, go_on, export, err);
    stream.release(&stream);
    return code;
}

/* "dir/heap.references.arrow" of "dir/heap.arrow"; NULL when memory is out. */
static char *name_beside(const char *path, const char *table)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    const char *end = dot && dot > base ? dot : base + strlen(base);
    return uf_mem_printf("%.*s.%s%s", (int)(end - path), path, table, end);
}

static enum uf_code write_beside(struct export *export, const struct uf_arrow_table *table,
                                 struct uf_error *err)
{
    struct uf_sink sink;
    char *path = name_beside(export->input->path, table->name);
    if (!path)
        return uf_error_nomem(err);
    enum uf_code code = uf_sink_open(&sink, path, err);
    if (!code) {
        code = write_table(export, &sink, table, err);
        bool stopped = !code && !uf_sink_failed(&sink) && !go_on(export);
        if (!code && !stopped)
            code = uf_sink_commit(&sink, err);
        if (!code && !stopped)
            uf_text_printf(export->input->also, "%s\n", path);
        uf_sink_release(&sink);
    }
    uf_mem_free(path);
    return code;
}

enum uf_code uf_export_arrow(const struct uf_export_input *input, struct uf_sink *sink,
                             struct uf_error *err)
{
    struct export export = {.input = input};
    if (!input->path)
        return uf_error_set(err, UF_EINVAL, "Arrow needs the name of a file: it makes three");
    enum uf_code code =
        uf_arrow_heap_borrow(&export.heap, input->graph, input->names, input->dominators, err);
    if (code)
        return code;
    code = write_table(&export, sink, &uf_arrow_objects, err);
    if (!code && go_on(&export))
        code = write_beside(&export, &uf_arrow_references, err);
    if (!code && go_on(&export))
        code = write_beside(&export, &uf_arrow_types, err);
    uf_arrow_heap_drop(export.heap);
    return code;
}
