/* mem.h - the engine's own memory, kept away from malloc.
 *
 * Inside the program under study the engine must not show in its figures, so
 * nothing here calls malloc: large blocks have pages of their own (and grow by
 * mremap, without a copy), small ones come from slabs by size class (mem.c).
 * Pages of freed blocks are kept for the next ones (pages.h) until uf_mem_trim().
 * Not thread-safe by itself: inside the interpreter the caller holds the
 * interpreter lock; elsewhere one thread uses it.
 *
 * Every block is 16-byte aligned. A failed call returns NULL and leaves the
 * old block as it was.
 */
#ifndef UF_BASE_MEM_H
#define UF_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

void *uf_mem_alloc(size_t size_bytes);  /* contents undefined; size 0 is served as 1 */
void *uf_mem_zalloc(size_t size_bytes); /* contents zero; freshly mapped pages stay untouched */
void *uf_mem_resize(void *block, size_t size_bytes); /* block may be NULL */
/* The same, and every byte from `used_bytes` on is zero. */
void *uf_mem_zresize(void *block, size_t used_bytes, size_t size_bytes);
void uf_mem_free(void *block); /* block may be NULL */
char *uf_mem_strdup(const char *text);
char *uf_mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Bytes now mapped for the engine, and the most there ever were since the last
 * uf_mem_reset_peak(): whole pages, those kept for later included. Never more than was in use at
 * the peak and half a megabyte. */
size_t uf_mem_mapped_bytes(void);
size_t uf_mem_peak_bytes(void);
void uf_mem_reset_peak(void);
/* Gives back to the system what is mapped and not in use: before a peak or resident memory is read. */
void uf_mem_trim(void);

/* Tests: the n-th allocation from now fails (1 = the next one), once; 0 turns it off.
 * Returns how many allocations were made since the last call. */
uint64_t uf_mem_fail_at(uint64_t nth);
/* Tests: blocks handed out and not freed. */
uint64_t uf_mem_live_blocks(void);

#endif
