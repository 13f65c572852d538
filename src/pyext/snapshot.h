/* snapshot.h - unfreed.snapshot(): what Python calls (docs/snapshot.md). */
#ifndef UF_PYEXT_SNAPSHOT_H
#define UF_PYEXT_SNAPSHOT_H

#include "pyext/python.h"

/* snapshot(path, *, redact=False) -> SnapshotFile. Returns when the file is whole; meanwhile other threads
 * go on. OSError where the file cannot be written, RuntimeError for all else. */
PyObject *uf_snapshot_from_python(PyObject *module, PyObject *args, PyObject *keywords);

#endif
