#include "report/walk.h"

#include "report/columns.h"
#include "report/style.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_MOST 12 /* references drawn of a longer walk */
#define SHOWN_HEAD 4
#define SHOWN_TAIL 5
#define EDGES_WIDEST 44 /* columns for indented edges; a longer one gets a line of its own */

struct row {
    struct uf_text edge, what;
    size_t edge_width, what_width, indent;
    bool suspect;
    size_t hidden; /* so many references are left out here; then nothing else is set */
};

static size_t width_of(const struct uf_text *text)
{
    return uf_columns_width(uf_page_z(text), text->len);
}

static bool is_word(char c)
{
    return c == '_' || c == '.' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* Does the preview tell nothing beyond the type: "<Session>", "<shop.Session>", "Session"? */
static bool says_only_type(const char *object, const char *type)
{
    size_t len = strlen(object), type_len = strlen(type);
    if (len >= 2 && object[0] == '<' && object[len - 1] == '>') {
        object++;
        len -= 2;
    }
    return len <= type_len && memcmp(object, type + type_len - len, len) == 0 &&
           (len == type_len || len == 0 || type[type_len - len - 1] == '.');
}

void uf_walk_describe(struct uf_text *ret, const struct uf_path_step *step)
{
    const char *object = step->object ? step->object : "", *type = step->type ? step->type : "";
    size_t type_len = strlen(type);

    if (says_only_type(object, type)) {
        uf_columns_clean(ret, type);
    } else {
        /* "dict, 3 entries" and "<module 'x'>" name their type themselves */
        const char *inside = object + (object[0] == '<');
        bool named = strncmp(inside, type, type_len) == 0 && !is_word(inside[type_len]);
        if (!named && type_len > 0) {
            uf_columns_clean(ret, type);
            uf_text_add(ret, " ", 1);
        }
        uf_columns_clean(ret, object);
    }
    if (ret->len == 0)
        uf_text_add_z(ret, "?");
}

/* Is this step drawn when the walk is too long? Both ends and what surrounds the suspect are. */
static bool is_shown(const struct uf_walk *walk, size_t first, size_t index)
{
    size_t count = walk->count - first, at = index - first;
    if (count <= SHOWN_MOST || at < SHOWN_HEAD || at + SHOWN_TAIL >= count)
        return true;
    for (size_t near = index - 1; near <= index + 1; near++)
        if (walk->steps[near].suspect)
            return true;
    return false;
}

/* Of "local 'y' of f() at /srv/app/main.py:12" the folders are left out: the function says enough. */
static void add_edge(struct uf_text *ret, const char *edge)
{
    const char *at = strncmp(edge, "local ", 6) == 0 ? strstr(edge, " at /") : NULL;
    if (at) {
        struct uf_text head = {0};
        uf_text_add(&head, edge, (size_t)(at - edge) + 4);
        uf_columns_clean(ret, uf_page_z(&head));
        uf_text_add(ret, " ", 1);
        ret->failed |= head.failed;
        uf_text_release(&head);
        edge = strrchr(at, '/') + 1;
    }
    uf_columns_clean(ret, edge);
}

/* How many references a step stands for that was left out already: edge "...", object "(137 more)". */
static size_t left_out(const struct uf_path_step *step)
{
    if (!step->edge || strcmp(step->edge, "...") != 0 || !step->object || step->object[0] != '(')
        return 0;
    return strtoul(step->object + 1, NULL, 10);
}

static void fill_row(struct row *row, const struct uf_walk *walk, size_t index)
{
    const struct uf_path_step *step = &walk->steps[index];

    if (step->edge && step->edge[0])
        add_edge(&row->edge, step->edge);
    else if (!step->guessed)
        uf_text_add_z(&row->edge, "(unnamed)");
    if (step->guessed)
        uf_text_add_z(&row->edge, row->edge.len > 0 ? " (guessed)" : "(guessed)");
    if (walk->closed && index + 1 == walk->count)
        uf_text_add_z(&row->what, "back to the start");
    else
        uf_walk_describe(&row->what, step);
    row->suspect = step->suspect;
    if (step->suspect && walk->growth[0])
        uf_text_printf(&row->what, ", %s", walk->growth);
    row->edge_width = width_of(&row->edge);
    row->what_width = width_of(&row->what);
}

static void write_cut(struct uf_page *page, struct uf_text *text, size_t max)
{
    uf_columns_cut_middle(page->out, uf_page_z(text), max);
}

/* What a row needs behind the column where it says what it leads to. */
static size_t needed_of(const struct row *row, const struct uf_walk *walk)
{
    return row->what_width + (row->suspect ? strlen(walk->mark) + 7 : 0); /* "   <-- mark" */
}

/* One reference; `what` is the column where it says what it leads to. */
static void draw_row(struct uf_page *page, const struct uf_walk *walk, struct row *row, size_t what)
{
    uf_page_spaces(page, row->indent);
    if (row->hidden > 0) {
        uf_text_printf(page->out, UF_MARK_DIM "... %zu more ..." UF_MARK_PLAIN, row->hidden);
        uf_page_newline(page);
        return;
    }
    if (row->suspect)
        uf_text_add_z(page->out, UF_MARK_BOLD);
    if (row->indent + row->edge_width + 2 >
        what) { /* sticks out of its column: a line of its own */
        write_cut(page, &row->edge, page->width - row->indent);
        uf_page_newline(page);
        uf_page_spaces(page, what);
    } else {
        uf_text_add(page->out, uf_page_z(&row->edge), row->edge.len);
        uf_page_spaces(page, what - row->indent - row->edge_width);
    }
    write_cut(page, &row->what, page->width - what);
    if (row->suspect) {
        uf_text_add_z(page->out, UF_MARK_PLAIN);
        if (what + needed_of(row, walk) <= page->width) {
            uf_page_spaces(page, 3);
        } else {
            size_t mark = strlen(walk->mark) + 4;
            uf_page_newline(page);
            uf_page_spaces(page, what + mark <= page->width ? what : page->width - mark);
        }
        uf_text_printf(page->out, UF_MARK_YELLOW "<-- %s" UF_MARK_PLAIN, walk->mark);
    }
    uf_page_newline(page);
}

/* Sets the rows' indents, `deeper` more for each, and says in which column `what` stands: as far left
 * as the edges allow, but never far beyond the middle (an edge that goes further gets a line of its own). *fits: nothing
 * has to be cut. */
static size_t lay_out(const struct uf_page *page, const struct uf_walk *walk, struct row *rows,
                      size_t count, size_t base, size_t deeper, bool *fits)
{
    size_t most = base + (page->width - base) * 3 / 5, column = base + 2;
    if (most > base + EDGES_WIDEST)
        most = base + EDGES_WIDEST;
    for (size_t i = 0; i < count; i++) {
        rows[i].indent = base + i * deeper;
        size_t end = rows[i].indent + rows[i].edge_width + 2;
        if (end <= most && end > column && rows[i].hidden == 0)
            column = end;
    }
    *fits = true;
    for (size_t i = 0; i < count; i++)
        if (rows[i].indent + rows[i].edge_width > page->width ||
            column + needed_of(&rows[i], walk) > page->width)
            *fits = false;
    return column;
}

/* The roomiest layout in which all fits; else the one that leaves most room. */
static size_t choose_layout(const struct uf_page *page, const struct uf_walk *walk,
                            struct row *rows, size_t count, size_t indent, size_t column)
{
    const struct {
        size_t base, deeper;
    } tries[] = {
        {column + 2, 2}, {column + 2, 1}, {indent + 4, 2}, {indent + 4, 1}, {indent + 2, 1}};
    size_t what = 0;
    bool fits = false;
    for (size_t i = 0; i < sizeof tries / sizeof tries[0] && !fits; i++)
        what = lay_out(page, walk, rows, count, tries[i].base, tries[i].deeper, &fits);
    if (!fits && page->width < 40)
        what = lay_out(page, walk, rows, count, 1, 0, &fits);
    return what;
}

void uf_walk_draw(struct uf_page *page, size_t indent, size_t column, const struct uf_walk *walk)
{
    struct row rows[SHOWN_MOST + 6] = {0};
    size_t count = 0, most = sizeof rows / sizeof rows[0];
    size_t first = walk->count > 0 && !(walk->steps[0].edge && walk->steps[0].edge[0]);

    struct uf_text start = {0};
    uf_text_add_z(&start, walk->start);
    uf_page_row(page, indent, walk->label, column, &start);

    for (size_t i = first; i < walk->count && count < most; i++) {
        size_t hidden = left_out(&walk->steps[i]);
        if (hidden == 0 && !is_shown(walk, first, i))
            hidden = 1;
        if (hidden == 0)
            fill_row(&rows[count++], walk, i);
        else if (count > 0 && rows[count - 1].hidden > 0)
            rows[count - 1].hidden += hidden;
        else
            rows[count++].hidden = hidden;
    }
    size_t what = choose_layout(page, walk, rows, count, indent, column);
    for (size_t i = 0; i < count; i++) {
        draw_row(page, walk, &rows[i], what);
        uf_page_drop(page, &rows[i].edge);
        uf_page_drop(page, &rows[i].what);
    }
}
