#include "cpython/decode.h"

#include "cpython/frames.h"
#include "cpython/read.h"

static void put_slots(struct uf_heap *heap, const struct uf_plan *plan, const void *view,
                      uf_refs *refs)
{
    const struct uf_slot *slot = uf_plan_slots(heap, plan);
    for (uint32_t i = 0; i < plan->slot_count; i++)
        uf_refs_put(refs, uf_u64(view, slot[i].offset));
}

static enum uf_part put_attributes(struct uf_heap *heap, const struct uf_plan *plan,
                                   uint64_t object, uf_refs *refs)
{
    struct uf_attribute_words words;
    if (!uf_plan_attributes(heap, plan, object, &words))
        return UF_PART_UNREADABLE;
    uf_refs_put(refs, words.dict);
    return words.values ? uf_decode_words(heap, words.values, words.value_count, refs) : UF_PART_OK;
}

static enum uf_part put_opaque(struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                               uf_refs *refs)
{
    size_t before = refs->len;
    if (!heap->config.traverse && plan->size_rule == UF_SIZE_ELEMENT && plan->record) {
        enum uf_part part = uf_decode_element(heap, object, refs);
        if (part != UF_PART_OK)
            return part;
    }
    if (heap->config.traverse && heap->config.traverse(object, plan->traverse, refs))
        return UF_PART_NOMEM;
    if (!plan->heap_type)
        return UF_PART_OK;
    bool seen = false;
    if (plan->traverse_visits_type)
        for (size_t i = before; i < refs->len && !seen; i++)
            seen = refs->at[i] == plan->address;
    /* The instance owns its heap type even where an extension forgets to say so. */
    return seen || !uf_vec_push(refs, plan->address) ? UF_PART_OK : UF_PART_NOMEM;
}

static enum uf_part put_generator(struct uf_heap *heap, uint64_t object,
                                  enum uf_generator_kind kind, uf_refs *refs)
{
    return uf_generator_refs(heap, object, kind, refs) ? UF_PART_NOMEM : UF_PART_OK;
}

static enum uf_part put_type(struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                             const void *view, uf_refs *refs)
{
    const struct uf_layout_objects *lay = heap->objects;
    size_t first = refs->len;
    enum uf_part part = uf_decode_type(heap, object, refs);
    /* type_traverse must not be asked about static types: it ends the process */
    if (part != UF_PART_OK || !plan->also_traverse ||
        !(uf_u64(view, lay->type.flags) & lay->type.flag_heap_type))
        return part;
    return uf_decode_more(heap, plan, object, first, refs);
}

static enum uf_part put_container(struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                                  const void *view, size_t first, uf_refs *refs)
{
    const struct uf_layout_objects *lay = heap->objects;
    switch ((enum uf_container)plan->holds) {
    case UF_HOLDS_DICT:
        return uf_decode_dict(heap, object, refs);
    case UF_HOLDS_LIST:
        return uf_decode_words(heap, uf_u64(view, lay->list.items), uf_u64(view, lay->object.size),
                               refs);
    case UF_HOLDS_TUPLE:
        return uf_decode_words(heap, object + lay->tuple.items, uf_u64(view, lay->object.size),
                               refs);
    case UF_HOLDS_STRUCTSEQ:
        return uf_decode_words(heap, object + lay->tuple.items, plan->struct_items, refs);
    case UF_HOLDS_SET:
        return uf_decode_set(heap, object, refs);
    case UF_HOLDS_TYPE:
        return put_type(heap, plan, object, view, refs);
    case UF_HOLDS_CODE:
        return uf_decode_code(heap, object, refs);
    case UF_HOLDS_MODULE:
        return uf_decode_module(heap, plan, object, first, refs);
    case UF_HOLDS_DEQUE:
        return uf_decode_deque(heap, object, refs);
    case UF_HOLDS_LRU_CACHE:
        return uf_decode_lru_cache(heap, object, refs);
    case UF_HOLDS_ORDERED_DICT:
        return uf_decode_ordered_dict(heap, object, refs);
    case UF_HOLDS_OBJECT_ARRAY:
        return uf_decode_words(heap, uf_u64(view, plan->record->pointer),
                               uf_u64(view, plan->record->count), refs);
    case UF_HOLDS_FRAME:
        return uf_frame_object_refs(heap, object, refs) ? UF_PART_NOMEM : UF_PART_OK;
    case UF_HOLDS_GENERATOR:
        return put_generator(heap, object, UF_GENERATOR, refs);
    case UF_HOLDS_COROUTINE:
        return put_generator(heap, object, UF_COROUTINE, refs);
    case UF_HOLDS_ASYNC_GENERATOR:
        return put_generator(heap, object, UF_ASYNC_GENERATOR, refs);
    case UF_HOLDS_OPAQUE:
        return put_opaque(heap, plan, object, refs);
    case UF_HOLDS_NOTHING:
        break;
    }
    return UF_PART_OK;
}

enum uf_code uf_decode_refs(struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                            uf_refs *refs, bool *cut, struct uf_error *err)
{
    const struct uf_layout_record *record = plan->record;
    enum uf_part part = UF_PART_OK;
    size_t first = refs->len, before;
    const void *view = uf_view(heap, object, plan->view_bytes);
    if (!view) {
        *cut = true;
        return UF_OK;
    }
    if (uf_refs_room(refs, plan->fixed_refs))
        return uf_error_nomem(err);
    if (plan->slot_count)
        put_slots(heap, plan, view, refs);
    if (plan->attributes && !plan->traverse_visits_dict)
        part = put_attributes(heap, plan, object, refs);
    if (part == UF_PART_NOMEM)
        return uf_error_nomem(err);
    *cut |= part != UF_PART_OK;
    before = refs->len;
    part = plan->holds ? put_container(heap, plan, object, view, first, refs) : UF_PART_OK;
    if (part == UF_PART_NOMEM)
        return uf_error_nomem(err);
    if (part != UF_PART_OK) {
        refs->len = before;
        *cut = true;
    }
    if (plan->container_only)
        return UF_OK;
    if (uf_refs_room(refs, UF_RECORD_FIELDS_MAX + 1))
        return uf_error_nomem(err);
    if (record && plan->holds != UF_HOLDS_OPAQUE)
        for (uint8_t i = 0; i < record->field_count; i++)
            uf_refs_put(refs, uf_u64(view, record->fields[i].offset));
    if (plan->heap_type && plan->holds != UF_HOLDS_OPAQUE)
        uf_refs_put(refs, plan->address);
    return UF_OK;
}
