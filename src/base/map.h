/* map.h - hash map from uint64_t to uint32_t (addresses to indices).
 *
 * Open addressing, linear probing, load at most 1/2. Key 0 is not allowed.
 * {0} is a valid empty map.
 */
#ifndef UF_BASE_MAP_H
#define UF_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#define UF_MAP_NONE UINT32_MAX

struct uf_map {
    uint64_t *keys; /* 0 = free slot */
    uint32_t *values;
    size_t len, cap; /* cap is 0 or a power of two */
};

/* The value of `key`, or UF_MAP_NONE. */
uint32_t uf_map_get(const struct uf_map *map, uint64_t key);
/* Sets or replaces; 0, or -1 when memory is out (the map is unchanged). */
int uf_map_set(struct uf_map *map, uint64_t key, uint32_t value);
void uf_map_clear(struct uf_map *map); /* keeps the memory */
void uf_map_release(struct uf_map *map);

/* Two numbers as a key, `high` + 1 and `low` not both UINT32_MAX. */
static inline uint64_t uf_pair_key(uint32_t high, uint32_t low)
{
    return ((uint64_t)(high + 1) << 32 | low) + 1;
}

#endif
