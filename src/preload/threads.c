/* threads.c - pthread_create: while hooks are in, a new thread first says that it is there. */
#include "private.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef int (*create_call)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

struct start {
    void *(*function)(void *);
    void *argument;
    struct uf_preload_mark mark;
};

static void *run(void *context)
{
    struct start start = *(struct start *)context;
    uf_preload_give(context);
    uf_preload_born(UF_PRELOAD_THREAD, (uint64_t)syscall(SYS_gettid), 0, &start.mark);
    return start.function(start.argument);
}

UF_EXPORT int pthread_create(pthread_t *ret, const pthread_attr_t *attributes,
                             void *(*function)(void *), void *argument)
{
    static create_call real;
    create_call create = __atomic_load_n(&real, __ATOMIC_RELAXED);
    if (UF_RARELY(!create)) {
        create = (create_call)uf_preload_next("pthread_create");
        __atomic_store_n(&real, create, __ATOMIC_RELAXED);
    }
    struct start *start = uf_preload_awake() ? uf_preload_take(sizeof *start) : NULL;
    if (!start)
        return create(ret, attributes, function, argument);
    *start = (struct start){.function = function, .argument = argument};
    uf_preload_starting(&start->mark);
    int status = create(ret, attributes, run, start);
    if (status != 0)
        uf_preload_give(start);
    return status;
}
