/* gc_lists.h - the collector's lists, walked in batches.
 *
 * Only reads. Every step checks that the next head points back to this one,
 * and the number of steps is bounded, so a damaged list (a target that was not
 * stopped, a broken extension) ends in UF_ECORRUPT with the address, never in
 * a loop. From outside, a list may be caught in the middle of an insertion or a removal (CPython 3.12
 * Include/internal/pycore_object.h, _PyObject_GC_TRACK, _PyObject_GC_UNTRACK): then it is walked from its other
 * end, too, and when both walks meet, it is whole. `broken`: they do not meet. While the collector
 * itself runs (gc callbacks, finalizers), its lists are in pieces: uf_gc_collecting() tells. In a
 * core nobody can wait for its end: then the way back, where it keeps counts, is not looked at.
 */
#ifndef UF_CPYTHON_GC_LISTS_H
#define UF_CPYTHON_GC_LISTS_H

#include "cpython/heap.h"

#include <stdbool.h>

#define UF_GC_PERMANENT UF_GC_GENERATIONS /* what gc.freeze() made */
#define UF_GC_LISTS (UF_GC_GENERATIONS + 1)

struct uf_gc_list {
    const struct uf_heap_config *config;
    uint64_t head;        /* address of the generation's own PyGC_Head */
    uint64_t at;          /* last head handed out; `head` before the first */
    uint64_t left, steps; /* steps that the bound still allows, and that were made */
    uint64_t broken_at;   /* where walking forwards ended */
    bool backwards, broken, done;
    bool collecting; /* from outside: the collector runs */
};

/* generation: 0 (youngest) to 2, or UF_GC_PERMANENT. */
enum uf_code uf_gc_list_open(struct uf_gc_list *list, const struct uf_heap_config *config,
                             int generation, struct uf_error *err);

/* Writes the addresses of the next objects, at most `max`; *count is 0 at the end of the list. */
enum uf_code uf_gc_list_next(struct uf_gc_list *list, uint64_t *objects, size_t max, size_t *count,
                             struct uf_error *err);

/* Address of the collector's state; on 3.8 all interpreters share the runtime's. */
static inline uint64_t uf_gc_state(const struct uf_heap_config *config)
{
    const struct uf_layout_runtime *runtime = &config->layout->runtime;

    return runtime->interpreter.gc != UF_NO_OFFSET ? config->interpreter + runtime->interpreter.gc
                                                   : config->runtime + runtime->runtime.gc;
}

bool uf_gc_collecting(const struct uf_heap_config *config);

#endif
