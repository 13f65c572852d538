/* The Arrow PyCapsule interface: structs of the C interfaces in capsules with names. */
#include "pyext/opened.h"

#include <string.h>

#define SCHEMA "arrow_schema"
#define STREAM "arrow_array_stream"

/* A consumer that took the struct has set `release` to NULL. */
static void drop_schema(PyObject *capsule)
{
    struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, SCHEMA);
    if (schema && schema->release)
        schema->release(schema);
    PyMem_Free(schema);
}

static void drop_stream(PyObject *capsule)
{
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, STREAM);
    if (stream && stream->release)
        stream->release(stream);
    PyMem_Free(stream);
}

PyObject *uf_schema_capsule(const struct uf_arrow_table *table,
                            const struct uf_arrow_selection *selection)
{
    struct uf_error err;
    struct ArrowSchema *schema = PyMem_Calloc(1, sizeof *schema);
    if (!schema)
        return PyErr_NoMemory();
    PyObject *capsule = PyCapsule_New(schema, SCHEMA, drop_schema);
    if (!capsule) {
        PyMem_Free(schema);
        return NULL;
    }
    if (uf_arrow_schema(schema, table, selection, &err)) {
        Py_DECREF(capsule);
        return uf_raise(&err, NULL);
    }
    return capsule;
}

PyObject *uf_stream_capsule(struct uf_arrow_heap *heap, const struct uf_arrow_table *table,
                            const struct uf_arrow_selection *selection, uint32_t batch_rows)
{
    struct uf_error err;
    struct ArrowArrayStream *stream = PyMem_Calloc(1, sizeof *stream);
    if (!stream)
        return PyErr_NoMemory();
    PyObject *capsule = PyCapsule_New(stream, STREAM, drop_stream);
    if (!capsule) {
        PyMem_Free(stream);
        return NULL;
    }
    if (uf_arrow_stream(stream, heap, table, selection, batch_rows, &err)) {
        Py_DECREF(capsule);
        return uf_raise(&err, NULL);
    }
    return capsule;
}

static bool same_columns(const struct ArrowSchema *schema, const struct uf_arrow_table *table,
                         const struct uf_arrow_selection *selection)
{
    if (schema->n_children != selection->count)
        return false;
    for (uint8_t i = 0; i < selection->count; i++) {
        const char *name = schema->children[i]->name;
        if (!name || strcmp(name, table->fields[selection->fields[i]].name) != 0)
            return false;
    }
    return true;
}

int uf_schema_request(PyObject *requested, const struct uf_arrow_table *table,
                      const struct uf_arrow_selection *selection)
{
    if (requested == Py_None)
        return 0;
    if (!PyCapsule_IsValid(requested, SCHEMA)) {
        PyErr_SetString(PyExc_TypeError,
                        "requested_schema: not None and not a capsule named " SCHEMA);
        return -1;
    }
    const struct ArrowSchema *schema = PyCapsule_GetPointer(requested, SCHEMA);
    if (schema->release && same_columns(schema, table, selection))
        return 0;
    PyErr_Format(PyExc_ValueError,
                 "requested_schema: other columns than the table's (%s.select(...) chooses them)",
                 table->name);
    return -1;
}
