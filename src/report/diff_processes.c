#include "report/diff_processes.h"

#include "report/columns.h"
#include "report/diff.h"
#include "report/style.h"
#include "report/table.h"
#include "report/units.h"

#include <stdlib.h>

#define LABEL_INDENT 5 /* as of the other rows of an entry (diff_entry.c) */
#define COLUMN 14
#define NAMED_MOST 6

static const struct uf_diff_part *parts_of(const struct uf_diff_report *report, size_t index)
{
    const struct uf_diff_processes *all = report->processes;
    return all && index < all->part_entries ? &all->parts[index * all->count] : NULL;
}

static void add_counts(struct uf_text *ret, const struct uf_diff_part *part, bool in_place)
{
    for (int heap = UF_DIFF_OLD; heap <= UF_DIFF_NEW; heap++) {
        uf_text_add_z(ret, heap == UF_DIFF_NEW ? " -> " : "");
        if (in_place)
            uf_units_bytes(ret, (double)part->heap[heap].bytes);
        else
            uf_units_count(ret, (double)part->heap[heap].objects);
    }
}

static bool are_alike(const struct uf_diff_part *parts, size_t count)
{
    for (size_t p = 1; p < count; p++)
        for (int heap = 0; heap < 2; heap++)
            if (parts[p].heap[heap].objects != parts[0].heap[heap].objects ||
                parts[p].heap[heap].bytes != parts[0].heap[heap].bytes)
                return false;
    return true;
}

/* Most first. */
static int by_growth(const void *a, const void *b)
{
    const struct uf_diff_part *const *x = a, *const *y = b;
    if ((*x)->bytes != (*y)->bytes)
        return (*x)->bytes < (*y)->bytes ? 1 : -1;
    return *x < *y ? -1 : *x > *y;
}

/* "all 3 processes, 100 -> 200 in each"; "2 of 3 processes: 4712 100 -> 200 (+1.2 MiB), ..." */
static void add_each(struct uf_text *ret, const struct uf_diff_report *report, size_t index,
                     const struct uf_diff_part **sorted)
{
    const struct uf_diff_processes *all = report->processes;
    const struct uf_diff_part *parts = parts_of(report, index);
    bool in_place = report->diff->grown.at[index].in_place;
    size_t grown = 0, named = 0;
    int64_t others = 0;
    for (size_t p = 0; p < all->count; p++)
        grown += parts[p].bytes > 0;
    if (grown == all->count)
        uf_text_printf(ret, "all %zu processes", all->count);
    else
        uf_text_printf(ret, "%zu of %zu processes", grown, all->count);
    if (are_alike(parts, all->count)) {
        uf_text_add_z(ret, ", in each ");
        add_counts(ret, &parts[0], in_place);
        return;
    }
    for (size_t p = 0; p < all->count; p++)
        sorted[p] = &parts[p];
    qsort(sorted, all->count, sizeof *sorted, by_growth);
    for (size_t p = 0; p < grown; p++) {
        if (named == NAMED_MOST && grown > NAMED_MOST + 1) {
            others += sorted[p]->bytes;
            continue;
        }
        size_t process = (size_t)(sorted[p] - parts);
        uf_text_printf(ret, "%s%d ", named++ > 0 ? ", " : ": ", all->at[process].pid);
        add_counts(ret, sorted[p], in_place);
        uf_text_add_z(ret, " (");
        uf_diff_signed_bytes(ret, sorted[p]->bytes);
        uf_text_add_z(ret, ")");
    }
    if (grown > named) {
        uf_text_printf(ret, ", %zu more ", grown - named);
        uf_diff_signed_bytes(ret, others);
    }
}

const struct uf_diff_figures *uf_diff_of_example(const struct uf_diff_report *report, size_t index)
{
    const struct uf_diff_processes *all = report->processes;
    const struct uf_diff_part *parts = parts_of(report, index);
    for (size_t p = 0; parts && p < all->count; p++)
        if (all->at[p].pid == all->example_pid)
            return parts[p].heap;
    return report->diff->groups.at[report->diff->grown.at[index].main].heap;
}

void uf_diff_draw_each(struct uf_page *page, const struct uf_diff_report *report, size_t index)
{
    struct uf_text text = {0};
    if (!parts_of(report, index))
        return;
    const struct uf_diff_part **sorted = uf_mem_alloc(report->processes->count * sizeof *sorted);
    if (sorted)
        add_each(&text, report, index, sorted);
    else
        page->out->failed = true;
    uf_mem_free(sorted);
    uf_page_row(page, LABEL_INDENT, "in", COLUMN, &text);
}

static void draw_row(struct uf_table *table, const struct uf_diff_process *process)
{
    struct uf_text pid = {0}, grown = {0}, pause = {0};
    uf_process_name(&pid, process->pid, process->master);
    uf_diff_signed_bytes(&grown, (int64_t)process->new.bytes - (int64_t)process->old.bytes);
    uf_units_seconds(&pause,
                     (double)(process->old.meta->pause_ns + process->new.meta->pause_ns) / 1e9);
    uf_table_text(table, &pid);
    uf_table_text(table, &grown);
    uf_table_count(table, (double)process->new.objects);
    uf_table_bytes(table, (double)process->new.bytes);
    uf_table_bytes(table, process->new.meta->rss_bytes == UF_META_UNKNOWN
                              ? (double)UF_UNKNOWN
                              : (double)process->new.meta->rss_bytes);
    uf_table_text(table, &pause);
}

void uf_diff_draw_processes(struct uf_page *page, const struct uf_diff_report *report)
{
    static const struct uf_table_column columns[] = {
        {.title = "process", .right = true, .mark = UF_MARK_BOLD},
        {.title = "grown by", .right = true},
        {.title = "objects", .right = true, .drop = 1},
        {.title = "size", .right = true, .drop = 2},
        {.title = "resident", .right = true, .drop = 3},
        {.title = "stood still", .right = true, .drop = 4},
    };
    const struct uf_diff_processes *all = report->processes;
    struct uf_table table;
    uf_page_newline(page);
    uf_table_init(&table, columns, sizeof columns / sizeof *columns);
    for (size_t p = 0; p < all->count; p++)
        draw_row(&table, &all->at[p]);
    uf_table_draw(&table, page, 2);
    if (all->absent_count > 0)
        uf_page_newline(page);
    uf_absent_rows(page, all->absent, all->absent_count);
}

/* --- JSON --------------------------------------------------------------------------------------- */

void uf_diff_processes_json(struct uf_json *json, const struct uf_diff_report *report)
{
    const struct uf_diff_processes *all = report->processes;
    if (!all) {
        uf_json_null(json, "processes");
    } else {
        uf_json_open_array(json, "processes", UF_JSON_LINES);
        for (size_t p = 0; p < all->count; p++) {
            const struct uf_diff_process *process = &all->at[p];
            uf_json_open_object(json, NULL, UF_JSON_LINES);
            uf_json_number(json, "pid", process->pid);
            uf_json_bool(json, "master", process->master);
            uf_json_number(json, "grown_objects",
                           (double)process->new.objects - (double)process->old.objects);
            uf_json_number(json, "grown_bytes",
                           (double)process->new.bytes - (double)process->old.bytes);
            uf_report_heap_json(json, "old", &process->old);
            uf_report_heap_json(json, "new", &process->new);
            uf_json_close(json);
        }
        uf_json_close(json);
    }
    static const char *const keys[] = {"came", "went", "unread"}; /* enum uf_absence */
    for (int how = UF_PROCESS_CAME; how <= UF_PROCESS_UNREAD; how++)
        uf_absent_json(json, keys[how], all ? all->absent : NULL, all ? all->absent_count : 0,
                       (enum uf_absence)how);
}

void uf_diff_each_json(struct uf_json *json, const struct uf_diff_report *report, size_t index)
{
    const struct uf_diff_part *parts = parts_of(report, index);
    if (!parts) {
        uf_json_null(json, "by_process");
        return;
    }
    uf_json_open_array(json, "by_process", UF_JSON_LINES);
    for (size_t p = 0; p < report->processes->count; p++) {
        uf_json_open_object(json, NULL, UF_JSON_INLINE);
        uf_json_number(json, "pid", report->processes->at[p].pid);
        uf_diff_figures_json(json, parts[p].heap);
        uf_json_number(json, "grown_bytes", (double)parts[p].bytes);
        uf_json_close(json);
    }
    uf_json_close(json);
}
