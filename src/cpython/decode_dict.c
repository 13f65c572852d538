/* Dictionaries: Objects/dictobject.c; before 3.11 Objects/dict-common.h, OrderedDict: odictobject.c. */
#include "cpython/decode.h"

#include "cpython/read.h"
#include "cpython/sound.h"
#include "cpython/str.h"

#define LOG2_MAX 40

static inline bool read_keys(const struct uf_heap *heap, uint64_t keys, struct uf_dict_table *ret)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = keys ? uf_view(heap, keys, lay->keys.bytes) : NULL;
    if (!view)
        return false;
    uint64_t slots, index_bytes;
    bool general = true;
    if (lay->keys.size != UF_NO_FIELD) {
        slots = uf_u64(view, lay->keys.size);
        if (slots > UF_ITEMS_MAX)
            return false;
        index_bytes = slots * (slots <= 0xff         ? 1
                               : slots <= 0xffff     ? 2
                               : slots <= 0xffffffff ? 4
                                                     : 8);
    } else {
        uint8_t log2_size = uf_u8(view, lay->keys.log2_size);
        uint8_t log2_index = uf_u8(view, lay->keys.log2_index_bytes);
        if (log2_size > LOG2_MAX || log2_index > LOG2_MAX + 3)
            return false;
        slots = UINT64_C(1) << log2_size;
        index_bytes = UINT64_C(1) << log2_index;
        general = uf_u8(view, lay->keys.kind) == lay->keys.general_kind;
    }
    ret->entry_bytes = general ? lay->keys.entry_bytes : lay->keys.unicode_entry_bytes;
    ret->key = general ? lay->keys.entry_key : lay->keys.unicode_entry_key;
    ret->value = general ? lay->keys.entry_value : lay->keys.unicode_entry_value;
    ret->entries = keys + lay->keys.indices + index_bytes;
    uint64_t usable = (slots << 1) / 3; /* USABLE_FRACTION */
    ret->count = uf_u64(view, lay->keys.entry_count);
    if (ret->count > usable)
        return false;
    ret->keys_bytes = lay->keys.indices + index_bytes + usable * ret->entry_bytes;
    ret->keys_refcount = uf_u64(view, lay->keys.refcount);
    ret->values_bytes = /* shared_keys_usable_size */
        8 * (lay->keys.size != UF_NO_FIELD ? usable : ret->count + uf_u64(view, lay->keys.usable));
    ret->values = 0;
    ret->embedded = false;
    return true;
}

static inline bool read_table(const struct uf_heap *heap, uint64_t dict, struct uf_dict_table *ret)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = uf_view(heap, dict, lay->dict.bytes);
    if (!view || !read_keys(heap, uf_u64(view, lay->dict.keys), ret))
        return false;
    uint64_t values = uf_u64(view, lay->dict.values);
    if (!values)
        return true;
    ret->values = values + lay->values.at;
    if (lay->values.embedded != UF_NO_FIELD) {
        const void *head = uf_view(heap, values, lay->values.at);
        if (!head)
            return false;
        ret->embedded = uf_u8(head, lay->values.embedded) != 0;
    }
    return true;
}

static bool has_entries(const struct uf_heap *heap, const struct uf_dict_table *table)
{
    return table->count == 0 ||
           uf_view(heap, table->entries, table->count * table->entry_bytes) != NULL;
}

bool uf_keys_table(const struct uf_heap *heap, uint64_t keys, struct uf_dict_table *ret)
{
    return read_keys(heap, keys, ret) && has_entries(heap, ret);
}

bool uf_dict_table(const struct uf_heap *heap, uint64_t dict, struct uf_dict_table *ret)
{
    return read_table(heap, dict, ret) && has_entries(heap, ret) &&
           (!ret->values || !ret->count || uf_view(heap, ret->values, ret->count * 8));
}

enum uf_part uf_decode_words(struct uf_heap *heap, uint64_t first, uint64_t count, uf_refs *refs)
{
    if (count == 0)
        return UF_PART_OK;
    if (count > UF_ITEMS_MAX)
        return UF_PART_UNREADABLE;
    const void *view = uf_view(heap, first, count * 8);
    if (!view)
        return UF_PART_UNREADABLE;
    if (uf_refs_room(refs, count))
        return UF_PART_NOMEM;
    uint64_t *end = refs->at + refs->len;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t word = uf_u64(view, i * 8);
        *end = word;
        end += word != 0;
    }
    refs->len = (size_t)(end - refs->at);
    return UF_PART_OK;
}

static inline enum uf_part put_table(struct uf_heap *heap, const struct uf_dict_table *table,
                                     uf_refs *refs)
{
    if (table->values)
        return table->embedded && !heap->objects->values.of_dict
                   ? UF_PART_OK
                   : uf_decode_words(heap, table->values, table->count, refs);
    if (table->count == 0)
        return UF_PART_OK;
    const char *entry = uf_view(heap, table->entries, table->count * table->entry_bytes);
    if (!entry)
        return UF_PART_UNREADABLE;
    if (uf_refs_room(refs, table->count * 2))
        return UF_PART_NOMEM;
    uint64_t *end = refs->at + refs->len;
    for (uint64_t i = 0; i < table->count; i++, entry += table->entry_bytes) {
        uint64_t value = uf_u64(entry, table->value);
        end[0] = uf_u64(entry, table->key);
        end[1] = value;
        end += value ? 2 : 0; /* a deleted entry has no value */
    }
    refs->len = (size_t)(end - refs->at);
    return UF_PART_OK;
}

enum uf_part uf_decode_dict(struct uf_heap *heap, uint64_t object, uf_refs *refs)
{
    struct uf_dict_table table;
    return read_table(heap, object, &table) ? put_table(heap, &table, refs) : UF_PART_UNREADABLE;
}

uint64_t uf_dict_quick(struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                       uf_refs *refs)
{
    struct uf_dict_table table;
    if (!read_table(heap, object, &table) || table.keys_bytes > UF_SMALL_BYTES ||
        table.values_bytes > UF_SMALL_BYTES)
        return 0;
    if (put_table(heap, &table, refs) != UF_PART_OK)
        return 0;
    return plan->basic_size + plan->prefix_bytes + (table.values ? table.values_bytes : 0) +
           (table.keys_refcount == 1 ? table.keys_bytes : 0);
}

enum uf_part uf_decode_ordered_dict(struct uf_heap *heap, uint64_t object, uf_refs *refs)
{
    const struct uf_layout_objects *lay = heap->objects;
    struct uf_dict_table table;
    if (!read_table(heap, object, &table))
        return UF_PART_UNREADABLE;
    enum uf_part part = put_table(heap, &table, refs);
    const void *view = uf_view(heap, object, (size_t)lay->ordered_dict.first + 8);
    if (part != UF_PART_OK || !view)
        return part != UF_PART_OK ? part : UF_PART_UNREADABLE;
    uint64_t left = table.count; /* a node per entry, at most */
    if (uf_refs_room(refs, left))
        return UF_PART_NOMEM;
    for (uint64_t at = uf_u64(view, lay->ordered_dict.first); at && left; left--) {
        const void *node = uf_view(heap, at, lay->ordered_dict.node_bytes);
        if (!node)
            return UF_PART_UNREADABLE;
        uf_refs_put(refs, uf_u64(node, lay->ordered_dict.node_key));
        at = uf_u64(node, lay->ordered_dict.node_next);
    }
    return UF_PART_OK;
}

uint64_t uf_dict_find(const struct uf_heap *heap, uint64_t dict, const char *key)
{
    struct uf_dict_table table;
    if (!dict || !uf_dict_table(heap, dict, &table) || table.count == 0 ||
        !uf_spend(heap, table.count))
        return 0;
    const char *entry = uf_view(heap, table.entries, table.count * table.entry_bytes);
    const char *values = table.values ? uf_view(heap, table.values, table.count * 8) : NULL;
    if (!entry || (table.values && !values))
        return 0;
    for (uint64_t i = 0; i < table.count; i++, entry += table.entry_bytes) {
        uint64_t value = values ? uf_u64(values, i * 8) : uf_u64(entry, table.value);
        uint64_t name = uf_u64(entry, table.key);
        if (!value || !name)
            continue;
        if (uf_source_word(heap->source, name + heap->objects->object.type) !=
            heap->config.known->type[UF_KNOWN_STR])
            continue;
        if (uf_str_equals(heap, name, key))
            return value;
    }
    return 0;
}
