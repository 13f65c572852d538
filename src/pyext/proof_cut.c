#include "pyext/proof_cut.h"

#include "pyext/python.h"

#include <frameobject.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* So often what cannot be changed (a tuple) is passed over for what holds it. */
#define LIFTS_MAX 4

typedef UF_VEC(struct uf_cut) cut_list;

struct cutter {
    const struct uf_graph *graph;
    const struct uf_names *names;
    uint8_t *goes; /* by node: it goes with the finding, so what it holds need not be cut */
    cut_list cuts; /* ascending */
    UF_VEC(uf_node) classes;
    struct uf_map cache_of; /* node + 1 of an lru_cache's table or link -> the cache */
    char *why;
    size_t why_size;
};

/* All cuts of one source. */
struct job {
    struct cutter *cutter;
    uf_node node;
    PyObject *source;
    const struct uf_cut *cuts;
    size_t count;
    PyObject **targets;              /* ascending by address */
    const struct uf_ref_name *names; /* of the cuts, as they were before the first was done */
};

static bool fails(struct cutter *cutter, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fails(struct cutter *cutter, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(cutter->why, cutter->why_size, format, args);
    va_end(args);
    PyErr_Clear();
    return false;
}

static PyObject *object_of(const struct uf_graph *graph, uf_node node)
{
    return (PyObject *)(uintptr_t)graph->address[node]; // NOLINT
}

static bool is_type(const struct cutter *cutter, uf_node node, const char *name)
{
    return strcmp(uf_graph_type_name(cutter->graph, node), name) == 0;
}

static bool is_target(const struct job *job, const PyObject *object)
{
    size_t low = 0, high = job->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (job->targets[middle] == object)
            return true;
        if ((uintptr_t)job->targets[middle] < (uintptr_t)object)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* --- containers -------------------------------------------------------------------------------- */

/* The class whose attributes `dict` has, or NULL. */
static PyObject *class_of_dict(const struct cutter *cutter, const PyObject *dict)
{
    for (size_t i = 0; i < cutter->classes.len; i++) {
        PyObject *class = object_of(cutter->graph, cutter->classes.at[i]);
        if (((PyTypeObject *)class)->tp_dict == dict)
            return class;
    }
    return NULL;
}

static int delete_key(PyObject *dict, PyObject *owner, PyObject *key)
{
    if (owner && PyUnicode_Check(key))
        return PyObject_SetAttr(owner, key, NULL);
    if (PyODict_Check(dict))
        return PyODict_DelItem(dict, key);
    return PyDict_DelItem(dict, key);
}

static bool cut_dict(const struct job *job)
{
    PyObject *key, *value, *keys = PyList_New(0);
    Py_ssize_t at = 0;
    bool well = keys != NULL;
    PyObject *owner = class_of_dict(job->cutter, job->source);
    while (well && PyDict_Next(job->source, &at, &key, &value))
        if (is_target(job, key) || is_target(job, value))
            well = PyList_Append(keys, key) == 0;
    for (Py_ssize_t i = 0; well && i < PyList_GET_SIZE(keys); i++)
        well = delete_key(job->source, owner, PyList_GET_ITEM(keys, i)) == 0;
    Py_XDECREF(keys);
    return well || fails(job->cutter, "deleting an entry of a dict raised an exception");
}

/* [x for x in items if x is not one of those to cut] */
static PyObject *without_targets(const struct job *job, PyObject *items)
{
    PyObject *kept = PyList_New(0);
    for (Py_ssize_t i = 0; kept && i < PyList_GET_SIZE(items); i++) {
        PyObject *item = PyList_GET_ITEM(items, i);
        if (item && !is_target(job, item) && PyList_Append(kept, item) < 0)
            Py_CLEAR(kept);
    }
    return kept;
}

static bool cut_list_items(const struct job *job)
{
    PyObject *kept = without_targets(job, job->source);
    bool well = kept && PyList_SetSlice(job->source, 0, PyList_GET_SIZE(job->source), kept) == 0;
    Py_XDECREF(kept);
    return well || fails(job->cutter, "removing from a list raised an exception");
}

static bool cut_set(const struct job *job)
{
    bool well = true;
    for (size_t i = 0; i < job->count && well; i++)
        well = PySet_Discard(job->source, job->targets[i]) >= 0;
    return well || fails(job->cutter, "discarding from a set raised an exception");
}

static bool cut_deque(const struct job *job)
{
    PyObject *items = PySequence_List(job->source), *kept = NULL, *done = NULL;
    if (items)
        kept = without_targets(job, items);
    Py_XDECREF(items);
    if (kept && (done = PyObject_CallMethod(job->source, "clear", NULL))) {
        Py_DECREF(done);
        done = PyObject_CallMethod(job->source, "extend", "(O)", kept);
    }
    Py_XDECREF(kept);
    Py_XDECREF(done);
    return done != NULL || fails(job->cutter, "removing from a deque raised an exception");
}

/* --- lru_cache --------------------------------------------------------------------------------- */

/* Tables and links of caches are not to be changed by themselves: the cache they belong to is. */
static bool learn_cache(struct cutter *cutter, uf_node cache)
{
    const struct uf_graph *graph = cutter->graph;
    PyObject **attributes = _PyObject_GetDictPtr(object_of(graph, cache));
    bool well = uf_map_set(&cutter->cache_of, (uint64_t)cache + 1, cache) == 0;
    for (uint32_t e = graph->edge_start[cache]; e < graph->edge_start[cache + 1] && well; e++) {
        uf_node target = graph->edge_target[e];
        if (is_type(cutter, target, "functools._lru_list_elem") ||
            (is_type(cutter, target, "dict") &&
             !(attributes && object_of(graph, target) == *attributes)))
            well = uf_map_set(&cutter->cache_of, (uint64_t)target + 1, cache) == 0;
    }
    return well;
}

static bool clear_cache(struct cutter *cutter, uf_node node)
{
    PyObject *done = PyObject_CallMethod(object_of(cutter->graph, node), "cache_clear", NULL);
    Py_XDECREF(done);
    return done != NULL || fails(cutter, "cache_clear() raised an exception");
}

/* --- attributes and variables ------------------------------------------------------------------ */

/* del object.name; where that is not allowed, object.name = None, or () where it must be a tuple. */
static bool clear_attribute(const struct job *job, const char *name, const PyObject *target)
{
    PyObject *object = job->source, *key = PyUnicode_FromString(name), *empty = PyTuple_New(0);
    bool cut = false;
    for (int way = 0; way < 3 && key && empty && !cut; way++) {
        PyObject *const values[] = {NULL, Py_None, empty};
        int failed = PyType_Check(object) ? PyObject_SetAttr(object, key, values[way])
                                          : PyObject_GenericSetAttr(object, key, values[way]);
        PyErr_Clear();
        if (failed)
            continue;
        PyObject *now = PyObject_GenericGetAttr(object, key);
        cut = now != target;
        Py_XDECREF(now);
        PyErr_Clear();
    }
    Py_XDECREF(key);
    Py_XDECREF(empty);
    return cut || fails(job->cutter, "the attribute %.60s of %.60s cannot be changed", name,
                        Py_TYPE(object)->tp_name);
}

/* "local 'kept' of f() at app.py:12" -> kept */
static bool local_name(const char *text, char *ret, size_t size)
{
    const char *from = strchr(text, '\''), *to = from ? strchr(from + 1, '\'') : NULL;
    if (!to || (size_t)(to - from) > size)
        return false;
    memcpy(ret, from + 1, (size_t)(to - from) - 1);
    ret[to - from - 1] = '\0';
    return true;
}

/* The frame of a generator or coroutine, or the frame itself: a new reference. */
static PyFrameObject *frame_of(PyObject *source)
{
    static const char *const names[] = {"gi_frame", "cr_frame", "ag_frame"};
    if (PyFrame_Check(source)) {
        Py_INCREF(source);
        return (PyFrameObject *)source;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        PyObject *frame = PyObject_GetAttrString(source, names[i]);
        PyErr_Clear();
        if (frame && PyFrame_Check(frame))
            return (PyFrameObject *)frame;
        Py_XDECREF(frame);
    }
    return NULL;
}

/* A local of a frame that does not run, set to None as a debugger does it: through f_locals, which
 * writes through by itself since 3.13 (PEP 667), and by PyFrame_LocalsToFast before. */
static bool clear_local(const struct job *job, const char *text)
{
    char name[100];
    PyFrameObject *frame = frame_of(job->source);
    bool well = frame && local_name(text, name, sizeof name);
    PyObject *locals = well ? PyObject_GetAttrString((PyObject *)frame, "f_locals") : NULL;
    well = locals && PyMapping_SetItemString(locals, name, Py_None) == 0;
#if PY_VERSION_HEX < 0x030d0000
    if (well) {
        PyCodeObject *code = PyFrame_GetCode(frame);
        PyFrame_LocalsToFast(frame, 0);
        if (code->co_flags & CO_OPTIMIZED)
            PyDict_Clear(
                locals); /* copies of the locals; of a module or class it is the real thing */
        Py_DECREF(code);
    }
#endif
    Py_XDECREF(locals);
    Py_XDECREF((PyObject *)frame);
    return well || fails(job->cutter, "%.100s cannot be changed from outside", text);
}

static bool cut_reference(const struct job *job, size_t i)
{
    const struct uf_graph *graph = job->cutter->graph;
    const struct uf_ref_name *name = &job->names[i];
    PyObject *target = object_of(graph, graph->edge_target[job->cuts[i].edge]);
    if (PyCell_Check(job->source))
        return PyCell_Set(job->source, NULL) == 0;
    if (name->kind == UF_REF_CLOSURE && PyCell_Check(target))
        return PyCell_Set(target, NULL) == 0;
    if (name->kind == UF_REF_LOCAL)
        return clear_local(job, name->text);
    if (name->kind == UF_REF_ATTR)
        return clear_attribute(job, name->text + 1, target);
    if (name->kind == UF_REF_DICT)
        return clear_attribute(job, "__dict__", target);
    return fails(job->cutter, "%.60s of %.60s cannot be cut by Python code", name->text,
                 uf_graph_type_name(graph, job->node));
}

static bool do_job(struct job *job)
{
    struct cutter *cutter = job->cutter;
    uf_node cache = uf_map_get(&cutter->cache_of, (uint64_t)job->node + 1);
    if (cache != UF_MAP_NONE)
        return clear_cache(cutter, cache);
    if (PyDict_Check(job->source))
        return cut_dict(job);
    if (PyList_Check(job->source))
        return cut_list_items(job);
    if (PySet_Check(job->source))
        return cut_set(job);
    if (is_type(cutter, job->node, "collections.deque"))
        return cut_deque(job);
    const struct uf_names *names = cutter->names;
    struct uf_ref_name *texts = uf_mem_alloc(job->count * sizeof *texts);
    if (!texts)
        return fails(cutter, "out of memory");
    for (size_t i = 0; i < job->count; i++)
        names->name(names->context, job->node,
                    job->cuts[i].edge - cutter->graph->edge_start[job->node], &texts[i]);
    job->names = texts;
    bool well = true;
    for (size_t i = 0; i < job->count && well; i++)
        well = cut_reference(job, i);
    uf_mem_free(texts);
    return well;
}

/* --- which ------------------------------------------------------------------------------------- */

/* What no Python code can change in place: what holds it must let go of it. */
static bool is_fixed(const struct cutter *cutter, const struct uf_cut *cut)
{
    PyObject *source = object_of(cutter->graph, cut->source);
    PyObject *target = object_of(cutter->graph, cutter->graph->edge_target[cut->edge]);
    if (PyTuple_Check(source))
        return !PyCell_Check(target);
    return PyFrozenSet_Check(source) || PyMethod_Check(source) || PyCFunction_Check(source) ||
           is_type(cutter, cut->source, "functools.partial");
}

/* Instead of references that something unchangeable holds: those by which what stays holds it. */
static bool lift(struct cutter *cutter, bool *changed)
{
    const struct uf_graph *graph = cutter->graph;
    uint8_t *fixed = uf_mem_zalloc((size_t)graph->node_count + 1);
    cut_list cuts = {0};
    bool failed = !fixed;
    size_t next = 0;
    *changed = false;
    for (size_t i = 0; i < cutter->cuts.len && !failed; i++)
        if (is_fixed(cutter, &cutter->cuts.at[i])) {
            fixed[cutter->cuts.at[i].source] = 1;
            *changed = true;
        }
    for (uf_node n = 0; n < graph->node_count && *changed && !failed; n++) {
        for (uint32_t e = graph->edge_start[n]; e < graph->edge_start[n + 1] && !failed; e++) {
            bool listed = next < cutter->cuts.len && cutter->cuts.at[next].edge == e;
            next += listed;
            bool wanted = (listed && !is_fixed(cutter, &cutter->cuts.at[next - 1])) ||
                          (fixed[graph->edge_target[e]] && !cutter->goes[n] &&
                           !(graph->flags[n] & UF_NODE_OWN));
            failed = wanted && uf_vec_push(&cuts, ((struct uf_cut){.source = n, .edge = e}));
        }
    }
    uf_mem_free(fixed);
    if (failed) {
        uf_vec_release(&cuts);
        return fails(cutter, "out of memory");
    }
    if (*changed) {
        uf_vec_release(&cutter->cuts);
        cutter->cuts = cuts;
    }
    return true;
}

/* What is asked for again and again. */
static bool learn(struct cutter *cutter)
{
    const struct uf_graph *graph = cutter->graph;
    bool well = true;
    for (uf_node n = 0; n < graph->node_count && well; n++) {
        if ((graph->flags[n] & UF_NODE_TYPE) && !(graph->flags[n] & UF_NODE_STATIC))
            well = uf_vec_push(&cutter->classes, n) == 0;
        else if (is_type(cutter, n, "functools._lru_cache_wrapper"))
            well = learn_cache(cutter, n);
    }
    return well || fails(cutter, "out of memory");
}

static bool settle_cuts(struct cutter *cutter, const struct uf_cuts *cuts)
{
    bool changed = true;
    cutter->goes = uf_mem_zalloc((size_t)cutter->graph->node_count + 1);
    if (!cutter->goes)
        return fails(cutter, "out of memory");
    for (size_t i = 0; i < cuts->objects.len; i++)
        cutter->goes[cuts->objects.at[i]] = !cuts->by_counting;
    for (size_t i = 0; i < cuts->references.len; i++)
        if (uf_vec_push(&cutter->cuts, cuts->references.at[i]))
            return fails(cutter, "out of memory");
    for (int i = 0; i < LIFTS_MAX && changed; i++)
        if (!lift(cutter, &changed))
            return false;
    if (changed || cutter->cuts.len == 0)
        return fails(cutter, "it is held by what Python code cannot change");
    return true;
}

static void sort(PyObject **at, size_t count)
{
    for (size_t gap = count / 2; gap > 0; gap /= 2) { /* Shell sort */
        for (size_t i = gap; i < count; i++) {
            PyObject *one = at[i];
            size_t j = i;
            for (; j >= gap && (uintptr_t)at[j - gap] > (uintptr_t)one; j -= gap)
                at[j] = at[j - gap];
            at[j] = one;
        }
    }
}

/* Sources and targets are held until the last cut is done: so no address changes its meaning. */
static void hold(const struct cutter *cutter, bool on)
{
    const struct uf_graph *graph = cutter->graph;
    for (size_t i = 0; i < cutter->cuts.len; i++) {
        PyObject *source = object_of(graph, cutter->cuts.at[i].source);
        PyObject *target = object_of(graph, graph->edge_target[cutter->cuts.at[i].edge]);
        if (on) {
            Py_INCREF(source);
            Py_INCREF(target);
        } else {
            Py_DECREF(source);
            Py_DECREF(target);
        }
    }
}

static bool do_all(struct cutter *cutter)
{
    const struct uf_graph *graph = cutter->graph;
    bool well = true;
    PyObject **targets = uf_mem_alloc(cutter->cuts.len * sizeof *targets);
    if (!targets)
        return fails(cutter, "out of memory");
    for (size_t i = 0, next; i < cutter->cuts.len && well; i = next) {
        uf_node source = cutter->cuts.at[i].source;
        for (next = i; next < cutter->cuts.len && cutter->cuts.at[next].source == source; next++)
            targets[next - i] = object_of(graph, graph->edge_target[cutter->cuts.at[next].edge]);
        struct job job = {.cutter = cutter,
                          .node = source,
                          .source = object_of(graph, source),
                          .cuts = &cutter->cuts.at[i],
                          .count = next - i,
                          .targets = targets};
        sort(targets, job.count);
        well = do_job(&job);
        PyErr_Clear();
    }
    uf_mem_free(targets);
    return well;
}

bool uf_proof_cut(const struct uf_graph *graph, const struct uf_names *names,
                  const struct uf_cuts *cuts, char *why, size_t size)
{
    struct cutter cutter = {.graph = graph, .names = names, .why = why, .why_size = size};
    bool well = learn(&cutter) && settle_cuts(&cutter, cuts);
    if (well) {
        hold(&cutter, true);
        well = do_all(&cutter);
        hold(&cutter, false);
    }
    uf_mem_free(cutter.goes);
    uf_vec_release(&cutter.cuts);
    uf_vec_release(&cutter.classes);
    uf_map_release(&cutter.cache_of);
    return well;
}
