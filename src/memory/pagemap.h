/* pagemap.h - which pages of a process are where: in memory, swapped out, still the file's, shared with others.
 *
 * From /proc/PID/pagemap, 8 bytes a page. What is empty for long is passed over by the ioctl PAGEMAP_SCAN where
 * the kernel has it (Linux 6.7), so that reservations of terabytes cost nothing; where it has not, how much
 * is read is bounded. Linux Documentation/admin-guide/mm/pagemap.rst.
 */
#ifndef UF_MEMORY_PAGEMAP_H
#define UF_MEMORY_PAGEMAP_H

#include "base/error.h"
#include "base/vec.h"

#include <stdbool.h>

enum {
    UF_PAGE_FILE = 1 << 0,    /* the file's, or of shared memory */
    UF_PAGE_PRESENT = 1 << 1, /* in memory */
    UF_PAGE_SWAPPED = 1 << 2,
    UF_PAGE_ZERO = 1 << 3,   /* the one page of zeros that all share (only PAGEMAP_SCAN tells) */
    UF_PAGE_SHARED = 1 << 4, /* of no file, and since a fork another process has the same one */
};

/* Pages next to each other of the same kind; those that are nowhere are in no run. */
struct uf_page_run {
    uint64_t start, end;
    uint32_t kind;
};

struct uf_page_runs {
    UF_VEC(struct uf_page_run) list;
};

struct uf_pagemap {
    int fd;                /* of /proc/PID/pagemap; -1: there is none */
    bool no_scan;          /* the kernel has no PAGEMAP_SCAN */
    uint64_t budget_pages; /* empty ones that may still be looked at one by one */
};

/* Adds the runs of [start, end), ascending. UF_EUNSUPPORTED: cannot be known (no pagemap, or it would take more than
 * the budget); what was added before stays. UF_ENOMEM. */
enum uf_code uf_pagemap_scan(struct uf_pagemap *pagemap, uint64_t start, uint64_t end,
                             struct uf_page_runs *ret, struct uf_error *err);

#endif
