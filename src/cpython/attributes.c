#include "cpython/plan.h"
#include "cpython/read.h"

uint64_t uf_plan_items(const struct uf_heap *heap, const struct uf_plan *plan, const void *view)
{
    const struct uf_layout_objects *lay = heap->objects;
    if (plan->is_int) {
        if (lay->integer.signed_size) {
            int64_t size = uf_i64(view, lay->integer.size);
            return size < 0 ? 0 - (uint64_t)size : (uint64_t)size;
        }
        return uf_u64(view, lay->integer.size) >> lay->integer.size_shift;
    }
    int64_t size = uf_i64(view, lay->object.size);
    return size < 0 ? 0 - (uint64_t)size : (uint64_t)size;
}

/* Where the dict pointer of a variable-size object lies: _PyObject_ComputedDictPointer, object.c */
static uint64_t dict_behind(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object)
{
    const void *view = uf_view(heap, object, heap->objects->object.var_head_bytes);
    if (!view)
        return 0;
    uint64_t size = plan->basic_size + uf_plan_items(heap, plan, view) * plan->item_size;
    return object + ((size + 7) & ~UINT64_C(7)) + (uint64_t)plan->dict_offset;
}

/* Values that lie behind the object, from 3.13 on: Include/internal/pycore_object.h */
static bool inline_values(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                          struct uf_attribute_words *ret)
{
    const struct uf_layout_objects *lay = heap->objects;
    uint64_t at = object + plan->basic_size;
    if (!plan->inline_values || (lay->values.of_dict && ret->dict))
        return true;
    const void *values = uf_view(heap, at, lay->values.at);
    if (values && uf_u8(values, lay->values.valid)) {
        ret->values = at + lay->values.at;
        ret->value_count = uf_u8(values, lay->values.capacity);
    }
    return values != NULL;
}

bool uf_plan_attributes(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                        struct uf_attribute_words *ret)
{
    const struct uf_layout_objects *lay = heap->objects;
    uint64_t at = object + (uint64_t)plan->dict_offset;
    *ret = (struct uf_attribute_words){0};
    if (plan->attributes == UF_ATTRIBUTES_NONE)
        return true;
    if (plan->attributes == UF_ATTRIBUTES_MANAGED)
        at = object + (uint64_t)(int64_t)lay->managed_dict;
    else if (plan->attributes == UF_ATTRIBUTES_BEHIND)
        at = dict_behind(heap, plan, object);
    const void *word = at ? uf_view(heap, at, 8) : NULL;
    if (!word)
        return false;
    ret->dict = uf_u64(word, 0);
    if (plan->attributes != UF_ATTRIBUTES_MANAGED)
        return true;
    switch (lay->managed) {
    case UF_MANAGED_WORDS:
        if (!(word = uf_view(heap, object + (uint64_t)(int64_t)lay->managed_values, 8)))
            return false;
        ret->values = uf_u64(word, 0);
        ret->value_count = plan->value_count;
        return true;
    case UF_MANAGED_TAGGED:
        if (ret->dict & 1) { /* values, their address - 1: _PyDictOrValues_SetValues */
            ret->values = ret->dict + 1;
            ret->value_count = plan->value_count;
            ret->dict = 0;
        }
        return true;
    default:
        return inline_values(heap, plan, object, ret);
    }
}

uint64_t uf_plan_dict(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object)
{
    struct uf_attribute_words words;
    return uf_plan_attributes(heap, plan, object, &words) ? words.dict : 0;
}
