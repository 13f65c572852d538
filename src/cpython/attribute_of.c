#include "cpython/attribute_of.h"

#include "cpython/decode.h"
#include "cpython/read.h"
#include "cpython/sound.h"
#include "cpython/str.h"

#include <stdio.h>

#define PARTIALS_MAX 8

static bool is_str(const struct uf_heap *heap, uint64_t object)
{
    return object && uf_source_word(heap->source, object + heap->objects->object.type) ==
                         heap->config.known->type[UF_KNOWN_STR];
}

static uint64_t in_values(const struct uf_heap *heap, const struct uf_plan *plan,
                          const struct uf_attribute_words *words, const char *name)
{
    struct uf_dict_table keys;
    if (!words->values || !plan->cached_keys || !uf_keys_table(heap, plan->cached_keys, &keys))
        return 0;
    for (uint64_t i = 0; i < keys.count && i < words->value_count && uf_spend(heap, 1); i++) {
        uint64_t key = uf_source_word(heap->source, keys.entries + i * keys.entry_bytes + keys.key);
        if (is_str(heap, key) && uf_str_equals(heap, key, name))
            return uf_source_word(heap->source, words->values + i * 8);
    }
    return 0;
}

static uint64_t in_slot(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                        const char *name)
{
    const struct uf_slot *slots = uf_plan_slots(heap, plan);
    for (uint32_t i = 0; i < plan->slot_count && uf_spend(heap, 1); i++) {
        char text[80];
        uf_cstr_copy(heap, slots[i].name, text, sizeof text);
        if (strcmp(text, name) == 0)
            return uf_source_word(heap->source, object + slots[i].offset);
    }
    return 0;
}

static uint64_t in_record(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                          const char *name)
{
    const struct uf_layout_record *record = plan->record;
    for (uint8_t i = 0; record && i < record->field_count; i++) {
        const char *field = record->fields[i].name;
        if (strcmp(field[0] == '.' ? field + 1 : field, name) == 0)
            return uf_source_word(heap->source, object + record->fields[i].offset);
    }
    return 0;
}

uint64_t uf_attribute_of(struct uf_heap *heap, uint64_t object, const char *name)
{
    const struct uf_plan *plan = object && object % 8 == 0 ? uf_plan_of(heap, object) : NULL;
    struct uf_attribute_words words;
    uint64_t found = 0;

    if (!plan)
        return 0;
    if (plan->record && plan->record->known == UF_KNOWN_MODULE)
        return uf_dict_find(heap, uf_source_word(heap->source, object + heap->objects->module.dict),
                            name);
    if (uf_plan_attributes(heap, plan, object, &words)) {
        found = words.dict ? uf_dict_find(heap, words.dict, name) : 0;
        if (!found)
            found = in_values(heap, plan, &words, name);
    }
    if (!found)
        found = in_slot(heap, plan, object, name);
    return found ? found : in_record(heap, plan, object, name);
}

bool uf_int_of(struct uf_heap *heap, uint64_t object, int64_t *ret)
{
    const struct uf_layout_objects *lay = heap->objects;
    const struct uf_plan *plan = object && object % 8 == 0 ? uf_plan_of(heap, object) : NULL;
    const void *view = plan && plan->is_int ? uf_view(heap, object, lay->integer.digits) : NULL;
    if (!view)
        return false;
    uint64_t size = uf_u64(view, lay->integer.size);
    /* the sign: of the size itself, or from 3.12 on in its low bits (2: negative, Include/internal/
     * pycore_long.h, SIGN_NEGATIVE) */
    bool negative = lay->integer.signed_size ? (int64_t)size < 0 : (size & 3) == 2;
    uint64_t digits = lay->integer.signed_size ? size : size >> lay->integer.size_shift;
    if (negative || digits > 2)
        return false;
    view = uf_view(heap, object, lay->integer.digits + digits * 4);
    if (!view)
        return false;
    *ret = 0;
    for (uint64_t i = digits; i-- > 0;)
        *ret = *ret << lay->integer.digit_bits |
               (int64_t)uf_u32(view, lay->integer.digits + (size_t)i * 4U);
    return true;
}

bool uf_type_derives(struct uf_heap *heap, uint64_t type, const char *name)
{
    for (int depth = 0; type && depth < UF_BASES_MAX && uf_spend(heap, 1); depth++) {
        uint32_t index = uf_heap_type(heap, type);
        if (index == UINT32_MAX)
            return false;
        if (strcmp(uf_heap_type_name(heap, index), name) == 0)
            return true;
        type = uf_source_word(heap->source, type + heap->objects->type.base);
    }
    return false;
}

/* The name in the PyMethodDef of a builtin; the pointer to it is the first field of the object. */
static size_t builtin_name(const struct uf_heap *heap, uint64_t object, char *ret, size_t size)
{
    char module[80] = "";
    uint64_t def = uf_source_word(heap->source, object + heap->objects->object.head_bytes);
    uint64_t name = def ? uf_source_word(heap->source, def)
                        : 0; /* ml_name, Include/methodobject.h */
    if (!name)
        return 0;
    /* m_module follows m_ml and m_self */
    uint64_t text = uf_source_word(heap->source, object + heap->objects->object.head_bytes + 16);
    size_t len = is_str(heap, text) ? uf_str_copy(heap, text, module, sizeof module) : 0;
    if (strcmp(module, "builtins") == 0)
        len = 0;
    int prefix = len ? snprintf(ret, size, "%s.", module) : 0;
    if (prefix < 0 || (size_t)prefix >= size)
        return 0;
    return (size_t)prefix + uf_cstr_copy(heap, name, ret + prefix, size - (size_t)prefix);
}

static size_t function_name(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                            char *ret, size_t size)
{
    char module[100] = "", name[200] = "";
    uint64_t text = in_record(heap, plan, object, "__module__");
    if (is_str(heap, text))
        uf_str_copy(heap, text, module, sizeof module);
    text = in_record(heap, plan, object, "__qualname__");
    if (is_str(heap, text))
        uf_str_copy(heap, text, name, sizeof name);
    int len = snprintf(ret, size, "%s%s%s", module, module[0] ? "." : "", name);
    return name[0] && len > 0 && (size_t)len < size ? (size_t)len : 0;
}

size_t uf_callable_name(struct uf_heap *heap, uint64_t object, char *ret, size_t size)
{
    ret[0] = '\0';
    for (int depth = 0; depth < PARTIALS_MAX; depth++) {
        const struct uf_plan *plan = object && object % 8 == 0 ? uf_plan_of(heap, object) : NULL;
        if (!plan)
            return 0;
        uint16_t known = plan->record ? plan->record->known : UF_KNOWN_NONE;
        if (known == UF_KNOWN_FUNCTION)
            return function_name(heap, plan, object, ret, size);
        if (known == UF_KNOWN_BUILTIN || known == UF_KNOWN_BUILTIN_METHOD)
            return builtin_name(heap, object, ret, size);
        uint64_t inner = known == UF_KNOWN_METHOD
                             ? in_record(heap, plan, object, "__func__")
                             : uf_attribute_of(heap, object, "func"); /* functools.partial */
        if (!inner) {
            uint32_t type = uf_heap_type(
                heap, uf_source_word(heap->source, object + heap->objects->object.type));
            int len =
                type == UINT32_MAX ? 0 : snprintf(ret, size, "%s()", uf_heap_type_name(heap, type));
            return len > 0 && (size_t)len < size ? (size_t)len : 0;
        }
        object = inner;
    }
    return 0;
}
