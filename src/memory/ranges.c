#include "memory/ranges.h"

#include <stdlib.h>
#include <string.h>

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

static const void *view(void *context, uint64_t address, size_t size)
{
    struct uf_ranges *ranges = context;
    const struct uf_range *range = find(ranges, address);
    if (!range || address >= range->end)
        return NULL;
    ranges->ways[address >> UF_SOURCE_WAY_SHIFT & (UF_SOURCE_WAYS - 1)] = *range;
    return size <= range->end - address ? range->at + (address - range->start) : NULL;
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
    uf_vec_release(&ranges->list);
    memset(ranges->ways, 0, sizeof ranges->ways);
    ranges->source = (struct uf_source){0};
}

uint64_t uf_ranges_readable(const struct uf_ranges *ranges, uint64_t address)
{
    const struct uf_range *range = find(ranges, address);
    return range && address < range->end ? range->end - address : 0;
}
