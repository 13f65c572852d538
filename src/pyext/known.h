/* known.h - this process as a heap: known types, the traverse callback, the configuration. */
#ifndef UF_PYEXT_KNOWN_H
#define UF_PYEXT_KNOWN_H

#include "cpython/heap.h"

/* Fills everything for the interpreter that runs this thread. Uses the interpreter (imports nothing
 * that is not loaded): call it when the extension starts, not between captures. Holds no reference.
 * UF_EUNSUPPORTED when the interpreter is not the one that the extension was compiled for. */
enum uf_code uf_heap_config_self(struct uf_heap_config *ret, struct uf_error *err);

#endif
