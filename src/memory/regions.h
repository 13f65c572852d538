/* regions.h - the mappings of a process, as /proc/PID/maps lists them.
 *
 * Parses text only; reading the file is the caller's. proc(5), "/proc/pid/maps".
 */
#ifndef UF_MEMORY_REGIONS_H
#define UF_MEMORY_REGIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uf_region {
    uint64_t start, end; /* end > start */
    bool readable, writable, executable;
    bool shared;     /* what is written is seen by others */
    uint64_t offset; /* of `start` in the file */
    uint32_t device; /* major << 16 | minor */
    uint64_t inode;  /* 0: of no file */
    const char
        *path; /* into the line: file, "[heap]", "/memfd:name (deleted)"; "" if there is none */
    size_t path_len;
};

/* One line, without its newline. False: it is not a line of that file. */
bool uf_region_parse(const char *line, size_t len, struct uf_region *ret);

/* The next region of `text` from *at on, *at moved behind it. False: there is none left. Lines that
 * cannot be read are passed over and counted in *bad. */
bool uf_region_next(const char *text, size_t len, size_t *at, size_t *bad, struct uf_region *ret);

#endif
