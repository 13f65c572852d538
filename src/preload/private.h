/* private.h - what the files of the preloaded library share. */
#ifndef UF_PRELOAD_PRIVATE_H
#define UF_PRELOAD_PRIVATE_H

#include "preload/preload.h"

#include <stddef.h>

#define UF_EXPORT __attribute__((visibility("default")))
#define UF_RARELY(condition) __builtin_expect(!!(condition), 0)

/* NULL while dormant. */
extern _Atomic(const struct uf_preload_hooks *) uf_preload_hooks_now;

static inline bool uf_preload_awake(void)
{
    return UF_RARELY(__atomic_load_n((const struct uf_preload_hooks **)&uf_preload_hooks_now,
                                     __ATOMIC_RELAXED) != NULL);
}

/* These ask again whether the hooks are there, and keep errno. */
void uf_preload_born(enum uf_preload_kind kind, uint64_t key, uint64_t bytes,
                     const struct uf_preload_mark *mark);
void uf_preload_lost(enum uf_preload_kind kind, uint64_t key, struct uf_preload_mark *mark);
void uf_preload_starting(struct uf_preload_mark *mark);

bool uf_preload_hushed(void);

/* The next definition of a function behind this library; NULL when there is none. */
void *uf_preload_next(const char *name);
/* Memory of the C library, past our own malloc. */
void *uf_preload_take(size_t bytes);
void uf_preload_give(void *block);
int64_t uf_preload_mapped_bytes(void);

#endif
