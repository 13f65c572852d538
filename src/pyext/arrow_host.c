#include "pyext/arrow_host.h"

#include "pyext/python.h"

static struct uf_arrow_heap *_Atomic waiting;

static bool enter(intptr_t *state)
{
    if (!Py_IsInitialized())
        return false;
    *state = (intptr_t)PyGILState_Ensure();
    return true;
}

static void leave(intptr_t state)
{
    PyGILState_Release((PyGILState_STATE)state);
}

void uf_arrow_end_waiting(void)
{
    struct uf_arrow_heap *heap = atomic_exchange(&waiting, NULL);
    while (heap) {
        struct uf_arrow_heap *next = heap->next;
        uf_arrow_heap_end(heap);
        heap = next;
    }
}

static int end_later(void *nothing)
{
    (void)nothing;
    uf_arrow_end_waiting();
    return 0;
}

/* Taking the lock here could wait for ever: the thread that has it may wait for the consumer that lets
 * go. When the queue of pending calls is full, the next snapshot that is opened or closed does it. */
static void last(struct uf_arrow_heap *heap)
{
    if (!Py_IsInitialized())
        return; /* the process ends, and with it the memory */
    if (PyGILState_Check()) {
        uf_arrow_heap_end(heap);
        return;
    }
    heap->next = atomic_load(&waiting);
    while (!atomic_compare_exchange_weak(&waiting, &heap->next, heap))
        continue;
    (void)Py_AddPendingCall(end_later, NULL);
}

const struct uf_arrow_host uf_arrow_in_python = {enter, leave, last};
