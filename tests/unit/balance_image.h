/* balance_image.h - memory of a made-up process: mappings at addresses of the test's choice, all pages there. */
#ifndef UF_TESTS_UNIT_BALANCE_IMAGE_H
#define UF_TESTS_UNIT_BALANCE_IMAGE_H

#include "memory/outside.h"
#include "memory/ranges.h"

#include <string.h>

struct image {
    struct uf_mappings mappings;
    struct uf_ranges ranges;
    struct uf_outside_memory memory;
    UF_VEC(void *) buffers;
};

/* Enters a mapping of zeros, ascending; `path` may be "". Returns its bytes. */
static unsigned char *image_map(struct image *image, uint64_t start, uint64_t size,
                                const char *path)
{
    struct uf_mapping mapping = {
        .start = start,
        .end = start + size,
        .readable = true,
        .writable = true,
        .inode = path[0] == '/' ? 7 : 0,
        .path = uf_strings_add_z(&image->mappings.paths, path),
        .resident_pages = size / 4096,
    };
    struct uf_page_run run = {start, start + size,
                              UF_PAGE_PRESENT | (path[0] == '/' ? UF_PAGE_FILE : 0u)};
    unsigned char *bytes = uf_mem_zalloc(size);
    if (!bytes || uf_vec_push(&image->mappings.list, mapping) ||
        uf_vec_push(&image->mappings.pages.list, run) || uf_vec_push(&image->buffers, bytes) ||
        uf_ranges_add(&image->ranges, start, bytes, size, NULL))
        return NULL;
    return bytes;
}

static void image_seal(struct image *image)
{
    (void)uf_ranges_seal(&image->ranges, NULL);
    image->memory =
        (struct uf_outside_memory){.mappings = &image->mappings, .source = &image->ranges.source};
}

static void image_release(struct image *image)
{
    for (size_t i = 0; i < image->buffers.len; i++)
        uf_mem_free(image->buffers.at[i]);
    uf_vec_release(&image->buffers);
    uf_ranges_release(&image->ranges);
    uf_mappings_release(&image->mappings);
}

static inline void put64(unsigned char *bytes, uint64_t offset, uint64_t value)
{
    memcpy(bytes + offset, &value, sizeof value);
}

static inline void put32(unsigned char *bytes, uint64_t offset, uint32_t value)
{
    memcpy(bytes + offset, &value, sizeof value);
}

#endif
