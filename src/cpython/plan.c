#include "cpython/plan.h"
#include "cpython/decode.h"
#include "cpython/read.h"
#include "cpython/sound.h"

#include <string.h>

struct type_view {
    uint64_t address;
    const void *at;
    uint64_t flags;
};

static bool view_type(const struct uf_heap *heap, uint64_t address, struct type_view *ret)
{
    ret->address = address;
    ret->at = address ? uf_view(heap, address, heap->objects->type.type_bytes) : NULL;
    ret->flags = ret->at ? uf_u64(ret->at, heap->objects->type.flags) : 0;
    return ret->at != NULL;
}

static uint64_t type_word(const struct uf_heap *heap, const struct type_view *type, uint16_t offset)
{
    (void)heap;
    return uf_u64(type->at, offset);
}

static bool name_is(const struct uf_heap *heap, uint64_t text, const char *expected)
{
    size_t len = strlen(expected) + 1;
    const char *view = text ? uf_view(heap, text, len) : NULL;
    /* strncmp stops at the first difference: inside the process nothing behind the text is read */
    return view && strncmp(view, expected, len) == 0;
}

/* The record that describes objects whose nearest base with a tp_traverse of its own is `base`;
 * `base` moves down to the type that the record was made for. */
static const struct uf_layout_record *find_record(const struct uf_heap *heap,
                                                  struct type_view *base)
{
    const struct uf_layout_objects *lay = heap->objects;
    struct type_view type = *base;
    for (int depth = 0; depth < UF_BASES_MAX; depth++) {
        if (!uf_spend(heap, lay->record_count))
            return NULL;
        uint64_t name = type_word(heap, &type, lay->type.name);
        uint64_t basic = type_word(heap, &type, lay->type.basic_size);
        for (uint16_t i = 0; i < lay->record_count; i++) {
            const struct uf_layout_record *record = &lay->records[i];
            if (record->known != UF_KNOWN_NONE ? heap->known[i].type != type.address
                                               : !name_is(heap, name, record->type_name))
                continue;
            if (record->basic_size && record->basic_size != basic)
                break; /* another layout than the one we know: ask tp_traverse */
            *base = type;
            return record;
        }
        uint64_t traverse = type_word(heap, &type, lay->type.traverse);
        if (traverse && traverse == heap->structseq_traverse) {
            for (uint16_t i = 0; i < lay->record_count; i++)
                if (lay->records[i].known == UF_KNOWN_STRUCTSEQ) {
                    *base = type;
                    return &lay->records[i];
                }
        }
        struct type_view next;
        if (!view_type(heap, type_word(heap, &type, lay->type.base), &next))
            return NULL;
        if (type_word(heap, &next, lay->type.traverse) != traverse)
            return NULL;
        if (!traverse && type_word(heap, &next, lay->type.basic_size) != basic)
            return NULL;
        type = next;
    }
    return NULL;
}

/* A C type that has a tp_traverse of its own over a kind that we know: it is asked, but the size rule
 * is inherited (__sizeof__ is), and a metatype's objects are types all the same. Where it cannot be asked,
 * what the base holds is decoded and the rest is scanned. */
static const struct uf_layout_record *find_inherited(const struct uf_heap *heap,
                                                     const struct type_view *from,
                                                     struct uf_plan *plan)
{
    const struct uf_layout_objects *lay = heap->objects;
    struct type_view type = *from;
    for (int depth = 0; depth < UF_BASES_MAX && uf_spend(heap, lay->record_count); depth++) {
        for (uint16_t i = 0; i < lay->record_count; i++) {
            const struct uf_layout_record *record = &lay->records[i];
            if (record->known == UF_KNOWN_NONE || record->known == UF_KNOWN_OBJECT ||
                heap->known[i].type != type.address)
                continue;
            if (record->holds == UF_HOLDS_TYPE) {
                plan->also_traverse = true;
                return record;
            }
            plan->size_rule = record->size_rule;
            plan->sized = record;
            uint64_t basic = type_word(heap, &type, lay->type.basic_size);
            if (heap->config.traverse || (record->basic_size && record->basic_size != basic))
                return NULL;
            plan->base_basic_size = basic;
            return record;
        }
        if (!view_type(heap, type_word(heap, &type, lay->type.base), &type))
            return NULL;
    }
    return NULL;
}

/* n_fields of a structseq type, which counts the items that len() leaves out (Objects/structseq.c) */
static uint32_t structseq_items(const struct uf_heap *heap, uint64_t type)
{
    uint64_t dict, subclasses;
    uf_type_parts(heap, type, &dict, &subclasses);
    int64_t count = uf_int_value(heap, uf_dict_find(heap, dict, "n_fields"));
    return count > 0 && count < UINT16_MAX ? (uint32_t)count : 0;
}

#define STEPS_OF_SLOT 16 /* for they are kept */

/* Of a plan; a class cannot have more than fit into its objects. */
static bool has_room_for_slot(const struct uf_heap *heap, const struct uf_plan *plan)
{
    return heap->source->identity || ((heap->slots.len - plan->first_slot) * 8 < plan->basic_size &&
                                      uf_spend(heap, STEPS_OF_SLOT));
}

static int add_members(struct uf_heap *heap, const struct uf_plan *plan, uint64_t members,
                       uint64_t count, bool objects_too)
{
    const struct uf_layout_objects *lay = heap->objects;
    for (uint64_t i = 0; i < count && uf_spend(heap, 1); i++) {
        const void *member = uf_view(heap, members + i * lay->member.bytes, lay->member.bytes);
        if (!member || !uf_u64(member, lay->member.name))
            break;
        int32_t type = (int32_t)uf_u32(member, lay->member.type);
        if (type != lay->member.object_ex && !(objects_too && type == lay->member.object))
            continue;
        int64_t offset = uf_i64(member, lay->member.offset);
        if (offset < lay->object.head_bytes || offset > UINT32_MAX || offset % 8)
            continue;
        struct uf_slot slot = {.offset = (uint32_t)offset,
                               .name = uf_u64(member, lay->member.name)};
        if (!has_room_for_slot(heap, plan))
            break;
        if (uf_vec_push(&heap->slots, slot))
            return -1;
    }
    return 0;
}

/* Members of a class made by a class statement: behind the type object (PyHeapType_GET_MEMBERS). */
static int add_slots(struct uf_heap *heap, const struct uf_plan *plan, const struct type_view *type)
{
    const struct uf_layout_objects *lay = heap->objects;
    int64_t count = uf_i64(type->at, lay->object.size);
    struct type_view meta;
    if (count <= 0 || !(type->flags & lay->type.flag_heap_type) ||
        !view_type(heap, uf_u64(type->at, lay->object.type), &meta))
        return 0;
    return add_members(heap, plan, type->address + type_word(heap, &meta, lay->type.basic_size),
                       (uint64_t)count, false);
}

/* Object-valued members that a C type without collector support declares. */
static int add_declared_members(struct uf_heap *heap, const struct uf_plan *plan,
                                struct type_view type)
{
    const struct uf_layout_objects *lay = heap->objects;
    for (int depth = 0; depth < UF_BASES_MAX && uf_spend(heap, 1); depth++) {
        uint64_t members = type_word(heap, &type, lay->type.members);
        if (members && add_members(heap, plan, members, UF_BASES_MAX, true))
            return -1;
        if (!view_type(heap, type_word(heap, &type, lay->type.base), &type))
            break;
    }
    return 0;
}

static void plan_attributes(struct uf_heap *heap, struct uf_plan *plan,
                            const struct type_view *type, const struct type_view *base)
{
    const struct uf_layout_objects *lay = heap->objects;
    if (plan->holds == UF_HOLDS_TYPE)
        return; /* tp_dict is its attribute dict */
    plan->dict_offset = (int64_t)type_word(heap, type, lay->type.dict_offset);
    if (lay->managed != UF_MANAGED_NONE && (type->flags & lay->type.flag_managed_dict)) {
        plan->attributes = UF_ATTRIBUTES_MANAGED;
        plan->inline_values = (type->flags & lay->type.flag_inline_values) != 0;
        plan->traverse_visits_dict = heap->config.traverse && plan->holds == UF_HOLDS_OPAQUE &&
                                     (base->flags & lay->type.flag_managed_dict);
        if (type->flags & lay->type.flag_heap_type) {
            const void *heap_part = uf_view(heap, type->address, lay->type.heap_type_bytes);
            plan->cached_keys = heap_part ? uf_u64(heap_part, lay->type.heap_cached_keys) : 0;
        }
        const void *keys = plan->cached_keys ? uf_view(heap, plan->cached_keys, lay->keys.bytes)
                                             : NULL;
        int64_t count = keys ? uf_i64(keys, lay->keys.entry_count) : 0;
        plan->value_count = count > 0 && count < UINT16_MAX ? (uint32_t)count : 0;
        return;
    }
    if (plan->dict_offset == 0)
        return;
    /* An opaque base part reports its own dict through tp_traverse. */
    plan->traverse_visits_dict = heap->config.traverse && plan->holds == UF_HOLDS_OPAQUE &&
                                 plan->dict_offset ==
                                     (int64_t)type_word(heap, base, lay->type.dict_offset);
    plan->attributes = plan->dict_offset > 0 ? UF_ATTRIBUTES_AT : UF_ATTRIBUTES_BEHIND;
}

static void plan_prefix(struct uf_heap *heap, struct uf_plan *plan, const struct type_view *type)
{
    const struct uf_layout_objects *lay = heap->objects;
    uint32_t prefix = plan->gc ? lay->object.gc_head_bytes : 0;
    if (type->flags & (lay->type.flag_managed_dict | lay->type.flag_managed_weakref))
        prefix += 16;
    plan->prefix_bytes = (uint8_t)prefix;
}

static void grow(uint64_t *bytes, uint64_t needed)
{
    *bytes = needed > *bytes ? needed : *bytes;
}

/* Settles how much of an object must be in view; false: the type contradicts its record, so nothing
 * that the record says is believed (a damaged target). */
static bool plan_view(const struct uf_heap *heap, struct uf_plan *plan)
{
    const struct uf_layout_objects *lay = heap->objects;
    uint64_t needed = plan->record ? uf_record_needs(lay, plan->record) : 0;
    if (plan->sized)
        grow(&needed, uf_record_needs(lay, plan->sized));
    uint64_t head = plan->item_size ? lay->object.var_head_bytes : lay->object.head_bytes;
    plan->view_bytes = plan->basic_size;
    if (plan->holds == UF_HOLDS_TYPE && !plan->also_traverse)
        plan->view_bytes = needed; /* static types have no more, and may be the last in memory */
    grow(&plan->view_bytes, needed);
    grow(&plan->view_bytes, head);
    for (size_t i = plan->first_slot; i < heap->slots.len; i++)
        grow(&plan->view_bytes, heap->slots.at[i].offset + UINT64_C(8));
    if (plan->size_rule == UF_SIZE_STR) /* most are shorter than tp_basicsize says */
        plan->view_bytes = lay->str.ascii_bytes;
    return plan->basic_size + 8 >= plan->view_bytes;
}

int uf_plan_make(struct uf_heap *heap, uint64_t address, struct uf_plan *plan)
{
    const struct uf_layout_objects *lay = heap->objects;
    *plan = (struct uf_plan){.address = address, .first_slot = (uint32_t)heap->slots.len};
    struct type_view type;
    if (!view_type(heap, address, &type))
        return 0;
    plan->heap_type = (type.flags & lay->type.flag_heap_type) != 0;
    plan->gc = (type.flags & lay->type.flag_gc) != 0;
    plan->is_int = (type.flags & lay->type.flag_int_subclass) != 0;
    plan->basic_size = type_word(heap, &type, lay->type.basic_size);
    plan->item_size = type_word(heap, &type, lay->type.item_size);

    struct type_view base = type;
    uint64_t subtype = heap->config.known->subtype_traverse;
    for (int depth = 0; depth < UF_BASES_MAX; depth++) {
        if (!subtype || type_word(heap, &base, lay->type.traverse) != subtype)
            break;
        if (add_slots(heap, plan, &base))
            return -1;
        if (!view_type(heap, type_word(heap, &base, lay->type.base), &base)) {
            base = type;
            break;
        }
    }
    uint64_t traverse = type_word(heap, &base, lay->type.traverse);
    plan->record = find_record(heap, &base);
    plan->base_basic_size = type_word(heap, &base, lay->type.basic_size);
    plan->traverse = traverse;
    plan->traverse_visits_type = (base.flags & lay->type.flag_heap_type) != 0;
    if (!plan->record)
        plan->record = find_inherited(heap, &base, plan);
    if (plan->record) {
        plan->holds = plan->record->holds;
        plan->size_rule = plan->record->size_rule;
        plan->sized = plan->record;
        if (plan->holds == UF_HOLDS_STRUCTSEQ)
            plan->struct_items = structseq_items(heap, base.address);
    } else if (plan->gc && traverse) {
        plan->holds = UF_HOLDS_OPAQUE;
        if (!heap->config.traverse && add_declared_members(heap, plan, base))
            return -1;
    } else if (!plan->gc && add_declared_members(heap, plan, type)) {
        return -1;
    }
    if (!plan_view(heap, plan)) {
        plan->record = plan->sized = NULL;
        plan->holds = UF_HOLDS_NOTHING;
        plan->size_rule = UF_SIZE_BASIC;
        plan->basic_size = plan->view_bytes;
        heap->slots.len = plan->first_slot;
    }
    plan_attributes(heap, plan, &type, &base);
    plan_prefix(heap, plan, &type);
    plan->slot_count = (uint32_t)heap->slots.len - plan->first_slot;
    plan->leaf = !plan->holds && !plan->attributes && !plan->slot_count && !plan->heap_type &&
                 (!plan->record || plan->record->field_count == 0);
    plan->container_only = plan->holds && !plan->attributes && !plan->slot_count &&
                           !plan->heap_type && plan->record && plan->record->field_count == 0;
    plan->quick =
        (plan->leaf && (plan->size_rule == UF_SIZE_INT || plan->size_rule == UF_SIZE_STR)) ||
        (plan->container_only && (plan->holds == UF_HOLDS_DICT || plan->holds == UF_HOLDS_LIST ||
                                  plan->holds == UF_HOLDS_TUPLE));
    uint64_t size = plan->basic_size + plan->prefix_bytes;
    if (plan->size_rule == UF_SIZE_BASIC && !plan->item_size && size < UINT32_MAX)
        plan->constant_size = (uint32_t)size;
    plan->fixed_refs = plan->slot_count + plan->value_count + UF_RECORD_FIELDS_MAX + 4;
    return 0;
}
