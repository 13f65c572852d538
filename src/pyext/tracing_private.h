/* tracing_private.h - what the files of the tracker share: hooks.c, stack_walk.c, tracing.c. */
#ifndef UF_PYEXT_TRACING_PRIVATE_H
#define UF_PYEXT_TRACING_PRIVATE_H

#include "pyext/tracing.h"
#include "track/sites.h"

struct uf_tracing {
    /* Read by hooks on any thread. */
    bool watching;      /* births and deaths are entered */
    uint32_t call;      /* of births now, cut to what a block's word can hold */
    uint32_t in_flight; /* hooks at work that do not hold the main interpreter's lock */
    struct uf_blocks blocks;

    /* Under the main interpreter's lock. */
    struct uf_sites sites;
    struct uf_births births;
    bool used; /* handed out by uf_tracing_start() */
    bool raw;
};

/* The only one. It stays for ever, since a hook that another tool keeps may come back to it. */
extern struct uf_tracing uf_tracing_self;

/* hooks.c */
void uf_hooks_install(bool raw);
void uf_hooks_remove(void);
/* Takes note of what was born without the allocator since the last birth (freelists.h). */
void uf_hooks_settle(struct uf_tracing *tracing);

/* stack_walk.c (the hot part: stack_walk.h) */
/* The block of a code object that stacks name is about to be freed. */
void uf_stack_code_died(struct uf_tracing *tracing, uint64_t block);
/* Before a start: finds the main interpreter, and forgets what was cached. */
void uf_stack_reset(void);

#endif
