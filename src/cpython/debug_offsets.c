#include "cpython/debug_offsets.h"

#include "cpython/read.h"

#include <string.h>

/* Include/internal/pycore_debug_offsets.h: the head is the same in all versions. */
#define COOKIE "xdebugpy"
#define VERSION_AT 8
#define FREE_THREADED_AT 16
#define HEAD_BYTES 24
#define MINOR UINT32_C(0xffff0000)

/* What the table tells, where the row says where in the table that is, and what the row says of it. */
static const struct {
    uint16_t told, field; /* within struct uf_layout */
    uint8_t bytes;        /* of the row's field */
    const char *name;
} facts[] = {
#define TOLD(place, member, name)                                                                  \
    {offsetof(struct uf_layout, runtime.told.place), offsetof(struct uf_layout, member),           \
     sizeof(((struct uf_layout *)0)->member), name}
    TOLD(interpreters_head, runtime.runtime.interpreters_head, "runtime_state.interpreters_head"),
    TOLD(interpreter_bytes, runtime.interpreter.bytes, "interpreter_state.size"),
    TOLD(interpreter_id, runtime.interpreter.id, "interpreter_state.id"),
    TOLD(interpreter_next, runtime.interpreter.next, "interpreter_state.next"),
    TOLD(threads_head, runtime.interpreter.threads_head, "interpreter_state.threads_head"),
    TOLD(gc, runtime.interpreter.gc, "interpreter_state.gc"),
    TOLD(modules, runtime.interpreter.modules, "interpreter_state.imports_modules"),
    TOLD(thread_next, runtime.thread.next, "thread_state.next"),
    TOLD(thread_interpreter, runtime.thread.interpreter, "thread_state.interp"),
    TOLD(thread_frame, runtime.thread.frame, "thread_state.current_frame"),
    TOLD(thread_id, runtime.thread.thread_id, "thread_state.thread_id"),
    TOLD(frame_previous, runtime.frame.previous, "interpreter_frame.previous"),
    TOLD(frame_code, runtime.frame.code, "interpreter_frame.executable"),
    TOLD(frame_instruction, runtime.frame.instruction, "interpreter_frame.instr_ptr"),
    TOLD(frame_locals, runtime.frame.locals_start, "interpreter_frame.localsplus"),
    TOLD(frame_owner, runtime.frame.owner, "interpreter_frame.owner"),
    TOLD(frame_stack, runtime.frame.stack_pointer, "interpreter_frame.stackpointer"),
    TOLD(code_filename, runtime.code.filename, "code_object.filename"),
    TOLD(code_name, runtime.code.name, "code_object.name"),
    TOLD(code_qualname, runtime.code.qualname, "code_object.qualname"),
    TOLD(code_lines, runtime.code.line_table, "code_object.linetable"),
    TOLD(code_first_line, runtime.code.first_line, "code_object.firstlineno"),
    TOLD(code_locals, runtime.code.localsplus_names, "code_object.localsplusnames"),
    TOLD(code_kinds, runtime.code.localsplus_kinds, "code_object.localspluskinds"),
    TOLD(code_bytes, runtime.code.code_bytes, "code_object.co_code_adaptive"),
    TOLD(object_bytes, objects.object.head_bytes, "pyobject.size"),
    TOLD(object_type, objects.object.type, "pyobject.ob_type"),
    TOLD(type_bytes, objects.type.type_bytes, "type_object.size"),
    TOLD(type_name, objects.type.name, "type_object.tp_name"),
    TOLD(type_flags, objects.type.flags, "type_object.tp_flags"),
    TOLD(type_basic_size, objects.type.basic_size, "type_object.tp_basicsize"),
    TOLD(type_dict_offset, objects.type.dict_offset, "type_object.tp_dictoffset"),
    TOLD(heap_type_bytes, objects.type.heap_type_bytes, "heap_type_object.size"),
    TOLD(cached_keys, objects.type.heap_cached_keys, "heap_type_object.ht_cached_keys"),
    TOLD(tuple_items, objects.tuple.items, "tuple_object.ob_item"),
    TOLD(list_items, objects.list.items, "list_object.ob_item"),
    TOLD(list_bytes, objects.list.bytes, "list_object.size"),
    TOLD(set_used, objects.set.used, "set_object.used"),
    TOLD(set_table, objects.set.table, "set_object.table"),
    TOLD(set_mask, objects.set.mask, "set_object.mask"),
    TOLD(dict_bytes, objects.dict.bytes, "dict_object.size"),
    TOLD(dict_keys, objects.dict.keys, "dict_object.ma_keys"),
    TOLD(dict_values, objects.dict.values, "dict_object.ma_values"),
    TOLD(float_value, objects.floating.value, "float_object.ob_fval"),
    TOLD(int_size, objects.integer.size, "long_object.lv_tag"),
    TOLD(int_digits, objects.integer.digits, "long_object.ob_digit"),
    TOLD(bytes_data, objects.bytes.data, "bytes_object.ob_sval"),
    TOLD(str_state, objects.str.state, "unicode_object.state"),
    TOLD(str_length, objects.str.length, "unicode_object.length"),
    TOLD(ascii_bytes, objects.str.ascii_bytes, "unicode_object.asciiobject_size"),
    TOLD(compact_bytes, objects.str.compact_bytes, "unicode_object.compactunicodeobject_size"),
    TOLD(collecting, runtime.gc.collecting, "gc.collecting"),
    TOLD(generator_name, runtime.generator.name, "gen_object.gi_name"),
    TOLD(generator_frame, runtime.generator.frame, "gen_object.gi_iframe"),
    TOLD(generator_state, runtime.generator.state, "gen_object.gi_frame_state"),
#undef TOLD
};

#define FACTS (sizeof facts / sizeof facts[0])

bool uf_debug_offsets_read(const struct uf_source *source, uint64_t runtime,
                           struct uf_debug_offsets *ret)
{
    const char *head = uf_source_view(source, runtime, HEAD_BYTES);

    *ret = (struct uf_debug_offsets){0};
    if (head == NULL || memcmp(head, COOKIE, sizeof COOKIE - 1) != 0)
        return false;
    uint64_t version = uf_u64(head, VERSION_AT);
    if (version < 0x030d0000 || version > UINT32_MAX)
        return false;
    ret->version_hex = (uint32_t)version;
    ret->free_threaded = uf_u64(head, FREE_THREADED_AT) != 0;
    return true;
}

static uint64_t row_value(const struct uf_layout *layout, size_t fact)
{
    const char *at = (const char *)layout + facts[fact].field;

    if (facts[fact].bytes == 2)
        return *(const uint16_t *)(const void *)at;
    return *(const uint32_t *)(const void *)at;
}

static void set_row_value(struct uf_layout *layout, size_t fact, uint64_t value)
{
    char *at = (char *)layout + facts[fact].field;

    if (facts[fact].bytes == 2)
        *(uint16_t *)(void *)at = (uint16_t)value;
    else
        *(uint32_t *)(void *)at = (uint32_t)value;
}

/* The target's table, as long as the row says; NULL: none, or not for this row. */
static const char *table_of(const struct uf_source *source, uint64_t runtime,
                            const struct uf_layout *layout)
{
    struct uf_debug_offsets head;

    if (layout->runtime.told.bytes < HEAD_BYTES || !uf_debug_offsets_read(source, runtime, &head) ||
        ((head.version_hex ^ layout->version_hex) & MINOR) != 0)
        return NULL;
    return uf_source_view(source, runtime, layout->runtime.told.bytes);
}

/* True when the table tells the fact; the number is the target's. */
static bool told(const char *table, const struct uf_layout *layout, size_t fact, uint64_t *ret)
{
    uint16_t at = *(const uint16_t *)(const void *)((const char *)layout + facts[fact].told);

    if (at == 0 || (uint32_t)at + 8 > layout->runtime.told.bytes)
        return false;
    *ret = uf_u64(table, at);
    return true;
}

size_t uf_debug_offsets_check(const struct uf_source *source, uint64_t runtime,
                              const struct uf_layout *layout, struct uf_contradiction *ret,
                              size_t max)
{
    const char *table = table_of(source, runtime, layout);
    size_t count = 0;

    for (size_t i = 0; table != NULL && i < FACTS; i++) {
        uint64_t value, row = row_value(layout, i);
        if (!told(table, layout, i, &value) || value == row)
            continue;
        if (ret != NULL && count < max)
            ret[count] = (struct uf_contradiction){facts[i].name, value, row};
        count++;
    }
    return count;
}

size_t uf_debug_offsets_apply(const struct uf_source *source, uint64_t runtime,
                              struct uf_layout *layout)
{
    const char *table = table_of(source, runtime, layout);
    size_t count = 0;

    for (size_t i = 0; table != NULL && i < FACTS; i++) {
        uint64_t value;
        if (!told(table, layout, i, &value) || value == row_value(layout, i) ||
            value >= (facts[i].bytes == 2 ? UF_NO_FIELD : UF_NO_OFFSET))
            continue;
        set_row_value(layout, i, value);
        count++;
    }
    return count;
}
