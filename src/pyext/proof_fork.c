/* os.register_at_fork() handlers are in three lists of the interpreter. PyOS_BeforeFork() and its
 * fellows do what the interpreter itself needs and then go through the lists: so the lists are put
 * away while they run. (CPython 3.10 to 3.15, Modules/posixmodule.c) */
#define Py_BUILD_CORE 1
#include <Python.h>
#include <pycore_interp.h>

#include "pyext/proof_fork.h"

struct handlers {
    PyObject *before, *after_parent, *after_child;
};

static struct handlers put_away(PyInterpreterState *interpreter)
{
    struct handlers handlers = {interpreter->before_forkers, interpreter->after_forkers_parent,
                                interpreter->after_forkers_child};
    interpreter->before_forkers = NULL;
    interpreter->after_forkers_parent = NULL;
    interpreter->after_forkers_child = NULL;
    return handlers;
}

static void put_back(PyInterpreterState *interpreter, struct handlers handlers)
{
    interpreter->before_forkers = handlers.before;
    interpreter->after_forkers_parent = handlers.after_parent;
    interpreter->after_forkers_child = handlers.after_child;
}

/* Waiting for a thread that imports would give up the interpreter lock, and the heap would change. */
static bool is_importing(void)
{
    PyObject *imp = PyImport_ImportModule("_imp");
    PyObject *held = imp ? PyObject_CallMethod(imp, "lock_held", NULL) : NULL;
    bool ret = !held || PyObject_IsTrue(held) != 0;
    Py_XDECREF(held);
    Py_XDECREF(imp);
    PyErr_Clear();
    return ret;
}

const char *uf_proof_fork_before(void)
{
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    if (is_importing())
        return "another thread imports a module";
    struct handlers handlers = put_away(interpreter);
    PyOS_BeforeFork();
    put_back(interpreter, handlers);
    return NULL;
}

void uf_proof_fork_parent(void)
{
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    struct handlers handlers = put_away(interpreter);
    PyOS_AfterFork_Parent();
    put_back(interpreter, handlers);
}

void uf_proof_fork_child(void)
{
    (void)put_away(PyInterpreterState_Get()); /* for good: nothing in the copy may fork */
    PyOS_AfterFork_Child();
}
