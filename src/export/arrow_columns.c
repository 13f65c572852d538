/* What the tables fill their columns with. */
#include "export/arrow_table.h"

#include <string.h>

void *uf_arrow_values(struct uf_arrow_rows *rows, struct uf_arrow_column *ret, size_t item_bytes,
                      struct uf_error *err)
{
    void *values = uf_arrow_memory_take(rows->memory, (size_t)rows->count * item_bytes);
    ret->values = values;
    if (!values)
        uf_error_nomem(err);
    return values;
}

/* Bits in Arrow's order, least significant first; how many are set, or -1 when memory is out. */
static int64_t make_bits(struct uf_arrow_rows *rows, uf_arrow_is *is, const void **ret,
                         struct uf_error *err)
{
    uint8_t *bits = uf_arrow_memory_take(rows->memory, ((size_t)rows->count + 7) / 8);
    int64_t set = 0;
    *ret = bits;
    if (!bits) {
        uf_error_nomem(err);
        return -1;
    }
    for (uint32_t i = 0; i < rows->count; i++) {
        if (is(rows, rows->first + i)) {
            bits[i / 8] = (uint8_t)(bits[i / 8] | 1 << i % 8);
            set++;
        }
    }
    return set;
}

enum uf_code uf_arrow_bits(struct uf_arrow_rows *rows, uf_arrow_is *is, struct uf_arrow_column *ret,
                           struct uf_error *err)
{
    return make_bits(rows, is, &ret->values, err) < 0 ? UF_ENOMEM : UF_OK;
}

enum uf_code uf_arrow_validity(struct uf_arrow_rows *rows, uf_arrow_is *is,
                               struct uf_arrow_column *ret, struct uf_error *err)
{
    int64_t set = make_bits(rows, is, &ret->validity, err);
    if (set < 0)
        return UF_ENOMEM;
    ret->nulls = (int64_t)rows->count - set;
    if (ret->nulls == 0)
        ret->validity = NULL;
    return UF_OK;
}

enum uf_code uf_arrow_ids(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                          struct uf_error *err)
{
    uint32_t *ids = uf_arrow_values(rows, ret, sizeof *ids, err);
    if (!ids)
        return UF_ENOMEM;
    for (uint32_t i = 0; i < rows->count; i++)
        ids[i] = rows->first + i;
    return UF_OK;
}

enum uf_code uf_arrow_keep_texts(struct uf_arrow_rows *rows, const struct uf_arrow_texts *texts,
                                 struct uf_arrow_column *ret, struct uf_error *err)
{
    size_t offsets_bytes = texts->offsets.len * sizeof *texts->offsets.at;
    void *offsets = uf_arrow_memory_take(rows->memory, offsets_bytes);
    char *bytes = uf_arrow_memory_take(rows->memory, texts->bytes.len);
    if (!offsets || !bytes)
        return uf_error_nomem(err);
    memcpy(offsets, texts->offsets.at, offsets_bytes);
    if (texts->bytes.len)
        memcpy(bytes, texts->bytes.at, texts->bytes.len);
    ret->values = offsets;
    ret->bytes = bytes;
    return UF_OK;
}

const struct uf_arrow_texts *uf_arrow_type_names(struct uf_arrow_heap *heap)
{
    return &heap->type_names;
}
