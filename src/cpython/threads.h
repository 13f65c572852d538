/* threads.h - what the threading module knows of a thread. */
#ifndef UF_CPYTHON_THREADS_H
#define UF_CPYTHON_THREADS_H

#include "cpython/heap.h"

/* The name of the thread with this ident, from threading._active, read raw; "MainThread" for the first
 * thread of the process, "thread IDENT" where nothing is known. NUL-ended, cut to size - 1. */
void uf_thread_name(struct uf_heap *heap, uint64_t ident, char *ret, size_t size);

/* Its threading.Thread, from the same table; 0 = none. */
uint64_t uf_thread_object(struct uf_heap *heap, uint64_t ident);

#endif
