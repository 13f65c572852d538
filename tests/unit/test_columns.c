#include "report/columns.h"
#include "test.h"

#include <stdlib.h>

static size_t width(const char *text)
{
    return uf_columns_width(text, strlen(text));
}

TEST(wide_characters_take_two_columns_and_combining_ones_none)
{
    EXPECT(width("abc") == 3);
    EXPECT(width("\xe4\xbc\x9a\xe8\xaf\x9d") == 4); /* two ideographs */
    EXPECT(width("e\xcc\x81") == 1);                /* e with a combining accent */
    EXPECT(width("\xc3\xa9") == 1);                 /* the same, precomposed */
    EXPECT(width("\xf0\x9f\x98\x80") == 2);         /* an emoji */
    EXPECT(width("\xe2\x80\x8b\xe2\x80\x8d") == 0); /* zero width space and joiner */
    EXPECT(width("\xef\xbc\xa1") == 2);             /* full width A */
    EXPECT(width("\xe1\x84\x80\xe1\x85\xa1") == 2); /* Hangul of two parts */
    EXPECT(width("\xc2\xad") == 1);                 /* soft hyphen is shown */
    EXPECT(width("\x01\x02") == 0);                 /* style marks */
}

TEST(tables_are_ascending_and_do_not_overlap)
{
    for (size_t i = 0; i < uf_columns_none_count; i++) {
        EXPECT(uf_columns_none[i].first <= uf_columns_none[i].last);
        EXPECT(i == 0 || uf_columns_none[i - 1].last < uf_columns_none[i].first);
    }
    for (size_t i = 0; i < uf_columns_wide_count; i++) {
        EXPECT(uf_columns_wide[i].first <= uf_columns_wide[i].last);
        EXPECT(i == 0 || uf_columns_wide[i - 1].last < uf_columns_wide[i].first);
        EXPECT(uf_columns_of(uf_columns_wide[i].first) == 2);
    }
}

static void expect_clean(const char *text, const char *expected)
{
    struct uf_text ret = {0};
    uf_columns_clean(&ret, text);
    EXPECT_TEXT(ret.at ? ret.at : "", expected);
    uf_text_release(&ret);
}

TEST(clean_text_cannot_move_the_cursor_or_hide)
{
    expect_clean("  two\n lines\tand  a tab ", "two lines and a tab");
    expect_clean("\x1b[31mred\x07", "\\x1b[31mred\\x07");
    expect_clean("\xc2\x9b"
                 "31m",
                 "\\x9b31m"); /* the one-character form of ESC [ */
    expect_clean("abc\xe2\x80\xae"
                 "cba",
                 "abc\\u202ecba");
    expect_clean("\xff\xed\xb3\xbf", "\\xff\\udcff");
    expect_clean("\x01\x02", "\\x01\\x02");
    expect_clean("caf\xc3\xa9 \xe4\xbc\x9a", "caf\xc3\xa9 \xe4\xbc\x9a");
    expect_clean("", "");
    expect_clean(NULL, "");
}

typedef void (*cutter)(struct uf_text *ret, const char *text, size_t max);

static void expect_cut(cutter cut, const char *text, size_t max, const char *expected)
{
    struct uf_text ret = {0};
    cut(&ret, text, max);
    EXPECT_TEXT(ret.at ? ret.at : "", expected);
    uf_text_release(&ret);
}

TEST(the_middle_goes_and_the_end_stays)
{
    expect_cut(uf_columns_cut_middle, "short", 10, "short");
    expect_cut(uf_columns_cut_middle, "exactly10!", 10, "exactly10!");
    expect_cut(uf_columns_cut_middle, "urllib3.connectionpool.HTTPConnectionPool", 24,
               "urllib3....onnectionPool");
    expect_cut(uf_columns_cut_middle, "abcdefghij", 7, "abcd...");
    expect_cut(uf_columns_cut_end, "abcdefghij", 7, "abcd...");
    expect_cut(uf_columns_cut_end, "abcdefghij", 3, "abc");
    expect_cut(uf_columns_cut_end, "abcdefghij", 0, "");
    expect_cut(uf_columns_cut_end, NULL, 5, "");
    /* a wide character is not halved */
    expect_cut(uf_columns_cut_end, "\xe4\xbc\x9a\xe8\xaf\x9d\xe4\xbc\x9a\xe8\xaf\x9d", 6,
               "\xe4\xbc\x9a...");
}

TEST(whatever_is_cut_fits)
{
    const char *text = "\xe4\xbc\x9a"
                       "a\xcc\x81\xe8\xaf\x9d/very/long/\xf0\x9f\x98\x80/path/to/a\xff/file.py";
    for (size_t max = 0; max < 50; max++) {
        struct uf_text middle = {0}, end = {0};
        uf_columns_cut_middle(&middle, text, max);
        uf_columns_cut_end(&end, text, max);
        EXPECT(uf_columns_width(middle.at ? middle.at : "", middle.len) <= max);
        EXPECT(uf_columns_width(end.at ? end.at : "", end.len) <= max);
        uf_text_release(&middle);
        uf_text_release(&end);
    }
}

static void expect_wrap(const char *text, size_t at, size_t hang, size_t columns,
                        const char *expected)
{
    struct uf_text ret = {0};
    uf_columns_wrap(&ret, text, at, hang, columns);
    EXPECT_TEXT(ret.at ? ret.at : "", expected);
    uf_text_release(&ret);
}

TEST(words_are_wrapped_with_a_hanging_indent)
{
    expect_wrap("one two three", 0, 0, 20, "one two three");
    expect_wrap("one two three", 0, 0, 13, "one two three");
    expect_wrap("one two three", 0, 0, 12, "one two\nthree");
    expect_wrap("one two three", 4, 4, 12, "one two\n    three");
    expect_wrap("one two three", 6, 2, 10, "one\n  two\n  three");
    expect_wrap("", 0, 0, 10, "");
    expect_wrap(NULL, 0, 0, 10, "");
}

TEST(a_number_stays_with_its_unit)
{
    expect_wrap("it holds 41 KiB now", 0, 0, 12, "it holds\n41 KiB now");
    expect_wrap("a 1 2 3 4 5 6 7", 0, 0, 6, "a\n1 2 3\n4 5 6\n7");
}

TEST(a_word_longer_than_a_line_is_broken)
{
    expect_wrap("abcdefghijkl", 0, 0, 5, "abcde\nfghij\nkl");
    expect_wrap("x abcdefgh", 0, 1, 5, "x\n abcd\n efgh");
    expect_wrap("\xe4\xbc\x9a\xe8\xaf\x9d\xe4\xbc\x9a", 0, 0, 3,
                "\xe4\xbc\x9a\n\xe8\xaf\x9d\n\xe4\xbc\x9a");
}

TEST(no_wrapped_line_is_too_long_whatever_the_text)
{
    static const char *const pieces[] = {"a",
                                         " ",
                                         "word ",
                                         "12 ",
                                         "\xe4\xbc\x9a",
                                         "e\xcc\x81",
                                         "/x/y/z",
                                         "\xff",
                                         "longwordlongword",
                                         "\x02",
                                         " 7",
                                         "\xf0\x9f\x98\x80 "};
    srand(7);
    for (int round = 0; round < 3000; round++) {
        struct uf_text text = {0}, ret = {0};
        size_t columns = 4 + (size_t)rand() % 30, hang = (size_t)rand() % (columns - 3);
        for (int i = rand() % 20; i >= 0; i--)
            uf_text_add_z(&text, pieces[(size_t)rand() % (sizeof pieces / sizeof pieces[0])]);
        uf_columns_wrap(&ret, text.at, hang, hang, columns);
        size_t start = 0;
        for (size_t i = 0; i <= ret.len; i++)
            if (i == ret.len || ret.at[i] == '\n') {
                size_t lead = start == 0 ? hang : 0;
                EXPECT(lead + uf_columns_width(ret.at + start, i - start) <= columns);
                start = i + 1;
            }
        /* nothing but white space is lost or added */
        size_t from = 0;
        for (size_t i = 0; i < ret.len; i++) {
            if (ret.at[i] == ' ' || ret.at[i] == '\n')
                continue;
            while (text.at[from] == ' ')
                from++;
            EXPECT(ret.at[i] == text.at[from]);
            from++;
        }
        while (text.at[from] == ' ')
            from++;
        EXPECT(text.at[from] == '\0');
        uf_text_release(&text);
        uf_text_release(&ret);
    }
}

int main(void)
{
    RUN(wide_characters_take_two_columns_and_combining_ones_none);
    RUN(tables_are_ascending_and_do_not_overlap);
    RUN(clean_text_cannot_move_the_cursor_or_hide);
    RUN(the_middle_goes_and_the_end_stays);
    RUN(whatever_is_cut_fits);
    RUN(words_are_wrapped_with_a_hanging_indent);
    RUN(a_number_stays_with_its_unit);
    RUN(a_word_longer_than_a_line_is_broken);
    RUN(no_wrapped_line_is_too_long_whatever_the_text);
    return test_end();
}
