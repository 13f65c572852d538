#include "base/strings.h"

#include "base/mem.h"
#include "base/vec.h"

#include <string.h>

#define SLOTS_MIN ((size_t)64)

static uint64_t hash_of(const char *text, size_t len)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001B3);
    return hash ^ hash >> 32;
}

static size_t len_of(const struct uf_strings *pool, uint32_t number)
{
    size_t end = number + 1 < pool->count ? pool->starts[number + 1] : pool->bytes_len;
    return end - pool->starts[number] - 1;
}

/* The slot of the text, or the free slot where it belongs. */
static size_t slot_of(const struct uf_strings *pool, const char *text, size_t len)
{
    size_t slot = (size_t)hash_of(text, len) & (pool->slots_cap - 1);
    while (pool->slots[slot]) {
        uint32_t number = pool->slots[slot] - 1;
        if (len_of(pool, number) == len &&
            memcmp(pool->bytes + pool->starts[number], text, len) == 0)
            break;
        slot = (slot + 1) & (pool->slots_cap - 1);
    }
    return slot;
}

static int grow_slots(struct uf_strings *pool)
{
    size_t cap = pool->slots_cap ? pool->slots_cap * 2 : SLOTS_MIN;
    uint32_t *slots = uf_mem_zalloc(cap * sizeof *slots);
    if (!slots)
        return -1;
    for (uint32_t number = 0; number < pool->count; number++) {
        size_t slot = (size_t)hash_of(pool->bytes + pool->starts[number], len_of(pool, number)) &
                      (cap - 1);
        while (slots[slot])
            slot = (slot + 1) & (cap - 1);
        slots[slot] = number + 1;
    }
    uf_mem_free(pool->slots);
    pool->slots = slots;
    pool->slots_cap = cap;
    return 0;
}

/* Enters a text that is not in the pool yet. */
static uint32_t enter(struct uf_strings *pool, const char *text, size_t len)
{
    if (len >= UINT32_MAX - pool->bytes_len || pool->count >= UF_STRING_NONE - 1)
        return UF_STRING_NONE;
    if (pool->count >= pool->slots_cap / 2 && grow_slots(pool))
        return UF_STRING_NONE;
    if (uf_vec_grow((void **)&pool->bytes, &pool->bytes_cap, pool->bytes_len + len + 1, 1) ||
        uf_vec_grow((void **)&pool->starts, &pool->starts_cap, pool->count + 1,
                    sizeof *pool->starts))
        return UF_STRING_NONE;
    size_t slot = slot_of(pool, text, len);
    uint32_t number = (uint32_t)pool->count++;
    pool->starts[number] = (uint32_t)pool->bytes_len;
    memcpy(pool->bytes + pool->bytes_len, text, len);
    pool->bytes[pool->bytes_len + len] = '\0';
    pool->bytes_len += len + 1;
    pool->slots[slot] = number + 1;
    return number;
}

uint32_t uf_strings_find(const struct uf_strings *pool, const char *text, size_t len)
{
    if (len == 0)
        return 0;
    if (!pool->slots_cap)
        return UF_STRING_NONE;
    uint32_t entry = pool->slots[slot_of(pool, text, len)];
    return entry ? entry - 1 : UF_STRING_NONE;
}

uint32_t uf_strings_add(struct uf_strings *pool, const char *text, size_t len)
{
    if (pool->count == 0 && enter(pool, "", 0) != 0)
        return UF_STRING_NONE;
    uint32_t number = uf_strings_find(pool, text, len);
    return number == UF_STRING_NONE ? enter(pool, text, len) : number;
}

uint32_t uf_strings_add_z(struct uf_strings *pool, const char *text)
{
    return uf_strings_add(pool, text, strlen(text));
}

const char *uf_strings_get(const struct uf_strings *pool, uint32_t number)
{
    return number < pool->count ? pool->bytes + pool->starts[number] : "";
}

void uf_strings_release(struct uf_strings *pool)
{
    uf_mem_free(pool->bytes);
    uf_mem_free(pool->starts);
    uf_mem_free(pool->slots);
    memset(pool, 0, sizeof *pool);
}
