/* arrow_host.h - Arrow tables inside the interpreter: who may call the engine when. */
#ifndef UF_PYEXT_ARROW_HOST_H
#define UF_PYEXT_ARROW_HOST_H

#include "export/arrow_heap.h"

/* Batches are made under the interpreter's lock. A heap whose last holder went away on a thread without it
 * is ended soon after, by the main thread between two instructions. */
extern const struct uf_arrow_host uf_arrow_in_python;

/* Ends those that wait for it; the caller holds the lock. */
void uf_arrow_end_waiting(void);

#endif
