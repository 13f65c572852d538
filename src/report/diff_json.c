/* Schema unfreed.diff/1; docs/diff-json.md says what each key means. Every key is always there. */
#include "report/diff.h"

#include "report/steps_json.h"

#include <stdio.h>
#include <string.h>

#define TYPES_MOST 200 /* grown types first */

static double known(uint64_t figure)
{
    return figure == UF_DIFF_UNKNOWN ? UF_UNKNOWN : (double)figure;
}

static void write_pair(struct uf_json *json, const char *key, double old, double new)
{
    uf_json_open_object(json, key, UF_JSON_INLINE);
    uf_json_number(json, "old", old);
    uf_json_number(json, "new", new);
    uf_json_close(json);
}

void uf_diff_figures_json(struct uf_json *json, const struct uf_diff_figures *heap)
{
    write_pair(json, "objects", (double)heap[UF_DIFF_OLD].objects,
               (double)heap[UF_DIFF_NEW].objects);
    write_pair(json, "bytes", (double)heap[UF_DIFF_OLD].bytes, (double)heap[UF_DIFF_NEW].bytes);
}

static void write_change(struct uf_json *json, const char *key, const struct uf_diff_change *change)
{
    uf_json_open_object(json, key, UF_JSON_INLINE);
    uf_json_number(json, "objects", (double)change->objects);
    uf_json_number(json, "bytes", (double)change->bytes);
    uf_json_close(json);
}

static void write_holds(struct uf_json *json, const struct uf_diff *diff, size_t index, bool shrunk)
{
    uf_diff_shares shares = {0};
    if (uf_diff_holds(diff, index, shrunk, &shares, NULL))
        json->out->failed = true;
    uf_json_open_array(json, "holds", UF_JSON_LINES);
    for (size_t i = 0; i < shares.len; i++) {
        uf_json_open_object(json, NULL, UF_JSON_INLINE);
        uf_json_text(json, "type", uf_diff_text(diff, shares.at[i].type));
        uf_json_number(json, "objects", (double)shares.at[i].objects);
        uf_json_number(json, "bytes", (double)shares.at[i].bytes);
        uf_json_close(json);
    }
    uf_json_close(json);
    uf_vec_release(&shares);
}

static void write_examples(struct uf_json *json, const struct uf_diff *diff,
                           const struct uf_diff_entry *entry)
{
    const struct uf_view *view = diff->side[UF_DIFF_NEW].view;
    uf_json_open_array(json, "examples", UF_JSON_LINES);
    for (uint32_t i = 0; i < entry->example_count; i++) {
        struct uf_text object = {0};
        char address[32];
        snprintf(address, sizeof address, "0x%llx",
                 (unsigned long long)view->graph->address[entry->examples[i]]);
        uf_step_object_text(view, entry->examples[i], &object);
        uf_json_open_object(json, NULL, UF_JSON_INLINE);
        uf_json_text(json, "address", address);
        uf_json_text(json, "object", object.failed ? NULL : object.at);
        uf_json_close(json);
        json->out->failed |= object.failed;
        uf_text_release(&object);
    }
    uf_json_close(json);
}

static void write_modules(struct uf_json *json, const struct uf_diff *diff,
                          const struct uf_diff_entry *entry)
{
    uint32_t at = 0;
    uf_json_open_array(json, "modules", UF_JSON_INLINE);
    for (const char *name;
         uf_diff_is_modules(diff, entry) && (name = uf_diff_next_module(diff, entry, &at));)
        uf_json_text(json, NULL, name);
    uf_json_close(json);
}

static void write_path(struct uf_json *json, const char *key, const struct uf_diff *diff,
                       uint32_t group)
{
    struct uf_text path = {0};
    uf_diff_path_text(diff, group, &path);
    uf_json_text(json, key, path.failed ? NULL : path.at);
    json->out->failed |= path.failed;
    uf_text_release(&path);
}

static const char *kind_of(const struct uf_diff *diff, const struct uf_diff_entry *entry)
{
    const struct uf_diff_group *place = &diff->groups.at[entry->place];
    if (place->garbage)
        return "garbage";
    if (uf_diff_is_modules(diff, entry))
        return "modules";
    return entry->in_place ? "in_place" : "members";
}

static void write_entry(struct uf_json *json, const struct uf_diff_report *report, size_t index,
                        bool shrunk)
{
    const struct uf_diff *diff = report->diff;
    const struct uf_diff_entry *entry = shrunk ? &diff->shrunk.at[index] : &diff->grown.at[index];
    const struct uf_diff_group *main = &diff->groups.at[entry->main];
    double all = (double)(shrunk ? diff->shrunk_in_all.bytes : diff->grown_in_all.bytes);
    uf_json_open_object(json, NULL, UF_JSON_LINES);
    uf_json_text(json, "kind", kind_of(diff, entry));
    write_path(json, "place", diff, entry->place);
    write_path(json, "path", diff, entry->main);
    uf_json_text(json, "type", uf_diff_text(diff, main->type));
    uf_diff_figures_json(json, main->heap);
    uf_json_number(json, "grown_objects", (double)entry->objects);
    uf_json_number(json, "grown_bytes", (double)entry->bytes);
    uf_json_number(json, "share", all != 0 ? (double)entry->bytes / all : UF_UNKNOWN);
    write_holds(json, diff, index, shrunk);
    if (!shrunk) {
        const struct uf_diff_walk *walk = index < report->looked_at ? &report->walks[index]
                                                                    : &(struct uf_diff_walk){0};
        write_pair(json, "retained_bytes", known(entry->retained[UF_DIFF_OLD]),
                   known(entry->retained[UF_DIFF_NEW]));
        uf_json_number(json, "fresh_objects", known(entry->fresh));
        uf_json_number(json, "gone_objects", known(entry->gone));
        uf_diff_each_json(json, report, index);
        write_modules(json, diff, entry);
        write_examples(json, diff, entry);
        uf_json_text(json, "path_root", walk->root);
        if (walk->steps)
            uf_steps_json(json, "example_path", walk->steps->path.at, walk->steps->path.len);
        else
            uf_json_null(json, "example_path");
    }
    uf_json_close(json);
}

static void write_entries(struct uf_json *json, const struct uf_diff_report *report, bool shrunk)
{
    size_t count = shrunk ? report->diff->shrunk.len : report->diff->grown.len;
    uf_json_number(json, shrunk ? "shrunk_places" : "grown_places", (double)count);
    uf_json_open_array(json, shrunk ? "shrunk" : "grown", UF_JSON_LINES);
    for (size_t i = 0; i < count && i < report->rows; i++)
        write_entry(json, report, i, shrunk);
    uf_json_close(json);
}

static void write_types(struct uf_json *json, const struct uf_diff *diff)
{
    size_t told = 0;
    uf_json_open_array(json, "types", UF_JSON_LINES);
    for (size_t t = 0; t < diff->types.len && told < TYPES_MOST; t++) {
        const struct uf_diff_type *type = &diff->types.at[t];
        if (memcmp(&type->heap[UF_DIFF_OLD], &type->heap[UF_DIFF_NEW], sizeof *type->heap) == 0)
            continue;
        uf_json_open_object(json, NULL, UF_JSON_INLINE);
        uf_json_text(json, "type", uf_diff_text(diff, type->type));
        uf_diff_figures_json(json, type->heap);
        uf_json_bool(json, "new", type->heap[UF_DIFF_OLD].objects == 0);
        uf_json_close(json);
        told++;
    }
    uf_json_close(json);
}

static void write_limit(struct uf_json *json, const struct uf_diff_report *report)
{
    if (!report->has_limit) {
        uf_json_null(json, "limit");
        return;
    }
    uf_json_open_object(json, "limit", UF_JSON_INLINE);
    uf_json_number(json, "bytes", (double)report->limit_bytes);
    uf_json_bool(json, "exceeded", uf_diff_over_limit(report));
    uf_json_close(json);
}

/* Of several processes each has its own. */
static void write_heap(struct uf_json *json, const char *key, const struct uf_report_heap *heap)
{
    if (heap->meta)
        uf_report_heap_json(json, key, heap);
    else
        uf_json_null(json, key);
}

void uf_diff_report_json(struct uf_text *ret, const struct uf_diff_report *report)
{
    const struct uf_diff *diff = report->diff;
    struct uf_json json;
    uf_json_begin(&json, ret);
    uf_json_open_object(&json, NULL, UF_JSON_LINES);
    uf_json_text(&json, "schema", "unfreed.diff/1");
    write_heap(&json, "old", &report->old);
    write_heap(&json, "new", &report->new);
    uf_diff_processes_json(&json, report);
    uf_json_bool(&json, "same_process", report->same_process);
    uf_json_number(&json, "seconds", report->seconds);
    uf_json_text(&json, "verdict", uf_diff_verdict_word(uf_diff_verdict(diff)));
    uf_json_number(&json, "grown_objects",
                   (double)diff->heap[UF_DIFF_NEW].objects -
                       (double)diff->heap[UF_DIFF_OLD].objects);
    uf_json_number(&json, "grown_bytes", (double)uf_diff_net(diff));
    write_change(&json, "added", &diff->grown_in_all);
    write_change(&json, "gone", &diff->shrunk_in_all);
    write_limit(&json, report);
    write_entries(&json, report, false);
    write_entries(&json, report, true);
    write_types(&json, diff);
    uf_json_open_array(&json, "notes", UF_JSON_LINES);
    for (const char *const *note = report->notes; *note; note++)
        uf_json_text(&json, NULL, *note);
    uf_json_close(&json);
    uf_json_close(&json);
    uf_json_end(&json);
}
