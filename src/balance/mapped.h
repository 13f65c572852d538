/* mapped.h - what has pages of its own in anonymous memory and says so where it begins.
 *
 * Large chunks of glibc's malloc, pieces of the stacks on which CPython 3.11+ keeps
 * its frames, stacks of threads, and the variables of programs and libraries that lie behind
 * what their files hold. Each is looked for only where no area is yet, and in pages
 * that are there.
 */
#ifndef UF_BALANCE_MAPPED_H
#define UF_BALANCE_MAPPED_H

#include "balance/areas.h"
#include "memory/outside.h"

/* The ends of images, as their program heads say (ELF). First of all: a heap may begin there. */
enum uf_code uf_mapped_images(struct uf_areas *areas, const struct uf_outside_memory *memory,
                              struct uf_error *err);
/* Chunks that malloc mapped one by one (glibc malloc/malloc.c, sysmalloc_mmap). */
enum uf_code uf_mapped_chunks(struct uf_areas *areas, const struct uf_outside_memory *memory,
                              struct uf_error *err);
/* struct _PyStackChunk (CPython 3.11 Include/cpython/pystate.h, push_chunk in Python/pystate.c). */
enum uf_code uf_mapped_frames(struct uf_areas *areas, const struct uf_outside_memory *memory,
                              struct uf_error *err);
/* By the block of a thread, which refers to itself and says where its stack is (glibc nptl/descr.h);
 * stacks of threads that have ended are kept by glibc, and counted, too. */
enum uf_code uf_mapped_stacks(struct uf_areas *areas, const struct uf_outside_memory *memory,
                              uint32_t *stacks, struct uf_error *err);

#endif
