/* run.h - `unfreed run --snapshot-on SIGNAL`, inside the interpreter (docs/run.md). */
#ifndef UF_PYEXT_RUN_H
#define UF_PYEXT_RUN_H

#include "pyext/python.h"

/* run(signal, pattern, redact): from now on each `signal` writes a snapshot, named by the pattern. */
PyObject *uf_run_start(PyObject *module, PyObject *args);
/* answer_signal(signal, frame): the handler. Never raises. */
PyObject *uf_run_answer(PyObject *module, PyObject *args);

#endif
