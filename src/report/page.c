#include "report/page.h"

#include "report/columns.h"
#include "report/style.h"

#include <string.h>

const char *uf_page_z(const struct uf_text *text)
{
    return text->at ? text->at : "";
}

void uf_page_drop(struct uf_page *page, struct uf_text *text)
{
    if (text->failed)
        page->out->failed = true;
    uf_text_release(text);
}

void uf_page_spaces(struct uf_page *page, size_t count)
{
    uf_text_printf(page->out, "%*s", (int)count, "");
}

void uf_page_newline(struct uf_page *page)
{
    uf_text_add(page->out, "\n", 1);
}

static size_t width_of(const char *text)
{
    return uf_columns_width(text, strlen(text));
}

void uf_page_headline(struct uf_page *page, const char *lead_mark, const char *lead,
                      struct uf_text *text, const char *right)
{
    struct uf_text lines = {0};
    size_t hang = width_of(lead) + 2, right_width = width_of(right);
    size_t room = page->width;

    if (right_width > 0 && room > right_width + 2)
        room -= right_width + 2;
    uf_columns_wrap(&lines, uf_page_z(text), hang, hang, room);
    uf_page_drop(page, text);

    const char *whole = uf_page_z(&lines), *first_end = strchr(whole, '\n');
    size_t first_len = first_end ? (size_t)(first_end - whole) : strlen(whole);
    uf_text_printf(page->out, "%s%s" UF_MARK_PLAIN "  ", lead_mark, lead);
    uf_text_add(page->out, whole, first_len);
    size_t used = hang + uf_columns_width(whole, first_len);
    if (right_width > 0 && used + 2 + right_width <= page->width) {
        uf_page_spaces(page, page->width - used - right_width);
        uf_text_add_z(page->out, right);
    }
    uf_text_add_z(page->out, whole + first_len);
    uf_page_newline(page);
    uf_page_drop(page, &lines);
}

void uf_page_row(struct uf_page *page, size_t indent, const char *label, size_t column,
                 struct uf_text *text)
{
    size_t label_width = width_of(label), at = indent + label_width + 2;
    size_t hang = page->width < 50 ? indent + 2 : column;

    uf_page_spaces(page, indent);
    uf_text_printf(page->out, UF_MARK_DIM "%s" UF_MARK_PLAIN "  ", label);
    if (at < column) {
        uf_page_spaces(page, column - at);
        at = column;
    }
    uf_columns_wrap(page->out, uf_page_z(text), at, hang, page->width);
    uf_page_newline(page);
    uf_page_drop(page, text);
}

void uf_page_line(struct uf_page *page, size_t indent, struct uf_text *text)
{
    uf_page_spaces(page, indent);
    uf_columns_cut_end(page->out, uf_page_z(text), page->width - indent);
    uf_page_newline(page);
    uf_page_drop(page, text);
}
