/* mappings.h - what is mapped where in a process that is looked at from outside: of a live one as /proc/PID/maps
 * says, of a core as its notes say. One list serves both, so that finding the interpreter and balancing
 * the memory know neither. */
#ifndef UF_MEMORY_MAPPINGS_H
#define UF_MEMORY_MAPPINGS_H

#include "base/error.h"
#include "base/strings.h"
#include "base/vec.h"
#include "memory/pagemap.h"

#include <stdbool.h>

#define UF_PAGES_UNKNOWN UINT64_MAX

struct uf_mapping {
    uint64_t start, end;
    uint64_t offset; /* of `start` in the file */
    uint64_t inode;  /* 0: of no file, or not known (a core) */
    uint32_t device; /* major << 16 | minor, of the file; 0: not known */
    /* In paths, as the target sees it; 0: none. "[heap]", "[stack]", "[anon:...]" too. */
    uint32_t path;
    bool readable, writable, executable, shared;
    bool deleted;            /* the file's name is gone or another's */
    uint64_t resident_pages; /* of them in memory when it stood still; UF_PAGES_UNKNOWN: not read */
    uint64_t anonymous_pages; /* of these, not the file's any more: written since; or of no file */
    uint64_t swapped_pages;
};

/* By ascending address. */
struct uf_mappings {
    UF_VEC(struct uf_mapping) list;
    struct uf_strings paths;
    struct uf_page_runs pages; /* of all of them, ascending; empty: not known */
};

/* The one that `address` lies in; NULL: none. */
const struct uf_mapping *uf_mappings_find(const struct uf_mappings *mappings, uint64_t address);
const char *uf_mapping_path(const struct uf_mappings *mappings, const struct uf_mapping *mapping);
/* From the text of /proc/PID/maps; `ret` is {0} before, release it in any case. Of mappings that overlap
 * (the process ran while it was read) the later one loses what the former has. */
enum uf_code uf_mappings_parse(struct uf_mappings *ret, const char *text, size_t len,
                               struct uf_error *err);
void uf_mappings_release(struct uf_mappings *mappings);

#endif
