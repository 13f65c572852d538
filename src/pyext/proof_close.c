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

static PyObject *object_of(const struct uf_graph *graph, uf_node node)
{
    return (PyObject *)(uintptr_t)graph->address[node]; // NOLINT
}

int uf_proof_descriptor_of(const struct uf_graph *graph, uf_node node)
{
    PyObject *object = object_of(graph, node);
    if ((graph->flags[node] & UF_NODE_TYPE) || !owns_descriptor(Py_TYPE(object)))
        return -1;
    PyObject *number = PyObject_CallMethod(object, "fileno", NULL);
    long fd = number && PyLong_Check(number) ? PyLong_AsLong(number) : -1;
    Py_XDECREF(number);
    PyErr_Clear();
    return fd >= 0 && fd <= INT_MAX ? (int)fd : -1;
}

void uf_proof_close(const struct uf_graph *graph, uf_node node)
{
    PyObject *done = PyObject_CallMethod(object_of(graph, node), "close", NULL);
    Py_XDECREF(done);
    PyErr_Clear();
}
