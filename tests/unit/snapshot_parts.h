/* snapshot_parts.h - takes snapshot files apart and puts them together again, as docs/snapshot-format.md says:
 * written from the specification, with nothing of src/snapshot but its numbers.
 *
 *     struct parts parts = parts_of(bytes, len);       chunks, in the order of the file
 *     parts_chunk(&parts, "edge")->at[0] ^= 1;         ... changed ...
 *     struct joined file = parts_join(&parts);         a whole file with right checksums; free(file.at)
 */
#ifndef UF_TESTS_UNIT_SNAPSHOT_PARTS_H
#define UF_TESTS_UNIT_SNAPSHOT_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PARTS_MAX 64

struct part {
    char id[5];
    uint8_t *at; /* not owned */
    size_t len;
};

struct parts {
    struct part part[PARTS_MAX];
    size_t count;
};

struct joined {
    uint8_t *at; /* aligned for any type */
    size_t len;
};

static inline uint64_t parts_read(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = bytes; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

static inline void parts_put(uint8_t *at, size_t bytes, uint64_t value)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static inline uint32_t parts_crc(const uint8_t *at, size_t len)
{
    return (uint32_t)crc32_z(0, at, len);
}

/* Of a sound file. The chunks stay where they are. */
static inline struct parts parts_of(uint8_t *file, size_t len)
{
    struct parts parts = {.count = parts_read(file + len - 16, 4)};
    const uint8_t *entry = file + parts_read(file + len - 32, 8);
    for (size_t i = 0; i < parts.count; i++, entry += 24) {
        memcpy(parts.part[i].id, entry, 4);
        parts.part[i].at = file + parts_read(entry + 8, 8);
        parts.part[i].len = parts_read(entry + 16, 8);
    }
    return parts;
}

static inline struct part *parts_chunk(struct parts *parts, const char *id)
{
    for (size_t i = 0; i < parts->count; i++)
        if (strcmp(parts->part[i].id, id) == 0)
            return &parts->part[i];
    return NULL;
}

static inline struct joined parts_join(const struct parts *parts)
{
    size_t len = 16 + 32 + 24 * parts->count;
    for (size_t i = 0; i < parts->count; i++)
        len += (parts->part[i].len + 7) / 8 * 8;
    struct joined file = {calloc(1, len), len};
    uint8_t *to = file.at + 16, *entry = file.at + len - 32 - 24 * parts->count, *toc = entry;
    memcpy(file.at, "\x89UNF\r\n\x1a\n", 8);
    parts_put(file.at + 8, 4, 1);
    parts_put(file.at + 12, 4, parts_crc(file.at, 12));
    for (size_t i = 0; i < parts->count; i++, entry += 24) {
        size_t padded = (parts->part[i].len + 7) / 8 * 8;
        if (parts->part[i].len)
            memcpy(to, parts->part[i].at, parts->part[i].len);
        memcpy(entry, parts->part[i].id, 4);
        parts_put(entry + 4, 4, parts_crc(to, padded));
        parts_put(entry + 8, 8, (uint64_t)(to - file.at));
        parts_put(entry + 16, 8, parts->part[i].len);
        to += padded;
    }
    parts_put(entry, 8, (uint64_t)(toc - file.at));
    parts_put(entry + 8, 8, len);
    parts_put(entry + 16, 4, parts->count);
    parts_put(entry + 20, 4, parts_crc(toc, 24 * parts->count));
    parts_put(entry + 24, 4, parts_crc(entry, 24));
    memcpy(entry + 28, "END\n", 4);
    return file;
}

#endif
