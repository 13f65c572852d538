/* store.h - births and deaths of native memory, descriptors and threads, and the stacks they came from.
 *
 * Written from inside malloc, by any thread: all memory is taken at creation
 * (fresh pages, touched only as they are used), nothing grows afterwards. What
 * does not fit is counted in `dropped`. A lock of its own is held for a few
 * dozen instructions at a time and never around a call out of here.
 *
 * A key is an address, or a number from UF_NATIVE_DESCRIPTOR_KEY or
 * UF_NATIVE_THREAD_KEY on, where no address can be. Never 0.
 *
 * A stack is interned: native return addresses, innermost first, then one pair
 * per Python frame (what the pair says is the writer's and the reader's
 * business). Stack 0 is the unknown one.
 */
#ifndef UF_NATIVE_STORE_H
#define UF_NATIVE_STORE_H

#include "base/error.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UF_NATIVE_FRAMES_MAX 48
#define UF_NATIVE_PYTHON_MAX 32
#define UF_NATIVE_DESCRIPTOR_KEY (UINT64_C(1) << 62)
#define UF_NATIVE_THREAD_KEY (UINT64_C(1) << 61)

enum uf_native_kind {
    UF_NATIVE_HEAP,       /* a block of malloc */
    UF_NATIVE_MAPPING,    /* of mmap */
    UF_NATIVE_PYTHON,     /* of Python's allocators for memory that is no object (raw, mem) */
    UF_NATIVE_OBJECT,     /* of Python's allocator for objects */
    UF_NATIVE_DESCRIPTOR, /* an open descriptor */
    UF_NATIVE_THREAD,     /* a running thread */
    UF_NATIVE_KINDS
};

struct uf_native_block {
    uint64_t key, bytes;
    uint32_t stack;
    uint32_t call;       /* in which it was born, from 1; 0: before, or between calls */
    uint32_t order;      /* of all births, as far as the writer counts them */
    uint32_t last_grown; /* the last call in which it was made larger, and in how many it was */
    uint16_t grown;
    uint8_t kind; /* enum uf_native_kind */
    bool older;   /* born before all calls, or unseen: `bytes` is what it grew by */
};

struct uf_native_stack {
    const uint64_t *native, *python; /* python: pairs */
    uint32_t native_count, python_count;
};

struct uf_native_store;
typedef UF_VEC(struct uf_native_block) uf_native_blocks;

/* Room for so many live keys, stacks, and words of stacks. */
enum uf_code uf_native_store_create(struct uf_native_store **ret, size_t keys, size_t stacks,
                                    size_t words, struct uf_error *err);
void uf_native_store_destroy(struct uf_native_store *store);

/* Enters a birth; a record that the key still has is overwritten. */
void uf_native_store_add(struct uf_native_store *store, const struct uf_native_block *block);
/* Takes a record out; false when there is none. */
bool uf_native_store_take(struct uf_native_store *store, uint64_t key, struct uf_native_block *ret);
/* The number of a stack; 0 when there is no more room. */
uint32_t uf_native_store_stack(struct uf_native_store *store, const struct uf_native_stack *stack);

/* These are called when no births arrive any more. Copies what is alive, by key, ascending. */
enum uf_code uf_native_store_survivors(struct uf_native_store *store, uf_native_blocks *ret,
                                       struct uf_error *err);
struct uf_native_stack uf_native_store_frames(const struct uf_native_store *store, uint32_t stack);
uint64_t uf_native_store_dropped(const struct uf_native_store *store);

#endif
