/* unfreed_probe_snapshot - a snapshot file of this process against the process itself; no part of the product.
 *
 * All is done within one call, while the heap stands as it was captured.
 */
#include "capture/capture.h"
#include "cpython/shapes.h"
#include "pyext/python.h"
#include "pyext/self.h"
#include "snapshot/snapshot.h"
#include "snapshot/write.h"

#include <string.h>
#include <time.h>

#define DIFFERENCES_MAX 50

static struct uf_heap_config config;
static struct uf_capture kept;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static PyObject *fail(const struct uf_error *error)
{
    return PyErr_Format(PyExc_RuntimeError, "%s", error->message);
}

static struct uf_meta unknown_meta(void)
{
    struct uf_meta meta;
    memset(&meta, 0xff, sizeof meta);
    meta.unfreed = meta.implementation = meta.platform = meta.executable = NULL;
    meta.python = PY_VERSION;
    meta.command_line = "app --password hunter2";
    return meta;
}

static enum uf_code capture(struct uf_error *error)
{
    struct uf_capture_options options = {0};
    enum uf_code code = config.layout ? UF_OK : uf_self_config(&config, error);
    uf_capture_release(&kept);
    return code ? code : uf_capture_heap(&kept, &config, &options, error);
}

static enum uf_code write_file(const char *path, bool redact, uint64_t *bytes,
                               struct uf_error *error)
{
    struct uf_heap_shapes *own = NULL;
    struct uf_shapes shapes;
    struct uf_meta meta = unknown_meta();
    enum uf_code code =
        uf_heap_shapes_create(&own, kept.heap, &kept.graph, &kept.names, &shapes, error);
    if (!code)
        code = uf_snapshot_write(
            path,
            &(struct uf_snapshot_content){
                .graph = &kept.graph, .shapes = &shapes, .meta = &meta, .redact = redact},
            bytes, error);
    uf_heap_shapes_destroy(own);
    return code;
}

/* (nodes, references, bytes, seconds of the processor: capturing, writing) */
static PyObject *probe_write(PyObject *self, PyObject *args)
{
    const char *path;
    int redact;
    struct uf_error error = {0};
    uint64_t bytes = 0;
    (void)self;

    if (!PyArg_ParseTuple(args, "sp", &path, &redact))
        return NULL;
    double started = now();
    if (capture(&error))
        return fail(&error);
    double captured = now();
    enum uf_code code = write_file(path, redact != 0, &bytes, &error);
    double written = now();
    if (code)
        return fail(&error);
    PyObject *result = Py_BuildValue("IIKdd", kept.graph.node_count, kept.graph.edge_count,
                                     (unsigned long long)bytes, captured - started,
                                     written - captured);
    uf_capture_release(&kept);
    return result;
}

/* --- the file against the heap ------------------------------------------------------------------------ */

struct comparison {
    const struct uf_graph *graph; /* of the file */
    const struct uf_names *names;
    PyObject *differences;
    uint64_t references;
};

static int differ(struct comparison *c, uf_node node, const char *what, const char *live,
                  const char *file)
{
    if (PyList_GET_SIZE(c->differences) >= DIFFERENCES_MAX)
        return 0;
    PyObject *item = Py_BuildValue("ssss", uf_graph_type_name(&kept.graph, node), what, live, file);
    int status = item ? PyList_Append(c->differences, item) : -1;
    Py_XDECREF(item);
    return status;
}

#define SAME_COLUMN(name, count)                                                                   \
    ((count) == 0 || memcmp(c->graph->name, kept.graph.name, (count) * sizeof *c->graph->name) == 0)

static int compare_columns(struct comparison *c)
{
    size_t nodes = kept.graph.node_count, edges = kept.graph.edge_count;
    bool same = c->graph->node_count == nodes && c->graph->edge_count == edges &&
                c->graph->guessed_count == kept.graph.guessed_count &&
                c->graph->root_count == kept.graph.root_count &&
                c->graph->type_count == kept.graph.type_count;
    same = same && SAME_COLUMN(address, nodes) && SAME_COLUMN(type, nodes) &&
           SAME_COLUMN(size, nodes) && SAME_COLUMN(refcount, nodes) && SAME_COLUMN(flags, nodes) &&
           SAME_COLUMN(edge_start, nodes + 1) && SAME_COLUMN(edge_target, edges) &&
           SAME_COLUMN(guessed, (size_t)kept.graph.guessed_count) &&
           SAME_COLUMN(types, (size_t)kept.graph.type_count);
    for (uint32_t i = 0; same && i < kept.graph.root_count; i++) {
        const struct uf_graph_root *a = &kept.graph.roots[i], *b = &c->graph->roots[i];
        same = a->node == b->node && a->name == b->name && a->label == b->label &&
               a->kind == b->kind && a->surplus == b->surplus;
    }
    return same ? 0 : differ(c, 0, "columns", "", "");
}

static int compare_reference(struct comparison *c, uf_node node, uint32_t ordinal)
{
    struct uf_ref_name live, file;
    kept.names.name(kept.names.context, node, ordinal, &live);
    c->names->name(c->names->context, node, ordinal, &file);
    c->references++;
    if (live.kind != file.kind || strcmp(live.text, file.text) != 0)
        return differ(c, node, "name", live.text, file.text);
    if (strcmp(live.generic, file.generic) != 0)
        return differ(c, node, "generic", live.generic, file.generic);
    uint32_t number = c->names->generic(c->names->context, node, ordinal);
    const char *text = c->names->generic_text(c->names->context, number);
    if (strcmp(text, file.generic) != 0 || (number & 15) != (uint32_t)file.kind)
        return differ(c, node, "number", file.generic, text);
    return 0;
}

static int compare_node(struct comparison *c, uf_node node)
{
    int64_t live = kept.names.length(kept.names.context, node);
    int64_t file = c->names->length(c->names->context, node);
    char live_text[200], file_text[200];
    int status = 0;
    if (live >= 0 && file >= 0 && live != file) { /* a file may know less */
        snprintf(live_text, sizeof live_text, "%lld", (long long)live);
        snprintf(file_text, sizeof file_text, "%lld", (long long)file);
        status = differ(c, node, "length", live_text, file_text);
    }
    live = kept.names.bound(kept.names.context, node);
    file = c->names->bound(c->names->context, node);
    if (live != file)
        status |= differ(c, node, "bound", "", "");
    kept.names.preview(kept.names.context, node, live_text, sizeof live_text);
    c->names->preview(c->names->context, node, file_text, sizeof file_text);
    /* a file says more of functions, and less of long texts and numbers */
    bool counted = strchr(live_text, ',') && live_text[0] != '\'' && live_text[0] != '"' &&
                   live_text[0] != 'b';
    if (counted && file_text[0] != '(' && strcmp(live_text, file_text) != 0)
        status |= differ(c, node, "preview", live_text, file_text);
    for (uint32_t i = 0; i < kept.graph.edge_start[node + 1] - kept.graph.edge_start[node]; i++)
        status |= compare_reference(c, node, i);
    return status;
}

/* Captures, writes, reads: (references compared, [(type, what, in the heap, in the file), ...]). */
static PyObject *probe_compare(PyObject *self, PyObject *path_object)
{
    const char *path = PyUnicode_AsUTF8(path_object);
    struct uf_snapshot *snapshot = NULL;
    struct uf_error error = {0};
    uint64_t bytes;
    (void)self;

    if (!path)
        return NULL;
    if (capture(&error) || write_file(path, false, &bytes, &error) ||
        uf_snapshot_open(&snapshot, path, &error) ||
        uf_snapshot_load(snapshot, UF_LOAD_ALL, &error) || uf_snapshot_verify(snapshot, &error) ||
        uf_graph_check(uf_snapshot_graph(snapshot), &error)) {
        uf_snapshot_close(snapshot);
        return fail(&error);
    }
    struct comparison c = {.graph = uf_snapshot_graph(snapshot),
                           .names = uf_snapshot_names(snapshot),
                           .differences = PyList_New(0)};
    int status = c.differences ? compare_columns(&c) : -1;
    for (uf_node node = 0; node < kept.graph.node_count && !status; node++)
        status = compare_node(&c, node);
    uf_snapshot_close(snapshot);
    uf_capture_release(&kept);
    if (status) {
        Py_XDECREF(c.differences);
        return NULL;
    }
    return Py_BuildValue("KN", (unsigned long long)c.references, c.differences);
}

/* --- a file alone -------------------------------------------------------------------------------------- */

/* {previews of all objects}, {names of all references} of a file. */
static PyObject *probe_words(PyObject *self, PyObject *path_object)
{
    const char *path = PyUnicode_AsUTF8(path_object);
    struct uf_snapshot *snapshot = NULL;
    struct uf_error error = {0};
    PyObject *previews = PySet_New(NULL), *names = PySet_New(NULL);
    (void)self;

    if (!path || !previews || !names)
        return NULL;
    if (uf_snapshot_open(&snapshot, path, &error) ||
        uf_snapshot_load(snapshot, UF_LOAD_ALL, &error))
        return fail(&error);
    const struct uf_graph *graph = uf_snapshot_graph(snapshot);
    const struct uf_names *from = uf_snapshot_names(snapshot);
    for (uf_node node = 0; node < graph->node_count; node++) {
        char preview[256];
        from->preview(from->context, node, preview, sizeof preview);
        PyObject *text = PyUnicode_FromString(preview);
        if (!text || PySet_Add(previews, text))
            return NULL;
        Py_DECREF(text);
        for (uint32_t i = 0; i < graph->edge_start[node + 1] - graph->edge_start[node]; i++) {
            struct uf_ref_name name;
            from->name(from->context, node, i, &name);
            text = PyUnicode_FromString(name.text);
            if (!text || PySet_Add(names, text))
                return NULL;
            Py_DECREF(text);
        }
    }
    uf_snapshot_close(snapshot);
    return Py_BuildValue("NN", previews, names);
}

/* Seconds of the processor: opening, the base, all the rest, verifying. */
static PyObject *probe_load(PyObject *self, PyObject *path_object)
{
    const char *path = PyUnicode_AsUTF8(path_object);
    struct uf_snapshot *snapshot = NULL;
    struct uf_error error = {0};
    double at[5];
    (void)self;

    if (!path)
        return NULL;
    at[0] = now();
    enum uf_code code = uf_snapshot_open(&snapshot, path, &error);
    at[1] = now();
    if (!code)
        code = uf_snapshot_load(snapshot, UF_LOAD_BASE, &error);
    at[2] = now();
    if (!code)
        code = uf_snapshot_load(snapshot, UF_LOAD_ALL, &error);
    at[3] = now();
    if (!code)
        code = uf_snapshot_verify(snapshot, &error);
    at[4] = now();
    uf_snapshot_close(snapshot);
    return code ? fail(&error)
                : Py_BuildValue("dddd", at[1] - at[0], at[2] - at[1], at[3] - at[2], at[4] - at[3]);
}

static PyMethodDef methods[] = {
    {"write", probe_write, METH_VARARGS, NULL},
    {"compare", probe_compare, METH_O, NULL},
    {"words", probe_words, METH_O, NULL},
    {"load", probe_load, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "unfreed_probe_snapshot",
                                    .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_unfreed_probe_snapshot(void);
PyMODINIT_FUNC PyInit_unfreed_probe_snapshot(void)
{
    return PyModule_Create(&module);
}
