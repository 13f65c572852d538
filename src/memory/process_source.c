/* What was copied, and the files behind it, as one source. */
#include "memory/process_private.h"

#include "base/pages.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define FETCH_MOST ((uint64_t)4 << 30) /* of files, in all */
#define ZEROS_BYTES 65536

/* What an anonymous mapping reads as far from every page that it has. */
static const unsigned char zeros[ZEROS_BYTES];

/* Adds [start, end) as far as it has a place here, without the pages that could not be read. */
static enum uf_code add_ranges(struct uf_process *process, uint64_t start, uint64_t end,
                               size_t *missing, struct uf_error *err)
{
    const struct uf_process_spans *lost = &process->missing;
    enum uf_code code = UF_OK;
    while (start < end && !code) {
        const struct uf_slab *slab = uf_slabs_from(&process->slabs, start);
        if (!slab || slab->start >= end)
            break;
        if (start < slab->start)
            start = slab->start;
        uint64_t stop = end < slab->end ? end : slab->end, behind = stop;
        while (*missing < lost->list.len && lost->list.at[*missing].end <= start)
            *missing += 1;
        if (*missing < lost->list.len && lost->list.at[*missing].start < stop) {
            stop = lost->list.at[*missing].start;
            behind = lost->list.at[*missing].end;
        }
        if (stop > start)
            code = uf_ranges_add(&process->ranges, start, slab->at + (start - slab->start),
                                 stop - start, err);
        start = behind;
    }
    return code;
}

/* From the process itself, as long as the page is still the file's: for files that cannot be had. */
static size_t fetch_unwritten(struct uf_process *process, uint64_t address, void *ret, size_t size)
{
    struct uf_page_runs runs = {0};
    struct uf_pagemap pagemap = process->pagemap;
    pagemap.budget_pages = size / UF_PAGE_BYTES;
    size_t got = 0;
    while (got < size) {
        ssize_t len = pread(process->memory, (char *)ret + got, size - got, (off_t)(address + got));
        if (len <= 0)
            break;
        got += (size_t)len;
    }
    uint64_t end = address + got;
    if (uf_pagemap_scan(&pagemap, address, end, &runs, NULL))
        end = address;
    for (size_t i = 0; i < runs.list.len; i++)
        if (!(runs.list.at[i].kind & UF_PAGE_FILE) && runs.list.at[i].start < end)
            end = runs.list.at[i].start;
    uf_vec_release(&runs.list);
    return (size_t)(end - address);
}

static size_t fetch(void *context, const struct uf_demand_area *area, uint64_t address, void *ret,
                    size_t size)
{
    struct uf_process *process = context;
    if (area->tag < 0)
        return fetch_unwritten(process, address, ret, size);
    size_t got =
        uf_process_file_read(process, area->tag, area->offset + (address - area->start), ret, size);
    /* Behind its end, a file's last page is zeros, as are fresh pages here. */
    return (got + UF_PAGE_BYTES - 1) / UF_PAGE_BYTES * UF_PAGE_BYTES;
}

/* A walk through the parts of [at, end) that were copied, and those that were not. */
struct parts {
    const struct uf_process *process;
    size_t next; /* of wanted */
    uint64_t at, end;
};

static bool next_part(struct parts *parts, struct uf_span *part, bool *was_copied)
{
    const struct uf_process_spans *wanted = &parts->process->wanted;
    if (parts->at >= parts->end)
        return false;
    while (parts->next < wanted->list.len && wanted->list.at[parts->next].end <= parts->at)
        parts->next++;
    struct uf_span span = parts->next < wanted->list.len
                              ? wanted->list.at[parts->next]
                              : (struct uf_span){UINT64_MAX, UINT64_MAX, false};
    *was_copied = span.start <= parts->at;
    uint64_t stop = *was_copied ? span.end : span.start;
    *part = (struct uf_span){parts->at, stop < parts->end ? stop : parts->end, false};
    parts->at = part->end;
    return true;
}

/* The first of the wanted spans that ends behind `address`. */
static size_t first_wanted(const struct uf_process *process, uint64_t address)
{
    size_t low = 0, high = process->wanted.list.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (process->wanted.list.at[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Reads the rest of a part from its file. Behind the file's end nothing can be read there (SIGBUS), zeros do no harm. */
static void fill(struct uf_process *process, const struct uf_mapping *mapping)
{
    struct parts parts = {process, first_wanted(process, mapping->start), mapping->start,
                          mapping->end};
    struct uf_span part;
    bool was_copied;
    int file = uf_process_file(process, mapping);
    while (file >= 0 && next_part(&parts, &part, &was_copied)) {
        unsigned char *at = uf_slabs_at(&process->slabs, part.start, part.end);
        if (!was_copied && at)
            uf_process_file_read(process, file, mapping->offset + (part.start - mapping->start), at,
                                 (size_t)(part.end - part.start));
    }
}

/* What was copied of a part that is otherwise read on demand. */
static void place_copied(struct uf_process *process, const struct uf_mapping *mapping)
{
    struct parts parts = {process, first_wanted(process, mapping->start), mapping->start,
                          mapping->end};
    struct uf_span part;
    bool was_copied;
    while (next_part(&parts, &part, &was_copied)) {
        const unsigned char *from = uf_slabs_at(&process->slabs, part.start, part.end);
        unsigned char *to =
            was_copied && from ? uf_demand_fill(&process->demand, part.start, part.end) : NULL;
        if (to)
            memcpy(to, from, (size_t)(part.end - part.start));
    }
}

static const void *view(void *context, uint64_t address, size_t size)
{
    struct uf_process *process = context;
    const void *found = process->ranges.source.view(&process->ranges, address, size);
    if (!found) {
        size_t way = address >> UF_SOURCE_WAY_SHIFT & (UF_SOURCE_WAYS - 1);
        found = process->demand.source.view(&process->demand, address, size);
        if (found)
            process->ranges.ways[way] = process->demand.ways[way];
    }
    if (!found && size <= ZEROS_BYTES) {
        const struct uf_mapping *mapping = uf_mappings_find(&process->mappings, address);
        if (mapping && size <= mapping->end - address &&
            uf_process_part(&process->mappings, mapping) == UF_PART_MEMORY &&
            mapping->resident_pages != UF_PAGES_UNKNOWN &&
            !uf_slabs_at(&process->slabs, address, address + size))
            found = zeros;
    }
    return found;
}

static bool any(void *context, uint64_t address, uint64_t size)
{
    struct uf_process *process = context;
    return process->ranges.source.any(&process->ranges, address, size) ||
           process->demand.source.any(&process->demand, address, size);
}

enum uf_code uf_process_make_source(struct uf_process *process, struct uf_error *err)
{
    enum uf_code code = UF_OK;
    size_t missing = 0;
    for (size_t i = 0; i < process->mappings.list.len && !code; i++) {
        const struct uf_mapping *mapping = &process->mappings.list.at[i];
        enum uf_process_part part = uf_process_part(&process->mappings, mapping);
        if (uf_process_is_left(mapping))
            continue;
        if (part == UF_PART_FILLED)
            fill(process, mapping);
        if (part == UF_PART_FILLED || part == UF_PART_MEMORY)
            code = add_ranges(process, mapping->start, mapping->end, &missing, err);
        if (part == UF_PART_DEMAND)
            code = uf_demand_add(&process->demand, mapping->start, mapping->end,
                                 uf_process_file(process, mapping), mapping->offset, err);
    }
    if (!code)
        code = uf_ranges_seal(&process->ranges, err);
    uf_demand_seal(&process->demand, fetch, process, FETCH_MOST);
    for (size_t i = 0; i < process->mappings.list.len && !code; i++) {
        const struct uf_mapping *mapping = &process->mappings.list.at[i];
        if (!mapping->shared && uf_process_part(&process->mappings, mapping) == UF_PART_DEMAND)
            place_copied(process, mapping);
    }
    process->source =
        (struct uf_source){.context = process,
                           .view = view,
                           .any = any,
                           .ways = process->ranges.ways,
                           .bytes = process->ranges.source.bytes + process->demand.source.bytes};
    process->copied = (struct uf_outside_memory){.mappings = &process->mappings,
                                                 .source = &process->source,
                                                 .context = process,
                                                 .open_file = uf_process_open_file};
    return code;
}

void uf_process_drop_copy(struct uf_process *process)
{
    uf_ranges_release(&process->ranges);
    uf_demand_release(&process->demand);
    uf_slabs_release(&process->slabs);
    process->touched_bytes = 0;
    uf_mappings_release(&process->mappings);
    uf_vec_release(&process->wanted.list);
    uf_vec_release(&process->placed.list);
    uf_vec_release(&process->missing.list);
    process->copied = (struct uf_outside_memory){0};
}
