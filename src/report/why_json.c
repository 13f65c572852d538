/* Schema unfreed.why/1; docs/why-json.md says what each key means. Every key is always there. */
#include "report/steps_json.h"
#include "report/why.h"

#include <stdio.h>

static void write_address(struct uf_json *json, const char *key, const struct uf_why_report *report,
                          uf_node node)
{
    char text[24];
    snprintf(text, sizeof text, "0x%llx", (unsigned long long)report->view->graph->address[node]);
    uf_json_text(json, key, text);
}

static void write_asked(struct uf_json *json, const struct uf_why_report *report)
{
    const struct uf_why *why = report->why;
    const struct uf_graph *graph = report->view->graph;
    struct uf_text object = {0};
    uf_json_text(json, "type", uf_strings_get(&graph->strings, why->type));
    uf_json_number(json, "objects", (double)why->objects);
    uf_json_number(json, "bytes", (double)why->bytes);
    uf_json_number(json, "retained_bytes",
                   why->by_type ? (double)why->retained_bytes : (double)UF_UNKNOWN);
    uf_json_number(json, "garbage_objects", (double)why->garbage_objects);
    uf_step_object_text(report->view, why->example, &object);
    uf_json_open_object(json, "example", UF_JSON_INLINE);
    write_address(json, "address", report, why->example);
    uf_json_text(json, "object", object.at);
    uf_json_number(json, "bytes", (double)uf_graph_size(graph, why->example));
    uf_json_number(json, "count",
                   graph->refcount[why->example] == UF_COUNT_IMMORTAL
                       ? (double)UF_UNKNOWN
                       : (double)graph->refcount[why->example]);
    uf_json_close(json);
    json->out->failed |= object.failed;
    uf_text_release(&object);
}

static void write_groups(struct uf_json *json, const struct uf_why_report *report)
{
    const struct uf_why *why = report->why;
    if (!why->by_type) {
        uf_json_null(json, "groups");
        return;
    }
    uf_json_open_array(json, "groups", UF_JSON_LINES);
    for (size_t i = 0; i < why->groups.len; i++) {
        const struct uf_why_group *group = &why->groups.at[i];
        uf_json_open_object(json, NULL, UF_JSON_INLINE);
        uf_json_text(json, "path", group->path);
        uf_json_bool(json, "garbage", group->garbage);
        uf_json_number(json, "objects", (double)group->objects);
        uf_json_number(json, "bytes", (double)group->bytes);
        uf_json_number(json, "retained_bytes", (double)group->retained_bytes);
        write_address(json, "example", report, group->example);
        uf_json_close(json);
    }
    uf_json_close(json);
}

static void write_paths(struct uf_json *json, const struct uf_why *why)
{
    uf_json_open_array(json, "paths", UF_JSON_LINES);
    for (size_t i = 0; i < why->paths.len; i++) {
        const struct uf_why_path *path = &why->paths.at[i];
        bool native = path->root_kind == UF_ROOT_NATIVE;
        uf_json_open_object(json, NULL, UF_JSON_LINES);
        uf_json_text(json, "root", path->way.path_root);
        uf_json_text(json, "expression", path->way.holder);
        uf_json_bool(json, "cache", path->by_cache);
        uf_json_number(json, "native_references",
                       native ? (double)path->surplus : (double)UF_UNKNOWN);
        uf_steps_json(json, "steps", path->way.path.at, path->way.path.len);
        uf_json_close(json);
    }
    uf_json_close(json);
}

static void write_cuts(struct uf_json *json, const struct uf_why *why)
{
    uf_json_open_object(json, "cut", UF_JSON_LINES);
    uf_json_number(json, "single_count", (double)why->single_count);
    uf_json_open_array(json, "singles", UF_JSON_LINES);
    for (size_t i = 0; i < why->singles.len; i++) {
        uf_json_open_object(json, NULL, UF_JSON_INLINE);
        uf_json_text(json, "reference", why->singles.at[i].expression);
        uf_json_number(json, "frees_objects", (double)why->singles.at[i].freed_objects);
        uf_json_number(json, "frees_bytes", (double)why->singles.at[i].freed_bytes);
        uf_json_close(json);
    }
    uf_json_close(json);
    uf_json_open_object(json, "together", UF_JSON_LINES);
    uf_json_open_array(json, "references", UF_JSON_LINES);
    for (size_t i = 0; i < why->together.len; i++)
        uf_json_text(json, NULL, why->together.at[i].expression);
    uf_json_close(json);
    bool any = why->together.len > 0;
    uf_json_number(json, "frees_objects", any ? (double)why->freed_objects : (double)UF_UNKNOWN);
    uf_json_number(json, "frees_bytes", any ? (double)why->freed_bytes : (double)UF_UNKNOWN);
    uf_json_close(json);
    uf_json_bool(json, "too_many", why->too_many);
    uf_json_text(json, "fixed_root", why->fixed_root);
    uf_json_close(json);
}

static void write_cycles(struct uf_json *json, const struct uf_why *why)
{
    uf_json_open_array(json, "cycles", UF_JSON_LINES);
    for (size_t i = 0; i < why->cycles.findings.len; i++) {
        const struct uf_finding *cycle = &why->cycles.findings.at[i];
        uf_json_open_object(json, NULL, UF_JSON_LINES);
        uf_json_number(json, "objects", cycle->objects);
        uf_json_number(json, "bytes", cycle->bytes);
        uf_steps_json(json, "cycle", cycle->cycle.at, cycle->cycle.len);
        uf_json_text(json, "cut", cycle->fix_edge);
        uf_json_text(json, "advice", cycle->fix_advice);
        uf_json_close(json);
    }
    uf_json_close(json);
}

void uf_why_json(struct uf_text *ret, const struct uf_why_report *report)
{
    const struct uf_why *why = report->why;
    struct uf_json json;
    uf_json_begin(&json, ret);
    uf_json_open_object(&json, NULL, UF_JSON_LINES);
    uf_json_text(&json, "schema", "unfreed.why/1");
    uf_report_heap_json(&json, "heap", &report->heap);
    uf_json_text(&json, "verdict", why->alive ? "alive" : "garbage");
    write_asked(&json, report);
    write_groups(&json, report);
    uf_json_number(&json, "explained_objects", (double)why->explained);
    uf_json_number(&json, "references", (double)why->holders);
    write_paths(&json, why);
    write_cuts(&json, why);
    write_cycles(&json, why);
    uf_json_bool(&json, "frozen", why->frozen);
    uf_json_end(&json);
}
