#include "target/meta.h"

#include "cpython/decode.h"
#include "cpython/gc_lists.h"
#include "cpython/read.h"
#include "cpython/str.h"
#include "memory/proc.h"

#include <stdio.h>
#include <string.h>

static size_t sys_text(const struct uf_target *target, const struct uf_python *python,
                       const char *name, char *ret, size_t size)
{
    uint64_t object = uf_dict_find(target->capture.heap, python->sys, name);
    ret[0] = '\0';
    return object ? uf_str_copy(target->capture.heap, object, ret, size) : 0;
}

static uint64_t positive_int(const struct uf_python *python, uint64_t address)
{
    const void *view = uf_source_view(python->memory->source, address, sizeof(int));
    int value = 0;
    if (view)
        memcpy(&value, view, sizeof value);
    return value < 0 ? 0 : (uint64_t)value;
}

/* How often a generation was collected: see uf_layout_runtime.gc.stats. */
static uint64_t collections(const struct uf_python *python, uint64_t gc, int generation)
{
    const struct uf_layout_runtime *r = &python->layout.runtime;
    const struct uf_source *source = python->memory->source;
    uint64_t stats = gc + r->gc.stats.at;
    uint64_t item = 0;
    if (r->gc.stats.rings) {
        stats = uf_source_word(source, stats);
        const uint8_t *newest =
            stats ? uf_source_view(source, stats + r->gc.stats.newest[generation], 1) : NULL;
        if (!newest)
            return UF_META_UNKNOWN;
        item = *newest & 0x7f;
    }
    const void *count = uf_source_view(source,
                                       stats + r->gc.stats.generation[generation] +
                                           item * r->gc.stats.item_bytes + r->gc.stats.collections,
                                       8);
    return count ? uf_u64(count, 0) : UF_META_UNKNOWN;
}

static void describe_collector(struct uf_meta *meta, const struct uf_python *python)
{
    const struct uf_layout_runtime *r = &python->layout.runtime;
    struct uf_heap_config config = uf_python_config(python);
    uint64_t gc = uf_gc_state(&config);
    for (int i = 0; i < UF_GC_GENERATIONS; i++) {
        meta->threshold[i] = positive_int(
            python, gc + r->gc.generations + (uint64_t)i * r->gc.generation_size + r->gc.threshold);
        meta->collections[i] = collections(python, gc, i);
    }
    meta->collector_enabled = positive_int(python, gc + r->gc.enabled) != 0;
}

static void describe_texts(const struct uf_target *target, struct uf_target_texts *texts,
                           const struct uf_python *python, int pid)
{
    char platform[32];
    sys_text(target, python, "version", texts->python, sizeof texts->python);
    texts->python[strcspn(texts->python, " ")] = '\0';
    sys_text(target, python, "platform", platform, sizeof platform);
    snprintf(texts->platform, sizeof texts->platform, "%s-x86_64",
             platform[0] ? platform : "linux");
    sys_text(target, python, "executable", texts->executable, sizeof texts->executable);
    texts->command_line[0] = '\0';
    if (target->core)
        snprintf(texts->command_line, sizeof texts->command_line, "%s", target->core->command_line);
    else
        uf_proc_command_line(pid, false, texts->command_line, sizeof texts->command_line);
}

void uf_target_describe(struct uf_target *target, struct uf_target_texts *texts,
                        const struct uf_python *python, int pid)
{
    const struct uf_process_stops *stops = target->stops;
    uint64_t started = stops ? uf_proc_started_ns(pid) : 0;
    describe_texts(target, texts, python, pid);
    target->meta = (struct uf_meta){
        .python = texts->python,
        .implementation = "cpython",
        .platform = texts->platform,
        .executable = texts->executable[0] ? texts->executable : NULL,
        .command_line = texts->command_line[0] ? texts->command_line : NULL,
        .pid = target->core ? (uint64_t)target->core->pid : (uint64_t)pid,
        .process_started_ns = started ? started : UF_META_UNKNOWN,
        .taken_ns = stops ? stops->taken_ns : target->core->taken_ns,
        .pause_ns = stops ? stops->total_ns : UF_META_UNKNOWN,
        .capture_ns = (uint64_t)(target->capture.seconds * 1e9),
        .write_ns = UF_META_UNKNOWN,
        .rss_bytes = stops ? stops->rss_bytes : UF_META_UNKNOWN,
        .tracked = target->capture.tracked,
        .frozen = target->capture.frozen,
    };
    describe_collector(&target->meta, python);
}
