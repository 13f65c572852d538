/* ranges.h - a source made of ranges that are in this process's memory: copied, mapped or written by a test.
 *
 *     struct uf_ranges ranges = {0};
 *     uf_ranges_add(&ranges, start, bytes, size) ...
 *     uf_ranges_seal(&ranges, &err);
 *     const struct uf_source *source = &ranges.source;
 *
 * Owns none of the bytes: who adds them keeps them until release. A view may
 * span ranges only where they are neighbours both there and here.
 *
 * Invariant after sealing: ranges ascend and do not overlap; neighbours that
 * could be one are one.
 */
#ifndef UF_MEMORY_RANGES_H
#define UF_MEMORY_RANGES_H

#include "base/error.h"
#include "base/vec.h"
#include "memory/source.h"

struct uf_ranges {
    UF_VEC(struct uf_range) list;
    struct uf_range ways[UF_SOURCE_WAYS];
    struct uf_source
        source; /* set by uf_ranges_seal(); refers to this struct, which must not move */
};

/* Nothing happens for size 0. UF_EINVAL: the range wraps around; UF_ENOMEM. */
enum uf_code uf_ranges_add(struct uf_ranges *ranges, uint64_t start, const void *at, uint64_t size,
                           struct uf_error *err);
/* Orders them. UF_ECORRUPT: two overlap. After it nothing is added. */
enum uf_code uf_ranges_seal(struct uf_ranges *ranges, struct uf_error *err);
void uf_ranges_release(struct uf_ranges *ranges);

/* Bytes that can be read from `address` on, without a gap; 0: none. */
uint64_t uf_ranges_readable(const struct uf_ranges *ranges, uint64_t address);

#endif
