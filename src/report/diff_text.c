#include "report/diff.h"

#include "report/columns.h"
#include "report/style.h"
#include "report/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_GROWTH_BYTES 4096
#define LEAST_GROWTH_OF_OLD 10000
#define DRAWN 3          /* entries with a walk, if they are worth it: */
#define DRAWN_SHARE 0.05 /* ... of all that was added */
#define ROW_SHARE 0.002  /* less is a row only if there are no others */
#define NEW_TYPES_NAMED 4
#define GROWN_TYPES_NAMED 4
#define SHRUNK_NAMED 2
#define SHRUNK_SHARE 0.1
#define GONE_WORTH_TELLING 0.05 /* of what was added */

enum uf_diff_verdict uf_diff_verdict(const struct uf_diff *diff)
{
    int64_t net = uf_diff_net(diff);
    int64_t least = (int64_t)(diff->heap[UF_DIFF_OLD].bytes / LEAST_GROWTH_OF_OLD);
    if (least < LEAST_GROWTH_BYTES)
        least = LEAST_GROWTH_BYTES;
    return net >= least ? UF_DIFF_GREW : net <= -least ? UF_DIFF_SHRANK : UF_DIFF_STEADY;
}

const char *uf_diff_verdict_word(enum uf_diff_verdict verdict)
{
    return verdict == UF_DIFF_GREW ? "grew" : verdict == UF_DIFF_SHRANK ? "shrank" : "steady";
}

bool uf_diff_over_limit(const struct uf_diff_report *report)
{
    int64_t net = uf_diff_net(report->diff);
    return report->has_limit && net > 0 && (uint64_t)net > report->limit_bytes;
}

/* " in 60 s", or between which two heaps. */
static void add_span(struct uf_text *ret, const struct uf_diff_report *report)
{
    if (report->same_process && report->seconds >= 0) {
        uf_text_add_z(ret, " in ");
        uf_units_seconds(ret, report->seconds);
        if (report->processes)
            uf_text_printf(ret, " in %zu processes", report->processes->count);
    } else if (!report->same_process) {
        uf_text_add_z(ret, " from one process to the other");
    }
}

static double share_of(const struct uf_diff *diff, size_t entry)
{
    double all = (double)diff->grown_in_all.bytes;
    return all > 0 ? (double)diff->grown.at[entry].bytes / all : 0;
}

/* "98 % of it is held by module shop.STORE._sessions" */
static void add_holder(struct uf_text *ret, const struct uf_diff *diff, const char *it)
{
    if (diff->grown.len == 0 || diff->grown.at[0].bytes <= 0)
        return;
    double percent = 100 * share_of(diff, 0);
    uf_text_add_z(ret, ": ");
    if (percent >= 99.5)
        uf_text_printf(ret, "all of %s", it);
    else
        uf_text_printf(ret, "%.0f %% of %s", percent, it);
    const struct uf_diff_entry *entry = &diff->grown.at[0];
    const struct uf_diff_group *place = &diff->groups.at[entry->place];
    if (place->garbage) {
        uf_text_add_z(ret, " is garbage that waits for the collector");
        return;
    }
    bool in = entry->in_place || uf_diff_is_modules(diff, entry);
    uf_text_add_z(ret, in ? " is in " : " is held by ");
    uf_diff_place(ret, diff, entry);
}

static bool worth_telling(const struct uf_diff *diff, int64_t bytes)
{
    int64_t least = (int64_t)(diff->heap[UF_DIFF_OLD].bytes / LEAST_GROWTH_OF_OLD);
    return bytes >= (least < LEAST_GROWTH_BYTES ? LEAST_GROWTH_BYTES : least);
}

static void write_head(struct uf_page *page, const struct uf_diff_report *report)
{
    static const char *const leads[] = {"GREW", "NO GROWTH", "SHRANK"};
    static const char *const marks[] = {UF_MARK_RED, UF_MARK_GREEN, UF_MARK_GREEN};
    const struct uf_diff *diff = report->diff;
    enum uf_diff_verdict verdict = uf_diff_verdict(diff);
    double added = (double)diff->grown_in_all.bytes, gone = -(double)diff->shrunk_in_all.bytes;
    int64_t net = uf_diff_net(diff);
    struct uf_text text = {0};
    if (verdict == UF_DIFF_STEADY && net == 0)
        uf_text_add_z(&text, "the same size as before");
    else if (verdict == UF_DIFF_GREW)
        uf_units_bytes(&text, (double)net);
    else {
        uf_units_bytes(&text, (double)llabs(net));
        uf_text_add_z(&text, net < 0 ? " less" : " more");
    }
    add_span(&text, report);
    if (verdict == UF_DIFF_GREW) {
        if (gone > GONE_WORTH_TELLING * added) {
            uf_text_add_z(&text, " (");
            uf_units_bytes(&text, added);
            uf_text_add_z(&text, " added, ");
            uf_units_bytes(&text, gone);
            uf_text_add_z(&text, " gone)");
            add_holder(&text, diff, "what was added");
        } else {
            add_holder(&text, diff, "it");
        }
    } else if (worth_telling(diff, diff->grown_in_all.bytes)) {
        uf_text_add_z(&text, "; yet ");
        uf_units_bytes(&text, added);
        uf_text_add_z(&text, " were added");
        add_holder(&text, diff, "that");
    }
    uf_page_headline(page, marks[verdict], leads[verdict], &text, "");
}

static void write_limit(struct uf_page *page, const struct uf_diff_report *report)
{
    struct uf_text text = {0};
    if (!report->has_limit)
        return;
    uf_text_add_z(&text, uf_diff_over_limit(report) ? UF_MARK_RED "exceeded" UF_MARK_PLAIN ": "
                                                    : "kept: ");
    uf_text_add_z(&text, "all objects together take ");
    uf_units_bytes(&text, (double)report->diff->heap[UF_DIFF_OLD].bytes);
    uf_text_add_z(&text, " in OLD and ");
    uf_units_bytes(&text, (double)report->diff->heap[UF_DIFF_NEW].bytes);
    uf_text_add_z(&text, " in NEW, ");
    uf_diff_signed_bytes(&text, uf_diff_net(report->diff));
    uf_text_add_z(&text, "; allowed is +");
    uf_units_bytes(&text, (double)report->limit_bytes);
    uf_page_row(page, 0, "limit", UF_HEAP_LABEL_COLUMN, &text);
}

/* Entries from the first on that are told; those that are no row are summed up. */
static size_t rows_of(const struct uf_diff_report *report)
{
    const struct uf_diff *diff = report->diff;
    size_t end = 0;
    while (end < diff->grown.len && end < report->rows && diff->grown.at[end].bytes >= 0 &&
           (end == 0 || share_of(diff, end) >= ROW_SHARE))
        end++;
    return end;
}

static void write_entries(struct uf_page *page, const struct uf_diff_report *report)
{
    const struct uf_diff *diff = report->diff;
    size_t end = rows_of(report), drawn = 0;
    bool any = uf_diff_verdict(diff) == UF_DIFF_GREW ||
               worth_telling(diff, diff->grown_in_all.bytes);
    while (any && drawn < end && drawn < DRAWN && drawn < report->looked_at &&
           (drawn == 0 || share_of(diff, drawn) >= DRAWN_SHARE)) {
        uf_page_newline(page);
        uf_diff_draw_entry(page, report, drawn++);
    }
    if (drawn < end) {
        uf_page_newline(page);
        uf_diff_draw_table(page, report, drawn, end);
    }
    if (end < diff->grown.len) {
        struct uf_text text = {0};
        int64_t bytes = 0;
        for (size_t i = end; i < diff->grown.len; i++)
            bytes += diff->grown.at[i].bytes;
        uf_units_plural(&text, (double)(diff->grown.len - end), "more place", "more places");
        uf_text_add_z(&text, ": ");
        uf_diff_signed_bytes(&text, bytes);
        uf_text_add_z(&text, diff->grown.len > report->rows && end == report->rows
                                 ? " (--rows shows more)"
                                 : "");
        if (end == drawn)
            uf_page_newline(page);
        uf_page_line(page, 3, &text);
    }
}

/* "-1.1 MiB at module app.CACHE (dict 500 -> 20); 3 more places, -50 B" */
static void write_shrunk(struct uf_page *page, const struct uf_diff_report *report)
{
    const struct uf_diff *diff = report->diff;
    struct uf_text text = {0};
    int64_t others = diff->shrunk_in_all.bytes;
    size_t named = 0, count = diff->shrunk.len;
    if (count == 0)
        return;
    while (named < count && named < SHRUNK_NAMED &&
           (named == 0 || (double)diff->shrunk.at[named].bytes <=
                              SHRUNK_SHARE * (double)diff->shrunk_in_all.bytes)) {
        const struct uf_diff_entry *entry = &diff->shrunk.at[named];
        const struct uf_diff_group *main = &diff->groups.at[entry->main];
        uf_text_add_z(&text, named++ > 0 ? "; " : "");
        uf_diff_signed_bytes(&text, entry->bytes);
        uf_text_add_z(&text, " at ");
        uf_diff_place(&text, diff, entry);
        uf_text_add_z(&text, " (");
        uf_columns_clean(&text, uf_diff_text(diff, main->type));
        if (!entry->in_place) {
            uf_text_add_z(&text, " ");
            uf_units_count(&text, (double)main->heap[UF_DIFF_OLD].objects);
            uf_text_add_z(&text, " -> ");
            uf_units_count(&text, (double)main->heap[UF_DIFF_NEW].objects);
        }
        uf_text_add_z(&text, ")");
        others -= entry->bytes;
    }
    if (count > named) {
        uf_text_printf(&text, "; %zu more place%s, ", count - named, count - named == 1 ? "" : "s");
        uf_diff_signed_bytes(&text, others);
    }
    uf_page_row(page, 0, "shrank", UF_HEAP_LABEL_COLUMN, &text);
}

static void write_types(struct uf_page *page, const struct uf_diff *diff)
{
    struct uf_text text = {0}, fresh = {0};
    size_t named = 0, new_types = 0;
    for (size_t t = 0; t < diff->types.len; t++) {
        const struct uf_diff_type *type = &diff->types.at[t];
        int64_t objects = (int64_t)type->heap[1].objects - (int64_t)type->heap[0].objects;
        int64_t bytes = (int64_t)type->heap[1].bytes - (int64_t)type->heap[0].bytes;
        bool is_new = type->heap[UF_DIFF_OLD].objects == 0 && objects > 0;
        if (is_new && new_types++ < NEW_TYPES_NAMED) {
            uf_text_add_z(&fresh, fresh.len > 0 ? ", " : "");
            uf_columns_clean(&fresh, uf_diff_text(diff, type->type));
            uf_text_add_z(&fresh, " (");
            uf_units_count(&fresh, (double)type->heap[UF_DIFF_NEW].objects);
            uf_text_add_z(&fresh, ")");
        }
        if (bytes <= 0 || objects <= 0 || named >= GROWN_TYPES_NAMED)
            continue;
        uf_text_add_z(&text, named++ > 0 ? ", " : "");
        uf_diff_signed_count(&text, objects);
        uf_text_add_z(&text, " ");
        uf_diff_type_name(&text, uf_diff_text(diff, type->type));
        uf_text_add_z(&text, " (");
        uf_diff_signed_bytes(&text, bytes);
        uf_text_add_z(&text, ")");
    }
    if (new_types > NEW_TYPES_NAMED)
        uf_text_printf(&fresh, ", %zu more", new_types - NEW_TYPES_NAMED);
    if (named > 0)
        uf_page_row(page, 0, "types", UF_HEAP_LABEL_COLUMN, &text);
    if (new_types > 0)
        uf_page_row(page, 0, "new types", UF_HEAP_LABEL_COLUMN, &fresh);
    uf_page_drop(page, &text);
    uf_page_drop(page, &fresh);
}

static void write_heap(struct uf_page *page, const char *label, const struct uf_report_heap *heap,
                       const struct uf_diff_figures *figures)
{
    struct uf_text text = {0};
    uf_units_plural(&text, (double)figures->objects, "object", "objects");
    uf_text_add_z(&text, ", ");
    uf_units_bytes(&text, (double)figures->bytes);
    if (heap->meta->rss_bytes != UF_META_UNKNOWN) {
        uf_text_add_z(&text, "; resident ");
        uf_units_bytes(&text, (double)heap->meta->rss_bytes);
    }
    if (heap->meta->taken_ns != UF_META_UNKNOWN) {
        uf_text_add_z(&text, "; taken ");
        uf_report_heap_time(&text, heap->meta->taken_ns);
    }
    if (heap->outside && !heap->outside->core && heap->meta->pause_ns != UF_META_UNKNOWN) {
        uf_text_add_z(&text, "; stood still for ");
        uf_report_heap_pause(&text, heap);
    }
    if (heap->meta->pid != UF_META_UNKNOWN)
        uf_text_printf(&text, "; pid %llu", (unsigned long long)heap->meta->pid);
    uf_page_row(page, 0, label, UF_HEAP_LABEL_COLUMN, &text);
}

void uf_diff_report_text(struct uf_text *ret, const struct uf_diff_report *report,
                         const struct uf_report_form *form)
{
    struct uf_text marked;
    struct uf_page page;
    uf_report_page_begin(&page, &marked, form);
    write_head(&page, report);
    if (form->quiet) {
        uf_report_page_end(ret, &marked, form);
        return;
    }
    write_limit(&page, report);
    write_entries(&page, report);
    uf_page_newline(&page);
    write_shrunk(&page, report);
    write_types(&page, report->diff);
    if (report->processes) {
        uf_diff_draw_processes(&page, report);
    } else {
        write_heap(&page, "old", &report->old, &report->diff->heap[UF_DIFF_OLD]);
        write_heap(&page, "new", &report->new, &report->diff->heap[UF_DIFF_NEW]);
    }
    for (const char *const *note = report->notes; *note; note++) {
        struct uf_text text = {0};
        uf_columns_clean(&text, *note);
        uf_page_row(&page, 0, "note", UF_HEAP_LABEL_COLUMN, &text);
    }
    uf_report_page_end(ret, &marked, form);
}
