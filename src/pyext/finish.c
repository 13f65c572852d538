#include "pyext/finish.h"

#include "pyext/python.h"

#include <stdio.h>
#include <unistd.h>

static void flush(const char *name)
{
    PyObject *stream = PySys_GetObject(name);
    PyObject *done = stream && stream != Py_None ? PyObject_CallMethod(stream, "flush", NULL)
                                                 : NULL;
    Py_XDECREF(done);
    PyErr_Clear();
}

_Noreturn void uf_finish_process(int exit_code)
{
    PyObject *atexit = PyImport_ImportModule("atexit");
    PyObject *done = atexit ? PyObject_CallMethod(atexit, "_run_exitfuncs", NULL) : NULL;
    if (!done && PyErr_Occurred())
        PyErr_WriteUnraisable(atexit);
    flush("stdout");
    flush("stderr");
    (void)fflush(NULL);
    _exit(exit_code);
}
