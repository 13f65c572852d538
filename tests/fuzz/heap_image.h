/* heap_image.h - a small heap in a file: some memory of an interpreter, and where its parts begin.
 *
 * Written by record_heap.c, read by fuzz_heap.c; compressed by zlib. Words of 8 bytes, as this machine
 * has them: the header, then for each range its start and its bytes, then
 * the ranges' contents one behind the other.
 */
#ifndef UF_TESTS_FUZZ_HEAP_IMAGE_H
#define UF_TESTS_FUZZ_HEAP_IMAGE_H

#include "cpython/known.h"

#include <stdlib.h>
#include <zlib.h>

#define HEAP_IMAGE_MAGIC UINT64_C(0x3170616568667501)

struct heap_image_header {
    uint64_t magic, version_hex, debug, runtime, interpreter;
    struct uf_known_types known;
    uint64_t range_count, bytes;
};

struct heap_image_range {
    uint64_t start, bytes;
};

struct heap_image {
    struct heap_image_header header;
    struct heap_image_range *ranges;
    unsigned char *bytes;
};

static inline int heap_image_part(gzFile file, void *part, uint64_t bytes, int writes)
{
    unsigned count = (unsigned)bytes;
    int done = count != bytes ? -1
               : writes       ? gzwrite(file, part, count)
                              : gzread(file, part, count);
    return done >= 0 && (unsigned)done == count;
}

static inline int heap_image_write(struct heap_image *image, const char *path)
{
    gzFile file = gzopen(path, "wb9");
    int done = file && heap_image_part(file, &image->header, sizeof image->header, 1) &&
               heap_image_part(file, image->ranges,
                               image->header.range_count * sizeof *image->ranges, 1) &&
               heap_image_part(file, image->bytes, image->header.bytes, 1);
    return file && gzclose(file) == Z_OK && done;
}

static inline int heap_image_read(struct heap_image *image, const char *path)
{
    gzFile file = gzopen(path, "rb");
    int done = file && heap_image_part(file, &image->header, sizeof image->header, 0) &&
               image->header.magic == HEAP_IMAGE_MAGIC;
    size_t ranges = done ? image->header.range_count : 0, bytes = done ? image->header.bytes : 0;
    image->ranges = calloc(ranges + 1, sizeof *image->ranges);
    image->bytes = malloc(bytes + 1);
    done = done && image->ranges && image->bytes &&
           heap_image_part(file, image->ranges, ranges * sizeof *image->ranges, 0) &&
           heap_image_part(file, image->bytes, bytes, 0);
    if (file)
        gzclose(file);
    return done;
}

#endif
