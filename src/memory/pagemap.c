#include "memory/pagemap.h"

#include "base/pages.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Linux include/uapi/linux/fs.h since 6.7; not in the headers that we build with. */
struct scanned {
    uint64_t start, end, categories;
};
struct scan {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN_REQUEST _IOWR('f', 16, struct scan)
enum { SCAN_PRESENT = 1 << 3, SCAN_SWAPPED = 1 << 4, SCAN_ZERO = 1 << 5 };

#define SCANNED 256  /* runs at once: 6 KiB of stack */
#define ENTRIES 4096 /* pages at once: 32 KiB of stack, 16 MiB of addresses */

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

/* Runs of pages of the categories `any`, by the ioctl. Less than 0: there is none such. */
static int scan(struct uf_pagemap *pagemap, uint64_t start, uint64_t end, uint64_t any,
                struct scanned *ret, size_t most, uint64_t *walked)
{
    struct scan request = {.size = sizeof request,
                           .start = start,
                           .end = end,
                           .vec = (uint64_t)(uintptr_t)ret,
                           .vec_len = most,
                           .category_anyof_mask = any,
                           .return_mask = any};
    int found = -1;
    while (!pagemap->no_scan) {
        found = ioctl(pagemap->fd, SCAN_REQUEST, &request);
        if (found >= 0 || errno != EINTR)
            break;
    }
    pagemap->no_scan = found < 0;
    /* walk_end may be that of an earlier round of the kernel's own buffer (Linux 6.18 fs/proc/task_mmu.c,
     * do_pagemap_scan): then it lies before what was found. */
    *walked = found > 0 && (size_t)found == most ? ret[most - 1].end : end;
    return found;
}

/* Where the next page is that is somewhere, from `start` on; `end`: there is none. */
static uint64_t pass_empty(struct uf_pagemap *pagemap, uint64_t start, uint64_t end)
{
    struct scanned next;
    uint64_t walked;
    int found = scan(pagemap, start, end, SCAN_PRESENT | SCAN_SWAPPED, &next, 1, &walked);
    return found < 0 ? start : found > 0 && next.start >= start ? next.start : end;
}

/* Pages that seem to be shared may be the page of zeros, of which there is only one. */
static enum uf_code add_shared(struct uf_pagemap *pagemap, struct uf_page_runs *ret, size_t first,
                               struct uf_page_run run, struct uf_error *err)
{
    struct scanned zeros[SCANNED];
    enum uf_code code = UF_OK;
    for (uint64_t at = run.start, walked; at < run.end && !code; at = walked) {
        int found = scan(pagemap, at, run.end, SCAN_ZERO, zeros, SCANNED, &walked);
        if (found < 0 || walked <= at || walked > run.end)
            walked = run.end;
        for (int i = 0; i < found && !code; i++) {
            if (zeros[i].start > at)
                code = add(ret, first, at, zeros[i].start, run.kind, err);
            if (!code)
                code = add(ret, first, zeros[i].start, zeros[i].end, UF_PAGE_PRESENT | UF_PAGE_ZERO,
                           err);
            at = zeros[i].end;
        }
        if (at < walked && !code)
            code = add(ret, first, at, walked, run.kind, err);
    }
    return code;
}

static uint32_t kind_of(uint64_t entry)
{
    uint32_t kind = (entry >> 61 & 1 ? UF_PAGE_FILE : 0u) |
                    (entry >> 62 & 1 ? UF_PAGE_SWAPPED : 0u) |
                    (entry >> 63 & 1 ? UF_PAGE_PRESENT : 0u);
    bool exclusive = entry >> 56 & 1;
    return kind == UF_PAGE_PRESENT && !exclusive ? kind | UF_PAGE_SHARED : kind;
}

static enum uf_code add_run(struct uf_pagemap *pagemap, struct uf_page_runs *ret, size_t first,
                            struct uf_page_run run, struct uf_error *err)
{
    if (!(run.kind & (UF_PAGE_PRESENT | UF_PAGE_SWAPPED)) || run.end == run.start)
        return UF_OK;
    if (run.kind & UF_PAGE_SHARED)
        return add_shared(pagemap, ret, first, run, err);
    return add(ret, first, run.start, run.end, run.kind, err);
}

/* The runs of some entries; *any: at least one page is somewhere. */
static enum uf_code add_entries(struct uf_pagemap *pagemap, struct uf_page_runs *ret, size_t first,
                                uint64_t start, const uint64_t *entries, size_t count, bool *any,
                                struct uf_error *err)
{
    struct uf_page_run run = {start, start, 0};
    enum uf_code code = UF_OK;
    *any = false;
    for (size_t i = 0; i < count && !code; i++) {
        uint32_t kind = kind_of(entries[i]);
        if (kind != run.kind) {
            code = add_run(pagemap, ret, first, run, err);
            run = (struct uf_page_run){run.end, run.end, kind};
        }
        run.end += UF_PAGE_BYTES;
        *any |= (kind & (UF_PAGE_PRESENT | UF_PAGE_SWAPPED)) != 0;
    }
    return code ? code : add_run(pagemap, ret, first, run, err);
}

enum uf_code uf_pagemap_scan(struct uf_pagemap *pagemap, uint64_t start, uint64_t end,
                             struct uf_page_runs *ret, struct uf_error *err)
{
    uint64_t entries[ENTRIES];
    size_t first = ret->list.len;
    enum uf_code code = UF_OK;
    while (start < end && !code) {
        uint64_t wanted = (end - start) / UF_PAGE_BYTES;
        size_t size = (wanted < ENTRIES ? wanted : ENTRIES) * sizeof *entries;
        ssize_t got = pagemap->fd < 0 ? 0
                                      : pread(pagemap->fd, entries, size,
                                              (off_t)(start / UF_PAGE_BYTES * sizeof *entries));
        if (got < 0 && errno == EINTR)
            continue;
        size_t count = got > 0 ? (size_t)got / sizeof *entries : 0;
        if (count == 0)
            return uf_error_set(err, UF_EUNSUPPORTED, "no pagemap");
        bool any;
        code = add_entries(pagemap, ret, first, start, entries, count, &any, err);
        start += count * UF_PAGE_BYTES;
        if (any || code)
            continue;
        if (pagemap->budget_pages < count)
            return uf_error_set(err, UF_EUNSUPPORTED, "too large to look at page by page");
        uint64_t next = pass_empty(pagemap, start, end);
        pagemap->budget_pages -= next == start ? count : 0;
        start = next;
    }
    return code;
}
