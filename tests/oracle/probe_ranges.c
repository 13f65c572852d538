/* unfreed_probe_ranges - reads this very process twice: as it is, and out of a copy of its memory; no part of
 * the product.
 *
 * compare() copies all readable memory, captures both without asking any
 * tp_traverse, and says where they differ: types, sizes, counts, flags,
 * references in their order, their names, shapes, texts and lengths. No Python object is made
 * between the copy and the comparison.
 */
#include "capture/capture.h"
#include "cpython/shapes.h"
#include "own_copy.h"
#include "pyext/python.h"
#include "pyext/self.h"

#include <time.h>

#define NAMED_EDGES 64 /* of one object: the first ones and the last ones */
#define TOLD 20        /* differences that are told */

struct side {
    struct uf_capture capture;
    struct uf_heap_shapes *own;
    struct uf_shapes shapes;
    struct uf_map node_of; /* address -> node */
};

struct comparison {
    struct side inside, outside;
    uint64_t differences, names, texts;
    char told[TOLD][400];
};

static struct uf_heap_config config;

static void differ(struct comparison *c, uf_node node, const char *what, const char *a,
                   const char *b)
{
    if (c->differences++ < TOLD)
        snprintf(c->told[c->differences - 1], sizeof c->told[0],
                 "%.60s at 0x%llx: %s: %.120s, not %.120s",
                 uf_graph_type_name(&c->inside.capture.graph, node),
                 (unsigned long long)c->inside.capture.graph.address[node], what, a, b);
}

static void differ_in(struct comparison *c, uf_node node, const char *what, uint64_t a, uint64_t b)
{
    char one[32], other[32];
    snprintf(one, sizeof one, "0x%llx", (unsigned long long)a);
    snprintf(other, sizeof other, "0x%llx", (unsigned long long)b);
    differ(c, node, what, one, other);
}

static void compare_name(struct comparison *c, uf_node inside, uf_node outside, uint32_t ordinal)
{
    const struct uf_names *names[] = {&c->inside.capture.names, &c->outside.capture.names};
    struct uf_ref_name a, b;
    names[0]->name(names[0]->context, inside, ordinal, &a);
    names[1]->name(names[1]->context, outside, ordinal, &b);
    c->names++;
    if (a.kind != b.kind || strcmp(a.text, b.text) != 0 || strcmp(a.generic, b.generic) != 0)
        differ(c, inside, "name", a.text, b.text);
}

static void compare_edges(struct comparison *c, uf_node inside, uf_node outside)
{
    const struct uf_graph *a = &c->inside.capture.graph, *b = &c->outside.capture.graph;
    uint32_t from = a->edge_start[inside], other = b->edge_start[outside];
    uint32_t count = uf_graph_first_guessed(a, inside) - from;
    uint32_t there = uf_graph_first_guessed(b, outside) - other;
    if (count != there) {
        differ_in(c, inside, "references", count, there);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t one = a->address[a->edge_target[from + i]];
        uint64_t two = b->address[b->edge_target[other + i]];
        if (one != two)
            differ_in(c, inside, "reference", one, two);
        if (i < NAMED_EDGES || i + NAMED_EDGES >= count)
            compare_name(c, inside, outside, i);
    }
}

static void compare_texts(struct comparison *c, uf_node inside, uf_node outside)
{
    const struct uf_shapes *a = &c->inside.shapes, *b = &c->outside.shapes;
    char one[400] = "", two[400] = "";
    size_t len;
    int kind = (int)a->text(a->context, inside, one, sizeof one - 1, &len);
    one[len] = 0;
    if ((int)b->text(b->context, outside, two, sizeof two - 1, &len) != kind)
        differ(c, inside, "kind of text", one, two);
    two[len] = 0;
    c->texts += one[0] != 0;
    if (strcmp(one, two) != 0)
        differ(c, inside, "text", one, two);
    if (a->length(a->context, inside) != b->length(b->context, outside) ||
        a->bound(a->context, inside) != b->bound(b->context, outside))
        differ(c, inside, "length or bound", "", "");
    c->inside.capture.names.preview(c->inside.capture.names.context, inside, one, sizeof one);
    c->outside.capture.names.preview(c->outside.capture.names.context, outside, two, sizeof two);
    if (strcmp(one, two) != 0)
        differ(c, inside, "preview", one, two);
}

/* What a shape is, in its own texts. */
static void show_shape(const struct uf_shapes *shapes, uint32_t number, char *ret, size_t size)
{
    struct uf_shape shape;
    shapes->get(shapes->context, number, &shape);
    const struct uf_strings *strings = shapes->strings(shapes->context);
    int len = snprintf(ret, size, "%d:%u:%u", (int)shape.rule, shape.head_count, shape.tail_count);
    for (uint32_t i = 0; i < shape.head_count && len > 0 && (size_t)len < size; i++)
        len += snprintf(ret + len, size - (size_t)len, ",%s",
                        uf_strings_get(strings, shape.head[i].text));
    for (uint32_t i = 0; i < shape.tail_count && len > 0 && (size_t)len < size; i++)
        len += snprintf(ret + len, size - (size_t)len, ";%s",
                        uf_strings_get(strings, shape.tail[i].text));
}

static void compare_shapes(struct comparison *c, uf_node inside, uf_node outside)
{
    char one[800], two[800];
    uint32_t a = c->inside.shapes.of(c->inside.shapes.context, inside);
    uint32_t b = c->outside.shapes.of(c->outside.shapes.context, outside);
    show_shape(&c->inside.shapes, a, one, sizeof one);
    show_shape(&c->outside.shapes, b, two, sizeof two);
    if (strcmp(one, two) != 0)
        differ(c, inside, "shape", one, two);
}

static void compare_node(struct comparison *c, uf_node inside)
{
    const struct uf_graph *a = &c->inside.capture.graph, *b = &c->outside.capture.graph;
    uf_node outside = uf_map_get(&c->outside.node_of, a->address[inside]);
    if (outside == UF_MAP_NONE) {
        differ(c, inside, "it is there", "yes", "no");
        return;
    }
    if (strcmp(uf_graph_type_name(a, inside), uf_graph_type_name(b, outside)) != 0)
        differ(c, inside, "type", uf_graph_type_name(a, inside), uf_graph_type_name(b, outside));
    if (uf_graph_size(a, inside) != uf_graph_size(b, outside))
        differ_in(c, inside, "size", uf_graph_size(a, inside), uf_graph_size(b, outside));
    if (a->refcount[inside] != b->refcount[outside])
        differ_in(c, inside, "count", a->refcount[inside], b->refcount[outside]);
    if (a->flags[inside] != b->flags[outside])
        differ_in(c, inside, "flags", a->flags[inside], b->flags[outside]);
    compare_edges(c, inside, outside);
    /* guessed references hang on what else was found */
    if (uf_graph_first_guessed(a, inside) == a->edge_start[inside + 1] &&
        uf_graph_first_guessed(b, outside) == b->edge_start[outside + 1])
        compare_shapes(c, inside, outside);
    compare_texts(c, inside, outside);
}

static enum uf_code open_side(struct side *side, const struct uf_heap_config *from,
                              struct uf_error *err)
{
    struct uf_capture_options options = {0};
    enum uf_code code = uf_capture_heap(&side->capture, from, &options, err);
    const struct uf_graph *graph = &side->capture.graph;
    if (!code)
        code = uf_graph_check(graph, err);
    if (!code)
        code = uf_heap_shapes_create(&side->own, side->capture.heap, graph, &side->capture.names,
                                     &side->shapes, err);
    for (uf_node node = 0; !code && node < graph->node_count; node++)
        if (uf_map_set(&side->node_of, graph->address[node], node))
            code = uf_error_nomem(err);
    return code;
}

static void close_side(struct side *side)
{
    uf_heap_shapes_destroy(side->own);
    uf_map_release(&side->node_of);
    uf_capture_release(&side->capture);
}

static PyObject *show(const struct comparison *c)
{
    PyObject *told = PyList_New(0);
    for (uint64_t i = 0; told && i < c->differences && i < TOLD; i++) {
        PyObject *text =
            PyUnicode_DecodeUTF8(c->told[i], (Py_ssize_t)strlen(c->told[i]), "replace");
        if (!text || PyList_Append(told, text))
            Py_CLEAR(told);
        Py_XDECREF(text);
    }
    const struct uf_capture *a = &c->inside.capture, *b = &c->outside.capture;
    return Py_BuildValue("{s:N,s:K,s:K,s:K,s:K,s:K,s:K,s:K,s:K,s:K,s:d,s:d}", "told", told,
                         "differences", c->differences, "nodes", (uint64_t)a->graph.node_count,
                         "nodes_of_copy", (uint64_t)b->graph.node_count, "edges",
                         (uint64_t)a->graph.edge_count, "names", c->names, "texts", c->texts,
                         "not_objects", b->not_objects, "cut_objects", b->cut_objects,
                         "broken_lists", (uint64_t)b->broken_lists, "seconds", a->seconds,
                         "seconds_of_copy", b->seconds);
}

static PyObject *probe_compare(PyObject *self, PyObject *unused)
{
    static struct comparison c;
    struct own_copy copy = {0};
    struct uf_error error = {0};
    PyObject *result = NULL;
    (void)self, (void)unused;

    memset(&c, 0, sizeof c);
    enum uf_code code = config.layout ? UF_OK : uf_self_config(&config, &error);
    struct uf_heap_config inside = config;
    inside.traverse = NULL;
    inside.glibc_blocks = false;
    struct uf_heap_config outside = inside;
    outside.source = &copy.ranges.source;
    if (!code)
        code = own_copy_make(&copy, &error);
    if (!code)
        code = open_side(&c.inside, &inside, &error);
    if (!code)
        code = open_side(&c.outside, &outside, &error);
    for (uf_node node = 0; !code && node < c.inside.capture.graph.node_count; node++)
        compare_node(&c, node);
    result = code ? PyErr_Format(PyExc_RuntimeError, "%s", error.message) : show(&c);
    close_side(&c.inside);
    close_side(&c.outside);
    own_copy_release(&copy);
    return result;
}

/* Of this thread: others may be at work on the machine. */
static double cpu_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* (objects, seconds of a capture as it is, seconds out of the copy), without comparing. */
static PyObject *probe_times(PyObject *self, PyObject *unused)
{
    struct own_copy copy = {0};
    struct uf_capture capture;
    struct uf_capture_options options = {0};
    struct uf_error error = {0};
    double seconds[2] = {0};
    uint64_t nodes = 0;
    (void)self, (void)unused;

    enum uf_code code = config.layout ? UF_OK : uf_self_config(&config, &error);
    if (!code)
        code = own_copy_make(&copy, &error);
    for (int side = 0; side < 2 && !code; side++) {
        struct uf_heap_config from = config;
        from.traverse = NULL;
        from.glibc_blocks = false;
        if (side)
            from.source = &copy.ranges.source;
        double started = cpu_seconds();
        code = uf_capture_heap(&capture, &from, &options, &error);
        seconds[side] = cpu_seconds() - started;
        nodes = capture.graph.node_count;
        if (!code)
            uf_capture_release(&capture);
    }
    own_copy_release(&copy);
    return code ? PyErr_Format(PyExc_RuntimeError, "%s", error.message)
                : Py_BuildValue("Kdd", (unsigned long long)nodes, seconds[0], seconds[1]);
}

static PyMethodDef methods[] = {
    {"times", probe_times, METH_NOARGS, NULL},
    {"compare", probe_compare, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "unfreed_probe_ranges",
                                    .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_unfreed_probe_ranges(void);
PyMODINIT_FUNC PyInit_unfreed_probe_ranges(void)
{
    return PyModule_Create(&module);
}
