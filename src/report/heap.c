#include "report/heap.h"

#include "report/columns.h"
#include "report/style.h"
#include "report/units.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define WIDTH_UNKNOWN 100 /* not a terminal */
#define WIDTH_LEAST 20
#define WIDTH_MOST 120 /* longer lines read badly */

#define NS_PER_SECOND 1000000000u

static double figure(uint64_t value)
{
    return value == UF_META_UNKNOWN ? NAN : (double)value;
}

static double seconds(uint64_t ns)
{
    return ns == UF_META_UNKNOWN ? NAN : (double)ns / NS_PER_SECOND;
}

void uf_report_heap_time(struct uf_text *ret, uint64_t realtime_ns)
{
    char text[64];
    struct tm local;
    time_t at = (time_t)(realtime_ns / NS_PER_SECOND);
    if (realtime_ns == UF_META_UNKNOWN || !localtime_r(&at, &local) ||
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %Z", &local) == 0)
        uf_text_add_z(ret, "?");
    else
        uf_columns_clean(ret, text);
}

/* RFC 3339, in UTC. */
static void time_json(struct uf_json *json, const char *key, uint64_t realtime_ns)
{
    char text[64];
    struct tm utc;
    time_t at = (time_t)(realtime_ns / NS_PER_SECOND);
    if (realtime_ns == UF_META_UNKNOWN || !gmtime_r(&at, &utc) ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        uf_json_null(json, key);
    else
        uf_json_text(json, key, text);
}

/* A figure of what was read from outside that 0 stands for "not known". */
static double outside_figure(const struct uf_report_outside *outside, uint64_t value)
{
    return outside && value > 0 ? (double)value : NAN;
}

static void damage_json(struct uf_json *json, const struct uf_report_outside *outside)
{
    if (!outside) {
        uf_json_null(json, "damage");
        return;
    }
    uf_json_open_object(json, "damage", UF_JSON_INLINE);
    uf_json_number(json, "not_objects", (double)outside->not_objects);
    uf_json_number(json, "cut_objects", (double)outside->cut_objects);
    uf_json_number(json, "broken_lists", (double)outside->broken_lists);
    uf_json_close(json);
}

static void outside_json(struct uf_json *json, const struct uf_report_outside *outside)
{
    bool live = outside && !outside->core;
    uf_json_number(json, "longest_pause_seconds",
                   live ? (double)outside->longest_ns / NS_PER_SECOND : NAN);
    uf_json_number(json, "tries", outside_figure(outside, live ? outside->tries : 0));
    if (outside)
        uf_json_bool(json, "collecting", outside->collecting);
    else
        uf_json_null(json, "collecting");
    damage_json(json, outside);
    uf_json_number(json, "threads", outside_figure(outside, outside ? outside->threads : 0));
    uf_json_number(json, "interpreters",
                   outside_figure(outside, outside ? outside->interpreters : 0));
    uf_json_text(json, "layout", outside ? outside->layout : NULL);
    uf_json_number(json, "signal",
                   outside && outside->core ? (double)outside->signal : (double)NAN);
    uf_json_open_array(json, "missing_files", UF_JSON_INLINE);
    for (size_t i = 0; outside && i < outside->missing_count; i++)
        uf_json_text(json, NULL, outside->missing[i]);
    uf_json_close(json);
}

void uf_report_heap_json(struct uf_json *json, const char *key, const struct uf_report_heap *heap)
{
    const struct uf_meta *meta = heap->meta;
    const struct uf_report_outside *outside = heap->outside;
    uf_json_open_object(json, key, UF_JSON_LINES);
    uf_json_text(json, "source", !outside ? "snapshot" : outside->core ? "core" : "process");
    uf_json_text(json, "file", heap->file);
    uf_json_number(json, "file_bytes", figure(heap->file_bytes));
    uf_json_text(json, "unfreed", meta->unfreed);
    uf_json_text(json, "python", meta->python);
    uf_json_text(json, "implementation", meta->implementation);
    uf_json_text(json, "platform", meta->platform);
    uf_json_text(json, "executable", meta->executable);
    uf_json_text(json, "command_line", meta->command_line);
    uf_json_number(json, "pid", figure(meta->pid));
    time_json(json, "process_started", meta->process_started_ns);
    time_json(json, "taken", meta->taken_ns);
    uf_json_number(json, "pause_seconds", seconds(meta->pause_ns));
    outside_json(json, outside);
    uf_json_number(json, "rss_bytes", figure(meta->rss_bytes));
    uf_json_bool(json, "redacted", meta->redacted);
    uf_json_number(json, "objects", (double)heap->objects);
    uf_json_number(json, "references", (double)heap->references);
    uf_json_number(json, "bytes", (double)heap->bytes);
    uf_json_close(json);
}

static void add_part(struct uf_text *text, const char *before, const char *value)
{
    if (!value || !value[0])
        return;
    if (text->len > 0)
        uf_text_add_z(text, ", ");
    uf_text_add_z(text, before);
    uf_columns_clean(text, value);
}

void uf_report_heap_pause(struct uf_text *ret, const struct uf_report_heap *heap)
{
    const struct uf_report_outside *outside = heap->outside;
    uf_units_seconds(ret, seconds(heap->meta->pause_ns));
    if (!outside || outside->tries < 2)
        return;
    uf_text_printf(ret, " (%u tries, the longest ", outside->tries);
    uf_units_seconds(ret, seconds(outside->longest_ns));
    uf_text_add_z(ret, ")");
}

static void taken_row(struct uf_page *page, const struct uf_report_heap *heap)
{
    const struct uf_meta *meta = heap->meta;
    struct uf_text text = {0};
    uf_report_heap_time(&text, meta->taken_ns);
    if (meta->pause_ns != UF_META_UNKNOWN && !(heap->outside && heap->outside->core)) {
        uf_text_add_z(&text, ", the program paused for ");
        uf_report_heap_pause(&text, heap);
    }
    if (meta->rss_bytes != UF_META_UNKNOWN) {
        uf_text_add_z(&text, "; resident memory ");
        uf_units_bytes(&text, (double)meta->rss_bytes);
    }
    if (meta->redacted)
        uf_text_add_z(&text, "; redacted: contents were left out");
    uf_page_row(page, 0, "taken", UF_HEAP_LABEL_COLUMN, &text);
}

static void add_damage(struct uf_text *text, uint64_t count, const char *one, const char *many)
{
    if (count == 0)
        return;
    if (text->len > 0)
        uf_text_add_z(text, ", ");
    uf_units_plural(text, (double)count, one, many);
}

/* Nothing partial is shown as if it were whole. */
static void damage_row(struct uf_page *page, const struct uf_report_outside *outside)
{
    struct uf_text text = {0};
    add_damage(&text, outside->cut_objects, "object was read in part", "objects were read in part");
    add_damage(&text, outside->not_objects, "reference led to what is no object",
               "references led to what is no object");
    add_damage(&text, outside->broken_lists, "list of the collector does not close",
               "lists of the collector do not close");
    if (text.len == 0)
        return;
    uf_text_add_z(&text, ": what they hold is missing here");
    uf_page_row(page, 0, "damaged", UF_HEAP_LABEL_COLUMN, &text);
}

/* "from outside, 12 threads, 2 interpreters"; "a core file, it died of signal 11, ..." and files it lacks. */
static void outside_rows(struct uf_page *page, const struct uf_report_outside *outside)
{
    struct uf_text text = {0};
    uf_text_add_z(&text, outside->core ? "a core file" : "the live process");
    if (outside->core && outside->signal > 0)
        uf_text_printf(&text, ", it died of signal %d (%s)", outside->signal,
                       strsignal(outside->signal));
    if (outside->threads > 0) {
        uf_text_add_z(&text, ", ");
        uf_units_plural(&text, outside->threads, "thread", "threads");
    }
    if (outside->interpreters > 1) {
        uf_text_add_z(&text, ", ");
        uf_units_plural(&text, outside->interpreters, "interpreter", "interpreters");
    }
    uf_page_row(page, 0, "read from", UF_HEAP_LABEL_COLUMN, &text);
    if (outside->collecting) {
        struct uf_text note = {0};
        uf_text_add_z(&note,
                      "it stood in the middle of a collection: of what was about to be freed, "
                      "some may be missing");
        uf_page_row(page, 0, "note", UF_HEAP_LABEL_COLUMN, &note);
    }
    damage_row(page, outside);
    for (size_t i = 0; i < outside->missing_count; i++) {
        struct uf_text missing = {0};
        uf_text_add_z(&missing, "missing file: ");
        uf_columns_clean(&missing, outside->missing[i]);
        uf_page_row(page, 0, "note", UF_HEAP_LABEL_COLUMN, &missing);
    }
}

void uf_report_heap_rows(struct uf_page *page, const struct uf_report_heap *heap)
{
    const struct uf_meta *meta = heap->meta;
    struct uf_text text = {0};
    add_part(&text, "", meta->command_line ? meta->command_line : meta->executable);
    if (meta->pid != UF_META_UNKNOWN)
        uf_text_printf(&text, "%spid %llu", text.len > 0 ? ", " : "",
                       (unsigned long long)meta->pid);
    add_part(&text, "Python ", meta->python);
    if (text.len > 0)
        uf_page_row(page, 0, "program", UF_HEAP_LABEL_COLUMN, &text);
    uf_page_drop(page, &text);

    if (meta->taken_ns != UF_META_UNKNOWN)
        taken_row(page, heap);
    if (heap->outside)
        outside_rows(page, heap->outside);
}

void uf_report_page_begin(struct uf_page *page, struct uf_text *marked,
                          const struct uf_report_form *form)
{
    size_t width = form->width == 0 ? WIDTH_UNKNOWN : form->width;
    *marked = (struct uf_text){0};
    *page = (struct uf_page){
        .out = marked,
        .width = width < WIDTH_LEAST  ? WIDTH_LEAST
                 : width > WIDTH_MOST ? WIDTH_MOST
                                      : width,
    };
}

void uf_report_page_end(struct uf_text *ret, struct uf_text *marked,
                        const struct uf_report_form *form)
{
    if (marked->failed)
        ret->failed = true;
    else
        uf_style_apply(ret, uf_page_z(marked), form->color);
    uf_text_release(marked);
}
