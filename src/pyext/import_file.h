/* import_file.h - a Python file as a module, by the import system's own parts. */
#ifndef UF_PYEXT_IMPORT_FILE_H
#define UF_PYEXT_IMPORT_FILE_H

#include "pyext/python.h"

/* importlib's SourceFileLoader for `path` (str) under the name `name`. New reference, or NULL with an
 * exception set. */
PyObject *uf_source_loader(const char *name, PyObject *path);

/* Imports the file under the name `stem`, as `import stem` would if its folder came first: the module is
 * in sys.modules while its code runs, and taken out again if that fails. The traceback of a failure
 * begins in the file. New reference, or NULL with an exception set. */
PyObject *uf_import_file(const char *stem, PyObject *path);

#endif
