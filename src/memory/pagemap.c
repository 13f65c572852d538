#include "memory/pagemap.h"

#include "base/pages.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Linux include/uapi/linux/fs.h since 6.7; not in the headers that we build with. */
struct scanned_region {
    uint64_t start, end, categories;
};
struct scan {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN_REQUEST _IOWR('f', 16, struct scan)
enum { SCAN_FILE = 1 << 2, SCAN_PRESENT = 1 << 3, SCAN_SWAPPED = 1 << 4, SCAN_ZERO = 1 << 5 };

#define REGIONS 1024 /* 24 KiB of stack */
#define ENTRIES 4096 /* pages at once, by reading: 32 KiB of stack */

/* Joined with the one before, if that is of the same scan. */
static enum uf_code add(struct uf_page_runs *ret, size_t first, uint64_t start, uint64_t end,
                        uint32_t kind, struct uf_error *err)
{
    struct uf_page_run run = {start, end, kind};
    struct uf_page_run *last = ret->list.len > first ? &ret->list.at[ret->list.len - 1] : NULL;
    if (last && last->end == start && last->kind == kind) {
        last->end = end;
        return UF_OK;
    }
    return uf_vec_push(&ret->list, run) ? uf_error_nomem(err) : UF_OK;
}

static uint32_t kind_of(uint64_t categories)
{
    return (categories & SCAN_FILE ? UF_PAGE_FILE : 0u) |
           (categories & SCAN_PRESENT ? UF_PAGE_PRESENT : 0u) |
           (categories & SCAN_SWAPPED ? UF_PAGE_SWAPPED : 0u) |
           (categories & SCAN_ZERO ? UF_PAGE_ZERO : 0u);
}

static enum uf_code scan(const struct uf_pagemap *pagemap, uint64_t start, uint64_t end,
                         struct uf_page_runs *ret, struct uf_error *err)
{
    struct scanned_region regions[REGIONS];
    size_t first = ret->list.len;
    while (start < end) {
        struct scan request = {.size = sizeof request,
                               .start = start,
                               .end = end,
                               .vec = (uint64_t)(uintptr_t)regions,
                               .vec_len = REGIONS,
                               .category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED,
                               .return_mask = SCAN_FILE | SCAN_PRESENT | SCAN_SWAPPED | SCAN_ZERO};
        int found = ioctl(pagemap->fd, SCAN_REQUEST, &request);
        if (found < 0 && errno == EINTR)
            continue;
        if (found < 0)
            return uf_error_os(err, errno, "cannot scan a pagemap");
        for (int i = 0; i < found; i++)
            if (add(ret, first, regions[i].start, regions[i].end, kind_of(regions[i].categories),
                    err))
                return UF_ENOMEM;
        if (found < REGIONS)
            break;
        /* The end of the walk that the kernel tells may be of an earlier round of its own (seen with 6.18):
         * what was listed is not listed again. */
        uint64_t listed = regions[found - 1].end;
        start = request.walk_end > listed ? request.walk_end : listed;
    }
    return UF_OK;
}

static uint32_t kind_of_entry(uint64_t entry)
{
    return (entry >> 61 & 1 ? UF_PAGE_FILE : 0u) | (entry >> 62 & 1 ? UF_PAGE_SWAPPED : 0u) |
           (entry >> 63 & 1 ? UF_PAGE_PRESENT : 0u);
}

static enum uf_code read_entries(struct uf_pagemap *pagemap, uint64_t start, uint64_t end,
                                 struct uf_page_runs *ret, struct uf_error *err)
{
    size_t first = ret->list.len;
    uint64_t entries[ENTRIES], pages = (end - start) / UF_PAGE_BYTES;
    if (pages > pagemap->budget_pages)
        return uf_error_set(err, UF_EUNSUPPORTED, "too large to look at page by page");
    pagemap->budget_pages -= pages;
    while (start < end) {
        uint64_t wanted = (end - start) / UF_PAGE_BYTES;
        size_t size = (wanted < ENTRIES ? wanted : ENTRIES) * sizeof *entries;
        ssize_t got = pread(pagemap->fd, entries, size, (off_t)(start / UF_PAGE_BYTES * 8));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < (ssize_t)sizeof *entries)
            return uf_error_set(err, UF_EUNSUPPORTED, "no pagemap");
        for (size_t i = 0; i < (size_t)got / sizeof *entries; i++, start += UF_PAGE_BYTES) {
            uint32_t kind = kind_of_entry(entries[i]);
            if (kind & (UF_PAGE_PRESENT | UF_PAGE_SWAPPED) &&
                add(ret, first, start, start + UF_PAGE_BYTES, kind, err))
                return UF_ENOMEM;
        }
    }
    return UF_OK;
}

enum uf_code uf_pagemap_scan(struct uf_pagemap *pagemap, uint64_t start, uint64_t end,
                             struct uf_page_runs *ret, struct uf_error *err)
{
    if (pagemap->fd < 0)
        return uf_error_set(err, UF_EUNSUPPORTED, "no pagemap");
    if (!pagemap->reading) {
        size_t before = ret->list.len;
        enum uf_code code = scan(pagemap, start, end, ret, err);
        if (code != UF_EIO)
            return code;
        ret->list.len = before;
        pagemap->reading = true; /* ENOTTY: an older kernel */
    }
    return read_entries(pagemap, start, end, ret, err);
}
