#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>

#define CHUNK_BYTES ((size_t)512 << 10)   /* the small pool is mapped by chunks */
#define HUGE_PAGE_BYTES ((size_t)2 << 20) /* where it is not that, huge pages are merely fewer */
#define HUGE_FROM_BYTES                                                                            \
    ((size_t)8 << 20)   /* mappings from here on ask for huge pages: clearing and
                                           * looking them up costs half */
#define EXTENTS_MAX 512 /* in a pool: searching it stays cheap */

/* A free extent, written at its own start. */
struct extent {
    struct extent *next; /* of the same pool, by ascending address */
    size_t bytes;
};

struct pool {
    struct extent *first;
    unsigned count;
};

static struct pool pools[2];
static size_t mapped, peak_mapped, used, peak_used;

static char *end_of(struct extent *extent)
{
    return (char *)extent + extent->bytes;
}

static void count_mapped(size_t bytes)
{
    mapped += bytes;
    if (mapped > peak_mapped)
        peak_mapped = mapped;
}

static void count_used(size_t bytes)
{
    used += bytes;
    if (used > peak_used)
        peak_used = used;
}

/* Unmaps free pages until `bytes` more can be mapped within the peak of use. */
static void make_way(size_t bytes)
{
    size_t bound = used + bytes > peak_used ? used + bytes : peak_used;
    for (int p = UF_PAGES_LARGE; p >= UF_PAGES_SMALL; p--) {
        while (pools[p].first && mapped + bytes > bound) {
            struct extent *extent = pools[p].first;
            size_t excess = mapped + bytes - bound;
            if (excess < extent->bytes) { /* the tail of it is enough */
                if (munmap(end_of(extent) - excess, excess))
                    return;
                extent->bytes -= excess;
                mapped -= excess;
                return;
            }
            struct extent *next = extent->next;
            size_t gone = extent->bytes;
            if (munmap(extent, gone))
                return;
            mapped -= gone;
            pools[p].first = next;
            pools[p].count--;
        }
    }
}

static void *map(size_t bytes)
{
    make_way(bytes);
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) {
        uf_pages_trim();
        at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    if (at == MAP_FAILED)
        return NULL;
    count_mapped(bytes);
    if (bytes >= HUGE_FROM_BYTES)
        madvise(at, bytes, MADV_HUGEPAGE);
    return at;
}

/* Enters an extent in its place, joined with its neighbours. */
static void insert(struct pool *pool, char *at, size_t bytes)
{
    struct extent **link = &pool->first, *before = NULL;
    while (*link && (char *)*link < at) {
        before = *link;
        link = &before->next;
    }
    struct extent *after = *link;
    if (after && at + bytes == (char *)after) {
        bytes += after->bytes;
        after = after->next;
        pool->count--;
    }
    if (before && end_of(before) == at) {
        before->bytes += bytes;
        before->next = after;
        return;
    }
    struct extent *extent = (struct extent *)(void *)at;
    *extent = (struct extent){after, bytes};
    *link = extent;
    pool->count++;
}

/* Takes [at, at + bytes) out of the extent that *link points to. */
static void cut(struct pool *pool, struct extent **link, char *at, size_t bytes)
{
    struct extent *extent = *link, *next = extent->next;
    char *end = end_of(extent);
    size_t before = (size_t)(at - (char *)extent), behind = (size_t)(end - (at + bytes));
    if (behind) {
        struct extent *rest = (struct extent *)(void *)(at + bytes);
        *rest = (struct extent){next, behind};
        next = rest;
        pool->count++;
    }
    if (before) {
        extent->bytes = before;
        extent->next = next;
    } else {
        *link = next;
        pool->count--;
    }
}

static size_t to_align(const void *at, size_t align)
{
    return (align - (uintptr_t)at % align) % align;
}

/* From the smallest extent that serves; NULL if none does. */
static void *take_free(struct pool *pool, size_t bytes, size_t align)
{
    struct extent **best = NULL;
    for (struct extent **link = &pool->first; *link; link = &(*link)->next)
        if ((*link)->bytes >= bytes && (*link)->bytes - bytes >= to_align(*link, align) &&
            (!best || (*link)->bytes < (*best)->bytes))
            best = link;
    if (!best)
        return NULL;
    char *at = (char *)*best + to_align(*best, align);
    cut(pool, best, at, bytes);
    return at;
}

void *uf_pages_take(size_t bytes, size_t align, bool *fresh)
{
    enum uf_pages_pool p = uf_pages_pool_for(bytes);
    void *at = take_free(&pools[p], bytes, align);
    *fresh = false;
    if (!at && p == UF_PAGES_SMALL) {
        char *chunk = map(CHUNK_BYTES);
        if (!chunk)
            return NULL;
        insert(&pools[p], chunk, CHUNK_BYTES);
        at = take_free(&pools[p], bytes, align);
    } else if (!at) {
        at = map(bytes);
        *fresh = true;
    }
    if (at)
        count_used(bytes);
    return at;
}

void uf_pages_give(void *at, size_t bytes, enum uf_pages_pool pool)
{
    used -= bytes;
    bool kept = pool != UF_PAGES_MOVED && pools[pool].count < EXTENTS_MAX;
    if (!kept && munmap(at, bytes) == 0)
        mapped -= bytes;
    else
        insert(&pools[pool == UF_PAGES_MOVED ? UF_PAGES_LARGE : pool], at, bytes);
}

bool uf_pages_extend(void *at, size_t bytes, size_t more, enum uf_pages_pool pool)
{
    if (pool == UF_PAGES_MOVED)
        return false;
    char *end = (char *)at + bytes;
    struct extent **link = &pools[pool].first;
    while (*link && (char *)*link < end)
        link = &(*link)->next;
    if ((char *)*link != end || (*link)->bytes < more)
        return false;
    cut(&pools[pool], link, end, more);
    count_used(more);
    return true;
}

/* Moves to an address that differs by whole huge pages, so that none is split. */
static void *move_huge(char *at, size_t bytes, size_t now_bytes)
{
    size_t span = now_bytes + HUGE_PAGE_BYTES;
    char *space = mmap(NULL, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED)
        return MAP_FAILED;
    size_t before = ((uintptr_t)at - (uintptr_t)space) % HUGE_PAGE_BYTES;
    char *now = mremap(at, bytes, now_bytes, MREMAP_MAYMOVE | MREMAP_FIXED, space + before);
    if (now == MAP_FAILED) {
        munmap(space, span);
        return MAP_FAILED;
    }
    if (before)
        munmap(space, before);
    munmap(now + now_bytes, HUGE_PAGE_BYTES - before);
    madvise(now, now_bytes, MADV_HUGEPAGE);
    return now;
}

void *uf_pages_move(void *at, size_t bytes, size_t now_bytes)
{
    make_way(now_bytes - bytes);
    void *now = MAP_FAILED;
    if (now_bytes >= HUGE_FROM_BYTES && now_bytes < SIZE_MAX - HUGE_PAGE_BYTES)
        now = move_huge(at, bytes, now_bytes);
    if (now == MAP_FAILED)
        now = mremap(at, bytes, now_bytes, MREMAP_MAYMOVE);
    if (now == MAP_FAILED)
        return NULL;
    count_mapped(now_bytes - bytes);
    count_used(now_bytes - bytes);
    return now;
}

void uf_pages_trim(void)
{
    for (int p = UF_PAGES_SMALL; p <= UF_PAGES_LARGE; p++) {
        struct extent **link = &pools[p].first;
        while (*link) {
            struct extent *extent = *link, *next = extent->next;
            size_t bytes = extent->bytes;
            if (munmap(extent, bytes)) {
                link = &extent->next;
                continue;
            }
            mapped -= bytes;
            *link = next;
            pools[p].count--;
        }
    }
}

size_t uf_pages_mapped_bytes(void)
{
    return mapped;
}

size_t uf_pages_peak_bytes(void)
{
    return peak_mapped;
}

void uf_pages_reset_peak(void)
{
    peak_mapped = mapped;
}
