#include "report/columns.h"
#include "report/style.h"
#include "report/table.h"
#include "report/units.h"
#include "report/walk.h"
#include "report/why.h"

#include <stdio.h>
#include <string.h>

/* As in the findings of check. */
#define LABEL_INDENT 5
#define COLUMN 14
#define TABLE_INDENT 2
#define CYCLES_MOST 3

static const char *type_of(const struct uf_why_report *report)
{
    return uf_strings_get(&report->view->graph->strings, report->why->type);
}

/* "shop.Session", "dict, 12 entries": one object. */
static void add_object(struct uf_text *ret, const struct uf_why_report *report, uf_node node)
{
    struct uf_path_step step = {0};
    if (uf_step_make(report->view, node, "", "", false, &step))
        ret->failed = true;
    else
        uf_walk_describe(ret, &step);
    uf_step_release(&step);
}

static void add_amount(struct uf_text *ret, uint64_t objects, uint64_t bytes)
{
    uf_units_plural(ret, (double)objects, "object", "objects");
    uf_text_add_z(ret, ", ");
    uf_units_bytes(ret, (double)bytes);
}

/* "; the next full collection frees it" */
static void add_freed_when(struct uf_text *ret, const struct uf_why_report *report)
{
    bool many = report->why->objects > 1;
    if (report->why->frozen)
        uf_text_printf(ret, "; gc.freeze() moved %s out of the collector's sight: it stays",
                       many ? "them" : "it");
    else if (report->heap.meta->collector_enabled == 0)
        uf_text_printf(ret, "; the collector is off: only gc.collect() frees %s",
                       many ? "them" : "it");
    else
        uf_text_printf(ret, "; the next full collection frees %s", many ? "them" : "it");
}

static void head_of_object(struct uf_text *text, const struct uf_why_report *report)
{
    const struct uf_why *why = report->why;
    add_object(text, report, why->example);
    uf_text_printf(text, " at 0x%llx, ",
                   (unsigned long long)report->view->graph->address[why->example]);
    uf_units_bytes(text, (double)why->bytes);
    if (!why->alive) {
        uf_text_add_z(text, ": nothing reaches it");
        add_freed_when(text, report);
        return;
    }
    uf_text_add_z(text, ": ");
    const struct uf_why_path *first = why->paths.len > 0 ? &why->paths.at[0] : NULL;
    if (first && first->root_kind == UF_ROOT_NATIVE && first->way.path.len == 1) {
        if (first->surplus == 0) {
            uf_text_add_z(text, "it is never freed, whoever holds it");
            return;
        }
        uf_text_add_z(text, "held only from C code, by ");
        uf_units_plural(text, first->surplus, "reference", "references");
    } else if (first && why->holders == 1) {
        uf_text_add_z(text, "held by ");
        uf_columns_clean(text, first->way.holder);
        uf_text_add_z(text, " and nothing else");
    } else {
        uf_text_add_z(text, "held by ");
        uf_units_plural(text, (double)why->holders, "reference", "references");
        if (first) {
            uf_text_add_z(text, ", first of all ");
            uf_columns_clean(text, first->way.holder);
        }
    }
}

static void head_of_type(struct uf_text *text, const struct uf_why_report *report)
{
    const struct uf_why *why = report->why;
    uf_units_count(text, (double)why->objects);
    uf_text_add_z(text, " x ");
    uf_columns_clean(text, type_of(report));
    uf_text_add_z(text, ", ");
    uf_units_bytes(text, (double)why->bytes);
    if (!why->alive) {
        uf_text_add_z(text, ": nothing reaches them");
        add_freed_when(text, report);
        return;
    }
    uf_text_add_z(text, ", retaining ");
    uf_units_bytes(text, (double)why->retained_bytes);
    for (size_t i = 0; i < why->groups.len; i++) {
        const struct uf_why_group *group = &why->groups.at[i];
        if (group->garbage)
            continue;
        uf_text_add_z(text, why->objects == 1                ? ": at "
                            : group->objects == why->objects ? ": all of them at "
                                                             : ": ");
        if (group->objects < why->objects) {
            uf_units_count(text, (double)group->objects);
            uf_text_add_z(text, " of them at ");
        }
        uf_columns_clean(text, group->path);
        break;
    }
    if (why->garbage_objects > 0) {
        uf_text_add_z(text, "; ");
        uf_units_count(text, (double)why->garbage_objects);
        uf_text_add_z(text, " are garbage");
    }
}

static void write_head(struct uf_page *page, const struct uf_why_report *report)
{
    struct uf_text text = {0};
    if (report->why->by_type)
        head_of_type(&text, report);
    else
        head_of_object(&text, report);
    if (report->why->alive)
        uf_page_headline(page, UF_MARK_BOLD, "ALIVE", &text, "");
    else
        uf_page_headline(page, UF_MARK_YELLOW, "GARBAGE", &text, "");
}

static void write_groups(struct uf_page *page, const struct uf_why_report *report)
{
    static const struct uf_table_column columns[] = {
        {.title = "objects", .right = true},
        {.title = "size", .right = true},
        {.title = "retained", .right = true, .drop = 1},
        {.title = "held by", .least = 24, .mark = UF_MARK_BOLD},
        {.title = "for example", .drop = 2},
    };
    const struct uf_why *why = report->why;
    struct uf_table table;
    uint64_t objects = 0;
    size_t shown = why->groups.len < report->rows ? why->groups.len : report->rows;
    if (!why->by_type || shown == 0)
        return;
    uf_page_newline(page);
    uf_table_init(&table, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < shown; i++) {
        const struct uf_why_group *group = &why->groups.at[i];
        struct uf_text address = {0};
        uf_table_count(&table, (double)group->objects);
        uf_table_bytes(&table, (double)group->bytes);
        uf_table_bytes(&table, (double)group->retained_bytes);
        uf_table_clean(&table, group->garbage ? "nothing (garbage)" : group->path);
        uf_text_printf(&address, "0x%llx",
                       (unsigned long long)report->view->graph->address[group->example]);
        uf_table_text(&table, &address);
    }
    uf_table_draw(&table, page, TABLE_INDENT);
    for (size_t i = shown; i < why->groups.len; i++)
        objects += why->groups.at[i].objects;
    if (objects > 0) {
        struct uf_text more = {0};
        uf_text_add_z(&more, UF_MARK_DIM "and ");
        uf_units_plural(&more, (double)(why->groups.len - shown), "more way", "more ways");
        uf_text_add_z(&more, ", ");
        uf_units_plural(&more, (double)objects, "object", "objects");
        uf_text_add_z(&more, UF_MARK_PLAIN);
        uf_page_line(page, TABLE_INDENT, &more);
    }
}

/* "  1  shop.STORE._sessions['9f3c']", with what there is to say about this way. */
static void write_way_title(struct uf_page *page, const struct uf_why_path *path, size_t number)
{
    struct uf_text text = {0};
    char lead[32];
    snprintf(lead, sizeof lead, "%3zu", number);
    uf_text_add_z(&text, UF_MARK_BOLD);
    uf_columns_clean(&text, path->way.holder);
    uf_text_add_z(&text, UF_MARK_PLAIN);
    if (path->by_cache)
        uf_text_add_z(&text, " (a cache: it may let go by itself)");
    uf_page_newline(page);
    uf_page_headline(page, UF_MARK_BOLD, lead, &text, "");
}

static void draw_way(struct uf_page *page, const struct uf_why *why, const struct uf_why_path *path,
                     size_t number)
{
    struct uf_text start = {0};
    write_way_title(page, path, number);
    uf_columns_clean(&start, path->way.path_root);
    if (path->root_kind == UF_ROOT_NATIVE && path->surplus > 0) {
        uf_text_add_z(&start, ": ");
        uf_units_plural(&start, path->surplus, "reference is", "references are");
        uf_text_add_z(&start, " counted that no object, thread or module has");
    } else if (path->root_kind == UF_ROOT_NATIVE) {
        uf_text_add_z(&start, ": an object that is never freed");
    }
    const struct uf_walk walk = {
        .label = "held by",
        .start = uf_page_z(&start),
        .steps = path->way.path.at,
        .count = path->way.path.len,
        .mark = why->single_count > 0 ? "cut here" : "one to cut",
        .growth = "",
    };
    uf_walk_draw(page, LABEL_INDENT, COLUMN, &walk);
    uf_page_drop(page, &start);
}

static void write_row(struct uf_page *page, const char *label, struct uf_text *text)
{
    uf_page_row(page, LABEL_INDENT, label, COLUMN, text);
}

static void write_singles(struct uf_page *page, const struct uf_why *why)
{
    const char *label = "cut";
    struct uf_text text = {0};
    for (size_t i = 0; i < why->singles.len; i++) {
        const struct uf_why_cut *cut = &why->singles.at[i];
        uf_columns_clean(&text, cut->expression);
        uf_text_add_z(&text, i == 0 ? ": this alone frees " : ": this alone, ");
        add_amount(&text, cut->freed_objects, cut->freed_bytes);
        write_row(page, label, &text);
        label = "or";
    }
    if (why->single_count > why->singles.len) {
        uf_text_add_z(&text, UF_MARK_DIM "(");
        uf_units_plural(&text, (double)(why->single_count - why->singles.len), "more reference",
                        "more references");
        uf_text_add_z(&text, " on the way would do alone)" UF_MARK_PLAIN);
        write_row(page, "", &text);
    }
}

static void write_together(struct uf_page *page, const struct uf_why *why)
{
    struct uf_text text = {0};
    const char *label = "cut";
    uf_text_printf(&text, "no single reference is enough; %s free ",
                   why->together.len == 2 ? "these two together" : "these together");
    add_amount(&text, why->freed_objects, why->freed_bytes);
    uf_text_add_z(&text, ":");
    write_row(page, label, &text);
    for (size_t i = 0; i < why->together.len; i++) {
        uf_columns_clean(&text, why->together.at[i].expression);
        write_row(page, "", &text);
    }
}

static void write_cut(struct uf_page *page, const struct uf_why *why)
{
    struct uf_text text = {0};
    if (!why->alive)
        return;
    uf_page_newline(page);
    if (why->singles.len > 0) {
        write_singles(page, why);
    } else if (why->together.len > 0) {
        write_together(page, why);
    } else {
        if (why->fixed_root) {
            uf_columns_clean(&text, why->fixed_root);
            uf_text_printf(&text, " holds %s itself: that is no reference to cut",
                           why->explained > 1 ? "some" : "it");
        } else if (why->too_many) {
            uf_text_add_z(&text, "more than a few references would have to go: none of them is "
                                 "the one to blame");
        } else {
            uf_text_add_z(&text, "no reference that could be cut was found");
        }
        write_row(page, "cut", &text);
    }
}

static void draw_cycle(struct uf_page *page, const struct uf_finding *cycle, size_t number)
{
    struct uf_text title = {0}, start = {0}, text = {0};
    char lead[32];
    if (cycle->cycle.len == 0)
        return;
    snprintf(lead, sizeof lead, "%3zu", number);
    uf_text_add_z(&title, UF_MARK_BOLD "cycle that keeps ");
    add_amount(&title, (uint64_t)cycle->objects, (uint64_t)cycle->bytes);
    uf_text_add_z(&title, UF_MARK_PLAIN);
    uf_page_newline(page);
    uf_page_headline(page, UF_MARK_BOLD, lead, &title, "");
    uf_walk_describe(&start, &cycle->cycle.at[cycle->cycle.len - 1]);
    const struct uf_walk walk = {
        .label = "cycle",
        .start = uf_page_z(&start),
        .steps = cycle->cycle.at,
        .count = cycle->cycle.len,
        .mark = "cut here",
        .growth = "",
        .closed = true,
    };
    uf_walk_draw(page, LABEL_INDENT, COLUMN, &walk);
    uf_page_drop(page, &start);
    if (!cycle->fix_advice)
        return;
    uf_columns_clean(&text, cycle->fix_advice);
    write_row(page, "fix", &text);
}

static void write_garbage(struct uf_page *page, const struct uf_why *why)
{
    size_t shown = 0;
    if (why->alive)
        return;
    for (; shown < why->cycles.findings.len && shown < CYCLES_MOST; shown++)
        draw_cycle(page, &why->cycles.findings.at[shown], shown + 1);
    if (shown == 0) {
        struct uf_text text = {0};
        uf_text_add_z(&text, "no cycle leads to it: something that is gone by now held it when the "
                             "snapshot was taken");
        uf_page_newline(page);
        write_row(page, "why", &text);
    }
}

/* "the 5,012 at shop.STORE._sessions[*], for example 0x7f5a...:" */
static void write_which(struct uf_page *page, const struct uf_why_report *report)
{
    const struct uf_why *why = report->why;
    struct uf_text text = {0};
    if (!why->by_type || why->paths.len == 0 || why->explained == 0)
        return;
    uf_page_newline(page);
    uf_text_add_z(&text, why->explained > 1 ? "the first group, by the example of " : "by ");
    add_object(&text, report, why->example);
    uf_text_printf(&text,
                   " at 0x%llx:", (unsigned long long)report->view->graph->address[why->example]);
    uf_columns_wrap(page->out, uf_page_z(&text), 0, 0, page->width);
    uf_page_newline(page);
    uf_page_drop(page, &text);
}

void uf_why_text(struct uf_text *ret, const struct uf_why_report *report,
                 const struct uf_report_form *form)
{
    const struct uf_why *why = report->why;
    struct uf_page page;
    struct uf_text marked;
    uf_report_page_begin(&page, &marked, form);
    write_head(&page, report);
    if (!form->quiet) {
        write_groups(&page, report);
        write_which(&page, report);
        for (size_t i = 0; i < why->paths.len; i++)
            draw_way(&page, why, &why->paths.at[i], i + 1);
        if (why->holders > why->paths.len && why->paths.len > 0) {
            struct uf_text more = {0};
            uf_text_add_z(&more, UF_MARK_DIM "and ");
            uf_units_plural(&more, (double)(why->holders - why->paths.len), "more reference",
                            "more references");
            uf_text_add_z(&more, UF_MARK_PLAIN);
            uf_page_newline(&page);
            uf_page_line(&page, LABEL_INDENT, &more);
        }
        write_cut(&page, why);
        write_garbage(&page, why);
    }
    uf_report_page_end(ret, &marked, form);
}
