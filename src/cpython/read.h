/* read.h - fields out of a view of the target's memory. */
#ifndef UF_CPYTHON_READ_H
#define UF_CPYTHON_READ_H

#include "memory/source.h"

#include <stdint.h>
#include <string.h>

static inline uint64_t uf_u64(const void *view, size_t offset)
{
    uint64_t value;
    memcpy(&value, (const char *)view + offset, sizeof value);
    return value;
}

static inline int64_t uf_i64(const void *view, size_t offset)
{
    return (int64_t)uf_u64(view, offset);
}

static inline uint32_t uf_u32(const void *view, size_t offset)
{
    uint32_t value;
    memcpy(&value, (const char *)view + offset, sizeof value);
    return value;
}

static inline uint8_t uf_u8(const void *view, size_t offset)
{
    return ((const uint8_t *)view)[offset];
}

/* One word at an address; 0 where it cannot be read. */
static inline uint64_t uf_source_word(const struct uf_source *source, uint64_t address)
{
    const void *view = uf_source_view(source, address, sizeof(uint64_t));
    return view ? uf_u64(view, 0) : 0;
}

#endif
