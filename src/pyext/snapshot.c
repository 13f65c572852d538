/* snapshot.c - unfreed.snapshot(path, *, redact=False). */
#include "pyext/snapshot.h"

#include "pyext/readings.h"
#include "pyext/snapshot_take.h"

static PyStructSequence_Field fields[] = {
    {"path", "the file that was written"},
    {"bytes", "its size"},
    {"objects", "in it"},
    {"references", "between them"},
    {"pause_seconds", "for which this process stood still"},
    {"seconds", "from the call to the whole file"},
    {NULL, NULL},
};

static PyStructSequence_Desc description = {
    .name = "unfreed.SnapshotFile",
    .doc = "What unfreed.snapshot() wrote.",
    .fields = fields,
    .n_in_sequence = sizeof fields / sizeof *fields - 1,
};

/* Made when first needed, before the copy is: so that no snapshot differs from the next by it. The module
 * holds it. */
static PyObject *result_type(PyObject *module)
{
    PyObject *dict = PyModule_GetDict(module); /* borrowed */
    PyObject *type = PyDict_GetItemString(dict, "SnapshotFile");
    if (type)
        return type;
    type = (PyObject *)PyStructSequence_NewType(&description);
    if (!type || PyDict_SetItemString(dict, "SnapshotFile", type) < 0) {
        Py_XDECREF(type);
        return NULL;
    }
    Py_DECREF(type);
    return type; /* borrowed from the dict */
}

/* Signals reach the main thread only, and their handlers want the interpreter lock. */
static bool interrupted(void *context)
{
    PyThreadState **thread = context;
    PyEval_RestoreThread(*thread);
    bool ret = PyErr_CheckSignals() < 0;
    *thread = PyEval_SaveThread();
    return ret;
}

static PyObject *raise(const struct uf_error *err, PyObject *path)
{
    if (PyErr_Occurred())
        return NULL;
    if (err->code == UF_EIO && err->os_errno) {
        PyObject *args = Py_BuildValue("isO", err->os_errno, err->message, path);
        PyObject *error = args ? PyObject_CallObject(PyExc_OSError, args) : NULL;
        if (error)
            PyErr_SetObject((PyObject *)Py_TYPE(error), error);
        Py_XDECREF(error);
        Py_XDECREF(args);
        return NULL;
    }
    PyErr_SetString(PyExc_RuntimeError, err->message);
    return NULL;
}

static PyObject *to_result(PyObject *type, PyObject *path, const struct uf_snapshot_taken *taken,
                           double seconds)
{
    PyObject *result = PyStructSequence_New((PyTypeObject *)type);
    if (!result)
        return NULL;
    PyStructSequence_SET_ITEM(result, 0, Py_NewRef(path));
    PyStructSequence_SET_ITEM(result, 1, PyLong_FromUnsignedLongLong(taken->bytes));
    PyStructSequence_SET_ITEM(result, 2, PyLong_FromUnsignedLongLong(taken->objects));
    PyStructSequence_SET_ITEM(result, 3, PyLong_FromUnsignedLongLong(taken->references));
    PyStructSequence_SET_ITEM(result, 4, PyFloat_FromDouble(taken->pause_seconds));
    PyStructSequence_SET_ITEM(result, 5, PyFloat_FromDouble(seconds));
    if (PyErr_Occurred())
        Py_CLEAR(result);
    return result;
}

static PyObject *take(PyObject *type, PyObject *path, const char *file, bool redact)
{
    struct uf_snapshot_order order;
    struct uf_snapshot_copy copy;
    struct uf_snapshot_taken taken = {0};
    struct uf_error err = {0};
    enum uf_code code = uf_snapshot_prepare(&order, file, redact, &err);
    if (!code)
        code = uf_snapshot_start(&order, &copy, &err);
    if (code)
        return raise(&err, path);
    PyThreadState *thread = PyEval_SaveThread();
    code = uf_snapshot_wait(&copy, interrupted, &thread, &taken, &err);
    PyEval_RestoreThread(thread);
    if (code)
        return raise(&err, path);
    return to_result(type, path, &taken, uf_now_seconds() - order.started);
}

PyObject *uf_snapshot_from_python(PyObject *module, PyObject *args, PyObject *keywords)
{
    static char first[] = "path", second[] = "redact", *names[] = {first, second, NULL};
    PyObject *path = NULL, *decoded = NULL, *encoded = NULL, *result = NULL;
    int redact = 0;
    PyObject *type = result_type(module);
    if (!type ||
        !PyArg_ParseTupleAndKeywords(args, keywords, "O|$p:snapshot", names, &path, &redact))
        return NULL;
    /* what os.fspath() gives is shown in the result and in errors */
    if (PyUnicode_FSConverter(path, &encoded) && PyUnicode_FSDecoder(encoded, &decoded))
        result = take(type, decoded, PyBytes_AS_STRING(encoded), redact != 0);
    Py_XDECREF(encoded);
    Py_XDECREF(decoded);
    return result;
}
