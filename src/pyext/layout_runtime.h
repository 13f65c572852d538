/* layout_runtime.h - the runtime half of the layout row of the interpreter that we are compiled for. */
#ifndef UF_PYEXT_LAYOUT_RUNTIME_H
#define UF_PYEXT_LAYOUT_RUNTIME_H

#include "cpython/layout_runtime.h"

extern const struct uf_layout_runtime uf_layout_runtime_self;

/* layout_roots.c: the objects that the runtime, an interpreter and a thread own; ended by one without a
 * name. */
extern const struct uf_root_field uf_runtime_fields_self[];
extern const struct uf_root_field uf_interpreter_fields_self[];
extern const struct uf_root_field uf_thread_fields_self[];

#endif
