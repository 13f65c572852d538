/* varint.h - numbers in as many bytes as they need: 7 bits in each, low ones first; bit 7: more follow. */
#ifndef UF_SNAPSHOT_VARINT_H
#define UF_SNAPSHOT_VARINT_H

#include <stddef.h>
#include <stdint.h>

#define UF_VARINT_MAX 9 /* bytes: of numbers of 63 bits */

/* How many of UF_VARINT_MAX bytes were filled. */
static inline size_t uf_varint_put(uint8_t *to, uint64_t value)
{
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        to[len++] = (uint8_t)(value | 0x80);
    to[len++] = (uint8_t)value;
    return len;
}

/* Where the next one begins; NULL: it does not end before `end`, or is longer. NULL stays NULL. */
static inline const uint8_t *uf_varint_get(const uint8_t *at, const uint8_t *end, uint64_t *ret)
{
    *ret = 0;
    for (unsigned shift = 0; at && at < end && shift < 7 * UF_VARINT_MAX; shift += 7) {
        *ret |= (uint64_t)(*at & 0x7f) << shift;
        if (!(*at++ & 0x80))
            return at;
    }
    return NULL;
}

#endif
