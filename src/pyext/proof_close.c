/* proof_close.c - the objects that own descriptors. */
#include "pyext/proof_cut.h"

#include "pyext/python.h"

#include <string.h>

/* By the class of C that has the number in it: subclasses and what wraps it come to the same. */
static bool owns_descriptor(const PyTypeObject *type)
{
    static const char *const names[] = {"_io.FileIO", "_socket.socket", "select.epoll"};
    for (; type; type = type->tp_base)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (strcmp(type->tp_name, names[i]) == 0)
                return true;
    return false;
}

static int descriptor_of(PyObject *owner)
{
    PyObject *number = PyObject_CallMethod(owner, "fileno", NULL);
    long fd = number && PyLong_Check(number) ? PyLong_AsLong(number) : -1;
    Py_XDECREF(number);
    PyErr_Clear();
    return fd >= 0 && fd <= INT_MAX ? (int)fd : -1;
}

PyObject *uf_proof_owners(const struct uf_graph *graph)
{
    PyObject *owners = PyList_New(0);
    for (uf_node n = 0; owners && n < graph->node_count; n++) {
        const struct uf_graph_type *type = &graph->types[graph->type[n]];
        PyObject *object = (PyObject *)(uintptr_t)graph->address[n]; // NOLINT
        if (!(graph->flags[n] & UF_NODE_TYPE) &&
            owns_descriptor((const PyTypeObject *)(uintptr_t)type->address) && // NOLINT
            PyList_Append(owners, object))
            Py_CLEAR(owners);
    }
    return owners;
}

void uf_proof_close(PyObject *owners, bool (*is_to_close)(const void *context, int fd),
                    const void *context)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(owners); i++) {
        PyObject *owner = PyList_GET_ITEM(owners, i);
        int fd = descriptor_of(owner);
        if (fd < 0 || !is_to_close(context, fd))
            continue;
        Py_XDECREF(PyObject_CallMethod(owner, "close", NULL));
        PyErr_Clear();
    }
}
