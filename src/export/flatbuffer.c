#include "export/flatbuffer.h"

#include <string.h>

#define TABLE_ALIGN 8

/* `count` zero bytes at the end; where they are. */
static uint32_t extend(struct uf_flat *flat, size_t count)
{
    size_t at = flat->bytes.len;
    if (flat->failed || count > INT32_MAX - at || uf_vec_reserve(&flat->bytes, at + count)) {
        flat->failed = true;
        return 0;
    }
    memset(flat->bytes.at + at, 0, count);
    flat->bytes.len += count;
    return (uint32_t)at;
}

/* Zero bytes until what comes `behind` bytes later stands at a multiple of `align`. */
static void pad(struct uf_flat *flat, uint32_t behind, uint32_t align)
{
    size_t over = (flat->bytes.len + behind) % align;
    if (over)
        (void)extend(flat, align - over);
}

void uf_flat_init(struct uf_flat *flat)
{
    *flat = (struct uf_flat){0};
    (void)extend(flat, 4);
}

void uf_flat_put(struct uf_flat *flat, uint32_t at, uint8_t bytes, uint64_t value)
{
    if (flat->failed)
        return;
    for (uint8_t i = 0; i < bytes; i++)
        flat->bytes.at[at + i] = (uint8_t)(value >> 8 * i);
}

static void refer(struct uf_flat *flat, uint32_t slot, uint32_t to)
{
    uf_flat_put(flat, slot, 4, to - slot);
}

/* Where each field lies in its table: the largest first, so that all are aligned. Returns the table's
 * bytes. */
static uint16_t lay_out(const uint8_t *sizes, uint8_t count, uint16_t *places)
{
    uint16_t end = 4;
    for (uint8_t size = 8; size > 0; size /= 2) {
        for (uint8_t i = 0; i < count; i++) {
            if (sizes[i] != size)
                continue;
            end = (uint16_t)((end + size - 1) / size * size);
            places[i] = end;
            end = (uint16_t)(end + size);
        }
    }
    return end;
}

void uf_flat_table(struct uf_flat *flat, uint32_t slot, const uint8_t *sizes, uint8_t count,
                   uint32_t *ret)
{
    uint16_t places[UF_FLAT_FIELDS] = {0};
    uint16_t table_bytes = lay_out(sizes, count, places);
    uint32_t vtable_bytes = 4 + 2 * (uint32_t)count;
    pad(flat, vtable_bytes, TABLE_ALIGN);
    uint32_t vtable = extend(flat, vtable_bytes);
    uint32_t table = extend(flat, table_bytes);
    uf_flat_put(flat, vtable, 2, vtable_bytes);
    uf_flat_put(flat, vtable + 2, 2, table_bytes);
    uf_flat_put(flat, table, 4, vtable_bytes);
    for (uint8_t i = 0; i < count; i++) {
        uf_flat_put(flat, vtable + 4 + 2 * (uint32_t)i, 2, places[i]);
        ret[i] = table + places[i];
    }
    refer(flat, slot, table);
}

uint32_t uf_flat_vector(struct uf_flat *flat, uint32_t slot, uint32_t count, uint32_t item_bytes,
                        uint32_t align)
{
    pad(flat, 4, align > 4 ? align : 4);
    uint32_t vector = extend(flat, 4);
    uint32_t items = extend(flat, (size_t)count * item_bytes);
    uf_flat_put(flat, vector, 4, count);
    refer(flat, slot, vector);
    return items;
}

void uf_flat_string(struct uf_flat *flat, uint32_t slot, const char *text)
{
    size_t len = strlen(text);
    uint32_t at = uf_flat_vector(flat, slot, (uint32_t)len, 1, 4);
    (void)extend(flat, 1);
    if (!flat->failed)
        memcpy(flat->bytes.at + at, text, len);
}

void uf_flat_release(struct uf_flat *flat)
{
    uf_vec_release(&flat->bytes);
}
