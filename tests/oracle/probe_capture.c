/* unfreed_probe_capture - shows a capture to Python tests; no part of the product.
 *
 * capture() keeps one graph; the other functions read it until the next
 * capture() or release(). Objects are named by their address (id).
 */
#include "analysis/reach.h"
#include "capture/capture.h"
#include "cpython/code.h"
#include "cpython/roots.h"
#include "pyext/python.h"
#include "pyext/self.h"

#include <stdlib.h>

static struct uf_capture kept;
static const char *const kinds[] = {
    [UF_ROOT_MODULE] = "module",
    [UF_ROOT_THREAD] = "thread",
    [UF_ROOT_INTERPRETER] = "interpreter",
    [UF_ROOT_STATIC_TYPE] = "static type",
    [UF_ROOT_CACHE] = "cache",
    [UF_ROOT_NATIVE] = "native",
};

static struct uf_heap_config config;

/* Asks the interpreter for its layout, once. */
static enum uf_code ready(struct uf_error *error)
{
    return config.layout ? UF_OK : uf_self_config(&config, error);
}

static PyObject *fail(const struct uf_error *error)
{
    return PyErr_Format(PyExc_RuntimeError, "%s", error->message);
}

static PyObject *to_int(uint64_t value)
{
    return PyLong_FromUnsignedLongLong(value);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The addresses in a Python list of ints, sorted, in memory of the engine. */
static uint64_t *read_own(PyObject *list, struct uf_capture_options *options)
{
    Py_ssize_t count = PyList_GET_SIZE(list);
    uint64_t *own = uf_mem_alloc(((size_t)count + 1) * sizeof *own);
    for (Py_ssize_t i = 0; own && i < count; i++)
        own[i] = PyLong_AsUnsignedLongLong(PyList_GET_ITEM(list, i));
    if (own)
        qsort(own, (size_t)count, sizeof *own, compare);
    *options = (struct uf_capture_options){own, (size_t)count};
    return own;
}

/* Called without a tuple of arguments, which would be an object more. */
static PyObject *probe_capture(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    struct uf_capture_options options = {0};
    struct uf_error error = {0};
    uint64_t *own = NULL;
    (void)self;

    uf_capture_release(&kept);
    if (count > 0)
        own = read_own(args[0], &options);
    uf_mem_reset_peak();
    size_t before = uf_mem_mapped_bytes();
    enum uf_code code = ready(&error);
    if (code == UF_OK)
        code = uf_capture_heap(&kept, &config, &options, &error);
    size_t peak = uf_mem_peak_bytes();
    uf_mem_free(own);
    if (code != UF_OK || uf_graph_check(&kept.graph, &error) != UF_OK)
        return fail(&error);
    return Py_BuildValue(
        "{s:K,s:K,s:K,s:K,s:K,s:K,s:d,s:K,s:K}", "nodes", (unsigned long long)kept.graph.node_count,
        "edges", (unsigned long long)kept.graph.edge_count, "tracked",
        (unsigned long long)kept.tracked, "frozen", (unsigned long long)kept.frozen, "python_bytes",
        (unsigned long long)kept.python_bytes, "malloced_bytes",
        (unsigned long long)kept.malloced_bytes, "seconds", kept.seconds, "peak_bytes",
        (unsigned long long)(peak - before), "roots", (unsigned long long)kept.graph.root_count);
}

/* A capture that makes no Python object even for its result. */
static PyObject *probe_touch(PyObject *self, PyObject *unused)
{
    struct uf_capture_options options = {0};
    struct uf_error error = {0};
    (void)self, (void)unused;

    uf_capture_release(&kept);
    if (ready(&error) || uf_capture_heap(&kept, &config, &options, &error))
        return fail(&error);
    Py_RETURN_NONE;
}

/* Captures again and again, each time with another allocation that fails, until one succeeds; the number
 * of failures. Every failure must say so and leave nothing behind. */
static PyObject *probe_without_memory(PyObject *self, PyObject *unused)
{
    struct uf_capture_options options = {0};
    struct uf_error error = {0};
    uint64_t nth = 1;
    (void)self, (void)unused;

    uf_capture_release(&kept);
    if (ready(&error))
        return fail(&error);
    uint64_t blocks = uf_mem_live_blocks();
    for (;; nth += 1 + nth / 16) {
        uf_mem_fail_at(nth);
        enum uf_code code = uf_capture_heap(&kept, &config, &options, &error);
        uf_mem_fail_at(0);
        if (code == UF_OK)
            break;
        if (code != UF_ENOMEM || uf_mem_live_blocks() != blocks)
            return PyErr_Format(PyExc_AssertionError,
                                "allocation %llu: code %d, %lld blocks left: %s",
                                (unsigned long long)nth, (int)code,
                                (long long)(uf_mem_live_blocks() - blocks), error.message);
    }
    uf_capture_release(&kept);
    if (uf_mem_live_blocks() != blocks)
        return PyErr_Format(PyExc_AssertionError, "a capture leaves blocks behind");
    return to_int(nth);
}

static PyObject *probe_other_interpreters(PyObject *self, PyObject *unused)
{
    struct uf_error error = {0};
    (void)self, (void)unused;

    return ready(&error) ? fail(&error) : to_int(uf_roots_other_interpreters(&config));
}

static PyObject *probe_release(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    uf_capture_release(&kept);
    Py_RETURN_NONE;
}

static PyObject *probe_count_tracked(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    struct uf_capture_options options = {0};
    struct uf_error error = {0};
    uint64_t tracked, frozen, *own = count > 0 ? read_own(args[0], &options) : NULL;
    enum uf_code code = ready(&error);
    (void)self;

    if (code == UF_OK)
        code = uf_capture_count_tracked(&config, &options, &tracked, &frozen, &error);
    uf_mem_free(own);
    if (code != UF_OK)
        return fail(&error);
    return Py_BuildValue("KK", (unsigned long long)tracked, (unsigned long long)frozen);
}

static uf_node find(uint64_t address)
{
    for (uf_node node = 0; node < kept.graph.node_count; node++)
        if (kept.graph.address[node] == address)
            return node;
    return UF_NODE_NONE;
}

static PyObject *edges_of(uf_node node)
{
    uint32_t from = kept.graph.edge_start[node], to = kept.graph.edge_start[node + 1];
    PyObject *list = PyList_New((Py_ssize_t)(to - from));
    for (uint32_t i = from; list && i < to; i++)
        PyList_SET_ITEM(list, (Py_ssize_t)(i - from),
                        to_int(kept.graph.address[kept.graph.edge_target[i]]));
    return list;
}

/* One dict for all: {address: (flags, refcount, type name, [addresses])}. */
static PyObject *probe_graph(PyObject *self, PyObject *unused)
{
    PyObject *all = PyDict_New();
    (void)self, (void)unused;

    for (uf_node node = 0; all && node < kept.graph.node_count; node++) {
        PyObject *key = to_int(kept.graph.address[node]);
        PyObject *value = Py_BuildValue("iIsN", (int)kept.graph.flags[node],
                                        kept.graph.refcount[node],
                                        uf_graph_type_name(&kept.graph, node), edges_of(node));
        if (!key || !value || PyDict_SetItem(all, key, value))
            Py_CLEAR(all);
        Py_XDECREF(key);
        Py_XDECREF(value);
    }
    return all;
}

static PyObject *probe_roots(PyObject *self, PyObject *unused)
{
    PyObject *list = PyList_New(0);
    (void)self, (void)unused;

    for (uint32_t i = 0; list && i < kept.graph.root_count; i++) {
        const struct uf_graph_root *root = &kept.graph.roots[i];
        PyObject *item = Py_BuildValue("sssK", kinds[root->kind],
                                       uf_strings_get(&kept.graph.strings, root->name),
                                       uf_strings_get(&kept.graph.strings, root->label),
                                       (unsigned long long)kept.graph.address[root->node]);
        if (!item || PyList_Append(list, item))
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

/* Addresses of what no root reaches. */
static PyObject *probe_unreachable(PyObject *self, PyObject *unused)
{
    struct uf_reach reach;
    struct uf_error error = {0};
    (void)self, (void)unused;

    if (uf_reach_build(&reach, &kept.graph, &error))
        return fail(&error);
    PyObject *list = PyList_New(0);
    for (uf_node node = 0; list && node < kept.graph.node_count; node++) {
        if (reach.reached[node])
            continue;
        PyObject *item = to_int(kept.graph.address[node]);
        if (!item || PyList_Append(list, item))
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    uf_reach_release(&reach);
    return list;
}

/* (kind, name, label of the root, [name of each reference on the way]), or None. */
static PyObject *probe_path(PyObject *self, PyObject *address)
{
    enum { LONGEST = 64 };
    struct uf_reach reach;
    struct uf_error error = {0};
    uf_node node = find(PyLong_AsUnsignedLongLong(address)), path[LONGEST];
    PyObject *steps = PyList_New(0), *result = NULL;
    (void)self;

    if (node == UF_NODE_NONE || uf_reach_build(&reach, &kept.graph, &error))
        Py_RETURN_NONE;
    size_t len = uf_reach_path(&reach, node, path, LONGEST);
    for (size_t i = 1; i < len && len <= LONGEST; i++) {
        struct uf_ref_name name;
        uint32_t edge = reach.parent_edge[path[i]];
        kept.names.name(kept.names.context, path[i - 1], edge - kept.graph.edge_start[path[i - 1]],
                        &name);
        PyObject *text = PyUnicode_FromString(name.text);
        PyList_Append(steps, text);
        Py_XDECREF(text);
    }
    if (len > 0 && len <= LONGEST) {
        const struct uf_graph_root *root = &kept.graph.roots[reach.root[path[0]]];
        result = Py_BuildValue("sssO", kinds[root->kind],
                               uf_strings_get(&kept.graph.strings, root->name),
                               uf_strings_get(&kept.graph.strings, root->label), steps);
    } else {
        result = Py_NewRef(Py_None);
    }
    Py_XDECREF(steps);
    uf_reach_release(&reach);
    return result;
}

/* (address, count, references found) of nodes with more references than their count allows: a decoder
 * that takes a borrowed pointer for an owned one. References of `skipped` nodes do not count. */
static PyObject *probe_overcounted(PyObject *self, PyObject *skipped)
{
    const struct uf_graph *g = &kept.graph;
    uint32_t *found = uf_mem_zalloc(((size_t)g->node_count + 1) * sizeof *found);
    uf_node skip = find(PyLong_AsUnsignedLongLong(skipped));
    PyObject *list = PyList_New(0);
    (void)self;

    for (uf_node node = 0; node < g->node_count; node++)
        for (uint32_t e = g->edge_start[node]; e < g->edge_start[node + 1]; e++)
            found[g->edge_target[e]] += node != skip;
    for (uf_node node = 0; list && node < g->node_count; node++) {
        if (found[node] <= g->refcount[node] || (g->flags[node] & UF_NODE_STATIC))
            continue;
        PyObject *item = Py_BuildValue("KII", (unsigned long long)g->address[node],
                                       g->refcount[node], found[node]);
        if (!item || PyList_Append(list, item))
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    uf_mem_free(found);
    return list;
}

static PyObject *probe_names(PyObject *self, PyObject *address)
{
    uf_node node = find(PyLong_AsUnsignedLongLong(address));
    (void)self;

    if (PyErr_Occurred())
        return NULL;
    if (node == UF_NODE_NONE)
        Py_RETURN_NONE;
    uint32_t from = kept.graph.edge_start[node], to = kept.graph.edge_start[node + 1];
    PyObject *list = PyList_New((Py_ssize_t)(to - from));
    for (uint32_t i = from; list && i < to; i++) {
        struct uf_ref_name name;
        kept.names.name(kept.names.context, node, i - from, &name);
        PyList_SET_ITEM(list, (Py_ssize_t)(i - from), PyUnicode_FromString(name.text));
    }
    return list;
}

static PyObject *probe_line(PyObject *self, PyObject *args)
{
    int form, first_line;
    const char *table;
    Py_ssize_t len, offset;
    (void)self;

    if (!PyArg_ParseTuple(args, "iy#in", &form, &table, &len, &first_line, &offset))
        return NULL;
    return PyLong_FromLong(uf_code_line_in_table(form, (const uint8_t *)table, (size_t)len,
                                                 first_line, (uint64_t)offset));
}

static PyMethodDef methods[] = {
    {"capture", (PyCFunction)(void (*)(void))probe_capture, METH_FASTCALL, NULL},
    {"touch", probe_touch, METH_NOARGS, NULL},
    {"without_memory", probe_without_memory, METH_NOARGS, NULL},
    {"other_interpreters", probe_other_interpreters, METH_NOARGS, NULL},
    {"release", probe_release, METH_NOARGS, NULL},
    {"count_tracked", (PyCFunction)(void (*)(void))probe_count_tracked, METH_FASTCALL, NULL},
    {"graph", probe_graph, METH_NOARGS, NULL},
    {"roots", probe_roots, METH_NOARGS, NULL},
    {"unreachable", probe_unreachable, METH_NOARGS, NULL},
    {"path", probe_path, METH_O, NULL},
    {"overcounted", probe_overcounted, METH_O, NULL},
    {"names", probe_names, METH_O, NULL},
    {"line", probe_line, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "unfreed_probe_capture",
                                    .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_unfreed_probe_capture(void);
PyMODINIT_FUNC PyInit_unfreed_probe_capture(void)
{
    return PyModule_Create(&module);
}
