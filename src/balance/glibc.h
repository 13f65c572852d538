/* glibc.h - the heaps of glibc's malloc, from outside and without its symbols.
 *
 * main_arena is found by its shape in what programs and libraries can write: 127
 * pairs of pointers, each to itself or to chunks that point back, and behind
 * them a pointer that leads through all arenas back to the beginning. The heap of each
 * arena is then walked chunk by chunk up to its top. That a chunk is free is
 * said by the next one; that one in use is kept free for a thread or in a
 * fastbin, by lists. (glibc 2.26 to 2.43, malloc/malloc.c, malloc/arena.c; 64 bit)
 *
 * Chunks with a mapping of their own are not found here (mapped.h).
 *
 * What is read is not trusted. A chain of chunks that breaks is taken up
 * again further on, and what lies between is one block in use: a thread may have been
 * held in the middle of malloc().
 */
#ifndef UF_BALANCE_GLIBC_H
#define UF_BALANCE_GLIBC_H

#include "balance/areas.h"
#include "memory/outside.h"

struct uf_glibc_arena {
    uint64_t address;      /* struct malloc_state */
    uint64_t top;          /* chunk */
    uint64_t system_bytes; /* that it has from the system, as it says itself */
    bool main;
};

struct uf_glibc {
    UF_VEC(struct uf_glibc_arena)
    arenas;          /* the main ones first in their ring; none: glibc's malloc is not in use */
    uint32_t breaks; /* chains that were taken up again, or given up */
    uint32_t caches; /* of threads, with something in them */
};

/* Enters the heaps and their blocks into `areas`. `ret` is {0} before; release it in any case. */
enum uf_code uf_glibc_walk(struct uf_glibc *ret, struct uf_areas *areas,
                           const struct uf_outside_memory *memory, struct uf_error *err);
void uf_glibc_release(struct uf_glibc *glibc);

#endif
