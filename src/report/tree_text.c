#include "report/columns.h"
#include "report/style.h"
#include "report/table.h"
#include "report/tree.h"
#include "report/units.h"
#include "report/walk.h"

#include <string.h>

#define INDENT 2
#define DEEPER 2
#define DEEPEST 16 /* levels that are indented; what is below stands under it */

#define PATH_MOST 64 /* rows on the way down that a path names */

void uf_tree_row_path(struct uf_text *ret, const struct uf_tree *tree, uint32_t row)
{
    uint32_t way[PATH_MOST];
    size_t count = 0;
    for (uint32_t at = row; at != UINT32_MAX && count < PATH_MOST; at = tree->rows.at[at].parent)
        way[count++] = at;
    while (count-- > 0) {
        const struct uf_tree_row *at = &tree->rows.at[way[count]];
        if (at->held == UF_TREE_SEVERAL && at->name) { /* a way of its own */
            uf_text_release(ret);
            uf_text_add_z(ret, at->name);
        } else if (at->held != UF_TREE_START) {
            uf_step_append(ret, at->name ? at->name : "(through several)");
        }
    }
}

static const char *type_of(const struct uf_tree_report *report, const struct uf_tree_row *row)
{
    return uf_strings_get(&report->view->graph->strings, row->type);
}

/* "5,012 x shop.Session", "shop.Session", "dict, 12 entries". */
static void add_what(struct uf_text *ret, const struct uf_tree_report *report,
                     const struct uf_tree_row *row)
{
    struct uf_path_step step = {0};
    if (row->objects > 1) {
        uf_units_count(ret, (double)row->objects);
        uf_text_add_z(ret, " x ");
        uf_columns_clean(ret, type_of(report, row));
        return;
    }
    if (uf_step_make(report->view, row->example, "", "", false, &step))
        ret->failed = true;
    else
        uf_walk_describe(ret, &step);
    uf_step_release(&step);
}

/* "98 %" */
static void add_share(struct uf_text *ret, uint64_t bytes, uint64_t all)
{
    double share = all > 0 ? 100.0 * (double)bytes / (double)all : 0;
    if (share >= 0.5)
        uf_units_fixed(ret, share, 0);
    else
        uf_text_add_z(ret, "<1");
    uf_text_add_z(ret, "%");
}

/* The row furthest down that retains at least half of all; UINT32_MAX: none does. */
static uint32_t heavy_row(const struct uf_tree *tree)
{
    uint32_t heavy = UINT32_MAX;
    for (uint32_t r = 0; r < tree->rows.len; r++) {
        const struct uf_tree_row *row = &tree->rows.at[r];
        if (row->retained_bytes < tree->retained_bytes / 2 ||
            (row->held == UF_TREE_SEVERAL && !row->name))
            return heavy; /* the largest comes first, on each level */
        if (row->held != UF_TREE_START)
            heavy = r;
    }
    return heavy;
}

static void write_head(struct uf_page *page, const struct uf_tree_report *report)
{
    const struct uf_tree *tree = report->tree;
    struct uf_text text = {0}, path = {0};
    uint32_t heavy = heavy_row(tree);
    if (report->from_object && tree->rows.len > 0) {
        add_what(&text, report, &tree->rows.at[0]);
        uf_text_add_z(&text, tree->rows.at[0].objects > 1 ? " keep " : " keeps ");
    }
    uf_units_bytes(&text, (double)tree->retained_bytes);
    uf_text_add_z(&text, " alive, ");
    uf_units_plural(&text, (double)tree->retained_objects, "object", "objects");
    if (heavy != UINT32_MAX) {
        const struct uf_tree_row *row = &tree->rows.at[heavy];
        uf_tree_row_path(&path, tree, heavy);
        uf_text_add_z(&text, "; ");
        add_share(&text, row->retained_bytes, tree->retained_bytes);
        uf_text_add_z(&text, " of it by ");
        uf_columns_clean(&text, uf_page_z(&path));
        if (row->objects == 1 && row->held != UF_TREE_SEVERAL)
            uf_text_add_z(&text, " alone");
        uf_text_add_z(&text, row->objects > 1 ? ", " : "");
        if (row->objects > 1)
            add_what(&text, report, row);
    } else if (!report->from_object) {
        uf_text_add_z(&text, "; no single object holds half of it");
    }
    uf_page_headline(page, UF_MARK_BOLD, "TREE", &text, "");
    uf_page_drop(page, &path);
}

static void figures(struct uf_table *table, const struct uf_tree *tree, uint64_t bytes,
                    uint64_t objects)
{
    struct uf_text share = {0};
    add_share(&share, bytes, tree->retained_bytes);
    uf_table_bytes(table, (double)bytes);
    uf_table_text(table, &share);
    uf_table_count(table, (double)objects);
}

static void indent(struct uf_text *ret, uint32_t depth)
{
    uf_text_printf(ret, "%*s", (int)(DEEPER * (depth < DEEPEST ? depth : DEEPEST)), "");
}

static void add_more(struct uf_table *table, const struct uf_tree *tree, uint32_t depth,
                     uint64_t rows, uint64_t objects, uint64_t bytes)
{
    struct uf_text name = {0};
    if (rows == 0)
        return;
    figures(table, tree, bytes, objects);
    indent(&name, depth);
    uf_text_add_z(&name, UF_MARK_DIM "and ");
    uf_units_count(&name, (double)rows);
    uf_text_add_z(&name, " more" UF_MARK_PLAIN);
    uf_table_text(table, &name);
    uf_table_clean(table, "");
    uf_table_clean(table, "");
}

static void add_row(struct uf_table *table, const struct uf_tree_report *report,
                    const struct uf_tree_row *row)
{
    struct uf_text name = {0}, what = {0}, address = {0};
    figures(table, report->tree, row->retained_bytes, row->retained_objects);
    indent(&name, row->depth);
    if (row->held == UF_TREE_SEVERAL && row->name) {
        uf_text_add_z(&name, UF_MARK_BOLD);
        uf_columns_clean(&name, row->name);
        uf_text_add_z(&name, UF_MARK_PLAIN UF_MARK_DIM " and others" UF_MARK_PLAIN);
    } else if (row->held == UF_TREE_SEVERAL) {
        uf_text_add_z(&name, UF_MARK_DIM "(through several)" UF_MARK_PLAIN);
    } else if (row->held == UF_TREE_START) {
        uf_text_add_z(&name, UF_MARK_DIM "(start)" UF_MARK_PLAIN);
    } else {
        uf_text_add_z(&name, UF_MARK_BOLD);
        uf_columns_clean(&name, row->name);
        uf_text_add_z(&name, UF_MARK_PLAIN);
    }
    uf_table_text(table, &name);
    add_what(&what, report, row);
    uf_table_text(table, &what);
    if (row->objects == 1)
        uf_text_printf(&address, "0x%llx",
                       (unsigned long long)report->view->graph->address[row->example]);
    uf_table_text(table, &address);
}

/* What is left out below a row stands behind all that is shown below it. */
static void add_rows(struct uf_table *table, const struct uf_tree_report *report)
{
    const struct uf_tree *tree = report->tree;
    uint32_t open = UINT32_MAX; /* the row whose lines are being written */
    for (uint32_t r = 0; r <= tree->rows.len; r++) {
        uint32_t parent = r < tree->rows.len ? tree->rows.at[r].parent : UINT32_MAX;
        while (open != parent && open != UINT32_MAX) {
            const struct uf_tree_row *done = &tree->rows.at[open];
            add_more(table, tree, done->depth + 1, done->more_rows, done->more_objects,
                     done->more_bytes);
            open = done->parent;
        }
        if (r == tree->rows.len)
            break;
        add_row(table, report, &tree->rows.at[r]);
        open = r;
    }
    add_more(table, tree, 0, tree->more_rows, tree->more_objects, tree->more_bytes);
}

void uf_tree_text(struct uf_text *ret, const struct uf_tree_report *report,
                  const struct uf_report_form *form)
{
    static const struct uf_table_column columns[] = {
        {.title = "retained", .right = true},
        {.title = "share", .right = true, .drop = 2},
        {.title = "objects", .right = true, .drop = 1},
        {.title = "held by", .least = 30},
        {.title = "object", .least = 16},
        {.title = "address", .drop = 3},
    };
    struct uf_page page;
    struct uf_text marked;
    struct uf_table table;
    uf_report_page_begin(&page, &marked, form);
    write_head(&page, report);
    if (!form->quiet) {
        uf_page_newline(&page);
        uf_report_heap_rows(&page, &report->heap);
        uf_page_newline(&page);
        uf_table_init(&table, columns, sizeof columns / sizeof *columns);
        add_rows(&table, report);
        uf_table_draw(&table, &page, INDENT);
    }
    uf_report_page_end(ret, &marked, form);
}
