#include "cpython/threads.h"

#include "cpython/decode.h"
#include "cpython/read.h"
#include "cpython/str.h"

#include <stdio.h>

#define ENTRIES_MAX ((uint64_t)1 << 20)

static bool has_type(const struct uf_heap *heap, uint64_t object, enum uf_known known)
{
    return object && uf_source_word(heap->source, object + heap->objects->object.type) ==
                         heap->config.known->type[known];
}

/* The value of a non-negative int; UINT64_MAX for what is none or does not fit. */
static uint64_t int_value(const struct uf_heap *heap, uint64_t object)
{
    const struct uf_layout_objects *lay = heap->objects;
    uint64_t value = 0;

    if (!has_type(heap, object, UF_KNOWN_INT))
        return UINT64_MAX;
    int64_t digits = (int64_t)uf_source_word(heap->source, object + lay->integer.size) >>
                     lay->integer.size_shift;
    const char *view = digits > 0 && digits <= 3
                           ? uf_source_view(heap->source, object + lay->integer.digits,
                                            (size_t)digits * 4)
                           : NULL;
    if (view == NULL)
        return UINT64_MAX;
    for (int64_t i = digits; i-- > 0;)
        value = value << lay->integer.digit_bits | uf_u32(view, (size_t)i * 4);
    return value;
}

/* An attribute that an instance keeps in its dict or in its values; 0 = not there. */
static uint64_t attribute(struct uf_heap *heap, uint64_t object, const char *name)
{
    uint32_t type =
        uf_heap_type(heap, uf_source_word(heap->source, object + heap->objects->object.type));
    struct uf_dict_table keys;
    uint64_t count;

    if (type == UINT32_MAX)
        return 0;
    const struct uf_plan *plan = &heap->plans.at[type];
    uint64_t dict = uf_plan_dict(heap, plan, object);
    if (dict)
        return uf_dict_find(heap, dict, name);
    uint64_t values = uf_plan_values(heap, plan, object, &count);
    if (!values || !uf_keys_table(heap, plan->cached_keys, &keys))
        return 0;
    for (uint64_t i = 0; i < keys.count && i < count; i++) {
        char text[32];
        uint64_t key = uf_source_word(heap->source, keys.entries + i * keys.entry_bytes + keys.key);
        if (has_type(heap, key, UF_KNOWN_STR)) {
            uf_str_copy(heap, key, text, sizeof text);
            if (strcmp(text, name) == 0)
                return uf_source_word(heap->source, values + i * 8);
        }
    }
    return 0;
}

static uint64_t find_thread(struct uf_heap *heap, uint64_t ident)
{
    const struct uf_layout_runtime *r = &heap->config.layout->runtime;
    uint64_t modules = uf_source_word(heap->source, heap->config.interpreter + r->interpreter.modules);
    uint64_t module = modules ? uf_dict_find(heap, modules, "threading") : 0;
    struct uf_dict_table table;

    if (!has_type(heap, module, UF_KNOWN_MODULE))
        return 0;
    uint64_t dict = uf_source_word(heap->source, module + heap->objects->module.dict);
    uint64_t active = has_type(heap, dict, UF_KNOWN_DICT) ? uf_dict_find(heap, dict, "_active") : 0;
    if (!has_type(heap, active, UF_KNOWN_DICT) || !uf_dict_table(heap, active, &table) || table.values)
        return 0;
    for (uint64_t i = 0; i < table.count && i < ENTRIES_MAX; i++) {
        uint64_t entry = table.entries + i * table.entry_bytes;
        uint64_t value = uf_source_word(heap->source, entry + table.value);
        if (value && int_value(heap, uf_source_word(heap->source, entry + table.key)) == ident)
            return value;
    }
    return 0;
}

void uf_thread_name(struct uf_heap *heap, uint64_t ident, char *ret, size_t size)
{
    const struct uf_layout_runtime *r = &heap->config.layout->runtime;
    uint64_t thread = find_thread(heap, ident);
    uint64_t name = thread ? attribute(heap, thread, "_name") : 0;

    ret[0] = 0;
    if (has_type(heap, name, UF_KNOWN_STR))
        uf_str_copy(heap, name, ret, size);
    if (ret[0])
        return;
    if (uf_source_word(heap->source, heap->config.runtime + r->runtime.main_thread) == ident)
        snprintf(ret, size, "MainThread");
    else
        snprintf(ret, size, "thread %llu", (unsigned long long)ident);
}
