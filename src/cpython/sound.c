#include "cpython/sound.h"

#include "cpython/read.h"

#define ITEM_MAX (UINT64_C(1) << 20) /* of tp_itemsize */
#define STEPS_LEAST (UINT64_C(1) << 22)
#define STEPS_PER_BYTE 4

/* Of the type at `address`: is it `type`, or does it derive from it? */
static bool is_metatype(const struct uf_heap *heap, uint64_t address)
{
    uint64_t wanted = heap->config.known->type[UF_KNOWN_TYPE];
    for (int depth = 0; address && depth < UF_BASES_MAX; depth++) {
        if (address == wanted)
            return true;
        if (address % 8 || !uf_spend(heap, 1))
            return false;
        address = uf_source_word(heap->source, address + heap->objects->type.base);
    }
    return false;
}

bool uf_is_type(const struct uf_heap *heap, uint64_t address)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = address % 8 ? NULL : uf_view(heap, address, lay->type.type_bytes);
    if (!view || !uf_spend(heap, 1))
        return false;
    uint64_t basic = uf_u64(view, lay->type.basic_size), item = uf_u64(view, lay->type.item_size);
    int64_t dict = uf_i64(view, lay->type.dict_offset);
    return basic >= lay->object.head_bytes && basic <= UF_BASIC_MAX && item <= ITEM_MAX &&
           dict <= (int64_t)UF_BASIC_MAX && dict >= -(int64_t)UF_BASIC_MAX &&
           is_metatype(heap, uf_u64(view, lay->object.type));
}

void uf_heap_renew_steps(struct uf_heap *heap)
{
    uint64_t bytes = heap->source->bytes;
    heap->steps = bytes && bytes < UINT64_MAX / (2 * STEPS_PER_BYTE)
                      ? STEPS_LEAST + bytes * STEPS_PER_BYTE
                      : UINT64_MAX;
    heap->steps_left = &heap->steps;
}

int uf_heap_mark_cut(struct uf_heap *heap, uint64_t object)
{
    return object ? uf_map_set(&heap->cut, object, 1) : 0;
}
