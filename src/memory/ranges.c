#include "memory/ranges.h"

#include <stdlib.h>
#include <string.h>

#define PAGE ((uint64_t)4096)
#define JOINT_MAX ((size_t)1 << 20)
#define JOINTS_MAX ((uint64_t)16 << 20)

enum uf_code uf_ranges_add(struct uf_ranges *ranges, uint64_t start, const void *at, uint64_t size,
                           struct uf_error *err)
{
    struct uf_range range = {start, start + size, at};
    if (size == 0)
        return UF_OK;
    if (range.end < start)
        return uf_error_at(err, UF_EINVAL, start, "a range of memory wraps around");
    return uf_vec_push(&ranges->list, range) ? uf_error_nomem(err) : UF_OK;
}

static int by_start(const void *a, const void *b)
{
    const struct uf_range *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

/* The last range that begins at or before `address`; NULL: none does. */
static const struct uf_range *find(const struct uf_ranges *ranges, uint64_t address)
{
    size_t low = 0, high = ranges->list.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges->list.at[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? &ranges->list.at[low - 1] : NULL;
}

static const void *view_joint(const struct uf_ranges *ranges, uint64_t address, size_t size)
{
    for (size_t i = 0; i < ranges->joints.len; i++) {
        const struct uf_range *joint = &ranges->joints.at[i];
        if (address >= joint->start && address < joint->end && size <= joint->end - address)
            return joint->at + (address - joint->start);
    }
    return NULL;
}

/* Copies [start, end), which begins in `range`, and goes on through its neighbours. */
static void copy_over(const struct uf_range *range, uint64_t start, uint64_t end, unsigned char *to)
{
    for (uint64_t at = start; at < end; range++) {
        uint64_t last = range->end < end ? range->end : end;
        memcpy(to + (at - start), range->at + (at - range->start), last - at);
        at = last;
    }
}

/* A joint of the pages around a view that begins in `range` and ends in one that follows without a gap: what else lies
 * over that seam is likely to be asked for, too. */
static const void *join(struct uf_ranges *ranges, const struct uf_range *range, uint64_t address,
                        size_t size)
{
    const struct uf_range *last = range, *end = ranges->list.at + ranges->list.len;
    if (size > JOINT_MAX || size > UINT64_MAX - address)
        return NULL;
    while (address + size > last->end) {
        if (last + 1 == end || last[1].start != last->end)
            return NULL;
        last++;
    }
    uint64_t first = address & ~(PAGE - 1), behind = ((address + size - 1) | (PAGE - 1)) + 1;
    first = first > range->start ? first : range->start;
    behind = behind - 1 < last->end - 1 ? behind : last->end; /* it may be 2^64 */
    unsigned char *copy =
        ranges->joint_bytes + (behind - first) <= JOINTS_MAX ? uf_mem_alloc(behind - first) : NULL;
    struct uf_range joint = {first, behind, copy};
    if (!copy || uf_vec_push(&ranges->joints, joint)) {
        uf_mem_free(copy);
        return NULL;
    }
    copy_over(range, first, behind, copy);
    ranges->joint_bytes += behind - first;
    return copy + (address - first);
}

static const void *view(void *context, uint64_t address, size_t size)
{
    struct uf_ranges *ranges = context;
    const struct uf_range *range = find(ranges, address);
    if (!range || address >= range->end)
        return NULL;
    ranges->ways[address >> UF_SOURCE_WAY_SHIFT & (UF_SOURCE_WAYS - 1)] = *range;
    if (size <= range->end - address)
        return range->at + (address - range->start);
    const void *joint = view_joint(ranges, address, size);
    return joint ? joint : join(ranges, range, address, size);
}

static bool ascend(const struct uf_ranges *ranges)
{
    for (size_t i = 1; i < ranges->list.len; i++)
        if (ranges->list.at[i].start < ranges->list.at[i - 1].start)
            return false;
    return true;
}

static bool any(void *context, uint64_t address, uint64_t size)
{
    const struct uf_range *range = find(context, address + (size - 1));
    return range && range->end > address;
}

enum uf_code uf_ranges_seal(struct uf_ranges *ranges, struct uf_error *err)
{
    size_t kept = 0;
    uint64_t bytes = 0;
    if (!ascend(ranges)) /* qsort takes memory of its own */
        qsort(ranges->list.at, ranges->list.len, sizeof *ranges->list.at, by_start);
    for (size_t i = 0; i < ranges->list.len; i++) {
        struct uf_range range = ranges->list.at[i];
        struct uf_range *last = kept ? &ranges->list.at[kept - 1] : NULL;
        if (last && range.start < last->end)
            return uf_error_at(err, UF_ECORRUPT, range.start, "two ranges of memory overlap");
        bytes += range.end - range.start;
        if (last && range.start == last->end && range.at == last->at + (last->end - last->start))
            last->end = range.end;
        else
            ranges->list.at[kept++] = range;
    }
    ranges->list.len = kept;
    memset(ranges->ways, 0, sizeof ranges->ways);
    ranges->source = (struct uf_source){
        .context = ranges, .view = view, .any = any, .ways = ranges->ways, .bytes = bytes};
    return UF_OK;
}

void uf_ranges_release(struct uf_ranges *ranges)
{
    for (size_t i = 0; i < ranges->joints.len; i++)
        uf_mem_free((void *)(uintptr_t)ranges->joints.at[i].at);
    uf_vec_release(&ranges->joints);
    ranges->joint_bytes = 0;
    uf_vec_release(&ranges->list);
    memset(ranges->ways, 0, sizeof ranges->ways);
    ranges->source = (struct uf_source){0};
}
