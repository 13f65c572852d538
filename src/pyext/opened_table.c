/* A table of a snapshot, or some of its columns; the type unfreed._engine.Table. */
#include "pyext/opened.h"

#include <string.h>

struct table {
    PyObject_HEAD struct uf_opened_snapshot *snapshot;
    const struct uf_arrow_table *table;
    struct uf_arrow_selection selection;
    uint32_t batch_rows;
};

static struct table *as_table(PyObject *self)
{
    return (struct table *)(void *)self;
}

static void dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF(as_table(self)->snapshot);
    type->tp_free(self);
    Py_DECREF(type);
}

static Py_ssize_t length(PyObject *self)
{
    struct table *table = as_table(self);
    struct uf_arrow_heap *heap = uf_opened_heap(table->snapshot);
    return heap ? (Py_ssize_t)table->table->rows(heap) : -1;
}

static PyObject *get_num_rows(PyObject *self, void *nothing)
{
    (void)nothing;
    Py_ssize_t rows = length(self);
    return rows < 0 ? NULL : PyLong_FromSsize_t(rows);
}

static PyObject *get_name(PyObject *self, void *nothing)
{
    (void)nothing;
    return PyUnicode_FromString(as_table(self)->table->name);
}

static PyObject *get_columns(PyObject *self, void *nothing)
{
    const struct table *table = as_table(self);
    (void)nothing;
    PyObject *columns = PyTuple_New(table->selection.count);
    for (uint8_t i = 0; columns && i < table->selection.count; i++) {
        const char *name = table->table->fields[table->selection.fields[i]].name;
        PyObject *text = PyUnicode_FromString(name);
        if (!text) {
            Py_CLEAR(columns);
            break;
        }
        PyTuple_SET_ITEM(columns, i, text);
    }
    return columns;
}

static PyObject *repr(PyObject *self)
{
    const struct table *table = as_table(self);
    if (!table->snapshot->heap)
        return PyUnicode_FromFormat("<unfreed table %s of a closed snapshot>", table->table->name);
    return PyUnicode_FromFormat("<unfreed table %s, %zd rows, %d columns>", table->table->name,
                                length(self), (int)table->selection.count);
}

static PyObject *arrow_schema(PyObject *self, PyObject *nothing)
{
    const struct table *table = as_table(self);
    (void)nothing;
    return uf_schema_capsule(table->table, &table->selection);
}

static PyObject *arrow_stream(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"requested_schema", NULL};
    const struct table *table = as_table(self);
    PyObject *requested = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:__arrow_c_stream__", keywords, &requested))
        return NULL;
    struct uf_arrow_heap *heap = uf_opened_heap(table->snapshot);
    if (!heap || uf_schema_request(requested, table->table, &table->selection) < 0)
        return NULL;
    return uf_stream_capsule(heap, table->table, &table->selection, table->batch_rows);
}

/* Enters the column `name` into the selection; -1, raised: there is none, or it was chosen already. */
static int choose(struct table *table, PyObject *name)
{
    const char *wanted = PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : NULL;
    if (!wanted) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "select(): columns are chosen by their names");
        return -1;
    }
    for (uint8_t i = 0; i < table->selection.count; i++) {
        if (strcmp(table->table->fields[table->selection.fields[i]].name, wanted) == 0) {
            PyErr_Format(PyExc_ValueError, "select(): column %R is chosen twice", name);
            return -1;
        }
    }
    for (uint32_t i = 0; i < table->table->field_count; i++) {
        if (strcmp(table->table->fields[i].name, wanted) == 0) {
            table->selection.fields[table->selection.count++] = (uint8_t)i;
            return 0;
        }
    }
    PyErr_Format(PyExc_ValueError, "select(): the table %s has no column %R", table->table->name,
                 name);
    return -1;
}

static int choose_all(struct table *table, PyObject *names)
{
    if (PyTuple_GET_SIZE(names) > 0)
        table->selection.count = 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); i++)
        if (choose(table, PyTuple_GET_ITEM(names, i)) < 0)
            return -1;
    return 0;
}

static struct table *copy(const struct table *from)
{
    PyTypeObject *type = Py_TYPE(from);
    struct table *table = (struct table *)(void *)type->tp_alloc(type, 0);
    if (!table)
        return NULL;
    Py_INCREF(from->snapshot);
    table->snapshot = from->snapshot;
    table->table = from->table;
    table->selection = from->selection;
    table->batch_rows = from->batch_rows;
    return table;
}

static PyObject *select_columns(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"batch_rows", NULL};
    Py_ssize_t batch_rows = as_table(self)->batch_rows;
    PyObject *none = PyTuple_New(0);
    int parsed =
        none ? PyArg_ParseTupleAndKeywords(none, kwargs, "|$n:select", keywords, &batch_rows) : 0;
    Py_XDECREF(none);
    if (!parsed)
        return NULL;
    if (batch_rows < 1 || batch_rows > (Py_ssize_t)UF_ARROW_BATCH_ROWS) {
        PyErr_Format(PyExc_ValueError, "select(): batch_rows is %zd, not 1 to %u", batch_rows,
                     UF_ARROW_BATCH_ROWS);
        return NULL;
    }
    struct table *table = copy(as_table(self));
    if (!table)
        return NULL;
    table->batch_rows = (uint32_t)batch_rows;
    if (choose_all(table, args) < 0) {
        Py_DECREF(table);
        return NULL;
    }
    return (PyObject *)table;
}

static PyMethodDef methods[] = {
    {"__arrow_c_schema__", arrow_schema, METH_NOARGS,
     "The table's columns as a capsule of an ArrowSchema."},
    {"__arrow_c_stream__", (PyCFunction)(void (*)(void))arrow_stream, METH_VARARGS | METH_KEYWORDS,
     "The table's rows as a capsule of an ArrowArrayStream, made as the consumer asks for them."},
    {"select", (PyCFunction)(void (*)(void))select_columns, METH_VARARGS | METH_KEYWORDS,
     "The table with only these columns, in this order; only what they need is loaded and "
     "computed."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"name", get_name, NULL, "\"objects\", \"references\" or \"types\".", NULL},
    {"columns", get_columns, NULL, "The names of the columns.", NULL},
    {"num_rows", get_num_rows, NULL, "How many rows there are.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_dealloc, (void *)dealloc},
    {Py_tp_repr, (void *)repr},
    {Py_sq_length, (void *)length},
    {Py_tp_methods, methods},
    {Py_tp_getset, properties},
    {Py_tp_doc, (void *)"Rows of a heap, for whoever reads Arrow: pyarrow, polars, DuckDB, ..."},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "unfreed._engine.Table",
    .basicsize = sizeof(struct table),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

PyObject *uf_table_new(struct uf_opened_snapshot *snapshot, const struct uf_arrow_table *table)
{
    static PyObject *type; /* kept for the life of the process */
    if (!type && !(type = PyType_FromSpec(&spec)))
        return NULL;
    PyTypeObject *as_type = (PyTypeObject *)(void *)type;
    struct table *self = (struct table *)(void *)as_type->tp_alloc(as_type, 0);
    if (!self)
        return NULL;
    Py_INCREF(snapshot);
    self->snapshot = snapshot;
    self->table = table;
    self->selection = uf_arrow_all_columns(table);
    self->batch_rows = UF_ARROW_BATCH_ROWS;
    return (PyObject *)self;
}
