/* heap.c - malloc and its kin.
 *
 * `next` begins with functions that look up the real ones. The lookup may
 * itself allocate (dlsym of some C libraries): such calls are served from a
 * small area that is never given back. Only where that happened do free and
 * realloc keep an eye on it.
 */
#include "private.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define AREA_BYTES 16384
#define ALIGNMENT 16

static _Alignas(ALIGNMENT) char area[AREA_BYTES];
static size_t area_used;
static bool looking_up;

static void *first_malloc(size_t bytes);
static void *first_calloc(size_t count, size_t bytes);
static void *first_realloc(void *block, size_t bytes);
static void first_free(void *block);
static void *first_aligned_alloc(size_t alignment, size_t bytes);
static int first_posix_memalign(void **ret, size_t alignment, size_t bytes);

static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void (*free)(void *);
    void *(*aligned_alloc)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    size_t (*usable_size)(void *);
} next =
    {
        .malloc = first_malloc,
        .calloc = first_calloc,
        .realloc = first_realloc,
        .free = first_free,
        .aligned_alloc = first_aligned_alloc,
        .posix_memalign = first_posix_memalign,
    },
  behind; /* what `next` becomes */

static bool in_area(const void *block)
{
    return (uintptr_t)block - (uintptr_t)area < AREA_BYTES;
}

/* Zero, and never given out twice. */
static void *take_from_area(size_t bytes)
{
    size_t wanted = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (wanted < bytes || wanted > AREA_BYTES - area_used)
        return NULL;
    void *block = area + area_used;
    area_used += wanted ? wanted : ALIGNMENT;
    return block;
}

static void careful_free(void *block)
{
    if (!in_area(block))
        behind.free(block);
}

static void *careful_realloc(void *block, size_t bytes)
{
    if (!in_area(block))
        return behind.realloc(block, bytes);
    size_t left = AREA_BYTES - (size_t)((char *)block - area);
    void *moved = behind.malloc(bytes);
    if (moved)
        memcpy(moved, block, bytes < left ? bytes : left);
    return moved;
}

static size_t no_size(void *block)
{
    (void)block;
    return 0;
}

static void look_up(void)
{
    looking_up = true;
    *(void **)&behind.malloc = uf_preload_next("malloc");
    *(void **)&behind.calloc = uf_preload_next("calloc");
    *(void **)&behind.realloc = uf_preload_next("realloc");
    *(void **)&behind.free = uf_preload_next("free");
    *(void **)&behind.aligned_alloc = uf_preload_next("aligned_alloc");
    *(void **)&behind.posix_memalign = uf_preload_next("posix_memalign");
    *(void **)&behind.usable_size = uf_preload_next("malloc_usable_size");
    looking_up = false;
    if (!behind.usable_size)
        behind.usable_size = no_size;
    next = behind;
    if (area_used > 0) {
        next.free = careful_free;
        next.realloc = careful_realloc;
    }
}

static void *first_malloc(size_t bytes)
{
    if (looking_up)
        return take_from_area(bytes);
    look_up();
    return next.malloc(bytes);
}

static void *first_calloc(size_t count, size_t bytes)
{
    size_t total;
    if (looking_up)
        return __builtin_mul_overflow(count, bytes, &total) ? NULL : take_from_area(total);
    look_up();
    return next.calloc(count, bytes);
}

static void *first_realloc(void *block, size_t bytes)
{
    if (!looking_up) {
        look_up();
        return next.realloc(block, bytes);
    }
    void *moved = take_from_area(bytes);
    if (moved && block)
        memmove(moved, block, bytes); /* both lie in the area, the new one behind */
    return moved;
}

static void first_free(void *block)
{
    if (looking_up || !block)
        return;
    look_up();
    next.free(block);
}

static void *first_aligned_alloc(size_t alignment, size_t bytes)
{
    look_up();
    return next.aligned_alloc(alignment, bytes);
}

static int first_posix_memalign(void **ret, size_t alignment, size_t bytes)
{
    look_up();
    return next.posix_memalign(ret, alignment, bytes);
}

void *uf_preload_take(size_t bytes)
{
    return next.malloc(bytes);
}

void uf_preload_give(void *block)
{
    next.free(block);
}

static void *born(void *block, size_t bytes)
{
    if (block)
        uf_preload_born(UF_PRELOAD_HEAP, (uint64_t)(uintptr_t)block, bytes, NULL);
    return block;
}

UF_EXPORT void *malloc(size_t bytes)
{
    if (uf_preload_awake())
        return born(next.malloc(bytes), bytes);
    return next.malloc(bytes);
}

UF_EXPORT void *calloc(size_t count, size_t bytes)
{
    if (uf_preload_awake())
        return born(next.calloc(count, bytes), count * bytes);
    return next.calloc(count, bytes);
}

UF_EXPORT void free(void *block)
{
    if (uf_preload_awake() && block)
        uf_preload_lost(UF_PRELOAD_HEAP, (uint64_t)(uintptr_t)block, NULL);
    next.free(block);
}

static void *watched_realloc(void *block, size_t bytes)
{
    if (!block)
        return born(next.realloc(NULL, bytes), bytes);
    struct uf_preload_mark mark = {.moved = true};
    mark.old_bytes = in_area(block) ? 0 : behind.usable_size(block);
    uf_preload_lost(UF_PRELOAD_HEAP, (uint64_t)(uintptr_t)block, &mark);
    void *moved = next.realloc(block, bytes);
    mark.new_bytes = moved ? behind.usable_size(moved) : mark.old_bytes;
    if (moved)
        uf_preload_born(UF_PRELOAD_HEAP, (uint64_t)(uintptr_t)moved, bytes, &mark);
    else if (bytes > 0 && mark.known) /* it stays where and what it was */
        uf_preload_born(UF_PRELOAD_HEAP, (uint64_t)(uintptr_t)block, mark.old_bytes, &mark);
    return moved;
}

UF_EXPORT void *realloc(void *block, size_t bytes)
{
    if (uf_preload_awake())
        return watched_realloc(block, bytes);
    return next.realloc(block, bytes);
}

UF_EXPORT void *reallocarray(void *block, size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(block, total);
}

UF_EXPORT void *aligned_alloc(size_t alignment, size_t bytes)
{
    if (uf_preload_awake())
        return born(next.aligned_alloc(alignment, bytes), bytes);
    return next.aligned_alloc(alignment, bytes);
}

UF_EXPORT void *memalign(size_t alignment, size_t bytes)
{
    return aligned_alloc(alignment,
                         bytes); /* glibc's two take the same arguments (malloc/malloc.c) */
}

UF_EXPORT int posix_memalign(void **ret, size_t alignment, size_t bytes)
{
    int status = next.posix_memalign(ret, alignment, bytes);
    if (uf_preload_awake() && status == 0)
        (void)born(*ret, bytes);
    return status;
}

UF_EXPORT void *valloc(size_t bytes)
{
    return aligned_alloc(4096, bytes);
}

UF_EXPORT void *pvalloc(size_t bytes)
{
    return aligned_alloc(4096, (bytes + 4095) & ~(size_t)4095);
}
