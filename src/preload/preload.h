/* preload.h - what the preloaded library offers to the engine, and what the engine hooks into it.
 *
 * The library stands in front of the C library's malloc and its kin, mmap, the
 * calls that open and close descriptors, and pthread_create. Dormant, each of
 * them costs one relaxed load and an indirect call. The engine finds the table
 * by dlsym(RTLD_DEFAULT, UF_PRELOAD_SYMBOL) and switches hooks on for some calls.
 *
 * This header is all that the two share: no engine code is in the library, and
 * any copy of it whose version fits serves any engine.
 *
 * Hooks run inside malloc, in any thread, with or without the interpreter lock:
 * they may not call malloc, mmap, open or anything that does (calls that they
 * make all the same are not reported), nor wait for a lock that is held around
 * such a call. errno is kept.
 */
#ifndef UF_PRELOAD_PRELOAD_H
#define UF_PRELOAD_PRELOAD_H

#include <stdbool.h>
#include <stdint.h>

#define UF_PRELOAD_SYMBOL "unfreed_preload"
#define UF_PRELOAD_VERSION 1

/* Environment of the interpreter that is to be watched; the library takes both away as soon as it is
 * loaded into one, and gives LD_PRELOAD back its value (absent when the second is empty). */
#define UF_PRELOAD_VARIABLE "UNFREED_PRELOAD" /* the LD_PRELOAD that the user had */

enum uf_preload_kind {
    UF_PRELOAD_HEAP,       /* key: address of a block of malloc */
    UF_PRELOAD_MAPPING,    /* key: address of a mapping */
    UF_PRELOAD_DESCRIPTOR, /* key: its number */
    UF_PRELOAD_THREAD,     /* key: its number in the system (gettid); told by the thread itself */
};

/* What `lost` or `starting` leaves for the `born` that belongs to it: the words are the engine's. */
struct uf_preload_mark {
    uint64_t words[6];
    bool known; /* the engine has something to hand on */
    bool moved; /* `born` is where a block goes on living (realloc, mremap) ... */
    uint64_t old_bytes, new_bytes; /* ... of this size before and now, as the allocator rounds it */
};

struct uf_preload_hooks {
    void *context;
    /* The key is taken. `mark`: NULL when it is new. */
    void (*born)(void *context, enum uf_preload_kind kind, uint64_t key, uint64_t bytes,
                 const struct uf_preload_mark *mark);
    /* The key is about to be free for others. `mark`: NULL unless it is only moved. */
    void (*lost)(void *context, enum uf_preload_kind kind, uint64_t key,
                 struct uf_preload_mark *mark);
    /* In the thread that starts another one; the mark is handed to `born` in the new thread. */
    void (*starting)(void *context, struct uf_preload_mark *mark);
};

struct uf_preload {
    uint32_t version;
    /* Sets or (NULL) removes the hooks; returns when no thread is inside the old ones any more. */
    void (*set_hooks)(const struct uf_preload_hooks *hooks);
    /* Of the calling thread: while it is not 0, births and deaths are not reported and mappings not
     * counted. */
    int *(*hush)(void);
    /* Bytes of direct calls of mmap less munmap since the start; at fixed addresses and hushed ones
     * left out. Counted always. */
    int64_t (*mapped_bytes)(void);
};

#endif
