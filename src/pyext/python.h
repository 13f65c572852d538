/* python.h - the interpreter's public header, as every file of this folder includes it. */
#ifndef UF_PYEXT_PYTHON_H
#define UF_PYEXT_PYTHON_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#if PY_VERSION_HEX < 0x030a0000
#error "unfreed needs CPython 3.10 or later"
#endif
#ifdef Py_GIL_DISABLED
#error "unfreed does not support the free-threaded build of CPython"
#endif

#endif
