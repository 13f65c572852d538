/* hooks.c - the allocator functions that stand in front of the interpreter's.
 *
 * The interpreter reads an allocator as two words, function and context, one
 * after the other, and raw memory is taken without any lock: while hooks go in
 * or out, a thread may pair our function with the old context or the old
 * function with ours. So our context is the one of the allocator below, and our
 * functions do not look at it.
 */
#include "pyext/freelists.h"
#include "pyext/stack_walk.h"

#include <pthread.h>
#include <sched.h>

struct domain {
    PyMemAllocatorEx under; /* what ours stand in front of */
    bool installed;         /* ours are in the chain, as far as is known */
    const void *passed; /* the last block of PROBE_BYTES that ours saw while nothing was watched */
};
#define PROBE_BYTES 30011 /* nobody else's size */

static struct domain domains[UF_DOMAINS];
static bool fork_handler_set;

static const PyMemAllocatorDomain python_domain[UF_DOMAINS] = {
    [UF_DOMAIN_RAW] = PYMEM_DOMAIN_RAW,
    [UF_DOMAIN_MEM] = PYMEM_DOMAIN_MEM,
    [UF_DOMAIN_OBJECT] = PYMEM_DOMAIN_OBJ,
};

/* Without the main lock, uf_hooks_remove() must be able to wait for us. */
static bool enter_unlocked(struct uf_tracing *tracing)
{
    __atomic_add_fetch(&tracing->in_flight, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&tracing->watching, __ATOMIC_SEQ_CST))
        return true;
    __atomic_sub_fetch(&tracing->in_flight, 1, __ATOMIC_RELEASE);
    return false;
}

static void leave_unlocked(struct uf_tracing *tracing)
{
    __atomic_sub_fetch(&tracing->in_flight, 1, __ATOMIC_RELEASE);
}

static void born_unlocked(void *block, size_t bytes, enum uf_domain domain)
{
    struct uf_tracing *tracing = &uf_tracing_self;
    if (!enter_unlocked(tracing))
        return;
    uf_blocks_born(&tracing->blocks, (uint64_t)(uintptr_t)block, bytes, UF_SITE_NONE, tracing->call,
                   domain);
    leave_unlocked(tracing);
}

static void free_object(void *block);

static void drain(struct uf_tracing *tracing, uint64_t block, uint32_t site, bool mem_calloc)
{
    uf_freelists_drain(&tracing->blocks,
                       &(struct uf_freelists_event){block, site, tracing->call, mem_calloc},
                       free_object);
}

void uf_hooks_settle(struct uf_tracing *tracing)
{
    if (tracing->watching && uf_freelists_touched(uf_stack_main_interpreter))
        drain(tracing, 0, UF_SITE_NONE, false);
}

static inline void born(void *block, size_t bytes, enum uf_domain domain, bool is_calloc)
{
    struct uf_tracing *tracing = &uf_tracing_self;
    if (!block)
        return;
    if (!__atomic_load_n(&tracing->watching, __ATOMIC_RELAXED)) {
        if (bytes == PROBE_BYTES)
            __atomic_store_n(&domains[domain].passed, block, __ATOMIC_RELAXED);
        return;
    }
    PyThreadState *thread = uf_stack_thread(domain != UF_DOMAIN_RAW);
    if (!thread) {
        born_unlocked(block, bytes, domain);
        return;
    }
    uint32_t site = uf_stack_site(tracing, thread);
    uf_blocks_born(&tracing->blocks, (uint64_t)(uintptr_t)block, bytes, site, tracing->call,
                   domain);
    if (__builtin_expect(uf_freelists_touched(uf_stack_main_interpreter), 0))
        drain(tracing, (uint64_t)(uintptr_t)block, site, is_calloc && domain == UF_DOMAIN_MEM);
}

/* Clears the block's word and returns it. Nobody need wait for this: what was forgotten in the
 * meantime is only forgotten again. */
static inline uint64_t died(void *block)
{
    struct uf_tracing *tracing = &uf_tracing_self;
    uint64_t address = (uint64_t)(uintptr_t)block;
    if (!__atomic_load_n(&tracing->watching, __ATOMIC_RELAXED))
        return 0;
    uint64_t word = uf_blocks_died(&tracing->blocks, address);
    if (__builtin_expect(word & UF_BLOCK_MARKED, 0) && uf_stack_thread(false))
        uf_stack_code_died(tracing, address);
    return word;
}

static inline void *hooked_malloc(enum uf_domain domain, size_t bytes)
{
    const PyMemAllocatorEx *under = &domains[domain].under;
    void *block = under->malloc(under->ctx, bytes);
    born(block, bytes, domain, false);
    return block;
}

static inline void *hooked_calloc(enum uf_domain domain, size_t count, size_t each)
{
    const PyMemAllocatorEx *under = &domains[domain].under;
    void *block = under->calloc(under->ctx, count, each);
    born(block, count * each, domain, true); /* it fits: the allocator has served it */
    return block;
}

static inline void *hooked_realloc(enum uf_domain domain, void *old, size_t bytes)
{
    const PyMemAllocatorEx *under = &domains[domain].under;
    struct uf_block before = {0};
    bool known = uf_blocks_at(&uf_tracing_self.blocks, (uint64_t)(uintptr_t)old, &before);
    if (old)
        died(old); /* at once: when it has moved, another thread may get its address */
    void *block = under->realloc(under->ctx, old, bytes);
    if (block)
        born(block, bytes, domain, false);
    else if (known) /* it stays as it was */
        uf_blocks_born(&uf_tracing_self.blocks, (uint64_t)(uintptr_t)old, before.bytes, before.site,
                       before.call, (enum uf_domain)before.domain);
    return block;
}

static inline void hooked_free(enum uf_domain domain, void *block)
{
    const PyMemAllocatorEx *under = &domains[domain].under;
    died(block);
    under->free(under->ctx, block);
}

static void free_object(void *block)
{
    hooked_free(UF_DOMAIN_OBJECT, block);
}

#define HOOKS(name, domain)                                                                        \
    static void *name##_malloc(void *context, size_t bytes)                                        \
    {                                                                                              \
        (void)context;                                                                             \
        return hooked_malloc(domain, bytes);                                                       \
    }                                                                                              \
    static void *name##_calloc(void *context, size_t count, size_t each)                           \
    {                                                                                              \
        (void)context;                                                                             \
        return hooked_calloc(domain, count, each);                                                 \
    }                                                                                              \
    static void *name##_realloc(void *context, void *block, size_t bytes)                          \
    {                                                                                              \
        (void)context;                                                                             \
        return hooked_realloc(domain, block, bytes);                                               \
    }                                                                                              \
    static void name##_free(void *context, void *block)                                            \
    {                                                                                              \
        (void)context;                                                                             \
        hooked_free(domain, block);                                                                \
    }

HOOKS(raw, UF_DOMAIN_RAW)
HOOKS(mem, UF_DOMAIN_MEM)
HOOKS(object, UF_DOMAIN_OBJECT)

static const PyMemAllocatorEx hooks[UF_DOMAINS] = {
    [UF_DOMAIN_RAW] = {NULL, raw_malloc, raw_calloc, raw_realloc, raw_free},
    [UF_DOMAIN_MEM] = {NULL, mem_malloc, mem_calloc, mem_realloc, mem_free},
    [UF_DOMAIN_OBJECT] = {NULL, object_malloc, object_calloc, object_realloc, object_free},
};

/* In the child nobody asks, and a thread that was at work in a hook does not exist there. */
static void pass_through_in_child(void)
{
    uf_tracing_self.watching = false;
    uf_tracing_self.in_flight = 0;
}

static bool is_on_top(enum uf_domain domain)
{
    PyMemAllocatorEx now;
    PyMem_GetAllocator(python_domain[domain], &now);
    return now.malloc == hooks[domain].malloc;
}

/* Whether memory that is taken now comes through ours; another thread may disturb a single try. */
static bool is_in_chain(enum uf_domain domain)
{
    bool passed = false;
    for (int i = 0; i < 10 && !passed; i++) {
        void *block = domain == UF_DOMAIN_RAW   ? PyMem_RawMalloc(PROBE_BYTES)
                      : domain == UF_DOMAIN_MEM ? PyMem_Malloc(PROBE_BYTES)
                                                : PyObject_Malloc(PROBE_BYTES);
        passed = block && __atomic_load_n(&domains[domain].passed, __ATOMIC_RELAXED) == block;
        if (domain == UF_DOMAIN_RAW)
            PyMem_RawFree(block);
        else if (domain == UF_DOMAIN_MEM)
            PyMem_Free(block);
        else
            PyObject_Free(block);
    }
    return passed;
}

static void install(enum uf_domain domain)
{
    struct domain *ours = &domains[domain];
    /* Hooks of another tool may lie above and lead to ours: a second time would be a circle. Or it has
     * put back what was there before, without us. */
    if (ours->installed && is_in_chain(domain))
        return;
    PyMem_GetAllocator(python_domain[domain], &ours->under);
    PyMemAllocatorEx mine = hooks[domain];
    mine.ctx = ours->under.ctx;
    ours->installed = true;
    PyMem_SetAllocator(python_domain[domain], &mine);
}

void uf_hooks_install(bool raw)
{
    if (!fork_handler_set)
        fork_handler_set = pthread_atfork(NULL, NULL, pass_through_in_child) == 0;
    if (raw)
        install(UF_DOMAIN_RAW);
    install(UF_DOMAIN_MEM);
    install(UF_DOMAIN_OBJECT);
    __atomic_store_n(&uf_tracing_self.watching, true, __ATOMIC_SEQ_CST);
}

void uf_hooks_remove(void)
{
    __atomic_store_n(&uf_tracing_self.watching, false, __ATOMIC_SEQ_CST);
    for (int domain = 0; domain < UF_DOMAINS; domain++) {
        if (!domains[domain].installed || !is_on_top((enum uf_domain)domain))
            continue;
        PyMem_SetAllocator(python_domain[domain], &domains[domain].under);
        domains[domain].installed = false;
    }
    while (__atomic_load_n(&uf_tracing_self.in_flight, __ATOMIC_ACQUIRE) != 0)
        sched_yield();
}
