/* pages.h - whole pages for mem.c: mapped from the system, kept when given back, joined again.
 *
 * The engine takes and gives back the same hundreds of megabytes for every
 * capture; clearing fresh pages would cost more than filling them. So pages
 * given back stay mapped, as extents ordered by address, until they are taken
 * again, would raise what is mapped above its peak of use, or are trimmed.
 *
 * Two pools keep small requests from breaking up the large extents. Sizes and
 * addresses are multiples of UF_PAGE_BYTES.
 *
 * Invariant: mapped <= the most that was ever in use + one chunk of the small pool.
 */
#ifndef UF_BASE_PAGES_H
#define UF_BASE_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#define UF_PAGE_BYTES ((size_t)4096)

enum uf_pages_pool {
    UF_PAGES_SMALL,
    UF_PAGES_LARGE,
    UF_PAGES_MOVED, /* no pool: unmapped when given back, as Linux joins no moved mapping to its new
                     * neighbours, and can move none that was joined only here (mremap(2), EFAULT) */
};

static inline enum uf_pages_pool uf_pages_pool_for(size_t bytes)
{
    return bytes < (size_t)256 << 10 ? UF_PAGES_SMALL : UF_PAGES_LARGE;
}

/* Pages at a multiple of `align`; NULL when memory is out. *fresh: they are zero and untouched. */
void *uf_pages_take(size_t bytes, size_t align, bool *fresh);
/* Gives back any part of what was taken. */
void uf_pages_give(void *at, size_t bytes, enum uf_pages_pool pool);
/* Takes the `more` bytes right behind [at, at + bytes), if they lie in the pool; else false. */
bool uf_pages_extend(void *at, size_t bytes, size_t more, enum uf_pages_pool pool);
/* Moves the mapping to where it can grow, without a copy; what it gains is zero and untouched. From
 * then on it is of UF_PAGES_MOVED. NULL when that cannot be: nothing was changed. */
void *uf_pages_move(void *at, size_t bytes, size_t now_bytes);

/* Unmaps what is not in use. */
void uf_pages_trim(void);

size_t uf_pages_mapped_bytes(void);
size_t uf_pages_peak_bytes(void); /* of mapped, since the last reset */
void uf_pages_reset_peak(void);

#endif
