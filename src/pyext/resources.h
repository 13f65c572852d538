/* resources.h - what a process holds besides objects, by sort, at every observation: descriptors,
 * threads, asyncio tasks and timers.
 *
 * A total tells that something grows; the sort tells what. Read while the last
 * capture stands; engine memory only. An own tally for each kind.
 */
#ifndef UF_PYEXT_RESOURCES_H
#define UF_PYEXT_RESOURCES_H

#include "analysis/tally.h"
#include "capture/capture.h"
#include "cpython/stacks.h"
#include "pyext/descriptors.h"

#define UF_THREAD_OF_C "native thread" /* the sort of those without Python frames */

struct uf_resources {
    struct uf_tally descriptors, threads, tasks;
    /* what there was when the warm-up ended: the others are new */
    uf_descriptors descriptors_before;
    UF_VEC(uint64_t) threads_before; /* idents */
    double pending_tasks;            /* at the last reading */
};

/* Counts all kinds by sort after `calls` calls of the steady state. */
enum uf_code uf_resources_read(struct uf_resources *resources, struct uf_capture *capture,
                               uint32_t calls, struct uf_error *err);
/* The end of the warm-up: what is there now is not new. */
enum uf_code uf_resources_mark(struct uf_resources *resources, const struct uf_heap *heap,
                               struct uf_error *err);

/* Was a descriptor of this number open then? */
bool uf_resources_had_descriptor(const struct uf_resources *resources, int fd);

/* --- threads (resources_threads.c) ------------------------------------------------------------ */

/* Every thread of the interpreter but the one that runs this: its sort, "module.function" where its own
 * code begins, or UF_THREAD_OF_C. */
typedef enum uf_code (*uf_thread_visit)(void *context, const struct uf_thread_state *thread,
                                        const char *sort);
enum uf_code uf_threads_each(struct uf_heap *heap, uf_thread_visit visit, void *context,
                             struct uf_error *err);

/* --- tasks (resources_tasks.c) ----------------------------------------------------------------- */

/* Something that the event loop still has to do. */
struct uf_pending {
    uf_node node;
    bool timer;         /* an asyncio.TimerHandle; else an asyncio.Task */
    uint64_t coroutine; /* of a task; 0 = not known */
    const char *sort;   /* its coroutine's or callback's qualified name, with the module */
};
typedef enum uf_code (*uf_pending_visit)(void *context, const struct uf_pending *pending);
/* Tasks whose coroutine has not ended; then timers that have not fired and are not what such a task
 * waits for. */
enum uf_code uf_pending_each(struct uf_capture *capture, uf_pending_visit visit, void *context,
                             struct uf_error *err);

/* Walks from `node` through what asyncio puts between a loop and its tasks (futures, their callbacks,
 * handles, partials, tuples): the first node that `is` says yes to, or UF_NODE_NONE. */
typedef bool (*uf_node_test)(void *context, uf_node node);
uf_node uf_follow_callbacks(const struct uf_capture *capture, uf_node node, uf_node_test is,
                            void *context);

#endif
