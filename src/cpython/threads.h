/* threads.h - the name that a thread was given by the threading module. */
#ifndef UF_CPYTHON_THREADS_H
#define UF_CPYTHON_THREADS_H

#include "cpython/heap.h"

/* The name of the thread with this ident, from threading._active, read raw; "MainThread" for the first
 * thread of the process, "thread IDENT" where nothing is known. NUL-ended, cut to size - 1. */
void uf_thread_name(struct uf_heap *heap, uint64_t ident, char *ret, size_t size);

#endif
