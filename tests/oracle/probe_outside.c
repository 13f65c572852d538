/* unfreed_probe_outside - reads this very process as if from outside, and compares; no part of the product.
 *
 * The readable memory is copied and captured through a source of ranges, without
 * asking any tp_traverse. What each collector-tracked object refers to is then
 * compared with what its tp_traverse reports. No Python object is made between
 * the copy and the comparison.
 */
#include "capture/capture.h"
#include "own_copy.h"
#include "pyext/python.h"
#include "pyext/self.h"

#include <stdlib.h>

static struct uf_heap_config config;

/* What was compared, by type of the object that refers. */
struct figures {
    uint64_t objects, reported; /* references that tp_traverse reports */
    uint64_t missing;           /* of them not found */
    uint64_t more;              /* found beyond them in known layouts: names, constants, types */
    uint64_t guessed;           /* found by guessing, in all */
    uint64_t
        explained;     /* beyond what is reported: guessed for a count that nothing else explains */
    uint64_t immortal; /* beyond: to an object whose count tells nothing */
    uint64_t wrong;    /* beyond: to an object whose count is explained without it */
};

static PyObject *fail(const struct uf_error *error)
{
    char text[400];
    snprintf(text, sizeof text, "%s (at 0x%llx)", error->message,
             (unsigned long long)error->address);
    PyErr_SetString(PyExc_RuntimeError, text);
    return NULL;
}

/* --- comparing ----------------------------------------------------------------------------------- */

/* One that is missing or wrong. */
struct fault {
    uint64_t object, target;
    bool missing;
};

struct comparison {
    struct uf_capture inside, outside;
    struct uf_map inside_node, outside_node; /* address -> node */
    uint32_t *surplus;                       /* by node of `inside` */
    struct figures *by_type;                 /* by type of `outside` */
    uf_refs reported;
    UF_VEC(struct fault) faults;
};

static int number(struct uf_map *map, const struct uf_graph *graph)
{
    for (uf_node node = 0; node < graph->node_count; node++)
        if (uf_map_set(map, graph->address[node], node))
            return -1;
    return 0;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Where `address` stands among the sorted references; SIZE_MAX: nowhere. One that was taken has bit 0 set. */
static bool take(uf_refs *refs, uint64_t address)
{
    size_t low = 0, high = refs->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((refs->at[middle] & ~UINT64_C(1)) < address)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < refs->len && (refs->at[low] & ~UINT64_C(1)) == address; low++)
        if (!(refs->at[low] & 1)) {
            refs->at[low] |= 1;
            return true;
        }
    return false;
}

static int add_fault(struct comparison *c, uint64_t object, uint64_t target, bool missing)
{
    struct fault fault = {object, target, missing};
    return uf_vec_push(&c->faults, fault);
}

static int judge(struct comparison *c, struct figures *figures, uint64_t object, uf_node outside)
{
    uint64_t target = c->outside.graph.address[outside];
    uf_node node = uf_map_get(&c->inside_node, target);
    if (c->outside.graph.refcount[outside] == UF_COUNT_IMMORTAL) {
        figures->immortal++;
    } else if (node == UF_MAP_NONE || c->surplus[node]) {
        figures->explained++;
        if (node != UF_MAP_NONE)
            c->surplus[node]--;
    } else {
        figures->wrong++;
        return add_fault(c, object, target, false);
    }
    return 0;
}

/* functools' wrapper reports what its entries own; here it refers to the entries. */
static bool through_entry(const struct comparison *c, uf_node wrapper, uint64_t target)
{
    const struct uf_graph *g = &c->outside.graph;
    if (strcmp(uf_graph_type_name(g, wrapper), "functools._lru_cache_wrapper") != 0)
        return false;
    for (uint32_t e = g->edge_start[wrapper]; e < g->edge_start[wrapper + 1]; e++)
        for (uint32_t f = g->edge_start[g->edge_target[e]];
             f < g->edge_start[g->edge_target[e] + 1]; f++)
            if (g->address[g->edge_target[f]] == target)
                return true;
    return false;
}

/* The module _asyncio of 3.12 reports the dead iterators that it keeps for later: no references, and nothing
 * may be done with them. */
static void leave_out_dead(uf_refs *refs)
{
    size_t kept = 0;
    for (size_t i = 0; i < refs->len; i++)
        if (Py_REFCNT((PyObject *)refs->at[i]) != 0)
            refs->at[kept++] = refs->at[i];
    refs->len = kept;
}

static int compare_object(struct comparison *c, uf_node inside)
{
    uint64_t address = c->inside.graph.address[inside];
    const struct uf_graph *g = &c->outside.graph;
    uf_node node = uf_map_get(&c->outside_node, address);
    PyTypeObject *type = Py_TYPE((PyObject *)address);
    if (node == UF_MAP_NONE)
        return -1;
    struct figures *figures = &c->by_type[g->type[node]];
    c->reported.len = 0;
    if (type->tp_traverse &&
        config.traverse(address, (uint64_t)(uintptr_t)type->tp_traverse, &c->reported))
        return -1;
    leave_out_dead(&c->reported);
    figures->objects++;
    figures->reported += c->reported.len;
    if (c->reported.len)
        qsort(c->reported.at, c->reported.len, sizeof *c->reported.at, ascending);
    uint32_t first_guessed = uf_graph_first_guessed(g, node);
    for (uint32_t e = g->edge_start[node]; e < g->edge_start[node + 1]; e++) {
        uint64_t target = g->address[g->edge_target[e]];
        bool reported = take(&c->reported, target);
        figures->guessed += e >= first_guessed;
        if (reported)
            continue;
        if (e < first_guessed)
            figures->more++;
        else if (judge(c, figures, address, g->edge_target[e]))
            return -1;
    }
    for (size_t i = 0; i < c->reported.len; i++)
        if (!(c->reported.at[i] & 1) && !through_entry(c, node, c->reported.at[i])) {
            figures->missing++;
            if (add_fault(c, address, c->reported.at[i], true))
                return -1;
        }
    return 0;
}

static int compare(struct comparison *c)
{
    const struct uf_graph *inside = &c->inside.graph;
    c->by_type = uf_mem_zalloc((c->outside.graph.type_count + 1) * sizeof *c->by_type);
    c->surplus = uf_mem_zalloc((inside->node_count + (size_t)1) * sizeof *c->surplus);
    if (!c->by_type || !c->surplus || number(&c->inside_node, inside) ||
        number(&c->outside_node, &c->outside.graph))
        return -1;
    for (uint32_t i = 0; i < inside->root_count; i++)
        if (inside->roots[i].kind == UF_ROOT_NATIVE)
            c->surplus[inside->roots[i].node] = inside->roots[i].surplus;
    for (uint32_t i = 0; i < inside->guessed_count; i++) /* as if nobody had guessed */
        c->surplus[inside->edge_target[inside->guessed[i]]]++;
    for (uf_node node = 0; node < inside->node_count; node++)
        if (inside->flags[node] & UF_NODE_TRACKED && compare_object(c, node))
            return -1;
    return 0;
}

static PyObject *show(const struct comparison *c)
{
    PyObject *all = PyDict_New();
    for (uint32_t t = 0; all && t < c->outside.graph.type_count; t++) {
        const struct figures *f = &c->by_type[t];
        if (!f->objects)
            continue;
        const char *name =
            uf_strings_get(&c->outside.graph.strings, c->outside.graph.types[t].name);
        PyObject *key = PyUnicode_FromFormat("%s@%d", name, (int)t);
        PyObject *value = Py_BuildValue("{s:K,s:K,s:K,s:K,s:K,s:K,s:K,s:K}", "objects", f->objects,
                                        "reported", f->reported, "missing", f->missing, "more",
                                        f->more, "guessed", f->guessed, "explained", f->explained,
                                        "immortal", f->immortal, "wrong", f->wrong);
        if (!key || !value || PyDict_SetItem(all, key, value))
            Py_CLEAR(all);
        Py_XDECREF(key);
        Py_XDECREF(value);
    }
    return all;
}

/* [(object, target, missing)]; an object that was tracked or that another refers to lives as long as that one. */
static PyObject *show_faults(const struct comparison *c)
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < c->faults.len; i++) {
        const struct fault *fault = &c->faults.at[i];
        PyObject *item = Py_BuildValue("OOO", (PyObject *)fault->object, (PyObject *)fault->target,
                                       fault->missing ? Py_True : Py_False);
        if (!item || PyList_Append(list, item))
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

static PyObject *probe_compare(PyObject *self, PyObject *unused)
{
    struct comparison c = {0};
    struct own_copy copy = {0};
    struct uf_capture_options options = {0};
    struct uf_error error = {0};
    PyObject *result = NULL;
    (void)self, (void)unused;

    enum uf_code code = config.layout ? UF_OK : uf_self_config(&config, &error);
    if (!code)
        code = own_copy_make(&copy, &error);
    if (!code)
        code = uf_capture_heap(&c.inside, &config, &options, &error);
    struct uf_heap_config outside = config;
    outside.source = &copy.ranges.source;
    outside.traverse = NULL;
    if (!code)
        code = uf_capture_heap(&c.outside, &outside, &options, &error);
    if (!code)
        code = uf_graph_check(&c.outside.graph, &error);
    double seconds[2] = {c.inside.seconds, c.outside.seconds};
    if (code)
        fail(&error);
    else if (compare(&c))
        PyErr_SetString(PyExc_RuntimeError, "an object is missing, or memory is out");
    else
        result = show(&c);
    if (result) {
        PyObject *pair = Py_BuildValue("(NNddkk)", result, show_faults(&c), seconds[0], seconds[1],
                                       (unsigned long)c.inside.graph.node_count,
                                       (unsigned long)c.outside.graph.node_count);
        result = pair;
    }
    uf_capture_release(&c.inside);
    uf_capture_release(&c.outside);
    uf_map_release(&c.inside_node);
    uf_map_release(&c.outside_node);
    uf_mem_free(c.surplus);
    uf_mem_free(c.by_type);
    uf_vec_release(&c.reported);
    uf_vec_release(&c.faults);
    own_copy_release(&copy);
    return result;
}

static PyMethodDef methods[] = {
    {"compare", probe_compare, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "unfreed_probe_outside",
                                    .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_unfreed_probe_outside(void)
{
    return PyModule_Create(&module);
}
