/* Tables: aligned at any width, never wider than the page. */
#include "report/table.h"

#include "report/columns.h"
#include "report/style.h"
#include "test.h"

static const struct uf_table_column columns[] = {
    {.title = "objects", .right = true},
    {.title = "bytes", .right = true, .drop = 1},
    {.title = "held by", .least = 10, .drop = 2},
    {.title = "type", .least = 8, .mark = UF_MARK_BOLD},
};

static void fill(struct uf_table *table)
{
    uf_table_init(table, columns, 4);
    uf_table_count(table, 5012);
    uf_table_bytes(table, 1789284);
    uf_table_clean(table, "shop.STORE._sessions[*]");
    uf_table_clean(table, "shop.Session");
    uf_table_count(table, 1);
    uf_table_bytes(table, 357);
    uf_table_clean(table, "module shop");
    uf_table_clean(table, "shop.caches.\xe6\x97\xa5\xe6\x9c\xac\tRegistry");
}

static struct uf_text drawn(size_t width, size_t indent)
{
    struct uf_table table;
    struct uf_text marked = {0}, text = {0};
    struct uf_page page = {.out = &marked, .width = width};
    fill(&table);
    uf_table_draw(&table, &page, indent);
    EXPECT(table.cells.at == NULL && table.ends.at == NULL);
    EXPECT(!marked.failed);
    uf_style_apply(&text, marked.at, false);
    uf_text_release(&marked);
    return text;
}

TEST(figures_stand_right_and_names_left)
{
    struct uf_text text = drawn(80, 2);
    EXPECT_TEXT(text.at, "  objects    bytes  held by                  type\n"
                         "    5,012  1.7 MiB  shop.STORE._sessions[*]  shop.Session\n"
                         "        1    357 B  module shop              "
                         "shop.caches.\xe6\x97\xa5\xe6\x9c\xac Registry\n");
    uf_text_release(&text);
}

TEST(the_widest_column_loses_its_middle_first)
{
    struct uf_text text = drawn(60, 0);
    EXPECT_TEXT(text.at,
                "objects    bytes  held by               type\n"
                "  5,012  1.7 MiB  shop.S...sessions[*]  shop.Session\n"
                "      1    357 B  module shop           shop.c...\xe6\x9c\xac Registry\n");
    uf_text_release(&text);
}

TEST(where_cutting_is_not_enough_columns_go)
{
    struct uf_text text = drawn(32, 0);
    EXPECT_TEXT(text.at, "objects    bytes  type\n"
                         "  5,012  1.7 MiB  shop.Session\n"
                         "      1    357 B  shop...egistry\n");
    uf_text_release(&text);
}

TEST(no_line_is_wider_than_the_page)
{
    for (size_t width = 4; width <= 100; width++) {
        struct uf_text text = drawn(width, width % 3);
        for (const char *line = text.at; *line;) {
            size_t len = strcspn(line, "\n");
            EXPECT(uf_columns_width(line, len) <= width);
            line += len + 1;
        }
        uf_text_release(&text);
    }
}

TEST(a_table_without_rows_draws_nothing)
{
    struct uf_table table;
    struct uf_text marked = {0};
    struct uf_page page = {.out = &marked, .width = 80};
    uf_table_init(&table, columns, 4);
    uf_table_draw(&table, &page, 2);
    EXPECT(marked.len == 0 && !marked.failed);
    uf_text_release(&marked);
}

TEST(want_of_memory_is_the_pages)
{
    for (uint64_t nth = 1; nth < 200; nth++) {
        struct uf_table table;
        struct uf_text marked = {0};
        struct uf_page page = {.out = &marked, .width = 80};
        uint64_t blocks = uf_mem_live_blocks();
        uf_mem_fail_at(nth);
        fill(&table);
        uf_table_draw(&table, &page, 2);
        uint64_t made = uf_mem_fail_at(0);
        bool failed = marked.failed;
        uf_text_release(&marked);
        EXPECT(uf_mem_live_blocks() == blocks);
        if (nth > made) {
            EXPECT(!failed);
            return;
        }
        EXPECT(failed);
    }
    EXPECT(0 && "an allocation fails still");
}

int main(void)
{
    RUN(figures_stand_right_and_names_left);
    RUN(the_widest_column_loses_its_middle_first);
    RUN(where_cutting_is_not_enough_columns_go);
    RUN(no_line_is_wider_than_the_page);
    RUN(a_table_without_rows_draws_nothing);
    RUN(want_of_memory_is_the_pages);
    return test_end();
}
