/* arrow_memory.h - what is handed to a consumer lies here: it may be let go on any thread.
 *
 * base/mem.h belongs to whoever holds the interpreter's lock, and a consumer
 * releases a batch from its own threads, without it. So each schema, batch and
 * stream has pages of its own, straight from the system, given back as a whole
 * when the last of its holders lets go. It keeps the heap alive for so long,
 * since some columns point into it.
 */
#ifndef UF_EXPORT_ARROW_MEMORY_H
#define UF_EXPORT_ARROW_MEMORY_H

#include <stddef.h>
#include <stdint.h>

struct uf_arrow_heap;
struct uf_arrow_memory;

/* With one holder; holds `heap` (NULL: none). NULL when memory is out. */
struct uf_arrow_memory *uf_arrow_memory_create(struct uf_arrow_heap *heap);
/* `bytes` zero bytes at a multiple of 64 (the alignment that Arrow recommends); NULL when memory is out. */
void *uf_arrow_memory_take(struct uf_arrow_memory *memory, size_t bytes);
/* From any thread. */
void uf_arrow_memory_hold(struct uf_arrow_memory *memory);
void uf_arrow_memory_drop(struct uf_arrow_memory *memory);

/* Tests: the n-th mapping from now fails (1 = the next one), once; 0 turns it off. Returns how many were
 * made since the last call. */
uint64_t uf_arrow_memory_fail_at(uint64_t nth);
/* Tests: memories that are still held. */
uint64_t uf_arrow_memory_live(void);

#endif
