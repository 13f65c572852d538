#include "memory/slabs.h"

#include "base/pages.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define APART_BYTES ((uint64_t)256 << 20) /* a hole of so much ends a slab */
#define ROOM_BYTES (APART_BYTES / 2)      /* around a slab, for what grows */

static unsigned char *reserve(uint64_t start, uint64_t end)
{
    void *at = mmap(NULL, (size_t)(end - start), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

const struct uf_slab *uf_slabs_from(const struct uf_slabs *slabs, uint64_t address)
{
    size_t low = 0, high = slabs->list.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slabs->list.at[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < slabs->list.len ? &slabs->list.at[low] : NULL;
}

unsigned char *uf_slabs_at(const struct uf_slabs *slabs, uint64_t start, uint64_t end)
{
    const struct uf_slab *slab = uf_slabs_from(slabs, start);
    return slab && slab->start <= start && end <= slab->end ? slab->at + (start - slab->start)
                                                            : NULL;
}

/* Puts a slab in before number `at`. */
static enum uf_code insert(struct uf_slabs *slabs, size_t at, struct uf_span wide,
                           struct uf_span narrow, struct uf_error *err)
{
    if (uf_vec_reserve(&slabs->list, slabs->list.len + 1))
        return uf_error_nomem(err);
    unsigned char *place = reserve(wide.start, wide.end);
    if (!place) { /* where reserving counts (vm.overcommit_memory = 2) there is no room for room */
        wide = narrow;
        place = reserve(wide.start, wide.end);
    }
    if (!place)
        return uf_error_nomem(err);
    memmove(&slabs->list.at[at + 1], &slabs->list.at[at],
            (slabs->list.len - at) * sizeof *slabs->list.at);
    slabs->list.at[at] = (struct uf_slab){wide.start, wide.end, place};
    slabs->list.len++;
    return UF_OK;
}

enum uf_code uf_slabs_add(struct uf_slabs *slabs, const struct uf_span *spans, size_t count,
                          struct uf_error *err)
{
    enum uf_code code = UF_OK;
    for (size_t i = 0; i < count && !code;) {
        struct uf_span narrow = spans[i++];
        const struct uf_slab *next = uf_slabs_from(slabs, narrow.start);
        size_t at = next ? (size_t)(next - slabs->list.at) : slabs->list.len;
        uint64_t from = at ? slabs->list.at[at - 1].end : 0;
        uint64_t to = next ? next->start : UINT64_MAX;
        if (next && next->start <= narrow.start && narrow.end <= next->end)
            continue;
        while (i < count && spans[i].start - narrow.end < APART_BYTES && spans[i].end <= to)
            narrow.end = spans[i++].end;
        if (narrow.end > to)
            return uf_error_set(err, UF_EINVAL, "a span lies partly in a slab");
        struct uf_span wide = {narrow.start - from > ROOM_BYTES ? narrow.start - ROOM_BYTES : from,
                               to - narrow.end > ROOM_BYTES ? narrow.end + ROOM_BYTES : to, false};
        code = insert(slabs, at, wide, narrow, err);
    }
    return code;
}

static bool populate(unsigned char *at, size_t size)
{
    if (madvise(at, size, MADV_POPULATE_WRITE) == 0)
        return true;
    if (errno == ENOMEM || errno == EFAULT)
        return false;
    for (size_t i = 0; i < size; i += UF_PAGE_BYTES) /* before Linux 5.14 */
        ((volatile unsigned char *)at)[i] = 0;
    return true;
}

/* Not in huge pages: to find them free took longer than they saved, in taking and in reading (10 million objects: 0.9 s of
 * system time for all, instead of 0.6). */
bool uf_slabs_touch(const struct uf_slabs *slabs, struct uf_span span)
{
    unsigned char *at = uf_slabs_at(slabs, span.start, span.end);
    return at && populate(at, (size_t)(span.end - span.start));
}

void uf_slabs_release(struct uf_slabs *slabs)
{
    for (size_t i = 0; i < slabs->list.len; i++)
        munmap(slabs->list.at[i].at, (size_t)(slabs->list.at[i].end - slabs->list.at[i].start));
    uf_vec_release(&slabs->list);
}
