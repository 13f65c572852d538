/* Names of references that tp_traverse reported: found by the target's address, not by ordinal. */
#include "cpython/naming.h"
#include "cpython/read.h"
#include "cpython/sound.h"
#include "cpython/str.h"

#include <stdio.h>

#define MEMBERS_MAX 256

static bool declared_member(const struct uf_question *q, uint64_t members)
{
    const struct uf_layout_objects *lay = q->heap->objects;
    for (uint32_t i = 0; i < MEMBERS_MAX && uf_spend(q->heap, 1);
         i++, members += lay->member.bytes) {
        const void *member = uf_view(q->heap, members, lay->member.bytes);
        uint64_t text = member ? uf_u64(member, lay->member.name) : 0;
        if (!text)
            return false;
        int32_t type = (int32_t)uf_u32(member, lay->member.type);
        int64_t offset = uf_i64(member, lay->member.offset);
        if ((type != lay->member.object && type != lay->member.object_ex) || offset < 0 ||
            (uint64_t)offset + 8 > q->plan->view_bytes ||
            uf_u64(q->view, (size_t)offset) != q->target)
            continue;
        char name[80], shown[90];
        uf_cstr_copy(q->heap, text, name, sizeof name);
        snprintf(shown, sizeof shown, ".%s", name);
        uf_name_set(q->ret, UF_REF_ATTR, shown, shown);
        return true;
    }
    return false;
}

static bool by_member(const struct uf_question *q)
{
    const struct uf_layout_objects *lay = q->heap->objects;
    uint64_t type = q->plan->address;
    for (int depth = 0; type && depth < UF_BASES_MAX && uf_spend(q->heap, 1); depth++) {
        const void *view = uf_view(q->heap, type, lay->type.type_bytes);
        if (!view)
            return false;
        uint64_t members = uf_u64(view, lay->type.members);
        if (members && declared_member(q, members))
            return true;
        type = uf_u64(view, lay->type.base);
    }
    return false;
}

static bool by_attribute(const struct uf_question *q)
{
    struct uf_attribute_words words;
    if (!uf_plan_attributes(q->heap, q->plan, q->object, &words))
        return false;
    if (words.dict == q->target) {
        uf_name_set(q->ret, UF_REF_DICT, ".__dict__", ".__dict__");
        return true;
    }
    for (uint64_t i = 0; words.values && i < words.value_count && uf_spend(q->heap, 1); i++)
        if (uf_source_word(q->heap->source, words.values + i * 8) == q->target) {
            uf_name_attribute(q->heap, q->ret, uf_name_value_key(q->heap, q->plan, i));
            return true;
        }
    return false;
}

void uf_name_opaque(const struct uf_question *q)
{
    const struct uf_layout_record *record = q->plan->record;
    for (uint8_t i = 0; record && i < record->field_count; i++) {
        const char *name = record->fields[i].name;
        if (uf_u64(q->view, record->fields[i].offset) != q->target)
            continue;
        uf_name_set(q->ret, name[0] == '.' ? UF_REF_ATTR : UF_REF_FIELD, name, name);
        return;
    }
    if ((q->plan->attributes && by_attribute(q)) || by_member(q))
        return;
    if (q->plan->heap_type && q->target == q->plan->address) {
        uf_name_set(q->ret, UF_REF_TYPE, ".__class__", ".__class__");
        return;
    }
    for (uint64_t at = q->heap->objects->object.head_bytes;
         at + 8 <= q->plan->view_bytes && uf_spend(q->heap, 1); at += 8)
        if (uf_u64(q->view, at) == q->target) {
            char text[40];
            snprintf(text, sizeof text, "(field at +%u)", (unsigned)at);
            uf_name_set(q->ret, UF_REF_UNKNOWN, text, text);
            return;
        }
    if (q->plan->holds == UF_HOLDS_MODULE) /* as from inside, where its m_traverse is asked */
        uf_name_set(q->ret, UF_REF_FIELD, "module state", "module state");
}
