/* Schema unfreed.check/1; docs/check-json.md says what each key means. Every key is always there. */
#include "report/json.h"
#include "report/report.h"
#include "report/steps_json.h"

#define OBJECT(json, key) uf_json_open_object((json), (key), UF_JSON_LINES)
#define INLINE_OBJECT(json, key) uf_json_open_object((json), (key), UF_JSON_INLINE)
#define ARRAY(json, key) uf_json_open_array((json), (key), UF_JSON_LINES)
#define INLINE_ARRAY(json, key) uf_json_open_array((json), (key), UF_JSON_INLINE)

static void write_target(struct uf_json *json, const struct uf_check_result *result)
{
    OBJECT(json, "target");
    uf_json_text(json, "spec", result->spec);
    uf_json_text(json, "function", result->function);
    uf_json_text(json, "python", result->python);
    uf_json_text(json, "implementation", result->implementation);
    uf_json_text(json, "platform", result->platform);
    uf_json_text(json, "unfreed", result->unfreed_version);
    uf_json_close(json);
}

static void write_run(struct uf_json *json, const struct uf_check_result *result)
{
    INLINE_OBJECT(json, "calls");
    uf_json_number(json, "warmup", result->calls_warmup);
    uf_json_number(json, "measured", result->calls_measured);
    uf_json_close(json);
    ARRAY(json, "passes");
    for (size_t i = 0; i < result->passes.len; i++) {
        INLINE_OBJECT(json, NULL);
        uf_json_text(json, "kind", result->passes.at[i].kind);
        uf_json_number(json, "calls", result->passes.at[i].calls);
        uf_json_number(json, "seconds", result->passes.at[i].seconds);
        uf_json_close(json);
    }
    uf_json_close(json);
    uf_json_text(json, "stopped_because", result->stopped_because);
    uf_json_bool(json, "partial", result->partial);
    ARRAY(json, "warnings");
    for (size_t i = 0; i < result->warnings.len; i++)
        uf_json_text(json, NULL, result->warnings.at[i]);
    uf_json_close(json);
    uf_json_number(json, "seconds", result->seconds);
}

static void write_per_call(struct uf_json *json, const struct uf_check_result *result)
{
    OBJECT(json, "per_call");
    uf_json_number(json, "objects", result->per_call.objects);
    uf_json_number(json, "garbage_objects", result->per_call.garbage_objects);
    uf_json_number(json, "garbage_bytes", result->per_call.garbage_bytes);
    uf_json_number(json, "python_bytes", result->per_call.python_bytes);
    uf_json_number(json, "native_bytes", result->per_call.native_bytes);
    uf_json_number(json, "descriptors", result->per_call.descriptors);
    uf_json_number(json, "threads", result->per_call.threads);
    uf_json_number(json, "tasks", result->per_call.tasks);
    uf_json_close(json);
}

static void write_samples(struct uf_json *json, const struct uf_check_result *result)
{
    ARRAY(json, "samples");
    for (size_t i = 0; i < result->samples.len; i++) {
        const struct uf_sample *sample = &result->samples.at[i];
        INLINE_OBJECT(json, NULL);
        uf_json_number(json, "call", sample->call);
        uf_json_text(json, "phase", sample->phase == UF_PHASE_WARMUP ? "warmup" : "measured");
        uf_json_number(json, "objects_before", sample->objects_before);
        uf_json_number(json, "objects_after", sample->objects_after);
        uf_json_number(json, "collected", sample->collected);
        uf_json_number(json, "garbage_rounds", sample->garbage_rounds);
        uf_json_number(json, "objects_after_collect", sample->objects_after_collect);
        uf_json_number(json, "python_bytes", sample->python_bytes);
        uf_json_number(json, "native_bytes", sample->native_bytes);
        uf_json_number(json, "rss_bytes", sample->rss_bytes);
        uf_json_number(json, "descriptors", sample->descriptors);
        uf_json_number(json, "threads", sample->threads);
        uf_json_number(json, "seconds", sample->seconds);
        uf_json_close(json);
    }
    uf_json_close(json);
}

static void write_cycle(struct uf_json *json, const struct uf_finding *finding)
{
    if (finding->kind != UF_KIND_CYCLE) {
        uf_json_null(json, "types");
        uf_json_null(json, "collectable");
        uf_json_null(json, "collectable_why");
        return;
    }
    ARRAY(json, "types");
    for (size_t i = 0; i < finding->types.len; i++)
        uf_json_text(json, NULL, finding->types.at[i]);
    uf_json_close(json);
    uf_json_bool(json, "collectable", finding->collectable);
    uf_json_text(json, "collectable_why", finding->collectable_why);
}

static void write_figures(struct uf_json *json, const struct uf_finding *finding)
{
    uf_json_number(json, "objects_per_call", finding->objects_per_call);
    uf_json_number(json, "bytes_per_call", finding->bytes_per_call);
    uf_json_number(json, "retained_bytes_per_call", finding->retained_bytes_per_call);
    uf_json_number(json, "objects", finding->objects);
    uf_json_number(json, "bytes", finding->bytes);
    uf_json_number(json, "references_per_call", finding->references_per_call);
    INLINE_ARRAY(json, "growth_by_call");
    for (size_t i = 0; i < finding->growth_by_call.len; i++)
        uf_json_number(json, NULL, finding->growth_by_call.at[i]);
    uf_json_close(json);
    uf_json_number(json, "confidence", finding->confidence);
    if (finding->severity == UF_SEVERITY_BOUNDED) {
        INLINE_OBJECT(json, "bound");
        uf_json_number(json, "limit", finding->bound_limit);
        uf_json_number(json, "fill", finding->bound_fill);
        uf_json_text(json, "declared_by", finding->bound_by);
        uf_json_close(json);
    } else {
        uf_json_null(json, "bound");
    }
}

/* {file, line, function} for Python, {library, symbol, offset, file, line} for native frames. */
static void write_frames(struct uf_json *json, const char *key, const uf_stack_frames *frames)
{
    ARRAY(json, key);
    for (size_t i = 0; i < frames->len; i++) {
        const struct uf_stack_frame *frame = &frames->at[i];
        INLINE_OBJECT(json, NULL);
        if (frame->library) {
            uf_json_text(json, "library", frame->library);
            uf_json_text(json, "symbol", frame->symbol);
            uf_json_number(json, "offset", (double)frame->offset);
        }
        uf_json_text(json, "file", frame->file);
        uf_json_number(json, "line", frame->line ? (double)frame->line : UF_UNKNOWN);
        if (!frame->library)
            uf_json_text(json, "function", frame->function);
        uf_json_close(json);
    }
    uf_json_close(json);
}

/* Null where there is none. */
static void write_stack(struct uf_json *json, const uf_stack_frames *frames)
{
    if (frames->len > 0)
        write_frames(json, "stack", frames);
    else
        uf_json_null(json, "stack");
}

/* What only some kinds have: null for the others. */
static void write_resources(struct uf_json *json, const struct uf_finding *finding)
{
    if (finding->kind == UF_KIND_DESCRIPTOR) {
        INLINE_OBJECT(json, "descriptor");
        uf_json_number(json, "fd",
                       finding->descriptor_fd >= 0 ? (double)finding->descriptor_fd : UF_UNKNOWN);
        uf_json_text(json, "target", finding->descriptor_target);
        uf_json_close(json);
    } else {
        uf_json_null(json, "descriptor");
    }
    if (finding->kind == UF_KIND_THREAD) {
        OBJECT(json, "thread");
        uf_json_text(json, "name", finding->thread_name);
        uf_json_text(json, "target", finding->thread_target);
        write_stack(json, &finding->thread_stack);
        uf_json_close(json);
    } else {
        uf_json_null(json, "thread");
    }
    if (finding->kind == UF_KIND_TASK) {
        OBJECT(json, "task");
        uf_json_text(json, "name", finding->task_name);
        uf_json_text(json, "coroutine", finding->task_coroutine);
        write_stack(json, &finding->task_stack);
        uf_json_close(json);
    } else {
        uf_json_null(json, "task");
    }
}

static void write_fix(struct uf_json *json, const struct uf_finding *finding)
{
    static const char *const hows[] = {
        [UF_FIX_NOT_TRIED] = NULL,
        [UF_FIX_GRAPH] = "graph",
        [UF_FIX_COPY] = "copy",
    };
    OBJECT(json, "fix");
    uf_json_text(json, "advice", finding->fix_advice);
    uf_json_text(json, "edge", finding->fix_edge);
    uf_json_number(json, "frees_objects", finding->fix_frees_objects);
    uf_json_number(json, "frees_bytes", finding->fix_frees_bytes);
    uf_json_number(json, "of_objects", finding->fix_of_objects);
    uf_json_number(json, "closes_descriptors", finding->fix_closes);
    uf_json_number(json, "of_descriptors", finding->fix_of_closes);
    uf_json_bool(json, "verified", finding->fix_verified);
    uf_json_text(json, "how", hows[finding->fix_how]);
    uf_json_text(json, "why_not", finding->fix_why_not);
    ARRAY(json, "candidates");
    for (size_t i = 0; i < finding->candidates.len; i++) {
        INLINE_OBJECT(json, NULL);
        uf_json_text(json, "edge", finding->candidates.at[i].edge);
        uf_json_bool(json, "alone", finding->candidates.at[i].alone);
        uf_json_close(json);
    }
    uf_json_close(json);
    uf_json_close(json);
}

static void write_finding(struct uf_json *json, const struct uf_finding *finding)
{
    OBJECT(json, NULL);
    uf_json_text(json, "id", finding->id);
    uf_json_text(json, "severity", uf_severity_name(finding->severity));
    uf_json_text(json, "kind", uf_kind_name(finding->kind));
    uf_json_text(json, "type", finding->type);
    write_cycle(json, finding);
    write_figures(json, finding);
    write_frames(json, "allocated_at", &finding->allocated_at);
    uf_json_bool(json, "allocated_at_earlier", finding->allocated_at_earlier);
    uf_json_text(json, "allocated_at_unknown",
                 finding->allocated_at.len > 0   ? NULL
                 : finding->allocated_at_unknown ? finding->allocated_at_unknown
                                                 : "its allocation was not watched");
    uf_json_text(json, "made_at", finding->made_at);
    uf_json_text(json, "holder", finding->holder);
    uf_steps_json(json, "path", finding->path.at, finding->path.len);
    uf_json_text(json, "path_root", finding->path_root);
    if (finding->kind == UF_KIND_CYCLE || finding->cycle.len > 0)
        uf_steps_json(json, "cycle", finding->cycle.at, finding->cycle.len);
    else
        uf_json_null(json, "cycle");
    write_resources(json, finding);
    write_fix(json, finding);
    uf_json_text(json, "not_from_call", finding->not_from_call);
    uf_json_close(json);
}

static void write_totals(struct uf_json *json, const char *key, double objects, double bytes,
                         const struct uf_type_total *top, size_t top_len)
{
    OBJECT(json, key);
    uf_json_number(json, "objects", objects);
    uf_json_number(json, "bytes", bytes);
    ARRAY(json, "top");
    for (size_t i = 0; i < top_len; i++) {
        INLINE_OBJECT(json, NULL);
        uf_json_text(json, "type", top[i].type);
        uf_json_number(json, "objects", top[i].objects);
        uf_json_number(json, "bytes", top[i].bytes);
        uf_json_text(json, "holder", top[i].holder);
        uf_json_close(json);
    }
    uf_json_close(json);
    uf_json_close(json);
}

static void write_collector(struct uf_json *json, const struct uf_check_result *result)
{
    OBJECT(json, "collector");
    if (isnan(result->collector.thresholds[0])) /* the collector was not looked at */
        uf_json_null(json, "enabled");
    else
        uf_json_bool(json, "enabled", result->collector.enabled);
    INLINE_ARRAY(json, "thresholds");
    for (int i = 0; i < UF_GENERATIONS; i++)
        uf_json_number(json, NULL, result->collector.thresholds[i]);
    uf_json_close(json);
    uf_json_number(json, "freeze_count", result->collector.freeze_count);
    ARRAY(json, "per_generation");
    for (int i = 0; i < UF_GENERATIONS; i++) {
        const struct uf_generation_figures *figures = &result->collector.per_generation[i];
        INLINE_OBJECT(json, NULL);
        uf_json_number(json, "collections", figures->collections);
        uf_json_number(json, "seconds", figures->seconds);
        uf_json_number(json, "collected", figures->collected);
        uf_json_number(json, "uncollectable", figures->uncollectable);
        uf_json_close(json);
    }
    uf_json_close(json);
    uf_json_number(json, "waiting_calls", result->collector.waiting_calls);
    uf_json_number(json, "waiting_max_objects", result->collector.waiting_max_objects);
    uf_json_number(json, "waiting_max_bytes", result->collector.waiting_max_bytes);
    uf_json_number(json, "would_free_objects", result->collector.would_free_objects);
    uf_json_close(json);
}

void uf_report_json(struct uf_text *ret, const struct uf_check_result *result)
{
    struct uf_json json;

    uf_json_begin(&json, ret);
    OBJECT(&json, NULL);
    uf_json_text(&json, "schema", "unfreed.check/1");
    write_target(&json, result);
    uf_json_text(&json, "verdict", uf_verdict_name(result->verdict));
    uf_json_text(&json, "evidence", result->evidence);
    uf_json_number(&json, "confidence", result->confidence);
    write_run(&json, result);
    write_per_call(&json, result);
    write_samples(&json, result);
    ARRAY(&json, "findings");
    for (size_t i = 0; i < result->findings.len; i++)
        write_finding(&json, &result->findings.at[i]);
    uf_json_close(&json);
    uf_json_number(&json, "findings_ignored", result->findings_ignored);
    write_totals(&json, "warmup", result->warmup.objects, result->warmup.bytes,
                 result->warmup.top.at, result->warmup.top.len);
    if (result->has_reload)
        write_totals(&json, "reload", result->reload.objects, result->reload.bytes,
                     result->reload.top.at, result->reload.top.len);
    else
        uf_json_null(&json, "reload");
    write_collector(&json, result);
    OBJECT(&json, "rss");
    uf_json_number(&json, "before_bytes", result->rss.before_bytes);
    uf_json_number(&json, "after_bytes", result->rss.after_bytes);
    uf_json_null(&json, "parts");
    uf_json_close(&json);
    uf_json_end(&json);
}
