/* diff_entry.c - one place that grew: how much of what, held by whom, and what that holds in turn. */
#include "report/columns.h"
#include "report/diff.h"
#include "report/style.h"
#include "report/table.h"
#include "report/units.h"
#include "report/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN 14 /* of what stands behind "held by", "holds" */
#define LABEL_INDENT 5
#define TYPES_NAMED 3
#define MODULES_NAMED 8
#define RETAINED_TOLD                                                                              \
    1.05 /* retained growth is told from this multiple of the shallow one on, or below its inverse */

void uf_diff_signed_bytes(struct uf_text *ret, int64_t bytes)
{
    uf_text_add_z(ret, bytes < 0 ? "-" : "+");
    uf_units_bytes(ret, (double)llabs(bytes));
}

void uf_diff_signed_count(struct uf_text *ret, int64_t count)
{
    uf_text_add_z(ret, count < 0 ? "-" : "+");
    uf_units_count(ret, (double)llabs(count));
}

bool uf_diff_is_modules(const struct uf_diff *diff, const struct uf_diff_entry *entry)
{
    const struct uf_diff_group *place = &diff->groups.at[entry->place];
    return place->parent == UF_DIFF_NONE &&
           strcmp(uf_diff_text(diff, place->root), UF_ANY_MODULE) == 0;
}

void uf_diff_place(struct uf_text *ret, const struct uf_diff *diff,
                   const struct uf_diff_entry *entry)
{
    struct uf_text path = {0};
    const struct uf_diff_group *place = &diff->groups.at[entry->place];
    uf_diff_path_text(diff, entry->place, &path);
    if (place->garbage)
        uf_text_add_z(ret, "nothing: garbage that waits for the collector");
    else if (uf_diff_is_modules(diff, entry))
        uf_text_add_z(ret, entry->bytes < 0 ? "modules dropped since" : "modules imported since");
    else
        uf_columns_clean(ret, uf_page_z(&path));
    ret->failed |= path.failed;
    uf_text_release(&path);
}

static const struct uf_diff_group *main_of(const struct uf_diff *diff,
                                           const struct uf_diff_entry *entry)
{
    return &diff->groups.at[entry->main];
}

/* "5,000 -> 10,000"; of what grew in place its size: "1.2 MiB -> 2.0 MiB". */
static void add_change(struct uf_text *ret, const struct uf_diff *diff,
                       const struct uf_diff_entry *entry)
{
    const struct uf_diff_group *main = main_of(diff, entry);
    for (int heap = UF_DIFF_OLD; heap <= UF_DIFF_NEW; heap++) {
        if (heap == UF_DIFF_NEW)
            uf_text_add_z(ret, " -> ");
        if (entry->in_place)
            uf_units_bytes(ret, (double)main->heap[heap].bytes);
        else
            uf_units_count(ret, (double)main->heap[heap].objects);
    }
}

static void draw_head(struct uf_page *page, const struct uf_diff *diff, size_t index)
{
    const struct uf_diff_entry *entry = &diff->grown.at[index];
    struct uf_text text = {0}, right = {0};
    char lead[24];
    snprintf(lead, sizeof lead, "%3zu", index + 1);
    uf_columns_clean(&text, uf_diff_text(diff, main_of(diff, entry)->type));
    uf_text_add_z(&text, "  ");
    add_change(&text, diff, entry);
    if (entry->in_place)
        uf_text_add_z(&text, main_of(diff, entry)->heap[UF_DIFF_NEW].objects > 1
                                 ? ", they got larger in place"
                                 : ", it got larger in place");
    else if (main_of(diff, entry)->heap[UF_DIFF_OLD].objects == 0)
        uf_text_add_z(&text, ", new");
    uf_diff_signed_bytes(&right, entry->bytes);
    uf_page_headline(page, UF_MARK_BOLD, lead, &text, uf_page_z(&right));
    uf_page_drop(page, &right);
}

/* Is there more of a way to the example than a root? */
static bool has_walk(const struct uf_diff_report *report, size_t index)
{
    const struct uf_finding *steps = report->walks[index].steps;
    return steps && steps->path.len > 0 && (steps->path.len > 1 || steps->path.at[0].edge[0]);
}

static void draw_walk(struct uf_page *page, const struct uf_diff_report *report, size_t index)
{
    const struct uf_diff_entry *entry = &report->diff->grown.at[index];
    const struct uf_diff_walk *drawn = &report->walks[index];
    struct uf_text start = {0}, growth = {0};
    if (!has_walk(report, index)) {
        uf_diff_place(&start, report->diff, entry);
        uf_page_row(page, LABEL_INDENT, "held by", COLUMN, &start);
        return;
    }
    uf_columns_clean(&start, drawn->root ? drawn->root : "?");
    const struct uf_diff_group *main = main_of(report->diff, entry);
    uint64_t holders = report->diff->groups.at[entry->place].heap[UF_DIFF_NEW].objects;
    if (!entry->in_place && entry->main != entry->place) {
        const struct uf_diff_figures *heap = uf_diff_of_example(report, index);
        uf_diff_signed_count(&growth, (int64_t)heap[UF_DIFF_NEW].objects -
                                          (int64_t)heap[UF_DIFF_OLD].objects);
        if (holders > 1 && !report->processes) { /* one of them is drawn */
            uf_text_add_z(&growth, " among ");
            uf_units_count(&growth, (double)holders);
            uf_text_add_z(&growth, " alike");
        }
    }
    struct uf_walk walk = {
        .label = "held by",
        .start = uf_page_z(&start),
        .steps = drawn->steps->path.at,
        .count = drawn->steps->path.len,
        .mark = entry->main == entry->place && !entry->in_place && !main->folded ? "new here"
                                                                                 : "grows here",
        .growth = uf_page_z(&growth),
    };
    uf_walk_draw(page, LABEL_INDENT, COLUMN, &walk);
    uf_page_drop(page, &start);
    uf_page_drop(page, &growth);
}

void uf_diff_type_name(struct uf_text *ret, const char *type)
{
    uf_columns_clean(ret, type);
    uf_text_add_z(ret, strcmp(type, "bytes") == 0 ? " objects" : "");
}

/* What came with them, held by them or as their keys: "5,000 dict, 15,000 str, 4 more types: 8.1 MiB" */
static void draw_with(struct uf_page *page, const struct uf_diff_report *report, size_t index)
{
    uf_diff_shares shares = {0};
    struct uf_text text = {0};
    size_t named = 0, others = 0;
    int64_t bytes = 0;
    if (uf_diff_holds(report->diff, index, false, &shares, NULL)) {
        page->out->failed = true;
        uf_vec_release(&shares);
        return;
    }
    for (size_t i = 0; i < shares.len; i++)
        bytes += shares.at[i].bytes;
    size_t most = shares.len == TYPES_NAMED + 1 ? shares.len : TYPES_NAMED; /* never "1 more" */
    for (size_t i = 0; i < shares.len; i++) {
        if (named >= most || shares.at[i].objects <= 0) {
            others++;
            continue;
        }
        uf_text_add_z(&text, named++ ? ", " : "");
        uf_units_count(&text, (double)shares.at[i].objects);
        uf_text_add_z(&text, " ");
        uf_diff_type_name(&text, uf_diff_text(report->diff, shares.at[i].type));
    }
    if (named > 0 && others > 0)
        uf_text_printf(&text, ", %zu more type%s", others, others == 1 ? "" : "s");
    if (named > 0) {
        uf_text_add_z(&text, ": ");
        uf_units_bytes(&text, (double)bytes);
        uf_page_row(page, LABEL_INDENT, "with", COLUMN, &text);
    }
    uf_page_drop(page, &text);
    uf_vec_release(&shares);
}

/* Only where it says something that the sizes do not: what hangs on the members by other ways than the
 * shortest, or that others hold what hangs on them. The place's own growth is not the members'. */
static void draw_retained(struct uf_page *page, const struct uf_diff *diff,
                          const struct uf_diff_entry *entry)
{
    struct uf_text text = {0};
    const struct uf_diff_group *place = &diff->groups.at[entry->place];
    if (entry->retained[UF_DIFF_OLD] == UF_DIFF_UNKNOWN ||
        entry->retained[UF_DIFF_NEW] == UF_DIFF_UNKNOWN || place->garbage || entry->in_place)
        return;
    double grown = (double)entry->retained[UF_DIFF_NEW] - (double)entry->retained[UF_DIFF_OLD];
    double told = (double)(entry->bytes - entry->own_bytes);
    if (grown < told * RETAINED_TOLD && grown * RETAINED_TOLD > told)
        return;
    uf_units_bytes(&text, (double)entry->retained[UF_DIFF_OLD]);
    uf_text_add_z(&text, " -> ");
    uf_units_bytes(&text, (double)entry->retained[UF_DIFF_NEW]);
    uf_text_add_z(&text, grown < told ? ": a part of it is held by others too"
                                      : ": more hangs on them than what is nearest to them");
    uf_page_row(page, LABEL_INDENT, "retaining", COLUMN, &text);
}

/* "<class 'a.B'> at 0x7f21c0a3b0d0; at least 5,012 came and 12 went" */
static void draw_example(struct uf_page *page, const struct uf_diff_report *report, size_t index)
{
    const struct uf_diff_entry *entry = &report->diff->grown.at[index];
    const struct uf_view *view = report->diff->side[UF_DIFF_NEW].view;
    struct uf_text text = {0};
    if (entry->example_count == 0)
        return;
    if (!has_walk(report, index)) {
        struct uf_text object = {0};
        uf_step_object_text(view, entry->examples[0], &object);
        uf_columns_clean(&text, uf_page_z(&object));
        uf_text_add_z(&text, " at ");
        uf_page_drop(page, &object);
    }
    uf_text_printf(&text, "0x%llx", (unsigned long long)view->graph->address[entry->examples[0]]);
    if (report->processes)
        uf_text_printf(&text, " in process %d", report->processes->example_pid);
    if (!entry->in_place && entry->gone != UF_DIFF_UNKNOWN && entry->gone > 0) {
        uf_text_add_z(&text, "; at least ");
        uf_units_count(&text, (double)entry->fresh);
        uf_text_add_z(&text, " came and ");
        uf_units_count(&text, (double)entry->gone);
        uf_text_add_z(&text, " went");
    }
    uf_page_row(page, LABEL_INDENT, "example", COLUMN, &text);
}

const char *uf_diff_next_module(const struct uf_diff *diff, const struct uf_diff_entry *entry,
                                uint32_t *at)
{
    const struct uf_signatures *new = diff->side[UF_DIFF_NEW].signatures;
    while (*at < new->count) {
        uint32_t i = (*at)++;
        if (diff->group_of[UF_DIFF_NEW][i] != entry->main || new->at[i].objects == 0)
            continue;
        const char *name = uf_signatures_text(new, new->at[i].root);
        return strncmp(name, "module ", 7) == 0 ? name + 7 : name;
    }
    return NULL;
}

/* "email, sqlite3, wave, 35 more": of modules that were imported since; packages first. */
static void draw_modules(struct uf_page *page, const struct uf_diff *diff,
                         const struct uf_diff_entry *entry)
{
    struct uf_text text = {0};
    size_t named = 0, all = 0;
    for (int packages = 1; packages >= 0; packages--) {
        uint32_t at = 0;
        for (const char *name; (name = uf_diff_next_module(diff, entry, &at));) {
            bool package = !strchr(name, '.') && name[0] != '_';
            if (package != packages)
                continue;
            all++;
            if (named >= MODULES_NAMED)
                continue;
            uf_text_add_z(&text, named++ > 0 ? ", " : "");
            uf_columns_clean(&text, name);
        }
    }
    if (all > named)
        uf_text_printf(&text, ", %zu more", all - named);
    uf_page_row(page, LABEL_INDENT, "these", COLUMN, &text);
}

void uf_diff_draw_entry(struct uf_page *page, const struct uf_diff_report *report, size_t index)
{
    const struct uf_diff_entry *entry = &report->diff->grown.at[index];
    draw_head(page, report->diff, index);
    draw_walk(page, report, index);
    uf_diff_draw_each(page, report, index);
    if (uf_diff_is_modules(report->diff, entry))
        draw_modules(page, report->diff, entry);
    draw_with(page, report, index);
    draw_retained(page, report->diff, entry);
    if (!uf_diff_is_modules(report->diff, entry))
        draw_example(page, report, index);
}

void uf_diff_draw_table(struct uf_page *page, const struct uf_diff_report *report, size_t from,
                        size_t end)
{
    static const struct uf_table_column columns[] = {
        {.title = "", .right = true},
        {.title = "bytes", .right = true},
        {.title = "objects", .right = true, .drop = 1},
        {.title = "type", .least = 12},
        {.title = "held by", .least = 20},
    };
    const struct uf_diff *diff = report->diff;
    struct uf_table table;
    uf_table_init(&table, columns, sizeof columns / sizeof *columns);
    for (size_t i = from; i < end; i++) {
        const struct uf_diff_entry *entry = &diff->grown.at[i];
        struct uf_text number = {0}, bytes = {0}, objects = {0}, place = {0};
        uf_text_printf(&number, "%zu", i + 1);
        uf_diff_signed_bytes(&bytes, entry->bytes);
        if (entry->in_place)
            uf_text_add_z(&objects, "in place");
        else
            add_change(&objects, diff, entry);
        uf_diff_place(&place, diff, entry);
        uf_table_text(&table, &number);
        uf_table_text(&table, &bytes);
        uf_table_text(&table, &objects);
        uf_table_clean(&table, uf_diff_text(diff, main_of(diff, entry)->type));
        uf_table_text(&table, &place);
    }
    uf_table_draw(&table, page, 1);
}
