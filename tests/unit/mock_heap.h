/* mock_heap.h - a target made of words: a memory source over an array, and a small layout of its own.
 *
 * Address A is word A / 8 of the array; reading behind the end fails, so a test
 * sees that every length is checked. The layout is no version's: the decoder
 * must not know more than its row says.
 */
#ifndef UF_TESTS_UNIT_MOCK_HEAP_H
#define UF_TESTS_UNIT_MOCK_HEAP_H

#include "cpython/heap.h"

#include <string.h>

#define MOCK_WORDS 4096
#define TYPE_BYTES 192

static uint64_t mock_memory[MOCK_WORDS];
static uint64_t mock_end; /* of what is in use, in words */

static const void *mock_view(void *context, uint64_t address, size_t size)
{
    (void)context;
    if (address == 0 || address > sizeof mock_memory || size > sizeof mock_memory - address)
        return NULL;
    return (const char *)mock_memory + address;
}

static const struct uf_source mock_source = {.view = mock_view};

enum { MOCK_HEAP_TYPE = 1, MOCK_GC = 2 };

static const struct uf_layout_record mock_records[] = {
    {.known = UF_KNOWN_OBJECT},
    {.known = UF_KNOWN_TYPE, .holds = UF_HOLDS_TYPE, .size_rule = UF_SIZE_TYPE},
    {.known = UF_KNOWN_LIST, .holds = UF_HOLDS_LIST, .size_rule = UF_SIZE_LIST},
    {.known = UF_KNOWN_TUPLE, .holds = UF_HOLDS_TUPLE},
    {.known = UF_KNOWN_DICT, .holds = UF_HOLDS_DICT, .size_rule = UF_SIZE_DICT},
    {.known = UF_KNOWN_SET, .holds = UF_HOLDS_SET, .size_rule = UF_SIZE_SET},
    {.known = UF_KNOWN_STR, .size_rule = UF_SIZE_STR},
    {.known = UF_KNOWN_CELL, .field_count = 2, .fields = {{16, ".first"}, {24, "second"}}},
    {.type_name = "mock.named", .basic_size = 24, .field_count = 1, .fields = {{16, "held"}}},
};

static struct uf_layout mock_layout = {
    .objects =
        {
            .object = {.refcount = 0,
                       .type = 8,
                       .size = 16,
                       .refcount_bytes = 8,
                       .head_bytes = 16,
                       .var_head_bytes = 24,
                       .gc_head_bytes = 16},
            .type = {.name = 24,
                     .basic_size = 32,
                     .item_size = 40,
                     .flags = 48,
                     .traverse = 56,
                     .members = 64,
                     .dict = 72,
                     .base = 80,
                     .bases = 88,
                     .mro = 96,
                     .cache = 104,
                     .subclasses = 112,
                     .dict_offset = 120,
                     .type_bytes = 128,
                     .heap_type_bytes = TYPE_BYTES,
                     .heap_name = 128,
                     .heap_qualname = 136,
                     .heap_slots = 144,
                     .heap_module = 152,
                     .heap_cached_keys = 160,
                     .flag_heap_type = MOCK_HEAP_TYPE,
                     .flag_gc = MOCK_GC},
            .member =
                {.name = 0, .type = 8, .offset = 16, .bytes = 24, .object = 6, .object_ex = 16},
            .dict = {.used = 16, .keys = 24, .values = 32, .bytes = 40},
            .keys = {.refcount = 0,
                     .log2_size = 8,
                     .log2_index_bytes = 9,
                     .kind = 10,
                     .usable = 16,
                     .entry_count = 24,
                     .indices = 32,
                     .bytes = 32,
                     .size = UF_NO_FIELD,
                     .entry_bytes = 24,
                     .entry_key = 8,
                     .entry_value = 16,
                     .unicode_entry_bytes = 16,
                     .unicode_entry_key = 0,
                     .unicode_entry_value = 8},
            .values = {.capacity = UF_NO_FIELD, .embedded = UF_NO_FIELD, .valid = UF_NO_FIELD},
            .list = {.items = 24, .allocated = 32, .bytes = 40},
            .tuple = {.items = 24},
            .set = {.used = 16,
                    .mask = 24,
                    .table = 32,
                    .small_table = 40,
                    .entry_bytes = 16,
                    .entry_hash = 8},
            .str = {.length = 16,
                    .state = 24,
                    .kind_shift = 0,
                    .kind_mask = 7,
                    .compact_mask = 8,
                    .ascii_mask = 16,
                    .ascii_bytes = 32,
                    .compact_bytes = 48,
                    .unicode_bytes = 56,
                    .utf8 = 40,
                    .utf8_length = 32,
                    .data = 48,
                    .wstr = UF_NO_FIELD},
            .integer = {.size = 16, .digits = 24, .digit_bits = 30},
            .code = {.cached = UF_NO_FIELD},
            .records = mock_records,
            .record_count = sizeof mock_records / sizeof mock_records[0],
        },
};

static struct uf_known_types mock_known;

/* Room for some words, zeroed; its address. */
static uint64_t mock_room(uint64_t words)
{
    uint64_t address = mock_end * 8;
    mock_end += words + words % 2;
    return address;
}

static void mock_put(uint64_t address, uint64_t value)
{
    mock_memory[address / 8] = value;
}

static uint64_t mock_text(const char *text)
{
    uint64_t address = mock_room(strlen(text) / 8 + 1);
    memcpy((char *)mock_memory + address, text, strlen(text));
    return address;
}

static uint64_t mock_object(uint64_t type, uint64_t words)
{
    uint64_t address = mock_room(words);
    mock_put(address, 1);
    mock_put(address + 8, type);
    return address;
}

static uint64_t mock_type(const char *name, uint64_t basic_size, uint64_t flags, uint64_t traverse,
                          uint64_t base)
{
    uint64_t type = mock_object(mock_known.type[UF_KNOWN_TYPE], TYPE_BYTES / 8 + 12);
    mock_put(type + 24, mock_text(name));
    mock_put(type + 32, basic_size);
    mock_put(type + 48, flags);
    mock_put(type + 56, traverse);
    mock_put(type + 80, base);
    return type;
}

static uint64_t mock_str(const char *text)
{
    uint64_t address = mock_object(mock_known.type[UF_KNOWN_STR], 4 + strlen(text) / 8 + 1);
    mock_put(address + 16, strlen(text));
    mock_put(address + 24, 1 | 8 | 16);
    memcpy((char *)mock_memory + address + 32, text, strlen(text));
    return address;
}

/* An empty memory with the known types in it, and a heap that reads it. */
static struct uf_heap *mock_heap(void)
{
    struct uf_heap *heap = NULL;
    memset(mock_memory, 0, sizeof mock_memory);
    memset(&mock_known, 0, sizeof mock_known);
    mock_end = 2;
    mock_known.type[UF_KNOWN_TYPE] = mock_end * 8;
    uint64_t meta = mock_type("type", TYPE_BYTES, MOCK_GC, 0x1001, 0);
    uint64_t object = mock_type("object", 16, 0, 0, 0);
    mock_put(meta + 8, meta);
    mock_put(meta + 80, object);
    mock_known.type[UF_KNOWN_OBJECT] = object;
    mock_known.type[UF_KNOWN_LIST] = mock_type("list", 40, MOCK_GC, 0x1002, object);
    mock_known.type[UF_KNOWN_TUPLE] = mock_type("tuple", 24, MOCK_GC, 0x1003, object);
    mock_put(mock_known.type[UF_KNOWN_TUPLE] + 40, 8);
    mock_known.type[UF_KNOWN_DICT] = mock_type("dict", 40, MOCK_GC, 0x1004, object);
    mock_known.type[UF_KNOWN_SET] = mock_type("set", 56, MOCK_GC, 0x1005, object);
    mock_known.type[UF_KNOWN_STR] = mock_type("str", 56, 0, 0, object);
    mock_known.type[UF_KNOWN_CELL] = mock_type("cell", 32, MOCK_GC, 0x1006, object);
    mock_known.subtype_traverse = 0x2000;
    mock_layout.runtime.interpreter.static_types[0].at = UF_NO_OFFSET;
    mock_layout.runtime.interpreter.static_types[1].at = UF_NO_OFFSET;
    struct uf_heap_config config = {
        .source = &mock_source, .layout = &mock_layout, .known = &mock_known};
    (void)uf_heap_create(&heap, &config, NULL);
    return heap;
}

#endif
