#include "report/table.h"

#include "report/columns.h"
#include "report/style.h"
#include "report/units.h"

#include <string.h>

#define GAP 2
#define NARROWEST 9 /* columns in which a name still tells something: "mod...ions" */

void uf_table_init(struct uf_table *table, const struct uf_table_column *columns, size_t count)
{
    *table = (struct uf_table){
        .columns = columns,
        .count = count < UF_TABLE_COLUMNS_MOST ? count : UF_TABLE_COLUMNS_MOST,
    };
}

static void end_cell(struct uf_table *table)
{
    if (uf_vec_push(&table->ends, table->cells.len))
        table->cells.failed = true;
}

void uf_table_text(struct uf_table *table, struct uf_text *text)
{
    uf_text_add(&table->cells, uf_page_z(text), text->len);
    if (text->failed)
        table->cells.failed = true;
    uf_text_release(text);
    end_cell(table);
}

void uf_table_clean(struct uf_table *table, const char *text)
{
    uf_columns_clean(&table->cells, text);
    end_cell(table);
}

void uf_table_count(struct uf_table *table, double count)
{
    uf_units_count(&table->cells, count);
    end_cell(table);
}

void uf_table_bytes(struct uf_table *table, double bytes)
{
    uf_units_bytes(&table->cells, bytes);
    end_cell(table);
}

size_t uf_table_rows(const struct uf_table *table)
{
    return table->ends.len / table->count;
}

struct layout {
    size_t width[UF_TABLE_COLUMNS_MOST];
    bool shown[UF_TABLE_COLUMNS_MOST];
};

/* Cell `column` of row `row`; not ended by NUL. */
static const char *cell(const struct uf_table *table, size_t row, size_t column, size_t *len)
{
    size_t index = row * table->count + column;
    size_t start = index > 0 ? table->ends.at[index - 1] : 0;
    *len = table->ends.at[index] - start;
    return uf_page_z(&table->cells) + start;
}

static void measure(const struct uf_table *table, struct layout *layout)
{
    for (size_t c = 0; c < table->count; c++) {
        layout->shown[c] = true;
        layout->width[c] = strlen(table->columns[c].title);
        for (size_t row = 0; row < uf_table_rows(table); row++) {
            size_t len, width;
            const char *text = cell(table, row, c, &len);
            width = uf_columns_width(text, len);
            if (width > layout->width[c])
                layout->width[c] = width;
        }
    }
}

static size_t total(const struct uf_table *table, const struct layout *layout)
{
    size_t sum = 0;
    for (size_t c = 0; c < table->count; c++)
        if (layout->shown[c])
            sum += layout->width[c] + (sum > 0 ? GAP : 0);
    return sum;
}

/* Narrows the widest column that can be, to `floor` if that is less than it wants; false: none can. */
static bool narrow(const struct uf_table *table, struct layout *layout, size_t floor)
{
    size_t widest = SIZE_MAX;
    for (size_t c = 0; c < table->count; c++) {
        size_t least = table->columns[c].least;
        bool can = layout->shown[c] && least > 0 &&
                   layout->width[c] > (least < floor ? least : floor);
        if (can && (widest == SIZE_MAX || layout->width[c] > layout->width[widest]))
            widest = c;
    }
    if (widest == SIZE_MAX)
        return false;
    layout->width[widest]--;
    return true;
}

static bool drop(const struct uf_table *table, struct layout *layout)
{
    size_t least_needed = SIZE_MAX;
    for (size_t c = 0; c < table->count; c++) {
        unsigned wish = layout->shown[c] ? table->columns[c].drop : 0;
        if (wish > 0 && (least_needed == SIZE_MAX || wish > table->columns[least_needed].drop))
            least_needed = c;
    }
    if (least_needed == SIZE_MAX)
        return false;
    layout->shown[least_needed] = false;
    return true;
}

static void fit(const struct uf_table *table, struct layout *layout, size_t room)
{
    struct layout natural;
    measure(table, layout);
    natural = *layout;
    while (total(table, layout) > room) {
        if (narrow(table, layout, SIZE_MAX))
            continue;
        if (drop(table, layout)) /* then there is room again */
            memcpy(layout->width, natural.width, sizeof layout->width);
        else if (!narrow(table, layout, NARROWEST))
            return; /* lines will be cut */
    }
}

static void add_cell(struct uf_text *line, const struct uf_table_column *column, size_t width,
                     const char *text, const char *mark, bool last)
{
    struct uf_text cut = {0};
    uf_columns_cut_middle(&cut, text, width);
    size_t pad = width - uf_columns_width(uf_page_z(&cut), cut.len);
    uf_text_printf(line, "%*s%s", column->right ? (int)pad : 0, "", mark ? mark : "");
    uf_text_add(line, uf_page_z(&cut), cut.len);
    /* a mark inside the text may have lost its end */
    uf_text_printf(line, "%s%*s", mark || strchr(text, UF_MARK_PLAIN[0]) ? UF_MARK_PLAIN : "",
                   column->right || last ? 0 : (int)pad, "");
    line->failed |= cut.failed;
    uf_text_release(&cut);
}

/* Row SIZE_MAX: the titles. */
static void draw_row(const struct uf_table *table, const struct layout *layout,
                     struct uf_page *page, size_t indent, size_t row)
{
    struct uf_text line = {0}, text = {0};
    bool first = true;
    for (size_t c = 0; c < table->count; c++) {
        const struct uf_table_column *column = &table->columns[c];
        if (!layout->shown[c])
            continue;
        size_t len = strlen(column->title);
        const char *bytes = row == SIZE_MAX ? column->title : cell(table, row, c, &len);
        uf_text_add(&text, bytes, len);
        uf_text_printf(&line, "%*s", first ? 0 : GAP, "");
        add_cell(&line, column, layout->width[c], uf_page_z(&text),
                 row == SIZE_MAX ? UF_MARK_DIM : column->mark, c + 1 == table->count);
        first = false;
        uf_page_drop(page, &text);
    }
    uf_page_line(page, indent, &line);
}

void uf_table_draw(struct uf_table *table, struct uf_page *page, size_t indent)
{
    struct layout layout;
    bool titled = false;
    size_t rows = table->cells.failed ? 0 : uf_table_rows(table);
    if (rows > 0) {
        fit(table, &layout, page->width > indent ? page->width - indent : 1);
        for (size_t c = 0; c < table->count; c++)
            titled = titled || table->columns[c].title[0] != '\0';
        if (titled)
            draw_row(table, &layout, page, indent, SIZE_MAX);
        for (size_t row = 0; row < rows; row++)
            draw_row(table, &layout, page, indent, row);
    }
    uf_vec_release(&table->ends);
    uf_page_drop(page, &table->cells);
}
