/* stacks.h - where a thread stands and where a coroutine is suspended, read from its frames.
 *
 * Reading creates nothing and runs nothing: lines come from line tables
 * (code.h). What cannot be read ends the stack; every chain is bounded by
 * UF_STACK_MAX. Texts of an entry are valid until the next one is asked for.
 */
#ifndef UF_CPYTHON_STACKS_H
#define UF_CPYTHON_STACKS_H

#include "cpython/frames.h"

#define UF_STACK_MAX 64

struct uf_stack_entry {
    char file[1024],
        function[200]; /* function: qualified name where the interpreter has it (3.11+) */
    uint32_t line;
    char module[100]; /* of the function: __name__ of its globals; "" = unknown */
};

/* 0 to go on, anything else ends the walk. */
typedef int (*uf_stack_visit)(void *context, const struct uf_stack_entry *entry);

/* A thread that has a Python thread state in the interpreter of `heap`. */
struct uf_thread_state {
    uint64_t address, ident;
};

/* The interpreter's threads, newest first; how many were entered into `ret`. */
size_t uf_threads_list(const struct uf_heap *heap, struct uf_thread_state *ret, size_t most);
/* The Python frames of a thread, innermost first; beyond UF_STACK_MAX the outermost are left out. */
void uf_stack_of_thread(const struct uf_heap *heap, const struct uf_thread_state *thread,
                        uf_stack_visit visit, void *context);
/* The same from the outermost frame inwards, however deep the stack is. */
void uf_stack_from_outside(const struct uf_heap *heap, const struct uf_thread_state *thread,
                           uf_stack_visit visit, void *context);

/* Is the object a coroutine, generator or asynchronous generator that can still go on? */
bool uf_is_coroutine(struct uf_heap *heap, uint64_t object);
bool uf_coroutine_is_pending(struct uf_heap *heap, uint64_t object);
/* Its qualified name; 0 and "" when it has none. */
size_t uf_coroutine_name(struct uf_heap *heap, uint64_t object, char *ret, size_t size);
/* Where it is suspended: the frame of what it awaits at the end of the chain of awaits first, its own
 * last. A coroutine made by C code (Cython) ends the chain. */
void uf_stack_of_coroutine(struct uf_heap *heap, uint64_t object, uf_stack_visit visit,
                           void *context);

#endif
