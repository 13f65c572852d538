#include "report/columns.h"
#include "report/style.h"
#include "report/summary.h"
#include "report/table.h"
#include "report/units.h"

#include <string.h>

#define INDENT 2

const char *uf_summary_holder(int root_kind)
{
    static const char *const names[] = {
        [UF_ROOT_MODULE] = "modules",           [UF_ROOT_THREAD] = "threads",
        [UF_ROOT_INTERPRETER] = "interpreter",  [UF_ROOT_STATIC_TYPE] = "static types",
        [UF_ROOT_CACHE] = "interpreter caches", [UF_ROOT_NATIVE] = "C code",
    };
    return root_kind >= 0 && root_kind <= UF_ROOT_NATIVE ? names[root_kind] : "?";
}

static const char *string_of(const struct uf_summary_report *report, uint32_t number)
{
    return uf_strings_get(report->strings, number);
}

static void add_amount(struct uf_text *ret, uint64_t objects, uint64_t bytes)
{
    uf_units_plural(ret, (double)objects, "object", "objects");
    uf_text_add_z(ret, ", ");
    uf_units_bytes(ret, (double)bytes);
}

/* "; 45,003 of them, 3.2 MiB, are garbage that waits for the collector" */
static void add_garbage(struct uf_text *ret, const struct uf_summary_report *report)
{
    const struct uf_type_figures *all = &report->summary->all;
    bool one = all->garbage_objects == 1;
    bool off = !report->processes && report->heap.meta->collector_enabled == 0;
    if (all->garbage_objects == 0) {
        uf_text_add_z(ret, ": all in use, no garbage");
        return;
    }
    uf_text_add_z(ret, "; " UF_MARK_YELLOW);
    uf_units_count(ret, (double)all->garbage_objects);
    uf_text_add_z(ret, " of them, ");
    uf_units_bytes(ret, (double)all->garbage_bytes);
    uf_text_printf(ret, ", %s garbage" UF_MARK_PLAIN "%s", one ? "is" : "are",
                   off ? " that stays until gc.collect() is called: the collector is off"
                       : " that waits for the collector");
}

static void write_head(struct uf_page *page, const struct uf_summary_report *report)
{
    struct uf_text text = {0};
    add_amount(&text, report->summary->all.objects, report->summary->all.bytes);
    uf_text_add_z(&text, ", ");
    uf_units_plural(&text, (double)report->summary->references, "reference", "references");
    if (report->processes)
        uf_text_printf(&text, " in %zu processes", report->processes->count);
    add_garbage(&text, report);
    uf_page_headline(page, UF_MARK_BOLD, "HEAP", &text, "");
}

/* "on, 700/10/10; no object is frozen" */
static void write_collector(struct uf_page *page, const struct uf_summary_report *report)
{
    const struct uf_meta *meta = report->heap.meta;
    struct uf_text text = {0};
    if (meta->collector_enabled == UF_META_UNKNOWN || meta->threshold[0] == UF_META_UNKNOWN)
        return;
    uf_text_printf(&text, "%s, thresholds %llu/%llu/%llu", meta->collector_enabled ? "on" : "off",
                   (unsigned long long)meta->threshold[0], (unsigned long long)meta->threshold[1],
                   (unsigned long long)meta->threshold[2]);
    if (meta->tracked != UF_META_UNKNOWN) {
        uf_text_add_z(&text, "; it looks after ");
        uf_units_plural(&text, (double)meta->tracked, "object", "objects");
    }
    if (meta->frozen != UF_META_UNKNOWN && meta->frozen > 0) {
        uf_text_add_z(&text, ", ");
        uf_units_count(&text, (double)meta->frozen);
        uf_text_add_z(&text, " more are frozen: it never looks at them");
    }
    uf_page_row(page, 0, "collector", UF_HEAP_LABEL_COLUMN, &text);
}

static void add_share(struct uf_text *ret, const char *who, const struct uf_summary_share *share)
{
    if (share->objects == 0)
        return;
    uf_text_printf(ret, "%s%s ", ret->len > 0 ? "; " : "", who);
    uf_units_bytes(ret, (double)share->bytes);
}

static void write_holders(struct uf_page *page, const struct uf_summary_report *report)
{
    const struct uf_summary *summary = report->summary;
    struct uf_text text = {0};
    for (int kind = 0; kind < UF_ROOT_NATIVE; kind++)
        add_share(&text, uf_summary_holder(kind), &summary->held[kind]);
    struct uf_summary_share native = summary->held[UF_ROOT_NATIVE];
    native.objects -= summary->immortal.objects;
    native.bytes -= summary->immortal.bytes;
    add_share(&text, "only C code", &native);
    add_share(&text, "immortal objects", &summary->immortal);
    struct uf_summary_share garbage = {summary->all.garbage_objects, summary->all.garbage_bytes};
    add_share(&text, "nobody (garbage)", &garbage);
    if (text.len > 0)
        uf_page_row(page, 0, "held by", UF_HEAP_LABEL_COLUMN, &text);
    uf_page_drop(page, &text);
}

/* An empty line, and the title of what follows. */
static void write_title(struct uf_page *page, const char *title, struct uf_text *note)
{
    uf_page_newline(page);
    uf_page_headline(page, UF_MARK_BOLD, title, note, "");
}

static void write_more(struct uf_page *page, uint64_t count, const char *one, const char *many)
{
    struct uf_text text = {0};
    if (count == 0)
        return;
    uf_text_add_z(&text, UF_MARK_DIM "and ");
    uf_units_plural(&text, (double)count, one, many);
    uf_text_add_z(&text, UF_MARK_PLAIN);
    uf_page_line(page, INDENT, &text);
}

/* In one process: "5", "5 to 12", "in 2, at most 12". */
static void each_cell(struct uf_table *table, const struct uf_summary_report *report,
                      const struct uf_summary_type *type)
{
    struct uf_text text = {0};
    if (type->heaps < report->processes->count)
        uf_text_printf(&text, "in %u, at most ", type->heaps);
    else if (type->fewest < type->most) {
        uf_units_count(&text, (double)type->fewest);
        uf_text_add_z(&text, " to ");
    }
    uf_units_count(&text, (double)type->most);
    uf_table_text(table, &text);
}

/* "shop.Session", or "shop.Session (12 classes of that name)". */
static void type_cell(struct uf_table *table, const struct uf_summary_report *report,
                      const struct uf_summary_type *type)
{
    struct uf_text text = {0};
    uf_columns_clean(&text, string_of(report, type->name));
    if (type->types > 1) {
        uf_text_add_z(&text, " (");
        uf_units_count(&text, type->types);
        uf_text_add_z(&text, " classes of that name)");
    }
    uf_table_text(table, &text);
}

static size_t at_most(size_t count, uint32_t rows)
{
    return count < rows ? count : rows;
}

static void write_types(struct uf_page *page, const struct uf_summary_report *report)
{
    static const struct uf_table_column columns[] = {
        {.title = "in each", .right = true, .drop = 2}, /* of several processes only */
        {.title = "objects", .right = true},
        {.title = "size", .right = true},
        {.title = "retained", .right = true, .drop = 1},
        {.title = "type", .least = 12, .mark = UF_MARK_BOLD},
    };
    static const char *const order[] = {[UF_BY_BYTES] = "largest first",
                                        [UF_BY_COUNT] = "most objects first",
                                        [UF_BY_RETAINED] = "most retained first"};
    const struct uf_summary *summary = report->summary;
    struct uf_table table;
    struct uf_text note = {0};
    size_t shown = at_most(summary->types.len, report->rows);
    uf_text_printf(&note, "%s; retained: all that would go with them", order[report->order]);
    write_title(page, "types", &note);
    uf_table_init(&table, report->processes ? columns : columns + 1, report->processes ? 5 : 4);
    for (size_t i = 0; i < shown; i++) {
        const struct uf_summary_type *type = &summary->types.at[i];
        if (report->processes)
            each_cell(&table, report, type);
        uf_table_count(&table, (double)type->figures.objects);
        uf_table_bytes(&table, (double)type->figures.bytes);
        uf_table_bytes(&table, (double)type->figures.retained_bytes);
        type_cell(&table, report, type);
    }
    uf_table_draw(&table, page, INDENT);
    write_more(page, summary->types.len - shown, "more type", "more types");
}

static void write_garbage_types(struct uf_page *page, const struct uf_summary_report *report)
{
    static const struct uf_table_column columns[] = {
        {.title = "objects", .right = true},
        {.title = "size", .right = true},
        {.title = "type", .least = 12, .mark = UF_MARK_BOLD},
    };
    const struct uf_summary *summary = report->summary;
    struct uf_table table;
    size_t shown = at_most(summary->garbage_types.len, report->other_rows);
    uf_table_init(&table, columns, 3);
    for (size_t i = 0; i < shown; i++) {
        const struct uf_summary_type *type = &summary->garbage_types.at[i];
        uf_table_count(&table, (double)type->figures.garbage_objects);
        uf_table_bytes(&table, (double)type->figures.garbage_bytes);
        type_cell(&table, report, type);
    }
    uf_table_draw(&table, page, INDENT);
    write_more(page, summary->garbage_types.len - shown, "more type", "more types");
}

/* "shop.Node <-> dict": the types on the cycle, each once. */
static void cycle_types_cell(struct uf_table *table, const struct uf_finding *cycle)
{
    struct uf_text text = {0};
    size_t named = 0;
    for (size_t i = 0; i < cycle->types.len && named < 3; i++) {
        size_t before = 0;
        while (before < i && strcmp(cycle->types.at[before], cycle->types.at[i]) != 0)
            before++;
        if (before < i)
            continue;
        uf_text_add_z(&text, named++ > 0 ? ", " : "");
        uf_columns_clean(&text, cycle->types.at[i]);
    }
    if (cycle->types.len > named)
        uf_text_add_z(&text, ", ...");
    uf_table_text(table, &text);
}

static void write_cycles(struct uf_page *page, const struct uf_summary_report *report)
{
    static const struct uf_table_column columns[] = {
        {.title = "objects", .right = true},
        {.title = "size", .right = true},
        {.title = "in cycles closed by", .least = 16, .mark = UF_MARK_BOLD},
        {.title = "through", .least = 8, .drop = 1},
    };
    const struct uf_summary *summary = report->summary;
    struct uf_table table;
    size_t shown = at_most(summary->cycles.findings.len, report->other_rows);
    if (shown == 0)
        return;
    uf_table_init(&table, columns, 4);
    for (size_t i = 0; i < shown; i++) {
        const struct uf_finding *cycle = &summary->cycles.findings.at[i];
        uf_table_count(&table, cycle->objects);
        uf_table_bytes(&table, cycle->bytes);
        uf_table_clean(&table, cycle->fix_edge ? cycle->fix_edge : cycle->holder);
        cycle_types_cell(&table, cycle);
    }
    uf_page_newline(page);
    uf_table_draw(&table, page, INDENT);
    write_more(page, summary->cycles.findings.len - shown, "more sort of cycle",
               "more sorts of cycles");
}

static void write_garbage(struct uf_page *page, const struct uf_summary_report *report)
{
    const struct uf_summary *summary = report->summary;
    struct uf_text note = {0};
    uint64_t freed = summary->all.garbage_objects - summary->garbage_frozen_objects;
    if (summary->all.garbage_objects == 0)
        return;
    add_amount(&note, freed, summary->all.garbage_bytes - summary->garbage_frozen_bytes);
    uf_text_add_z(&note, ": the next full collection frees them");
    if (summary->garbage_frozen_objects > 0) {
        uf_text_add_z(&note, "; ");
        add_amount(&note, summary->garbage_frozen_objects, summary->garbage_frozen_bytes);
        uf_text_add_z(&note, ": frozen, no collection frees them");
    }
    write_title(page, "garbage", &note);
    write_garbage_types(page, report);
    write_cycles(page, report);
}

static void write_native(struct uf_page *page, const struct uf_summary_report *report)
{
    static const struct uf_table_column columns[] = {
        {.title = "held", .right = true},
        {.title = "references", .right = true, .drop = 2},
        {.title = "size of all", .right = true},
        {.title = "type", .least = 12, .mark = UF_MARK_BOLD},
        {.title = "for example", .least = 14, .drop = 1},
    };
    const struct uf_summary *summary = report->summary;
    struct uf_table table;
    struct uf_text note = {0};
    uint64_t held = 0;
    size_t shown = at_most(summary->native.len, report->other_rows);
    if (shown == 0)
        return;
    for (size_t i = 0; i < summary->native.len; i++)
        held += summary->native.at[i].held;
    uf_units_plural(&note, (double)held, "object", "objects");
    uf_text_add_z(&note, " with references that no object, thread or module has");
    write_title(page, "held only from C", &note);
    uf_table_init(&table, columns, report->view ? 5 : 4);
    for (size_t i = 0; i < shown; i++) {
        const struct uf_summary_native *native = &summary->native.at[i];
        struct uf_text example = {0};
        uf_table_count(&table, (double)native->held);
        uf_table_count(&table, (double)native->references);
        uf_table_bytes(&table, (double)native->bytes);
        uf_table_clean(&table, string_of(report, native->name));
        if (report->view)
            uf_text_printf(&example, "0x%llx",
                           (unsigned long long)report->view->graph->address[native->example]);
        if (report->view)
            uf_table_text(&table, &example);
    }
    uf_table_draw(&table, page, INDENT);
    write_more(page, summary->native.len - shown, "more type", "more types");
}

static void path_cell(struct uf_table *table, const struct uf_view *view, uf_node node)
{
    struct uf_path path = {0};
    struct uf_text plain = {0}, text = {0};
    struct uf_error err;
    if (!view->reach->reached[node])
        uf_text_add_z(&plain, "nothing: garbage");
    else if (uf_path_to(&path, view->reach, node, &err))
        plain.failed = true;
    else
        uf_path_expression(view, &path, path.nodes.len, &plain);
    uf_columns_clean(&text, uf_page_z(&plain));
    text.failed |= plain.failed;
    uf_text_release(&plain);
    uf_path_release(&path);
    uf_table_text(table, &text);
}

static void write_largest(struct uf_page *page, const struct uf_summary_report *report)
{
    static const struct uf_table_column columns[] = {
        {.title = "size", .right = true},
        {.title = "object", .least = 18, .mark = UF_MARK_BOLD},
        {.title = "is", .least = 26},
        {.title = "address", .drop = 1},
    };
    const struct uf_view *view = report->view;
    const struct uf_summary *summary = report->summary;
    struct uf_table table;
    struct uf_text none = {0};
    if (summary->largest.len == 0)
        return;
    write_title(page, "largest objects", &none);
    uf_table_init(&table, columns, 4);
    for (size_t i = 0; i < summary->largest.len; i++) {
        uf_node node = summary->largest.at[i];
        struct uf_text plain = {0}, text = {0}, address = {0};
        uf_table_bytes(&table, (double)uf_graph_size(view->graph, node));
        uf_step_object_text(view, node, &plain);
        uf_columns_clean(&text, uf_page_z(&plain));
        text.failed |= plain.failed;
        uf_text_release(&plain);
        uf_table_text(&table, &text);
        path_cell(&table, view, node);
        uf_text_printf(&address, "0x%llx", (unsigned long long)view->graph->address[node]);
        uf_table_text(&table, &address);
    }
    uf_table_draw(&table, page, INDENT);
}

void uf_summary_text(struct uf_text *ret, const struct uf_summary_report *report,
                     const struct uf_report_form *form)
{
    struct uf_page page;
    struct uf_text marked;
    uf_report_page_begin(&page, &marked, form);
    write_head(&page, report);
    if (!form->quiet) {
        uf_page_newline(&page);
        if (report->processes) {
            uf_summary_draw_processes(&page, report->processes);
        } else {
            uf_report_heap_rows(&page, &report->heap);
            write_collector(&page, report);
        }
        write_holders(&page, report);
        write_types(&page, report);
        write_garbage(&page, report);
        write_native(&page, report);
        write_largest(&page, report);
    }
    uf_report_page_end(ret, &marked, form);
}
