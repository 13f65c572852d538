/* native_watch.h - the preloaded library's hooks, and those of Python's allocators, feeding a store.
 *
 * While a watch is on, every block of malloc, mapping, descriptor and thread that
 * is born goes into the store with its native and its Python stack; memory of
 * Python's own allocators goes in as such, without a stack, and what they take
 * from malloc for it is not counted again.
 */
#ifndef UF_PYEXT_NATIVE_WATCH_H
#define UF_PYEXT_NATIVE_WATCH_H

#include "cpython/heap.h"
#include "native/store.h"
#include "preload/preload.h"

#include <stdbool.h>

/* Hooks in. One watch at a time; the interpreter lock is held. `preload` is not NULL. */
void uf_native_watch_start(const struct uf_preload *preload, struct uf_native_store *store,
                           const struct uf_layout_runtime *layout);
/* Births belong to this call from now on; 0: to none. */
void uf_native_watch_call(uint32_t call);
/* While hushed, nothing that this thread does is entered. */
void uf_native_watch_hush(bool hushed);
/* Hooks out; the store is not written any more. */
void uf_native_watch_stop(void);

#endif
