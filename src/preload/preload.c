/* preload.c - the table, the hooks going in and out, and the environment of the program restored. */
#include "private.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

_Atomic(const struct uf_preload_hooks *) uf_preload_hooks_now;

/* Threads inside a hook, or about to look whether there is one. */
static _Atomic int busy;

/* The library is there from the start, so its thread-local words lie at fixed offsets: reading them
 * allocates nothing, which a library loaded later could not be sure of. */
static __thread int hush __attribute__((tls_model("initial-exec")));

static const struct uf_preload_hooks *enter(void)
{
    if (hush)
        return NULL;
    hush = 1;
    __atomic_add_fetch((int *)&busy, 1, __ATOMIC_SEQ_CST);
    const struct uf_preload_hooks *hooks =
        __atomic_load_n((const struct uf_preload_hooks **)&uf_preload_hooks_now, __ATOMIC_SEQ_CST);
    if (hooks)
        return hooks;
    __atomic_sub_fetch((int *)&busy, 1, __ATOMIC_SEQ_CST);
    hush = 0;
    return NULL;
}

static void leave(void)
{
    __atomic_sub_fetch((int *)&busy, 1, __ATOMIC_SEQ_CST);
    hush = 0;
}

void uf_preload_born(enum uf_preload_kind kind, uint64_t key, uint64_t bytes,
                     const struct uf_preload_mark *mark)
{
    int error = errno;
    const struct uf_preload_hooks *hooks = enter();
    if (hooks) {
        hooks->born(hooks->context, kind, key, bytes, mark);
        leave();
    }
    errno = error;
}

void uf_preload_lost(enum uf_preload_kind kind, uint64_t key, struct uf_preload_mark *mark)
{
    int error = errno;
    const struct uf_preload_hooks *hooks = enter();
    if (hooks) {
        hooks->lost(hooks->context, kind, key, mark);
        leave();
    }
    errno = error;
}

void uf_preload_starting(struct uf_preload_mark *mark)
{
    int error = errno;
    const struct uf_preload_hooks *hooks = enter();
    if (hooks) {
        hooks->starting(hooks->context, mark);
        leave();
    }
    errno = error;
}

bool uf_preload_hushed(void)
{
    return hush != 0;
}

static int *hush_of_thread(void)
{
    return &hush;
}

static void set_hooks(const struct uf_preload_hooks *hooks)
{
    __atomic_store_n((const struct uf_preload_hooks **)&uf_preload_hooks_now, NULL,
                     __ATOMIC_SEQ_CST);
    while (__atomic_load_n((int *)&busy, __ATOMIC_SEQ_CST) > 0)
        sched_yield();
    __atomic_store_n((const struct uf_preload_hooks **)&uf_preload_hooks_now, hooks,
                     __ATOMIC_SEQ_CST);
}

void *uf_preload_next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* A child has one thread; others of its parent may have been inside a hook, holding its lock. What the
 * child does is not the watched program's. */
static void in_child(void)
{
    __atomic_store_n((const struct uf_preload_hooks **)&uf_preload_hooks_now, NULL,
                     __ATOMIC_SEQ_CST);
    __atomic_store_n((int *)&busy, 0, __ATOMIC_SEQ_CST);
    hush = 0;
}

UF_EXPORT struct uf_preload unfreed_preload = {
    .version = UF_PRELOAD_VERSION,
    .set_hooks = set_hooks,
    .hush = hush_of_thread,
    .mapped_bytes = uf_preload_mapped_bytes,
};

/* Before main(): neither the program nor what it starts ever sees how it was started. In a wrapper
 * script's shell the variables stay, for the interpreter that it will become. */
__attribute__((constructor)) static void begin(void)
{
    pthread_atfork(NULL, NULL, in_child);
    const char *before = getenv(UF_PRELOAD_VARIABLE);
    if (!before || !dlsym(RTLD_DEFAULT, "Py_BytesMain"))
        return;
    if (*before)
        setenv("LD_PRELOAD", before, 1);
    else
        unsetenv("LD_PRELOAD");
    unsetenv(UF_PRELOAD_VARIABLE);
}
