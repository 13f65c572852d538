#include "cpython/threads.h"

#include "cpython/attribute_of.h"
#include "cpython/decode.h"
#include "cpython/read.h"
#include "cpython/sound.h"
#include "cpython/str.h"

#include <stdio.h>

#define ENTRIES_MAX ((uint64_t)1 << 20)

static bool has_type(const struct uf_heap *heap, uint64_t object, enum uf_known known)
{
    return object && uf_source_word(heap->source, object + heap->objects->object.type) ==
                         heap->config.known->type[known];
}

uint64_t uf_thread_object(struct uf_heap *heap, uint64_t ident)
{
    const struct uf_layout_runtime *r = &heap->config.layout->runtime;
    uint64_t modules =
        uf_source_word(heap->source, heap->config.interpreter + r->interpreter.modules);
    uint64_t module = modules ? uf_dict_find(heap, modules, "threading") : 0;
    struct uf_dict_table table;

    if (!has_type(heap, module, UF_KNOWN_MODULE))
        return 0;
    uint64_t dict = uf_source_word(heap->source, module + heap->objects->module.dict);
    uint64_t active = has_type(heap, dict, UF_KNOWN_DICT) ? uf_dict_find(heap, dict, "_active") : 0;
    if (!has_type(heap, active, UF_KNOWN_DICT) || !uf_dict_table(heap, active, &table) ||
        table.values)
        return 0;
    for (uint64_t i = 0; i < table.count && i < ENTRIES_MAX && uf_spend(heap, 1); i++) {
        uint64_t entry = table.entries + i * table.entry_bytes;
        uint64_t value = uf_source_word(heap->source, entry + table.value);
        uint64_t key = uf_source_word(heap->source, entry + table.key);
        if (value && key && uf_int_value(heap, key) == (int64_t)ident)
            return value;
    }
    return 0;
}

void uf_thread_name(struct uf_heap *heap, uint64_t ident, char *ret, size_t size)
{
    const struct uf_layout_runtime *r = &heap->config.layout->runtime;
    uint64_t thread = uf_thread_object(heap, ident);
    uint64_t name = thread ? uf_attribute_of(heap, thread, "_name") : 0;

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
