/* faulty.c - an extension that leaks on purpose, in every way that C code can.
 *
 * Each fault is a function, and beside it stands its twin, `NAME_right`, which does the same work
 * without the fault. tests/targets/faulty.py calls them, tests/python/test_check_faulty.py says what
 * the report must tell of each.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCK_BYTES 300 /* small enough for Python's own allocator */
#define PAGES_BYTES ((size_t)64 << 10)
#define TABLE_MAX ((size_t)1 << 20)

/* A function and its twin, which differ in nothing but the argument `fault`. */
#define PAIR(name)                                                                                 \
    static PyObject *name##_wrong(PyObject *self, PyObject *argument)                              \
    {                                                                                              \
        (void)self;                                                                                \
        return name(argument, 1);                                                                  \
    }                                                                                              \
    static PyObject *name##_right(PyObject *self, PyObject *argument)                              \
    {                                                                                              \
        (void)self;                                                                                \
        return name(argument, 0);                                                                  \
    }

#define METHODS(name, flags)                                                                       \
    {#name, name##_wrong, flags, NULL},                                                            \
    {                                                                                              \
        #name "_right", name##_right, flags, NULL                                                  \
    }

/* Ends the life of what was made for the call; the fault is to forget it. */
static PyObject *done_with(PyObject *object, int fault)
{
    if (object == NULL)
        return NULL;
    if (!fault)
        Py_DECREF(object);
    Py_RETURN_NONE;
}

/* --- lost references to new objects -------------------------------------------------------------- */

static PyObject *lost_list(PyObject *argument, int fault)
{
    (void)argument;
    return done_with(Py_BuildValue("[ss]", "one", "two"), fault);
}
PAIR(lost_list)

static PyObject *lost_bytes(PyObject *argument, int fault)
{
    static const char zeros[200];
    (void)argument;
    return done_with(PyBytes_FromStringAndSize(zeros, sizeof zeros), fault);
}
PAIR(lost_bytes)

/* Over 512 bytes objects come from malloc. */
static PyObject *lost_large_bytes(PyObject *argument, int fault)
{
    (void)argument;
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, 20000);
    if (bytes != NULL)
        memset(PyBytes_AS_STRING(bytes), 'x', 20000);
    return done_with(bytes, fault);
}
PAIR(lost_large_bytes)

static PyObject *lost_str(PyObject *argument, int fault)
{
    static unsigned long number;
    (void)argument;
    return done_with(PyUnicode_FromFormat("lost text number %lu", number++), fault);
}
PAIR(lost_str)

static PyObject *lost_int(PyObject *argument, int fault)
{
    static long number = 1000000;
    (void)argument;
    return done_with(PyLong_FromLong(number++), fault);
}
PAIR(lost_int)

static PyObject *lost_float(PyObject *argument, int fault)
{
    static double number;
    (void)argument;
    number += 0.5;
    return done_with(PyFloat_FromDouble(number), fault);
}
PAIR(lost_float)

/* A tuple of untracked objects, which the collector untracks as well. */
static PyObject *lost_tuple(PyObject *argument, int fault)
{
    static long number = 2000000;
    (void)argument;
    number++;
    return done_with(Py_BuildValue("(ldl)", number, 0.25, number), fault);
}
PAIR(lost_tuple)

static PyObject *lost_instance(PyObject *type, int fault)
{
    return done_with(PyObject_CallObject(type, NULL), fault);
}
PAIR(lost_instance)

/* --- lost references to objects that live on ------------------------------------------------------ */

static PyObject *extra_reference(PyObject *object, int fault)
{
    Py_INCREF(object);
    return done_with(object, fault);
}
PAIR(extra_reference)

/* --- lost memory ---------------------------------------------------------------------------------- */

static PyObject *lost_malloc(PyObject *argument, int fault)
{
    (void)argument;
    char *block = malloc(BLOCK_BYTES);
    if (block == NULL)
        return PyErr_NoMemory();
    memset(block, 1, BLOCK_BYTES);
    if (!fault)
        free(block);
    Py_RETURN_NONE;
}
PAIR(lost_malloc)

static PyObject *lost_raw_block(PyObject *argument, int fault)
{
    (void)argument;
    char *block = PyMem_RawMalloc(BLOCK_BYTES);
    if (block == NULL)
        return PyErr_NoMemory();
    memset(block, 1, BLOCK_BYTES);
    if (!fault)
        PyMem_RawFree(block);
    Py_RETURN_NONE;
}
PAIR(lost_raw_block)

static PyObject *lost_mem_block(PyObject *argument, int fault)
{
    (void)argument;
    char *block = PyMem_Malloc(BLOCK_BYTES);
    if (block == NULL)
        return PyErr_NoMemory();
    memset(block, 1, BLOCK_BYTES);
    if (!fault)
        PyMem_Free(block);
    Py_RETURN_NONE;
}
PAIR(lost_mem_block)

static PyObject *lost_object_block(PyObject *argument, int fault)
{
    (void)argument;
    char *block = PyObject_Malloc(BLOCK_BYTES);
    if (block == NULL)
        return PyErr_NoMemory();
    memset(block, 1, BLOCK_BYTES);
    if (!fault)
        PyObject_Free(block);
    Py_RETURN_NONE;
}
PAIR(lost_object_block)

static PyObject *lost_pages(PyObject *argument, int fault)
{
    (void)argument;
    void *pages =
        mmap(NULL, PAGES_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return PyErr_SetFromErrno(PyExc_OSError);
    memset(pages, 1, PAGES_BYTES);
    if (!fault)
        munmap(pages, PAGES_BYTES);
    Py_RETURN_NONE;
}
PAIR(lost_pages)

/* --- kept on purpose, in C: not lost -------------------------------------------------------------- */

static PyObject *table[TABLE_MAX]; /* in the library's data */
static size_t table_len;

/* The twin keeps the newest one only. */
static PyObject *kept_in_table(PyObject *object, int fault)
{
    Py_INCREF(object);
    size_t place = fault && table_len + 1 < TABLE_MAX ? ++table_len : 0;
    Py_XSETREF(table[place], object);
    Py_RETURN_NONE;
}
PAIR(kept_in_table)

static PyObject **block; /* in memory from malloc */
static size_t block_len, block_room;

static PyObject *kept_in_block(PyObject *object, int fault)
{
    size_t place = fault ? block_len : 0;
    if (place >= block_room) {
        size_t room = block_room ? block_room * 2 : 16;
        PyObject **now = realloc(block, room * sizeof *block);
        if (now == NULL)
            return PyErr_NoMemory();
        memset(now + block_room, 0, (room - block_room) * sizeof *now);
        block = now;
        block_room = room;
    }
    Py_INCREF(object);
    Py_XSETREF(block[place], object);
    if (fault)
        block_len++;
    Py_RETURN_NONE;
}
PAIR(kept_in_block)

/* --- types ---------------------------------------------------------------------------------------- */

struct holder {
    PyObject_HEAD PyObject *held, *forgotten;
};

static int holder_init(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    struct holder *holder = (struct holder *)self;
    PyObject *object = NULL;
    (void)keywords;
    if (!PyArg_ParseTuple(arguments, "O", &object))
        return -1;
    Py_INCREF(object);
    Py_XSETREF(holder->held, object);
    return 0;
}

static PyObject *holder_close(PyObject *self, PyObject *unused)
{
    (void)unused;
    Py_CLEAR(((struct holder *)self)->held);
    Py_CLEAR(((struct holder *)self)->forgotten);
    Py_RETURN_NONE;
}

/* `forgotten` of a Forgetful is what its tp_traverse does not report. */
static PyObject *holder_forget(PyObject *self, PyObject *object)
{
    Py_INCREF(object);
    Py_XSETREF(((struct holder *)self)->forgotten, object);
    Py_RETURN_NONE;
}

static PyMethodDef holder_methods[] = {
    {"close", holder_close, METH_NOARGS, NULL},
    {"forget", holder_forget, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

/* Holds a reference, and the collector is not told: Py_TPFLAGS_HAVE_GC is missing. */
static void uncollected_dealloc(PyObject *self)
{
    Py_XDECREF(((struct holder *)self)->held);
    Py_XDECREF(((struct holder *)self)->forgotten);
    Py_TYPE(self)->tp_free(self);
}

static PyTypeObject uncollected_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "unfreed_faulty.Uncollected",
    .tp_basicsize = sizeof(struct holder),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_dealloc = uncollected_dealloc,
    .tp_methods = holder_methods,
    .tp_init = holder_init,
    .tp_new = PyType_GenericNew,
};

static int forgetful_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(((struct holder *)self)->held);
    return 0;
}

static int right_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(((struct holder *)self)->held);
    Py_VISIT(((struct holder *)self)->forgotten);
    return 0;
}

static int holder_clear(PyObject *self)
{
    Py_CLEAR(((struct holder *)self)->held);
    Py_CLEAR(((struct holder *)self)->forgotten);
    return 0;
}

static void collected_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    holder_clear(self);
    Py_TYPE(self)->tp_free(self);
}

#define COLLECTED(name, traverse)                                                                  \
    {                                                                                              \
        PyVarObject_HEAD_INIT(NULL, 0).tp_name = name,                                             \
        .tp_basicsize = sizeof(struct holder),                                                     \
        .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,                                       \
        .tp_dealloc = collected_dealloc,                                                           \
        .tp_traverse = traverse,                                                                   \
        .tp_clear = holder_clear,                                                                  \
        .tp_methods = holder_methods,                                                              \
        .tp_init = holder_init,                                                                    \
        .tp_new = PyType_GenericNew,                                                               \
        .tp_free = PyObject_GC_Del,                                                                \
        .tp_alloc = PyType_GenericAlloc,                                                           \
    }

static PyTypeObject forgetful_type = COLLECTED("unfreed_faulty.Forgetful", forgetful_traverse);
static PyTypeObject collected_type = COLLECTED("unfreed_faulty.Collected", right_traverse);

/* --- the module ----------------------------------------------------------------------------------- */

static PyMethodDef methods[] = {
    METHODS(lost_list, METH_NOARGS),
    METHODS(lost_bytes, METH_NOARGS),
    METHODS(lost_large_bytes, METH_NOARGS),
    METHODS(lost_str, METH_NOARGS),
    METHODS(lost_int, METH_NOARGS),
    METHODS(lost_float, METH_NOARGS),
    METHODS(lost_tuple, METH_NOARGS),
    METHODS(lost_instance, METH_O),
    METHODS(extra_reference, METH_O),
    METHODS(lost_malloc, METH_NOARGS),
    METHODS(lost_raw_block, METH_NOARGS),
    METHODS(lost_mem_block, METH_NOARGS),
    METHODS(lost_object_block, METH_NOARGS),
    METHODS(lost_pages, METH_NOARGS),
    METHODS(kept_in_table, METH_O),
    METHODS(kept_in_block, METH_O),
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "unfreed_faulty",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit_unfreed_faulty(void)
{
    PyTypeObject *const types[] = {&uncollected_type, &forgetful_type, &collected_type};
    PyObject *module = PyModule_Create(&definition);

    for (size_t i = 0; module != NULL && i < sizeof types / sizeof *types; i++)
        if (PyModule_AddType(module, types[i]) < 0)
            Py_CLEAR(module);
    return module;
}
