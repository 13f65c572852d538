/* docs/summary-json.md says what each key of "rss" means. Every key is always there. */
#include "report/balance.h"

#include <stdio.h>

static const char *const keys[UF_PARTS] = {
    [UF_PART_OBJECTS] = "objects",
    [UF_PART_PYTHON_OTHER] = "python_other",
    [UF_PART_PYTHON_FREE] = "python_free",
    [UF_PART_FRAMES] = "python_frames",
    [UF_PART_NATIVE_USED] = "native_used",
    [UF_PART_NATIVE_FREE] = "native_free",
    [UF_PART_ALLOCATOR] = "allocator",
    [UF_PART_STACKS] = "stacks",
    [UF_PART_FILES] = "files",
    [UF_PART_FILES_DATA] = "files_data",
    [UF_PART_SHARED] = "shared",
    [UF_PART_CODE] = "generated_code",
    [UF_PART_NAMED] = "named",
    [UF_PART_REMAINDER] = "remainder",
};

static void number(struct uf_json *json, const char *key, uint64_t value)
{
    uf_json_number(json, key, (double)value);
}

static void write_address(struct uf_json *json, const char *key, uint64_t address)
{
    char text[24];
    snprintf(text, sizeof text, "0x%llx", (unsigned long long)address);
    uf_json_text(json, key, text);
}

static void write_python(struct uf_json *json, const struct uf_balance *balance)
{
    const struct uf_graph *graph = balance->graph;
    uf_json_open_object(json, "python", UF_JSON_LINES);
    number(json, "objects_in_arenas_bytes", balance->objects_small);
    number(json, "objects_from_malloc_bytes", balance->objects_large);
    number(json, "free_blocks_bytes", balance->pool_blocks_free);
    number(json, "free_pools_bytes", balance->pools_free);
    number(json, "pool_heads_bytes", balance->pool_heads);
    number(json, "arenas", balance->python_arenas);
    number(json, "arena_bytes", balance->arena_bytes);
    number(json, "sparse_arenas", balance->sparse_arenas);
    number(json, "sparse_free_bytes", balance->sparse_free);
    uf_json_open_array(json, "sparse_kept_by", UF_JSON_INLINE);
    for (int i = 0; i < UF_BALANCE_PINS && balance->pins[i].objects > 0; i++) {
        uf_json_open_object(json, NULL, UF_JSON_INLINE);
        uf_json_text(json, "type",
                     uf_strings_get(&graph->strings, graph->types[balance->pins[i].type].name));
        number(json, "objects", balance->pins[i].objects);
        number(json, "bytes", balance->pins[i].bytes);
        uf_json_close(json);
    }
    uf_json_close(json);
    uf_json_close(json);
}

static void write_malloc(struct uf_json *json, const struct uf_balance *balance)
{
    uf_json_open_object(json, "malloc", UF_JSON_LINES);
    uf_json_open_array(json, "arenas", UF_JSON_LINES);
    for (size_t i = 0; i < balance->arenas.len; i++) {
        const struct uf_balance_arena *arena = &balance->arenas.at[i];
        uf_json_open_object(json, NULL, UF_JSON_INLINE);
        write_address(json, "address", arena->address);
        uf_json_bool(json, "main", arena->main);
        number(json, "bytes", arena->resident);
        number(json, "objects_bytes", arena->objects);
        number(json, "used_bytes", arena->used);
        number(json, "free_bytes", arena->free);
        uf_json_close(json);
    }
    uf_json_close(json);
    number(json, "mapped_blocks", balance->chunks);
    number(json, "mapped_used_bytes", balance->chunk_used);
    number(json, "mapped_objects_bytes", balance->chunk_objects);
    number(json, "free_cached_bytes", balance->cached);
    number(json, "free_fast_bytes", balance->fast);
    number(json, "free_top_bytes", balance->top);
    number(json, "trim_bytes", balance->trim);
    number(json, "breaks", balance->breaks);
    uf_json_close(json);
}

static void write_allocator(struct uf_json *json, const struct uf_balance *balance)
{
    if (!balance->allocator) {
        uf_json_null(json, "allocator");
        return;
    }
    uf_json_open_object(json, "allocator", UF_JSON_INLINE);
    uf_json_text(json, "library", uf_strings_get(&balance->mappings->paths, balance->allocator));
    number(json, "objects_bytes", balance->elsewhere_bytes);
    uf_json_close(json);
}

static void write_files(struct uf_json *json, const struct uf_balance *balance)
{
    uf_json_open_array(json, "files", UF_JSON_LINES);
    for (size_t i = 0; i < balance->files.len; i++) {
        uf_json_open_object(json, NULL, UF_JSON_INLINE);
        uf_json_text(json, "path",
                     uf_strings_get(&balance->mappings->paths, balance->files.at[i].path));
        number(json, "bytes", balance->files.at[i].bytes);
        number(json, "data_bytes", balance->files.at[i].data_bytes);
        uf_json_close(json);
    }
    uf_json_close(json);
}

static void write_advice(struct uf_json *json, const struct uf_balance *balance)
{
    struct uf_balance_advice advice[UF_BALANCE_ADVICE_MOST];
    size_t count = uf_balance_advise(advice, balance);
    uf_json_open_array(json, "advice", UF_JSON_LINES);
    for (size_t i = 0; i < count; i++) {
        uf_json_open_object(json, NULL, UF_JSON_INLINE);
        uf_json_text(json, "kind", advice[i].name);
        uf_json_text(json, "text", advice[i].text);
        uf_json_close(json);
    }
    uf_json_close(json);
}

void uf_balance_json(struct uf_json *json, const char *key, const struct uf_balance *balance)
{
    uf_json_open_object(json, key, UF_JSON_LINES);
    number(json, "bytes", balance->resident_bytes);
    if (balance->kernel_bytes)
        number(json, "kernel_bytes", balance->kernel_bytes);
    else
        uf_json_null(json, "kernel_bytes");
    number(json, "swapped_bytes", balance->swapped_bytes);
    uf_json_open_object(json, "parts", UF_JSON_LINES);
    for (int i = 0; i < UF_PARTS; i++)
        number(json, keys[i], balance->parts[i]);
    uf_json_close(json);
    write_python(json, balance);
    write_malloc(json, balance);
    write_allocator(json, balance);
    number(json, "thread_stacks", balance->stacks);
    write_files(json, balance);
    uf_json_open_array(json, "unknown", UF_JSON_LINES);
    for (int i = 0; i < UF_BALANCE_UNKNOWN && balance->unknown[i].bytes; i++) {
        uf_json_open_object(json, NULL, UF_JSON_INLINE);
        write_address(json, "address", balance->unknown[i].start);
        number(json, "bytes", balance->unknown[i].bytes);
        uf_json_close(json);
    }
    uf_json_close(json);
    write_advice(json, balance);
    uf_json_close(json);
}
