/* Lengths, bounds, and what an object looks like to a person. */
#include "graph/preview.h"
#include "cpython/naming.h"
#include "cpython/read.h"
#include "cpython/sound.h"
#include "cpython/str.h"

#include <stdio.h>

#define REPR_CHARACTERS 48

static bool is_record(const struct uf_plan *plan, enum uf_known known)
{
    return plan->record && plan->record->known == known;
}

static int64_t read_length(struct uf_heap *heap, uint64_t object)
{
    const struct uf_layout_objects *lay = heap->objects;
    const struct uf_plan *plan = uf_plan_of(heap, object);
    const void *view = plan ? uf_view(heap, object, plan->view_bytes) : NULL;
    if (!view)
        return -1;
    switch ((enum uf_container)plan->holds) {
    case UF_HOLDS_DICT:
    case UF_HOLDS_ORDERED_DICT:
        return uf_i64(view, lay->dict.used);
    case UF_HOLDS_SET:
        return uf_i64(view, lay->set.used);
    case UF_HOLDS_LIST:
    case UF_HOLDS_TUPLE:
    case UF_HOLDS_STRUCTSEQ:
    case UF_HOLDS_DEQUE:
        return (int64_t)uf_source_word(heap->source, object + lay->object.size);
    default:
        break;
    }
    if (plan->size_rule == UF_SIZE_STR)
        return uf_i64(view, lay->str.length);
    if (is_record(plan, UF_KNOWN_BYTES) || is_record(plan, UF_KNOWN_BYTEARRAY) ||
        plan->size_rule == UF_SIZE_ARRAY)
        return uf_i64(view, lay->object.size);
    if (plan->holds == UF_HOLDS_LRU_CACHE) {
        uint64_t cache = uf_u64(view, lay->lru_cache.cache);
        return cache ? (int64_t)uf_source_word(heap->source, cache + lay->dict.used) : -1;
    }
    return -1;
}

int64_t uf_heap_length(struct uf_heap *heap, uint64_t object)
{
    int64_t length = read_length(heap, object);
    return length < 0 || !uf_is_size(heap, (uint64_t)length) ? -1 : length;
}

int64_t uf_heap_bound(struct uf_heap *heap, uint64_t object)
{
    const struct uf_layout_objects *lay = heap->objects;
    const struct uf_plan *plan = uf_plan_of(heap, object);
    const void *view = plan ? uf_view(heap, object, plan->view_bytes) : NULL;
    int64_t bound = -1;
    if (view && plan->holds == UF_HOLDS_DEQUE)
        bound = uf_i64(view, lay->deque.maxlen);
    else if (view && plan->holds == UF_HOLDS_LRU_CACHE)
        bound = uf_i64(view, lay->lru_cache.maxsize);
    return bound < 0 ? -1 : bound;
}

static enum uf_length_unit unit_of(const struct uf_plan *plan)
{
    switch ((enum uf_container)plan->holds) {
    case UF_HOLDS_DICT:
    case UF_HOLDS_ORDERED_DICT:
    case UF_HOLDS_LRU_CACHE:
        return UF_UNIT_ENTRIES;
    case UF_HOLDS_SET:
        return UF_UNIT_MEMBERS;
    default:
        if (plan->size_rule == UF_SIZE_STR)
            return UF_UNIT_CHARACTERS;
        return is_record(plan, UF_KNOWN_BYTES) || is_record(plan, UF_KNOWN_BYTEARRAY)
                   ? UF_UNIT_BYTES
                   : UF_UNIT_ITEMS;
    }
}

void uf_heap_preview(struct uf_heap *heap, uint64_t object, char *ret, size_t size)
{
    char text[240];
    if (size == 0)
        return;
    const struct uf_plan *plan = uf_plan_of(heap, object);
    if (!plan) {
        snprintf(ret, size, "?");
        return;
    }
    struct uf_plan copy = *plan; /* naming a type may enter others */
    uint32_t type = (uint32_t)(plan - heap->plans.at);
    size_t room = size < sizeof text ? size : sizeof text;
    if (uf_scalar_repr(heap, object, text, room, REPR_CHARACTERS)) {
        uf_utf8_cut(ret, size, text);
        return;
    }
    if (uf_place_repr(heap, object, ret, size))
        return;
    uf_preview_of_length(ret, size, uf_heap_type_name(heap, type), uf_heap_length(heap, object),
                         unit_of(&copy));
}
