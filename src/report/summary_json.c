/* Schema unfreed.summary/1; docs/summary-json.md says what each key means. Every key is always there. */
#include "report/balance.h"
#include "report/steps_json.h"
#include "report/summary.h"

#include <stdio.h>

static const char *string_of(const struct uf_summary_report *report, uint32_t number)
{
    return uf_strings_get(report->strings, number);
}

static void write_share(struct uf_json *json, const char *key, uint64_t objects, uint64_t bytes)
{
    uf_json_open_object(json, key, UF_JSON_INLINE);
    uf_json_number(json, "objects", (double)objects);
    uf_json_number(json, "bytes", (double)bytes);
    uf_json_close(json);
}

static double known(uint64_t figure)
{
    return figure == UF_META_UNKNOWN ? UF_UNKNOWN : (double)figure;
}

void uf_summary_collector_json(struct uf_json *json, const struct uf_meta *meta)
{
    uf_json_open_object(json, "collector", UF_JSON_LINES);
    if (meta->collector_enabled == UF_META_UNKNOWN)
        uf_json_null(json, "enabled");
    else
        uf_json_bool(json, "enabled", meta->collector_enabled != 0);
    uf_json_open_array(json, "thresholds", UF_JSON_INLINE);
    for (int i = 0; i < UF_GENERATIONS; i++)
        uf_json_number(json, NULL, known(meta->threshold[i]));
    uf_json_close(json);
    uf_json_open_array(json, "collections", UF_JSON_INLINE);
    for (int i = 0; i < UF_GENERATIONS; i++)
        uf_json_number(json, NULL, known(meta->collections[i]));
    uf_json_close(json);
    uf_json_number(json, "tracked_objects", known(meta->tracked));
    uf_json_number(json, "frozen_objects", known(meta->frozen));
    uf_json_close(json);
}

static void write_held(struct uf_json *json, const struct uf_summary *summary)
{
    static const char *const keys[] = {
        [UF_ROOT_MODULE] = "modules",
        [UF_ROOT_THREAD] = "threads",
        [UF_ROOT_INTERPRETER] = "interpreter",
        [UF_ROOT_STATIC_TYPE] = "static_types",
        [UF_ROOT_CACHE] = "caches",
        [UF_ROOT_NATIVE] = "native",
    };
    uf_json_open_object(json, "held_by", UF_JSON_LINES);
    for (int kind = 0; kind < UF_ROOT_NATIVE; kind++)
        write_share(json, keys[kind], summary->held[kind].objects, summary->held[kind].bytes);
    write_share(json, keys[UF_ROOT_NATIVE],
                summary->held[UF_ROOT_NATIVE].objects - summary->immortal.objects,
                summary->held[UF_ROOT_NATIVE].bytes - summary->immortal.bytes);
    write_share(json, "immortal", summary->immortal.objects, summary->immortal.bytes);
    write_share(json, "nothing", summary->all.garbage_objects, summary->all.garbage_bytes);
    uf_json_close(json);
}

static void write_types(struct uf_json *json, const struct uf_summary_report *report)
{
    const struct uf_summary *summary = report->summary;
    uf_json_open_array(json, "types", UF_JSON_LINES);
    for (size_t i = 0; i < summary->types.len; i++) {
        const struct uf_summary_type *type = &summary->types.at[i];
        uf_json_open_object(json, NULL, UF_JSON_INLINE);
        uf_json_text(json, "type", string_of(report, type->name));
        uf_json_number(json, "classes", type->types);
        uf_json_number(json, "objects", (double)type->figures.objects);
        uf_json_number(json, "fewest_objects",
                       report->processes ? (double)type->fewest : (double)UF_UNKNOWN);
        uf_json_number(json, "most_objects",
                       report->processes ? (double)type->most : (double)UF_UNKNOWN);
        uf_json_number(json, "bytes", (double)type->figures.bytes);
        uf_json_number(json, "retained_objects", (double)type->figures.retained_objects);
        uf_json_number(json, "retained_bytes", (double)type->figures.retained_bytes);
        uf_json_number(json, "garbage_objects", (double)type->figures.garbage_objects);
        uf_json_number(json, "garbage_bytes", (double)type->figures.garbage_bytes);
        uf_json_close(json);
    }
    uf_json_close(json);
}

static void write_garbage(struct uf_json *json, const struct uf_summary *summary, bool one_heap)
{
    uf_json_open_object(json, "garbage", UF_JSON_LINES);
    uf_json_number(json, "objects", (double)summary->all.garbage_objects);
    uf_json_number(json, "bytes", (double)summary->all.garbage_bytes);
    uf_json_number(json, "frozen_objects", (double)summary->garbage_frozen_objects);
    uf_json_number(json, "frozen_bytes", (double)summary->garbage_frozen_bytes);
    if (!one_heap) {
        uf_json_null(json, "cycles");
        uf_json_close(json);
        return;
    }
    uf_json_open_array(json, "cycles", UF_JSON_LINES);
    for (size_t i = 0; i < summary->cycles.findings.len; i++) {
        const struct uf_finding *cycle = &summary->cycles.findings.at[i];
        uf_json_open_object(json, NULL, UF_JSON_LINES);
        uf_json_number(json, "objects", cycle->objects);
        uf_json_number(json, "bytes", cycle->bytes);
        uf_json_open_array(json, "types", UF_JSON_INLINE);
        for (size_t t = 0; t < cycle->types.len; t++)
            uf_json_text(json, NULL, cycle->types.at[t]);
        uf_json_close(json);
        uf_steps_json(json, "cycle", cycle->cycle.at, cycle->cycle.len);
        uf_json_text(json, "cut", cycle->fix_edge);
        uf_json_text(json, "advice", cycle->fix_advice);
        uf_json_close(json);
    }
    uf_json_close(json);
    uf_json_close(json);
}

static void write_address(struct uf_json *json, const char *key, uint64_t address)
{
    char text[24];
    snprintf(text, sizeof text, "0x%llx", (unsigned long long)address);
    uf_json_text(json, key, text);
}

static void write_native(struct uf_json *json, const struct uf_summary_report *report)
{
    const struct uf_summary *summary = report->summary;
    uf_json_open_array(json, "native", UF_JSON_LINES);
    for (size_t i = 0; i < summary->native.len; i++) {
        const struct uf_summary_native *native = &summary->native.at[i];
        uf_json_open_object(json, NULL, UF_JSON_INLINE);
        uf_json_text(json, "type", string_of(report, native->name));
        uf_json_number(json, "held", (double)native->held);
        uf_json_number(json, "references", (double)native->references);
        uf_json_number(json, "objects", (double)native->objects);
        uf_json_number(json, "bytes", (double)native->bytes);
        if (report->view)
            write_address(json, "example", report->view->graph->address[native->example]);
        else
            uf_json_null(json, "example");
        uf_json_close(json);
    }
    uf_json_close(json);
}

static void write_largest(struct uf_json *json, const struct uf_summary_report *report)
{
    const struct uf_view *view = report->view;
    if (!view) {
        uf_json_null(json, "largest");
        return;
    }
    uf_json_open_array(json, "largest", UF_JSON_LINES);
    for (size_t i = 0; i < report->summary->largest.len; i++) {
        uf_node node = report->summary->largest.at[i];
        struct uf_path path = {0};
        struct uf_text object = {0}, expression = {0};
        bool reached = view->reach->reached[node];
        uf_step_object_text(view, node, &object);
        if (reached && uf_path_to(&path, view->reach, node, NULL))
            expression.failed = true;
        else if (reached)
            uf_path_expression(view, &path, path.nodes.len, &expression);
        uf_json_open_object(json, NULL, UF_JSON_INLINE);
        write_address(json, "address", view->graph->address[node]);
        uf_json_text(json, "type", uf_graph_type_name(view->graph, node));
        uf_json_text(json, "object", object.at);
        uf_json_number(json, "bytes", (double)uf_graph_size(view->graph, node));
        uf_json_text(json, "path", reached ? expression.at : NULL);
        uf_json_close(json);
        json->out->failed |= object.failed || expression.failed;
        uf_text_release(&object);
        uf_text_release(&expression);
        uf_path_release(&path);
    }
    uf_json_close(json);
}

void uf_summary_json(struct uf_text *ret, const struct uf_summary_report *report)
{
    struct uf_json json;
    uf_json_begin(&json, ret);
    uf_json_open_object(&json, NULL, UF_JSON_LINES);
    uf_json_text(&json, "schema", "unfreed.summary/1");
    if (report->processes) { /* each has its own */
        uf_json_null(&json, "heap");
        uf_json_null(&json, "collector");
    } else {
        uf_report_heap_json(&json, "heap", &report->heap);
        uf_summary_collector_json(&json, report->heap.meta);
    }
    uf_summary_processes_json(&json, report->processes);
    write_held(&json, report->summary);
    write_types(&json, report);
    write_garbage(&json, report->summary, report->view != NULL);
    write_native(&json, report);
    write_largest(&json, report);
    if (report->balance)
        uf_balance_json(&json, "rss", report->balance);
    else
        uf_json_null(&json, "rss");
    uf_json_end(&json);
}
