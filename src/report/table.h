/* table.h - an aligned table, fitted to the width.
 *
 *     static const struct uf_table_column columns[] = {
 *         {.title = "objects", .right = true},
 *         {.title = "bytes", .right = true, .drop = 1},
 *         {.title = "type", .least = 12},
 *     };
 *     struct uf_table table;
 *     uf_table_init(&table, columns, 3);
 *     uf_table_count(&table, 5012); uf_table_bytes(&table, 357); uf_table_clean(&table, "shop.Session");
 *     uf_table_draw(&table, &page, 2);         (and is empty)
 *
 * Cells are entered row by row, from left to right. What is too wide loses its
 * middle, in columns that allow it (`least`), the widest first; if that is not
 * enough, whole columns go, those with the highest `drop` first; then what may
 * be cut is cut further, and in the end lines are. Want of memory goes to the page.
 */
#ifndef UF_REPORT_TABLE_H
#define UF_REPORT_TABLE_H

#include "base/vec.h"
#include "report/page.h"

#include <stdbool.h>
#include <stdint.h>

#define UF_TABLE_COLUMNS_MOST 8

struct uf_table_column {
    const char *title; /* "": none; when no column has one, there is no line of titles */
    const char *mark;  /* style of its cells (report/style.h); NULL: plain */
    bool right;        /* aligned to the right */
    size_t least;      /* its cells may be cut down to so many columns; 0: never */
    unsigned drop;     /* 0: always shown */
};

struct uf_table {
    const struct uf_table_column *columns;
    size_t count;
    struct uf_text cells; /* one behind the other */
    UF_VEC(size_t) ends;  /* by cell: where it ends in `cells` */
};

/* `columns` has to last; at most UF_TABLE_COLUMNS_MOST. */
void uf_table_init(struct uf_table *table, const struct uf_table_column *columns, size_t count);

/* Each enters one cell. `text` is clean (uf_columns_clean) and is released; "clean" cleans it. */
void uf_table_text(struct uf_table *table, struct uf_text *text);
void uf_table_clean(struct uf_table *table, const char *text);
void uf_table_count(struct uf_table *table, double count);
void uf_table_bytes(struct uf_table *table, double bytes);

size_t uf_table_rows(const struct uf_table *table);

/* Draws title and rows, and releases what the table has. A table without rows draws nothing. */
void uf_table_draw(struct uf_table *table, struct uf_page *page, size_t indent);

#endif
