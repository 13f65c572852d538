/* signature.h - do the arguments given fit the function? Read from its code object. */
#ifndef UF_PYEXT_SIGNATURE_H
#define UF_PYEXT_SIGNATURE_H

#include "pyext/python.h"

/* `*args` (a tuple of str, a new one on return) is what the command line gave. A function without
 * positional parameters gets none (they stand in sys.argv). 0; or -1 with one line in `why` that
 * shows the signature. What is not a Python function is not checked here. */
int uf_signature_check(PyObject *callable, PyObject **args, const char *name, char *why,
                       size_t size);

#endif
