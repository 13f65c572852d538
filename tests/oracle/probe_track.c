/* probe_track.c - the tracker, for the oracle tests and the benchmark. Not shipped. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "base/mem.h"
#include "pyext/tracing.h"

static struct uf_tracing *tracing;

static bool is_started(void)
{
    if (!tracing)
        PyErr_SetString(PyExc_RuntimeError, "not started");
    return tracing != NULL;
}

static PyObject *start(PyObject *module, PyObject *args)
{
    int raw = 0;
    struct uf_error err;
    (void)module;
    if (!PyArg_ParseTuple(args, "|p", &raw))
        return NULL;
    struct uf_tracing *started;
    if (uf_tracing_start(&started, &(struct uf_tracing_options){.raw = raw}, &err)) {
        PyErr_SetString(PyExc_RuntimeError, err.message);
        return NULL;
    }
    tracing = started;
    Py_RETURN_NONE;
}

static PyObject *call(PyObject *module, PyObject *number)
{
    (void)module;
    unsigned long to = PyLong_AsUnsignedLong(number);
    if (PyErr_Occurred() || !is_started())
        return NULL;
    uf_tracing_call(tracing, (uint32_t)to);
    Py_RETURN_NONE;
}

static PyObject *stop(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    if (!is_started())
        return NULL;
    uf_tracing_stop(tracing);
    Py_RETURN_NONE;
}

static PyObject *forget(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    uf_tracing_free(tracing);
    tracing = NULL;
    Py_RETURN_NONE;
}

/* [(file, function, line), ...], innermost first */
static PyObject *frames_of(uint32_t site)
{
    struct uf_birth_frame frames[UF_BIRTHS_FRAMES_MAX];
    const struct uf_births *births = uf_tracing_births(tracing);
    size_t count = births->frames(births->context, site, frames, UF_BIRTHS_FRAMES_MAX);
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (size_t i = 0; list && i < count; i++) {
        PyObject *frame =
            Py_BuildValue("(ssI)", frames[i].file, frames[i].function, frames[i].line);
        if (!frame) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, (Py_ssize_t)i, frame);
    }
    return list;
}

static PyObject *frames(PyObject *module, PyObject *number)
{
    (void)module;
    unsigned long site = PyLong_AsUnsignedLong(number);
    if (PyErr_Occurred() || !is_started())
        return NULL;
    return frames_of((uint32_t)site);
}

/* The birth of the object at an address: (site, call, earlier), or None. */
static PyObject *birth(PyObject *module, PyObject *number)
{
    struct uf_birth found;
    (void)module;
    unsigned long long address = PyLong_AsUnsignedLongLong(number);
    if (PyErr_Occurred() || !is_started())
        return NULL;
    const struct uf_births *births = uf_tracing_births(tracing);
    if (!births->find(births->context, address, &found))
        Py_RETURN_NONE;
    return Py_BuildValue("(IIN)", found.site, found.call, PyBool_FromLong(found.earlier));
}

static PyObject *site_now(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    return is_started() ? PyLong_FromUnsignedLong(uf_tracing_site_now(tracing)) : NULL;
}

struct live {
    struct uf_live_block *at;
    size_t len, cap;
};

static int keep(void *context, const struct uf_live_block *block)
{
    struct live *live = context;
    if (live->len == live->cap) {
        size_t cap = live->cap ? live->cap * 2 : 1024;
        struct uf_live_block *at = uf_mem_resize(live->at, cap * sizeof *at);
        if (!at)
            return -1;
        live->at = at;
        live->cap = cap;
    }
    live->at[live->len++] = *block;
    return 0;
}

/* [(address, bytes, site, call, domain), ...] as of now */
static PyObject *live(PyObject *module, PyObject *nothing)
{
    struct live all = {0};
    (void)module, (void)nothing;
    if (!is_started())
        return NULL;
    if (uf_tracing_each_live(tracing, keep, &all)) {
        uf_mem_free(all.at);
        return PyErr_NoMemory();
    }
    PyObject *list = PyList_New((Py_ssize_t)all.len);
    for (size_t i = 0; list && i < all.len; i++) {
        const struct uf_live_block *b = &all.at[i];
        PyObject *item = Py_BuildValue("(KKIIB)", (unsigned long long)b->address,
                                       (unsigned long long)b->bytes, b->site, b->call, b->domain);
        if (!item) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, (Py_ssize_t)i, item);
    }
    uf_mem_free(all.at);
    return list;
}

static int count_one(void *context, const struct uf_live_block *block)
{
    uint64_t *figures = context;
    figures[0]++;
    figures[1] += block->bytes;
    return 0;
}

/* (blocks, bytes) alive now, counted without making anything */
static PyObject *totals(PyObject *module, PyObject *nothing)
{
    uint64_t figures[2] = {0, 0};
    (void)module, (void)nothing;
    if (!is_started())
        return NULL;
    uf_tracing_each_live(tracing, count_one, figures);
    return Py_BuildValue("(KK)", (unsigned long long)figures[0], (unsigned long long)figures[1]);
}

static PyObject *missed(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    return is_started() ? PyLong_FromUnsignedLongLong(uf_tracing_missed(tracing)) : NULL;
}

static PyMethodDef methods[] = {
    {"start", start, METH_VARARGS, "Hooks in; start(raw=False)."},
    {"call", call, METH_O, "A call begins, or with 0 ends."},
    {"stop", stop, METH_NOARGS, "Hooks out."},
    {"forget", forget, METH_NOARGS, "Stops and forgets everything."},
    {"birth", birth, METH_O, "(site, call, earlier) of the object at an address, or None."},
    {"frames", frames, METH_O, "[(file, function, line), ...] of a site, innermost first."},
    {"site_now", site_now, METH_NOARGS, "The site of this very call."},
    {"live", live, METH_NOARGS, "[(address, bytes, site, call, domain), ...]"},
    {"totals", totals, METH_NOARGS, "(blocks, bytes) alive."},
    {"missed", missed, METH_NOARGS, "Blocks that could not be recorded."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "unfreed_probe_track",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit_unfreed_probe_track(void);
PyMODINIT_FUNC PyInit_unfreed_probe_track(void)
{
    return PyModule_Create(&module);
}
