/* native_preload.h - the preloaded library, as the engine finds it, and what it counts when dormant. */
#ifndef UF_PYEXT_NATIVE_PRELOAD_H
#define UF_PYEXT_NATIVE_PRELOAD_H

#include "preload/preload.h"

/* The preloaded library, if it is there and malloc leads to it; else NULL, and why. */
const struct uf_preload *uf_native_preloaded(const char **why);
/* Once, before the target is loaded: from now on pymalloc's arenas are not counted as mappings. */
void uf_native_prepare(void);
/* Bytes mapped by direct calls of mmap, without those of the engine and of pymalloc; UF_UNKNOWN
 * without the preloaded library. Only differences mean something. */
double uf_native_mapped_bytes(void);
/* Small blocks that pymalloc has given out (sys.getallocatedblocks); UF_UNKNOWN when it does not say. */
double uf_native_python_blocks(void);

#endif
