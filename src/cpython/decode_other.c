/* Sets, deques, types, code objects, modules. */
#include "cpython/decode.h"

#include "cpython/read.h"
#include "cpython/sound.h"

enum uf_part uf_decode_set(struct uf_heap *heap, uint64_t object, uf_refs *refs)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = uf_view(heap, object, lay->set.small_table);
    if (!view)
        return UF_PART_UNREADABLE;
    uint64_t left = uf_u64(view, lay->set.used);
    uint64_t slots = uf_u64(view, lay->set.mask) + 1;
    if (left == 0)
        return UF_PART_OK;
    if (left > slots || slots > UF_ITEMS_MAX || !uf_spend(heap, slots))
        return UF_PART_UNREADABLE;
    const char *entry = uf_view(heap, uf_u64(view, lay->set.table), slots * lay->set.entry_bytes);
    if (!entry)
        return UF_PART_UNREADABLE;
    if (uf_refs_room(refs, left))
        return UF_PART_NOMEM;
    for (uint64_t i = 0; i < slots && left; i++, entry += lay->set.entry_bytes) {
        uint64_t key = uf_u64(entry, 0);
        /* A removed member leaves a dummy whose hash is -1, which no object has. */
        if (!key || uf_i64(entry, lay->set.entry_hash) == -1)
            continue;
        uf_refs_put(refs, key);
        left--;
    }
    return UF_PART_OK;
}

enum uf_part uf_decode_deque(struct uf_heap *heap, uint64_t object, uf_refs *refs)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = uf_view(heap, object, (size_t)lay->deque.maxlen + 8);
    if (!view)
        return UF_PART_UNREADABLE;
    uint64_t left = uf_u64(view, lay->object.size);
    uint64_t index = uf_u64(view, lay->deque.left_index);
    uint64_t block = uf_u64(view, lay->deque.left);
    if (left > UF_ITEMS_MAX || index > lay->deque.block_length)
        return UF_PART_UNREADABLE;
    struct uf_circle circle = {0};
    while (left) {
        uint64_t here = lay->deque.block_length - index;
        if (here > left)
            here = left;
        if (!uf_spend(heap, here + 1))
            return UF_PART_UNREADABLE;
        enum uf_part part =
            uf_decode_words(heap, block + lay->deque.block_items + index * 8, here, refs);
        if (part != UF_PART_OK)
            return part;
        left -= here;
        index = 0;
        if (left) {
            block = uf_source_word(heap->source, block + lay->deque.block_next);
            if (!block || uf_runs_in_circle(&circle, block))
                return UF_PART_UNREADABLE;
        }
    }
    return UF_PART_OK;
}

enum uf_part uf_decode_lru_cache(struct uf_heap *heap, uint64_t object, uf_refs *refs)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = uf_view(heap, object, (size_t)lay->lru_cache.maxsize + 8);
    if (!view)
        return UF_PART_UNREADABLE;
    uint64_t cache = uf_u64(view, lay->lru_cache.cache);
    uint64_t left = cache ? uf_source_word(heap->source, cache + lay->dict.used) : 0;
    if (left > UF_ITEMS_MAX)
        return UF_PART_UNREADABLE;
    uint64_t at = uf_u64(view, lay->lru_cache.next);
    struct uf_circle circle = {0};
    for (; at && at != object && left; left--) {
        if (uf_runs_in_circle(&circle, at) || !uf_spend(heap, 1))
            return UF_PART_UNREADABLE;
        if (uf_vec_push(refs, at))
            return UF_PART_NOMEM;
        at = uf_source_word(heap->source, at + lay->lru_cache.next);
    }
    return UF_PART_OK;
}

void uf_type_parts(const struct uf_heap *heap, uint64_t type, uint64_t *dict, uint64_t *subclasses)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = uf_view(heap, type, lay->type.type_bytes);
    *dict = *subclasses = 0;
    if (!view)
        return;
    uint64_t flags = uf_u64(view, lay->type.flags);
    *dict = uf_u64(view, lay->type.dict);
    *subclasses = uf_u64(view, lay->type.subclasses);
    if (!lay->type.flag_static_builtin || !(flags & lay->type.flag_static_builtin))
        return;
    /* tp_subclasses is the index + 1 into the interpreter's table (Objects/typeobject.c,
     * static_builtin_index_get, managed_static_type_index_get) */
    uint64_t index = *subclasses - 1;
    *subclasses = 0;
    for (int i = 0; i < 2; i++) {
        uint32_t start = heap->config.layout->runtime.interpreter.static_types[i].at;
        uint32_t stride = heap->config.layout->runtime.interpreter.static_types[i].stride;
        if (start == UF_NO_OFFSET ||
            index >= heap->config.layout->runtime.interpreter.static_types[i].max)
            continue;
        const void *state =
            uf_view(heap, heap->config.interpreter + start + index * stride, stride);
        if (!state ||
            uf_u64(state, heap->config.layout->runtime.interpreter.static_types[i].type) != type)
            continue;
        *dict = uf_u64(state, heap->config.layout->runtime.interpreter.static_types[i].dict);
        *subclasses =
            uf_u64(state, heap->config.layout->runtime.interpreter.static_types[i].subclasses);
        return;
    }
}

static enum uf_part put_shared_keys(struct uf_heap *heap, uint64_t keys, uf_refs *refs)
{
    struct uf_dict_table table;
    if (!uf_keys_table(heap, keys, &table))
        return UF_PART_UNREADABLE;
    const char *entry = table.count ? uf_view(heap, table.entries, table.count * table.entry_bytes)
                                    : NULL;
    if (table.count && !entry)
        return UF_PART_UNREADABLE;
    if (uf_refs_room(refs, table.count))
        return UF_PART_NOMEM;
    for (uint64_t i = 0; i < table.count; i++, entry += table.entry_bytes)
        uf_refs_put(refs, uf_u64(entry, table.key));
    return UF_PART_OK;
}

enum uf_part uf_decode_type(struct uf_heap *heap, uint64_t object, uf_refs *refs)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = uf_view(heap, object, lay->type.type_bytes);
    if (!view)
        return UF_PART_UNREADABLE;
    if (uf_refs_room(refs, 12))
        return UF_PART_NOMEM;
    uint64_t dict, subclasses;
    uf_type_parts(heap, object, &dict, &subclasses);
    uf_refs_put(refs, dict);
    uf_refs_put(refs, uf_u64(view, lay->type.bases));
    uf_refs_put(refs, uf_u64(view, lay->type.mro));
    uf_refs_put(refs, uf_u64(view, lay->type.base));
    uf_refs_put(refs, uf_u64(view, lay->type.cache));
    uf_refs_put(refs, subclasses);
    if (!(uf_u64(view, lay->type.flags) & lay->type.flag_heap_type))
        return UF_PART_OK;
    view = uf_view(heap, object, lay->type.heap_type_bytes);
    if (!view)
        return UF_PART_UNREADABLE;
    uf_refs_put(refs, uf_u64(view, lay->type.heap_name));
    uf_refs_put(refs, uf_u64(view, lay->type.heap_qualname));
    uf_refs_put(refs, uf_u64(view, lay->type.heap_slots));
    if (lay->type.heap_module != UF_NO_FIELD)
        uf_refs_put(refs, uf_u64(view, lay->type.heap_module));
    uint64_t keys = uf_u64(view, lay->type.heap_cached_keys);
    return keys ? put_shared_keys(heap, keys, refs) : UF_PART_OK;
}

/* xml.etree's Element, where its tp_traverse cannot be asked. */
enum uf_part uf_decode_element(struct uf_heap *heap, uint64_t object, uf_refs *refs)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = uf_view(heap, object, lay->element.extra + 8U);
    if (!view)
        return UF_PART_UNREADABLE;
    if (uf_refs_room(refs, 4))
        return UF_PART_NOMEM;
    uf_refs_put(refs, uf_u64(view, lay->element.tag));
    uf_refs_put(refs, uf_u64(view, lay->element.text) & ~UINT64_C(7));
    uf_refs_put(refs, uf_u64(view, lay->element.tail) & ~UINT64_C(7));
    uint64_t at = uf_u64(view, lay->element.extra);
    if (!at)
        return UF_PART_OK;
    const void *extra = uf_view(heap, at, lay->element.extra_bytes);
    if (!extra)
        return UF_PART_UNREADABLE;
    uf_refs_put(refs, uf_u64(extra, lay->element.attributes));
    return uf_decode_words(heap, uf_u64(extra, lay->element.children),
                           uf_u64(extra, lay->element.length), refs);
}

enum uf_part uf_decode_code(struct uf_heap *heap, uint64_t object, uf_refs *refs)
{
    const struct uf_layout_objects *lay = heap->objects;
    if (lay->code.cached == UF_NO_FIELD)
        return UF_PART_OK;
    uint64_t cached = uf_source_word(heap->source, object + lay->code.cached);
    return cached ? uf_decode_words(heap, cached, lay->code.cached_count, refs) : UF_PART_OK;
}

enum uf_part uf_decode_more(struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                            size_t first, uf_refs *refs)
{
    size_t end = refs->len; /* [first, end): found already; behind: reported */
    if (!heap->config.traverse || !plan->traverse)
        return UF_PART_OK;
    if (heap->config.traverse(object, plan->traverse, refs))
        return UF_PART_NOMEM;
    size_t kept = end;
    for (size_t i = end; i < refs->len; i++) {
        uint64_t reported = refs->at[i];
        bool known = plan->heap_type && reported == plan->address;
        for (size_t j = first; j < end && !known; j++)
            known = refs->at[j] == reported;
        if (!known)
            refs->at[kept++] = reported;
    }
    refs->len = kept;
    return UF_PART_OK;
}

/* A module's state is known to its m_traverse only, which module_traverse calls. */
enum uf_part uf_decode_module(struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                              size_t first, uf_refs *refs)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = uf_view(heap, object, plan->view_bytes);
    if (!view)
        return UF_PART_UNREADABLE;
    uint64_t def = lay->module.def == UF_NO_FIELD ? object : uf_u64(view, lay->module.def);
    if (!def || !uf_source_word(heap->source, def + lay->module.def_traverse))
        return UF_PART_OK;
    return uf_decode_more(heap, plan, object, first, refs);
}

int64_t uf_int_value(const struct uf_heap *heap, uint64_t object)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = object ? uf_view(heap, object, lay->integer.digits + 4U) : NULL;
    if (!view || uf_u64(view, lay->object.type) != heap->config.known->type[UF_KNOWN_INT])
        return -1;
    uint64_t digits = lay->integer.signed_size
                          ? uf_u64(view, lay->integer.size)
                          : uf_u64(view, lay->integer.size) >> lay->integer.size_shift;
    if (digits == 2) { /* idents of threads */
        const void *both = uf_view(heap, object, lay->integer.digits + 8U);
        return both ? (int64_t)uf_u32(both, lay->integer.digits + 4U) << lay->integer.digit_bits |
                          (int64_t)uf_u32(both, lay->integer.digits)
                    : -1;
    }
    return digits == 0 ? 0 : digits == 1 ? (int64_t)uf_u32(view, lay->integer.digits) : -1;
}
