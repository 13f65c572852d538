#include "base/map.h"

#include "base/mem.h"

#include <string.h>

#define CAP_MIN ((size_t)16)

/* The slot of `key`, or the free slot where it belongs. */
static size_t slot_of(const uint64_t *keys, size_t cap, uint64_t key)
{
    uint64_t hash =
        key * UINT64_C(0x9E3779B97F4A7C15); /* 2^64 / golden ratio: spreads low bits upwards */
    size_t slot = (size_t)(hash >> 20 ^ hash >> 44) & (cap - 1);
    while (keys[slot] && keys[slot] != key)
        slot = (slot + 1) & (cap - 1);
    return slot;
}

uint32_t uf_map_get(const struct uf_map *map, uint64_t key)
{
    if (!map->cap || !key)
        return UF_MAP_NONE;
    size_t slot = slot_of(map->keys, map->cap, key);
    return map->keys[slot] ? map->values[slot] : UF_MAP_NONE;
}

static int grow(struct uf_map *map)
{
    size_t cap = map->cap ? map->cap * 2 : CAP_MIN;
    size_t key_bytes, value_bytes;
    if (__builtin_mul_overflow(cap, sizeof *map->keys, &key_bytes) ||
        __builtin_mul_overflow(cap, sizeof *map->values, &value_bytes))
        return -1;
    uint64_t *keys = uf_mem_zalloc(key_bytes);
    uint32_t *values = keys ? uf_mem_alloc(value_bytes) : NULL;
    if (!values) {
        uf_mem_free(keys);
        return -1;
    }
    for (size_t i = 0; i < map->cap; i++) {
        if (!map->keys[i])
            continue;
        size_t slot = slot_of(keys, cap, map->keys[i]);
        keys[slot] = map->keys[i];
        values[slot] = map->values[i];
    }
    uf_mem_free(map->keys);
    uf_mem_free(map->values);
    map->keys = keys;
    map->values = values;
    map->cap = cap;
    return 0;
}

int uf_map_set(struct uf_map *map, uint64_t key, uint32_t value)
{
    if (map->cap) {
        size_t slot = slot_of(map->keys, map->cap, key);
        if (map->keys[slot]) {
            map->values[slot] = value;
            return 0;
        }
    }
    if (map->len >= map->cap / 2 && grow(map))
        return -1;
    size_t slot = slot_of(map->keys, map->cap, key);
    map->keys[slot] = key;
    map->values[slot] = value;
    map->len++;
    return 0;
}

void uf_map_clear(struct uf_map *map)
{
    if (map->cap)
        memset(map->keys, 0, map->cap * sizeof *map->keys);
    map->len = 0;
}

void uf_map_release(struct uf_map *map)
{
    uf_mem_free(map->keys);
    uf_mem_free(map->values);
    memset(map, 0, sizeof *map);
}
