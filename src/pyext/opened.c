/* An open snapshot; the type unfreed._engine.Snapshot. */
#include "pyext/opened.h"

#include "pyext/arrow_host.h"

#include <errno.h>

static struct uf_opened_snapshot *as_snapshot(PyObject *self)
{
    return (struct uf_opened_snapshot *)(void *)self;
}

struct uf_arrow_heap *uf_opened_heap(struct uf_opened_snapshot *snapshot)
{
    if (!snapshot->heap)
        PyErr_SetString(PyExc_ValueError, "the snapshot is closed");
    return snapshot->heap;
}

PyObject *uf_raise(const struct uf_error *err, PyObject *path)
{
    if (err->code == UF_ENOMEM)
        return PyErr_NoMemory();
    if (err->code == UF_EIO && err->os_errno && path) {
        errno = err->os_errno;
        return PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path);
    }
    PyObject *kind = err->code == UF_EIO ? PyExc_OSError : PyExc_ValueError;
    return path ? PyErr_Format(kind, "%S: %s", path, err->message)
                : PyErr_Format(kind, "%s", err->message);
}

static void close_heap(struct uf_opened_snapshot *snapshot)
{
    struct uf_arrow_heap *heap = snapshot->heap;
    snapshot->heap = NULL;
    if (heap)
        uf_arrow_heap_drop(heap);
    uf_arrow_end_waiting();
}

static void dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    close_heap(as_snapshot(self));
    Py_XDECREF(as_snapshot(self)->path);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *close_method(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    close_heap(as_snapshot(self));
    Py_RETURN_NONE;
}

static PyObject *enter_method(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    if (!uf_opened_heap(as_snapshot(self)))
        return NULL;
    Py_INCREF(self);
    return self;
}

static PyObject *exit_method(PyObject *self, PyObject *exception)
{
    (void)exception;
    close_heap(as_snapshot(self));
    Py_RETURN_NONE;
}

static PyObject *get_closed(PyObject *self, void *nothing)
{
    (void)nothing;
    return PyBool_FromLong(!as_snapshot(self)->heap);
}

static PyObject *get_path(PyObject *self, void *nothing)
{
    (void)nothing;
    Py_INCREF(as_snapshot(self)->path);
    return as_snapshot(self)->path;
}

static PyObject *get_table(PyObject *self, void *table)
{
    if (!uf_opened_heap(as_snapshot(self)))
        return NULL;
    return uf_table_new(as_snapshot(self), table);
}

static PyObject *repr(PyObject *self)
{
    return PyUnicode_FromFormat("<unfreed snapshot %R%s>", as_snapshot(self)->path,
                                as_snapshot(self)->heap ? "" : ", closed");
}

static PyMethodDef methods[] = {
    {"close", close_method, METH_NOARGS,
     "Lets go of the file; what was handed to consumers stays valid until they let go of it."},
    {"__enter__", enter_method, METH_NOARGS, NULL},
    {"__exit__", exit_method, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"path", get_path, NULL, "The file, as it was given.", NULL},
    {"closed", get_closed, NULL, "Was it closed?", NULL},
    {"objects", get_table, NULL, "A row for each object.", (void *)&uf_arrow_objects},
    {"references", get_table, NULL, "A row for each reference from one object to another.",
     (void *)&uf_arrow_references},
    {"types", get_table, NULL, "A row for each type.", (void *)&uf_arrow_types},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_dealloc, (void *)dealloc},
    {Py_tp_repr, (void *)repr},
    {Py_tp_methods, methods},
    {Py_tp_getset, properties},
    {Py_tp_doc, (void *)"A heap in a file, as tables."},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "unfreed._engine.Snapshot",
    .basicsize = sizeof(struct uf_opened_snapshot),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

static struct uf_opened_snapshot *new_snapshot(PyObject *path)
{
    static PyObject *type; /* kept for the life of the process */
    if (!type && !(type = PyType_FromSpec(&spec)))
        return NULL;
    PyTypeObject *as_type = (PyTypeObject *)(void *)type;
    struct uf_opened_snapshot *self = as_snapshot(as_type->tp_alloc(as_type, 0));
    if (self)
        self->path = PyOS_FSPath(path);
    if (self && !self->path)
        Py_CLEAR(self);
    return self;
}

PyObject *uf_open_snapshot(PyObject *module, PyObject *path)
{
    struct uf_error err;
    PyObject *name = NULL;
    (void)module;
    if (!PyUnicode_FSConverter(path, (void *)&name))
        return NULL;
    uf_arrow_end_waiting();
    struct uf_opened_snapshot *self = new_snapshot(path);
    if (self &&
        uf_arrow_heap_open(&self->heap, PyBytes_AS_STRING(name), &uf_arrow_in_python, &err)) {
        uf_raise(&err, self->path);
        Py_CLEAR(self);
    }
    Py_DECREF(name);
    return (PyObject *)self;
}
