/* heap_image.h - a small heap in a file: some memory of an interpreter, and where its parts begin.
 *
 * Written by record_heap.c, read by fuzz_heap.c. Words of 8 bytes, as this machine
 * has them: the header, then for each range its start and its bytes, then
 * the ranges' contents one behind the other.
 */
#ifndef UF_TESTS_FUZZ_HEAP_IMAGE_H
#define UF_TESTS_FUZZ_HEAP_IMAGE_H

#include "cpython/known.h"

#include <stdio.h>
#include <stdlib.h>

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

static inline int heap_image_write(const struct heap_image *image, const char *path)
{
    FILE *file = fopen(path, "wb");
    size_t ranges = image->header.range_count, bytes = image->header.bytes;
    int done = file && fwrite(&image->header, sizeof image->header, 1, file) == 1 &&
               fwrite(image->ranges, sizeof *image->ranges, ranges, file) == ranges &&
               fwrite(image->bytes, 1, bytes, file) == bytes;
    return file && fclose(file) == 0 && done;
}

static inline int heap_image_read(struct heap_image *image, const char *path)
{
    FILE *file = fopen(path, "rb");
    int done = file && fread(&image->header, sizeof image->header, 1, file) == 1 &&
               image->header.magic == HEAP_IMAGE_MAGIC;
    size_t ranges = done ? image->header.range_count : 0, bytes = done ? image->header.bytes : 0;
    image->ranges = calloc(ranges + 1, sizeof *image->ranges);
    image->bytes = malloc(bytes + 1);
    done = done && image->ranges && image->bytes &&
           fread(image->ranges, sizeof *image->ranges, ranges, file) == ranges &&
           fread(image->bytes, 1, bytes, file) == bytes;
    if (file)
        fclose(file);
    return done;
}

#endif
