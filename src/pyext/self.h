/* self.h - this very process and interpreter as the program under study. */
#ifndef UF_PYEXT_SELF_H
#define UF_PYEXT_SELF_H

#include "cpython/heap.h"

/* uf_heap_config_self() (known.h), and the layout confirmed against what public functions say.
 * The calling thread holds the interpreter lock. What `config` points to is static.
 * UF_EUNSUPPORTED when the running interpreter is not the one whose headers we were compiled with. */
enum uf_code uf_self_config(struct uf_heap_config *config, struct uf_error *err);

#endif
