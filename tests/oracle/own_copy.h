/* own_copy.h - the readable memory of this very process, copied: a source of ranges as from outside. */
#ifndef UF_TESTS_ORACLE_OWN_COPY_H
#define UF_TESTS_ORACLE_OWN_COPY_H

#include "base/pages.h"
#include "memory/ranges.h"
#include "memory/regions.h"
#include "memory/segments.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define OWN_COPY_MAPS_BYTES ((size_t)4 << 20)
#define OWN_COPY_REGION_MAX ((uint64_t)16 << 30)

struct own_copy {
    struct uf_ranges ranges; /* sealed: it must not move */
    UF_VEC(void *) buffers;
};

static void own_copy_release(struct own_copy *copy)
{
    for (size_t i = 0; i < copy->buffers.len; i++)
        uf_mem_free(copy->buffers.at[i]);
    uf_vec_release(&copy->buffers);
    uf_ranges_release(&copy->ranges);
    uf_pages_trim(); /* else the next copy is one of this one as well: each twice as large as the last */
}

/* Mappings that are neighbours there are neighbours here: an object may lie across their border. Pages that the
 * engine has given back meanwhile cannot be read any more. */
static enum uf_code own_copy_run(struct own_copy *copy, int memory, uint64_t start, uint64_t end,
                                 struct uf_error *err)
{
    enum uf_code code = UF_OK;
    char *buffer = uf_mem_alloc(end - start);
    if (!buffer || uf_vec_push(&copy->buffers, buffer))
        return uf_error_nomem(err);
    for (uint64_t at = start; at < end && !code; at += 4096) {
        char *to = buffer + (at - start);
        uint64_t got = uf_own_memory_read(memory, at, to, end - at);
        code = uf_ranges_add(&copy->ranges, at, to, got, err);
        at += got & ~UINT64_C(4095);
    }
    return code;
}

/* Not the terabytes that a sanitizer reserves. */
static bool own_copy_wants(const struct uf_region *region)
{
    return region->readable && region->end - region->start < OWN_COPY_REGION_MAX &&
           (region->path_len < 2 || strncmp(region->path, "[v", 2) != 0);
}

/* Release it in any case. */
static enum uf_code own_copy_make(struct own_copy *copy, struct uf_error *err)
{
    char *text = uf_mem_alloc(OWN_COPY_MAPS_BYTES);
    int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC), memory = uf_own_memory_open();
    size_t len = 0, at = 0, bad = 0;
    ssize_t got;
    uint64_t start = 0, end = 0;
    struct uf_region region;
    enum uf_code code = text && maps >= 0 && memory >= 0
                            ? UF_OK
                            : uf_error_set(err, UF_EFAULT, "/proc/self cannot be read");
    while (!code && (got = read(maps, text + len, OWN_COPY_MAPS_BYTES - len)) > 0)
        len += (size_t)got;
    while (!code && uf_region_next(text, len, &at, &bad, &region)) {
        if (!own_copy_wants(&region))
            continue;
        if (region.start != end) {
            code = end ? own_copy_run(copy, memory, start, end, err) : UF_OK;
            start = region.start;
        }
        end = region.end;
    }
    if (!code && end)
        code = own_copy_run(copy, memory, start, end, err);
    if (!code)
        code = uf_ranges_seal(&copy->ranges, err);
    close(maps);
    close(memory);
    uf_mem_free(text);
    return code;
}

#endif
