#include "target/unnamed.h"

#include "cpython/gc_lists.h"
#include "cpython/read.h"
#include "target/calibrate.h"

#define PAGE_BYTES 4096
#define DATA_BYTES_MAX ((uint64_t)64 << 20)
#define LOOKS_MAX ((size_t)1 << 20)
#define COOKIE_SINCE 0x030d0000

static uint64_t word(const struct uf_python *python, uint64_t address)
{
    return uf_source_word(python->memory->source, address);
}

/* *left: how many more threads and interpreters are looked at, in all. */
static bool has_thread(const struct uf_python *python, uint64_t interpreter, uint64_t ident,
                       size_t *left)
{
    const struct uf_layout_runtime *r = &python->layout.runtime;
    uint64_t at = word(python, interpreter + r->interpreter.threads_head);
    for (; at && at % 8 == 0 && *left; (*left)--) {
        if (word(python, at + r->thread.interpreter) != interpreter)
            return false;
        if (word(python, at + r->thread.thread_id) == ident)
            return true;
        at = word(python, at + r->thread.next);
    }
    return false;
}

/* Is the word at `at` the runtime's pointer to its newest interpreter? */
static bool is_head(struct uf_python *python, uint64_t at, uint64_t interpreter, size_t *left)
{
    const struct uf_layout_runtime *r = &python->layout.runtime;
    uint64_t runtime = at - r->runtime.interpreters_head;
    uint64_t ident = word(python, runtime + r->runtime.main_thread);
    struct uf_heap_config config = {
        .layout = &python->layout, .runtime = runtime, .interpreter = interpreter};
    if (!ident || !uf_collector_begins(python, uf_gc_state(&config) + r->gc.generations))
        return false;
    for (; interpreter && *left; (*left)--) { /* the main one is the last */
        if (has_thread(python, interpreter, ident, left))
            return true;
        interpreter = word(python, interpreter + r->interpreter.next);
    }
    return false;
}

static bool look_into_page(struct uf_python *python, uint64_t page, size_t *looks)
{
    const struct uf_mappings *mappings = python->memory->mappings;
    size_t count;
    const struct uf_layout_row *rows = uf_layout_rows(&count);
    const char *view = uf_source_view(python->memory->source, page, PAGE_BYTES);
    for (uint64_t at = 0; view && at < PAGE_BYTES; at += 8) {
        uint64_t value = uf_u64(view, at);
        if (!value || value % 8 || !uf_mappings_find(mappings, value))
            continue;
        for (size_t i = 0; i < count && rows[i].first < COOKIE_SINCE; i++) {
            python->layout = *rows[i].layout;
            if (!is_head(python, page + at, value, looks))
                continue;
            python->location.runtime = page + at - python->layout.runtime.runtime.interpreters_head;
            return true;
        }
    }
    return false;
}

bool uf_unnamed_runtime(struct uf_python *python)
{
    const struct uf_mappings *mappings = python->memory->mappings;
    uint64_t start = 0, end = 0, left = DATA_BYTES_MAX;
    size_t first = 0, looks = LOOKS_MAX;
    while (first < mappings->list.len && !mappings->list.at[first].executable)
        first++;
    if (first == mappings->list.len ||
        !uf_locate_image(mappings, mappings->list.at[first].start, &start, &end))
        return false;
    for (size_t i = 0; i < mappings->list.len; i++) {
        const struct uf_mapping *mapping = &mappings->list.at[i];
        if (mapping->start < start || mapping->end > end || !mapping->writable || mapping->shared)
            continue;
        for (uint64_t page = mapping->start; page < mapping->end && left >= PAGE_BYTES;
             page += PAGE_BYTES, left -= PAGE_BYTES)
            if (look_into_page(python, page, &looks)) {
                python->location.image = mappings->list.at[first].path;
                return true;
            }
    }
    return false;
}
