/* stack_walk.h - the running thread's Python stack as a site, fast.
 *
 * The last stack is kept: its frames, their positions and their sites. As a
 * rule the next one has the same frames, and at most the innermost has moved
 * on. So uf_stack_site() goes over the frames of the last stack, innermost
 * first: each must be the caller of the one before and stand where it stood.
 * It reads each frame at the address that it kept, not at the one that it just
 * loaded, so that the processor need not wait from frame to frame. What differs
 * goes to uf_stack_walk(), which keeps the unchanged outer part.
 *
 * Frames are reused at the same addresses, so none may be skipped: a function
 * called again from another line has the same inner frames.
 *
 * Only under the main interpreter's lock.
 */
#ifndef UF_PYEXT_STACK_WALK_H
#define UF_PYEXT_STACK_WALK_H

#include "pyext/frame_layout.h"
#include "pyext/tracing_private.h"

/* The innermost frames that make a site: as many as are ever shown, and some that stand for no
 * Python code and are not. */
#define UF_STACK_FRAMES_MAX (UF_BIRTHS_FRAMES_MAX + 32)

struct uf_stack_entry {
    const uf_own_frame *frame;
    uint64_t position;
};

struct uf_stack_cache {
    size_t depth;  /* entries [1, depth], the outermost first; 0: nothing is known */
    uint32_t site; /* of the whole */
    uint32_t sites[UF_STACK_FRAMES_MAX + 1]; /* of the part up to an entry */
    /* [0] ends the walk: no frame, or the one that is one too many */
    struct uf_stack_entry at[UF_STACK_FRAMES_MAX + 1];
};
extern struct uf_stack_cache uf_stack_last;
extern PyInterpreterState *uf_stack_main_interpreter;

/* The state of the running thread, if it holds the main interpreter's lock. `certain`: the thread
 * holds the lock of some interpreter for sure, as in the mem and object domains. */
static inline PyThreadState *uf_stack_thread(bool certain)
{
#if PY_VERSION_HEX < 0x030c0000
    /* One lock for all; who does not hold it would see the state of the thread that does. */
    PyThreadState *thread = _PyThreadState_GET();
    return certain || thread == PyGILState_GetThisThreadState() ? thread : NULL;
#else
    (void)certain;
    PyThreadState *thread = _PyThreadState_GetCurrent();
    if (thread && thread->interp != uf_stack_main_interpreter &&
        thread->interp->ceval.gil != uf_stack_main_interpreter->ceval.gil)
        return NULL;
    return thread;
#endif
}

/* The site of the stack that begins with `innermost`, and remembers it. */
uint32_t uf_stack_walk(struct uf_tracing *tracing, uf_own_frame *innermost);

/* One frame of the last stack, and then its caller. Not `frame` is read, which comes from the load
 * before, but its equal that was kept: hence the barrier. */
#define UF_STACK_SAME(entry)                                                                       \
    do {                                                                                           \
        const uf_own_frame *kept = (entry)->frame;                                                 \
        if (__builtin_expect(frame != kept, 0))                                                    \
            goto differs;                                                                          \
        __asm__("" : "+r"(kept));                                                                  \
        if (__builtin_expect(uf_frame_position(kept) != (entry)->position, 0))                     \
            goto differs;                                                                          \
        frame = uf_frame_caller(kept);                                                             \
    } while (0)

static inline uint32_t uf_stack_site(struct uf_tracing *tracing, PyThreadState *thread)
{
    uf_own_frame *innermost = uf_frame_innermost(thread);
    const struct uf_stack_entry *entry = &uf_stack_last.at[uf_stack_last.depth];
    const uf_own_frame *frame = innermost;
    for (; entry >= &uf_stack_last.at[4]; entry -= 4) {
        UF_STACK_SAME(entry);
        UF_STACK_SAME(entry - 1);
        UF_STACK_SAME(entry - 2);
        UF_STACK_SAME(entry - 3);
    }
    switch (entry - uf_stack_last.at) {
    case 3:
        UF_STACK_SAME(entry);
        entry--; /* fall through */
    case 2:
        UF_STACK_SAME(entry);
        entry--; /* fall through */
    case 1:
        UF_STACK_SAME(entry);
    }
    if (__builtin_expect(frame == uf_stack_last.at[0].frame, 1))
        return uf_stack_last.site;
differs:
    return uf_stack_walk(tracing, innermost);
}

#endif
