/* ranges.h - a source made of ranges that are in this process's memory: copied, mapped or written by a test.
 *
 *     struct uf_ranges ranges = {0};
 *     uf_ranges_add(&ranges, start, bytes, size) ...
 *     uf_ranges_seal(&ranges, &err);
 *     const struct uf_source *source = &ranges.source;
 *
 * Owns none of the bytes: who adds them keeps them until release. A view may
 * span ranges that are neighbours there: where they are none here, its bytes are copied together (a joint) and
 * kept until release. Joints are few (an object over the end of .data) and bounded: a view of more than a megabyte
 * over such a seam is refused, and so are all once they take 16 MB.
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
    UF_VEC(struct uf_range) joints; /* copies over the seams between ranges; not ordered */
    uint64_t joint_bytes;
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

/* Bytes from `address` to the end of its range; 0: it is in none. */
uint64_t uf_ranges_readable(const struct uf_ranges *ranges, uint64_t address);

#endif
