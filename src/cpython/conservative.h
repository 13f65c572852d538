/* conservative.h - what objects of unknown layout may refer to, where no tp_traverse can be asked.
 *
 * From outside, the unknown part of an object (scan.h) is a row of words. A word
 * may be the address of an object, of a block of memory that holds more such
 * words (a C++ or Rust structure, an array, the state of a module), or anything
 * else. Objects are told by strict validation: where an object can begin, of a
 * type that is a type, with a count that a live object has; a collector-tracked
 * one is in the collector's lists. Freed memory seldom passes: freeing leaves
 * a count of 0, or writes links of free blocks over it.
 *
 * Leaves to others: whether a word is a reference that is owned (capture/guess.h).
 *
 * Bounded: a block is looked through once, for the first object that leads to it, and only while it
 * keeps leading to objects; nothing is followed further than UF_UNKNOWN_DEPTH_MAX blocks.
 */
#ifndef UF_CPYTHON_CONSERVATIVE_H
#define UF_CPYTHON_CONSERVATIVE_H

#include "cpython/blocks.h"
#include "cpython/scan.h"

#define UF_UNKNOWN_DEPTH_MAX 3 /* blocks between an object and what it refers to */

/* Memory that belongs to an object of unknown layout. */
struct uf_unknown_block {
    uint64_t start, end;
    uint64_t owner; /* the object */
    uint8_t
        depth; /* 1: the object itself points to it; 0: the state of a module, which owns what is in it */
    bool dense; /* most of what stands in it are addresses of objects: set by the caller */
};

struct uf_unknown {
    struct uf_heap *heap;
    struct uf_scans scans;
    uint64_t pool_bytes;
    UF_VEC(struct uf_unknown_block) blocks;
    struct uf_map seen;  /* starts of blocks that are in the list */
    struct uf_map types; /* address of what may be a type -> 1: it is one; 0: it is not */
};

/* `ret` is {0} before; release it in any case. */
void uf_unknown_init(struct uf_unknown *ret, struct uf_heap *heap);
void uf_unknown_release(struct uf_unknown *unknown);

/* Called for each word that is not 0; not 0 ends the walk with it. */
typedef int (*uf_word_visit)(void *context, uint64_t word);

/* The words of an object's unknown part; `type` is its number in the heap. */
int uf_unknown_words(const struct uf_unknown *unknown, uint64_t object, uint32_t type,
                     uf_word_visit visit, void *context);
/* Of a block. The visit returns 1 where a word leads to an object; 0, or -1 to end. */
int uf_unknown_block_words(const struct uf_unknown *unknown, const struct uf_unknown_block *block,
                           uf_word_visit visit, void *context);

/* Is it the address of an object that lives, and is not tracked by the collector? */
bool uf_unknown_is_object(struct uf_unknown *unknown, uint64_t word);
/* Enters the block that begins at `word` into the list, if there is one that was not met before.
 * 0, or -1 when memory is out. */
int uf_unknown_add_block(struct uf_unknown *unknown, uint64_t word, uint64_t owner, uint8_t depth);
/* The same for the state of a module, whose m_traverse cannot be asked either. */
int uf_unknown_add_state(struct uf_unknown *unknown, uint64_t module, uint32_t type);

#endif
