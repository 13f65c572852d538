/* maps.c - mmap, munmap, mremap: rare calls, so their bytes are counted always.
 *
 * What the C library maps for itself (malloc's own large blocks, stacks of
 * threads, libraries) does not come by here.
 */
#include "private.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Atomic int64_t mapped;

static uint64_t whole_pages(size_t bytes)
{
    return ((uint64_t)bytes + 4095) & ~UINT64_C(4095);
}

static void count(int64_t bytes)
{
    if (!uf_preload_hushed())
        __atomic_add_fetch((int64_t *)&mapped, bytes, __ATOMIC_RELAXED);
}

int64_t uf_preload_mapped_bytes(void)
{
    return __atomic_load_n((int64_t *)&mapped, __ATOMIC_RELAXED);
}

/* By system call: what stands between, in the C library, only checks the offset. */
static void *map(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    void *block = (void *)syscall(SYS_mmap, at, bytes, protection, flags, fd, offset);
    if (block == MAP_FAILED || (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)))
        return block;
    count((int64_t)whole_pages(bytes));
    if (uf_preload_awake())
        uf_preload_born(UF_PRELOAD_MAPPING, (uint64_t)(uintptr_t)block, whole_pages(bytes), NULL);
    return block;
}

UF_EXPORT void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    return map(at, bytes, protection, flags, fd, offset);
}

UF_EXPORT void *mmap64(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    return map(at, bytes, protection, flags, fd, offset);
}

UF_EXPORT int munmap(void *at, size_t bytes)
{
    if (uf_preload_awake())
        uf_preload_lost(UF_PRELOAD_MAPPING, (uint64_t)(uintptr_t)at, NULL);
    int status = (int)syscall(SYS_munmap, at, bytes);
    if (status == 0)
        count(-(int64_t)whole_pages(bytes));
    return status;
}

UF_EXPORT void *mremap(void *at, size_t old_bytes, size_t bytes, int flags, ...)
{
    void *wanted = NULL;
    if (flags & MREMAP_FIXED) {
        va_list args;
        va_start(args, flags);
        wanted = va_arg(args, void *);
        va_end(args);
    }
    uint64_t old = whole_pages(old_bytes);
    struct uf_preload_mark mark = {.moved = true, .old_bytes = old};
    if (uf_preload_awake())
        uf_preload_lost(UF_PRELOAD_MAPPING, (uint64_t)(uintptr_t)at, &mark);
    void *moved = (void *)syscall(SYS_mremap, at, old_bytes, bytes, flags, wanted);
    bool failed = moved == MAP_FAILED;
    uint64_t now = failed ? old : whole_pages(bytes);
    mark.new_bytes = now;
    count((int64_t)now - (int64_t)old);
    if (uf_preload_awake() && (!failed || mark.known))
        uf_preload_born(UF_PRELOAD_MAPPING, (uint64_t)(uintptr_t)(failed ? at : moved), now, &mark);
    return moved;
}
