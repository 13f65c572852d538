/* unfreed_probe_shapes - compares what shapes say of references with what names say; no part of the product. */
#include "base/utf8.h"
#include "capture/capture.h"
#include "cpython/shapes.h"
#include "pyext/python.h"
#include "pyext/self.h"

#include <string.h>
#include <time.h>

static struct uf_capture kept;
static struct uf_heap_config config;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

struct checker {
    struct uf_shapes shapes;
    uint32_t *of; /* by node */
    PyObject *differences;
    Py_ssize_t left;
};

static size_t text_of(const struct checker *c, uf_node node, char *ret, size_t size)
{
    size_t len;
    c->shapes.text(c->shapes.context, node, ret, size, &len);
    ret[len] = 0;
    return len;
}

/* A key as a reader of a file writes it. */
static void key_of(const struct checker *c, uf_node node, char *ret, size_t size)
{
    if (!text_of(c, node, ret, size))
        snprintf(ret, size, "<%.60s>", uf_graph_type_name(&kept.graph, node));
}

static void set_name(struct uf_ref_name *ret, enum uf_ref_kind kind, const char *format,
                     const char *text, const char *generic)
{
    ret->kind = kind;
    uf_utf8_cut(ret->generic, sizeof ret->generic, generic);
    if (snprintf(ret->text, sizeof ret->text, format, text) < 0) // NOLINT: the formats are below
        ret->text[0] = 0;
}

static bool is_identifier(const char *text)
{
    for (const char *c = text; *c; c++)
        if (!(*c & 0x80) && *c != '_' && !Py_ISALNUM(*c))
            return false;
    return *text && !Py_ISDIGIT(*text);
}

static void value_name(const char *key, bool attribute, struct uf_ref_name *ret)
{
    char name[300];
    uf_utf8_cut(name, sizeof name, key + 1);
    if (*key == '\'')
        name[strlen(name) - 1] = 0;
    if (!attribute) {
        set_name(ret, UF_REF_ITEM, "[%s]", key, "[*]");
    } else if (*key == '\'' && is_identifier(name)) {
        set_name(ret, UF_REF_ATTR, ".%s", name, "");
        uf_utf8_cut(ret->generic, sizeof ret->generic, ret->text);
    } else {
        set_name(ret, UF_REF_ITEM, ".__dict__[%s]", key, ".__dict__[*]");
    }
}

/* What the ordinal-th reference is called by the node's shape: as graph/shapes.h says it. */
static bool name_by_shape(const struct checker *c, uf_node node, uint32_t ordinal,
                          struct uf_ref_name *ret)
{
    uint32_t first = kept.graph.edge_start[node], total = kept.graph.edge_start[node + 1] - first;
    struct uf_shape shape;
    const struct uf_shape_part *part;
    char key[300];
    c->shapes.get(c->shapes.context, c->of[node], &shape);
    uint32_t fixed = shape.head_count + shape.tail_count;
    if (fixed > total || (shape.rule == UF_SHAPE_NONE && fixed != total))
        return false;
    uint32_t middle = total - fixed, place = ordinal - shape.head_count;
    if (ordinal < shape.head_count)
        part = &shape.head[ordinal];
    else if (place >= middle)
        part = &shape.tail[place - middle];
    else if (shape.rule == UF_SHAPE_SAME)
        part = &shape.same;
    else
        part = NULL;
    if (part) {
        const struct uf_strings *strings = c->shapes.strings(c->shapes.context);
        ret->kind = part->kind;
        uf_utf8_cut(ret->text, sizeof ret->text, uf_strings_get(strings, part->text));
        uf_utf8_cut(ret->generic, sizeof ret->generic, uf_strings_get(strings, part->generic));
        return true;
    }
    uf_node target = kept.graph.edge_target[first + ordinal];
    uint32_t pairs = shape.rule == UF_SHAPE_ORDERED ? middle / 3 * 2 : middle;
    if (shape.rule == UF_SHAPE_INDEX) {
        snprintf(key, sizeof key, "%u", place);
        set_name(ret, UF_REF_INDEX, "[%s]", key, "[*]");
    } else if (shape.rule == UF_SHAPE_MEMBERS) {
        key_of(c, target, key, sizeof key);
        set_name(ret, UF_REF_KEY, "{%s}", key, "{*}");
    } else if (place >= pairs) {
        set_name(ret, UF_REF_KEY, "%s", "key (in the order list)", "key");
    } else if (place % 2 == 0) {
        key_of(c, target, key, sizeof key);
        set_name(ret, UF_REF_KEY, "key %s", key, "key");
    } else {
        key_of(c, kept.graph.edge_target[first + ordinal - 1], key, sizeof key);
        value_name(key, shape.rule == UF_SHAPE_ATTRIBUTES, ret);
    }
    return true;
}

static int compare_names(struct checker *c, uf_node node, uint32_t ordinal)
{
    struct uf_ref_name name, other;
    kept.names.name(kept.names.context, node, ordinal, &name);
    if (!name_by_shape(c, node, ordinal, &other))
        set_name(&other, UF_REF_UNKNOWN, "%s", "(the shape has another number of names)", "");
    if (name.kind == other.kind && !strcmp(name.text, other.text) &&
        !strcmp(name.generic, other.generic))
        return 0;
    if (c->left-- <= 0)
        return 0;
    PyObject *item = Py_BuildValue("sIiissss", uf_graph_type_name(&kept.graph, node), ordinal,
                                   (int)name.kind, (int)other.kind, name.text, other.text,
                                   name.generic, other.generic);
    int status = item ? PyList_Append(c->differences, item) : -1;
    Py_XDECREF(item);
    return status;
}

/* (seconds of all shapes, seconds of all texts, bytes of all texts, number of shapes, references compared,
 * [differences between the names that shapes say and those that the heap says]); of a new capture. With
 * False nothing is compared. */
static PyObject *compare_shapes(PyObject *self, PyObject *compare)
{
    struct uf_heap_shapes *own = NULL;
    struct checker c = {.left = 50};
    struct uf_error error = {0};
    PyObject *result = NULL;
    (void)self;

    if ((!config.layout && uf_self_config(&config, &error)) ||
        uf_capture_heap(&kept, &config, &(struct uf_capture_options){0}, &error) ||
        uf_heap_shapes_create(&own, kept.heap, &kept.graph, &kept.names, &c.shapes, &error))
        return PyErr_Format(PyExc_RuntimeError, "%s", error.message);
    c.of = uf_mem_alloc(((size_t)kept.graph.node_count + 1) * sizeof *c.of);
    double started = now(), between;
    for (uf_node node = 0; node < kept.graph.node_count; node++)
        if ((c.of[node] = c.shapes.of(c.shapes.context, node)) == UF_SHAPE_NOMEM) {
            PyErr_NoMemory();
            goto out;
        }
    between = now();
    uint64_t bytes = 0;
    for (uf_node node = 0; node < kept.graph.node_count; node++) {
        char text[300];
        size_t len;
        c.shapes.text(c.shapes.context, node, text, sizeof text, &len);
        bytes += len;
    }
    double ended = now();
    c.differences = PyList_New(0);
    uint32_t compared = 0;
    for (uf_node node = 0; compare == Py_True && node < kept.graph.node_count; node++)
        for (uint32_t i = 0; i < kept.graph.edge_start[node + 1] - kept.graph.edge_start[node];
             i++, compared++)
            if (compare_names(&c, node, i))
                goto out;
    result = Py_BuildValue("ddKIIO", between - started, ended - between, (unsigned long long)bytes,
                           c.shapes.count(c.shapes.context), compared, c.differences);
out:
    Py_XDECREF(c.differences);
    uf_mem_free(c.of);
    uf_heap_shapes_destroy(own);
    uf_capture_release(&kept);
    return result;
}

/* Shapes and texts of the whole heap again and again, each time with another allocation that fails, until none
 * does; the number of failures. Every failure must say so and leave nothing behind. */
static PyObject *without_memory(PyObject *self, PyObject *unused)
{
    struct uf_error error = {0};
    uint64_t nth = 1;
    bool whole = false;
    (void)self, (void)unused;

    for (; !whole; nth += 1 + nth / 8) {
        struct uf_heap_shapes *own = NULL;
        struct uf_shapes shapes;
        uint64_t blocks = uf_mem_live_blocks();
        if ((!config.layout && uf_self_config(&config, &error)) ||
            uf_capture_heap(&kept, &config, &(struct uf_capture_options){0}, &error))
            return PyErr_Format(PyExc_RuntimeError, "%s", error.message);
        uf_mem_fail_at(nth);
        whole = !uf_heap_shapes_create(&own, kept.heap, &kept.graph, &kept.names, &shapes, &error);
        for (uf_node node = 0; node < kept.graph.node_count && whole; node++) {
            char text[300];
            size_t len;
            whole = shapes.of(shapes.context, node) != UF_SHAPE_NOMEM;
            shapes.text(shapes.context, node, text, sizeof text, &len);
        }
        uint64_t failed_at = uf_mem_fail_at(0);
        uf_heap_shapes_destroy(own);
        /* what naming learned belongs to the heap: names of types, attribute dicts, closures */
        uf_capture_release(&kept);
        if (uf_mem_live_blocks() != blocks)
            return PyErr_Format(PyExc_AssertionError, "allocation %llu: blocks are left",
                                (unsigned long long)nth);
        whole = whole && failed_at < nth;
    }
    return PyLong_FromUnsignedLongLong(nth);
}

static PyMethodDef methods[] = {
    {"without_memory", without_memory, METH_NOARGS, NULL},
    {"shapes", compare_shapes, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "unfreed_probe_shapes",
                                    .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_unfreed_probe_shapes(void);
PyMODINIT_FUNC PyInit_unfreed_probe_shapes(void)
{
    return PyModule_Create(&module);
}
