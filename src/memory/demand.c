#include "memory/demand.h"

#include "base/pages.h"

#include <string.h>
#include <sys/mman.h>

#define CHUNK_BYTES ((uint64_t)64 << 10)

enum uf_code uf_demand_add(struct uf_demand *demand, uint64_t start, uint64_t end, int tag,
                           uint64_t offset, struct uf_error *err)
{
    struct uf_demand_area area = {.start = start, .end = end, .tag = tag, .offset = offset};
    uint64_t before = demand->list.len ? demand->list.at[demand->list.len - 1].end : 0;
    if (start < before || end <= start || (start | end) % UF_PAGE_BYTES)
        return uf_error_at(err, UF_EINVAL, start, "an area of memory overlaps or is no whole page");
    return uf_vec_push(&demand->list, area) ? uf_error_nomem(err) : UF_OK;
}

static struct uf_demand_area *find(struct uf_demand *demand, uint64_t address)
{
    size_t low = 0, high = demand->list.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (demand->list.at[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < demand->list.len && demand->list.at[low].start <= address ? &demand->list.at[low]
                                                                           : NULL;
}

/* Not from base/mem.h: most of an area is never touched, and may be more than there is memory. */
static bool place(struct uf_demand_area *area)
{
    if (area->at)
        return true;
    size_t size = (size_t)(area->end - area->start), pages = size / UF_PAGE_BYTES;
    area->filled = uf_mem_zalloc((pages + 63) / 64 * sizeof *area->filled);
    if (!area->filled)
        return false;
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                    -1, 0);
    if (at == MAP_FAILED) {
        uf_mem_free(area->filled);
        area->filled = NULL;
        return false;
    }
    area->at = at;
    return true;
}

static bool is_filled(const struct uf_demand_area *area, uint64_t address)
{
    uint64_t page = (address - area->start) / UF_PAGE_BYTES;
    return area->filled[page / 64] >> (page % 64) & 1;
}

static void mark(struct uf_demand_area *area, uint64_t start, uint64_t end)
{
    for (uint64_t page = (start - area->start) / UF_PAGE_BYTES;
         page < (end - area->start) / UF_PAGE_BYTES; page++)
        area->filled[page / 64] |= UINT64_C(1) << (page % 64);
}

/* Fills the gap at `from`, up to the next filled page or `to`. */
static uint64_t fetch_gap(struct uf_demand *demand, struct uf_demand_area *area, uint64_t from,
                          uint64_t to)
{
    uint64_t end = from;
    while (end < to && !is_filled(area, end))
        end += UF_PAGE_BYTES;
    if (end - from > demand->most_bytes - demand->fetched_bytes)
        return from;
    size_t got = demand->fetch(demand->context, area, from, area->at + (from - area->start),
                               (size_t)(end - from));
    uint64_t pages = got / UF_PAGE_BYTES * UF_PAGE_BYTES;
    mark(area, from, from + pages);
    demand->fetched_bytes += pages;
    return from + pages;
}

/* True: every page of [from, to) is filled. */
static bool fetch_all(struct uf_demand *demand, struct uf_demand_area *area, uint64_t from,
                      uint64_t to)
{
    while (from < to) {
        uint64_t next = is_filled(area, from) ? from + UF_PAGE_BYTES
                                              : fetch_gap(demand, area, from, to);
        if (next == from)
            return false;
        from = next;
    }
    return true;
}

static bool any(void *context, uint64_t address, uint64_t size)
{
    const struct uf_demand *demand = context;
    uint64_t end = address + size < address ? UINT64_MAX : address + size;
    for (size_t i = 0; i < demand->list.len; i++)
        if (demand->list.at[i].start < end && demand->list.at[i].end > address)
            return true;
    return false;
}

static const void *view(void *context, uint64_t address, size_t size)
{
    struct uf_demand *demand = context;
    struct uf_demand_area *area = find(demand, address);
    if (!area || size > area->end - address || !place(area))
        return NULL;
    uint64_t last = address + (size ? size - 1 : 0);
    uint64_t from = address / CHUNK_BYTES * CHUNK_BYTES,
             to = (last / CHUNK_BYTES + 1) * CHUNK_BYTES;
    if (from < area->start)
        from = area->start;
    if (to > area->end)
        to = area->end;
    if (!fetch_all(demand, area, from,
                   to)) { /* a neighbour that is missing must not hide what is there */
        from = address / UF_PAGE_BYTES * UF_PAGE_BYTES;
        to = (last / UF_PAGE_BYTES + 1) * UF_PAGE_BYTES;
        if (!fetch_all(demand, area, from, to))
            return NULL;
    }
    demand->ways[address >> UF_SOURCE_WAY_SHIFT & (UF_SOURCE_WAYS - 1)] =
        (struct uf_range){from, to, area->at + (from - area->start)};
    return area->at + (address - area->start);
}

void uf_demand_seal(struct uf_demand *demand,
                    size_t (*fetch)(void *context, const struct uf_demand_area *area,
                                    uint64_t address, void *ret, size_t size),
                    void *context, uint64_t most_bytes)
{
    demand->fetch = fetch;
    demand->context = context;
    demand->most_bytes = most_bytes;
    memset(demand->ways, 0, sizeof demand->ways);
    uint64_t bytes = 0;
    for (size_t i = 0; i < demand->list.len; i++)
        bytes += demand->list.at[i].end - demand->list.at[i].start;
    demand->source = (struct uf_source){
        .context = demand, .view = view, .any = any, .ways = demand->ways, .bytes = bytes};
}

unsigned char *uf_demand_fill(struct uf_demand *demand, uint64_t start, uint64_t end)
{
    struct uf_demand_area *area = find(demand, start);
    if (!area || end > area->end || !place(area))
        return NULL;
    mark(area, start, end);
    return area->at + (start - area->start);
}

void uf_demand_forget(struct uf_demand *demand)
{
    for (size_t i = 0; i < demand->list.len; i++) {
        struct uf_demand_area *area = &demand->list.at[i];
        if (area->at)
            munmap(area->at, (size_t)(area->end - area->start));
        uf_mem_free(area->filled);
        area->at = NULL;
        area->filled = NULL;
    }
    demand->fetched_bytes = 0;
    memset(demand->ways, 0, sizeof demand->ways);
}

void uf_demand_release(struct uf_demand *demand)
{
    uf_demand_forget(demand);
    uf_vec_release(&demand->list);
    demand->source = (struct uf_source){0};
}
