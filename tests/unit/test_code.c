#include "cpython/code.h"

#include "test.h"

#define LINE(form, table, first, offset)                                                           \
    uf_code_line_in_table((form), (table), sizeof(table), (first), (offset))

/* 3.8 and 3.9: what the compiler made of a function whose first line is 1: a list over two lines, 140
 * empty lines, a loop with a condition over two lines. */
static const uint8_t steps[] = {0, 1, 2, 1, 2, 255, 4, 127, 0, 15, 8, 1, 4, 1, 2, 255, 2, 2, 10, 1};

TEST(steps_change_the_line_from_an_offset_on)
{
    static const struct {
        uint64_t offset;
        int line; /* as dis.findlinestarts() of 3.8 tells it */
    } starts[] = {{0, 2},    {2, 3},    {4, 2},    {8, 144}, {16, 145},
                  {20, 146}, {22, 145}, {24, 147}, {34, 148}};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        EXPECT(LINE(UF_LINES_STEPS, steps, 1, starts[i].offset) == starts[i].line);
        if (i > 0) /* the instruction before is still on the line before */
            EXPECT(LINE(UF_LINES_STEPS, steps, 1, starts[i].offset - 2) == starts[i - 1].line);
    }
    EXPECT(LINE(UF_LINES_STEPS, steps, 1, 1000) == 148);
}

/* 3.10: def f(): two lines of 4 bytes of code each, 2 bytes without a line, then a line before. */
static const uint8_t pairs[] = {4, 1, 4, 1, 2, 128, 6, 254};

TEST(pairs_move_on_by_their_change_of_line)
{
    EXPECT(LINE(UF_LINES_PAIRS, pairs, 10, 0) == 11);
    EXPECT(LINE(UF_LINES_PAIRS, pairs, 10, 3) == 11);
    EXPECT(LINE(UF_LINES_PAIRS, pairs, 10, 4) == 12);
    EXPECT(LINE(UF_LINES_PAIRS, pairs, 10, 10) == 10);
}

TEST(a_pair_without_a_line_has_none_and_changes_none)
{
    EXPECT(LINE(UF_LINES_PAIRS, pairs, 10, 8) == 0);
    EXPECT(LINE(UF_LINES_PAIRS, pairs, 10, 15) == 10);
}

TEST(behind_the_table_there_is_no_line)
{
    EXPECT(LINE(UF_LINES_PAIRS, pairs, 10, 16) == 0);
    EXPECT(LINE(UF_LINES_LOCATIONS, pairs, 10, 1000) == 0);
}

/* 3.11+. Entry: 0x80 | form << 3 | units - 1, then what the form carries. */
static const uint8_t locations[] = {
    0x80 | 0 << 3 | 1,
    0x12, /* 2 units: short form, the same line */
    0x80 | 11 << 3 | 0,
    4,
    9, /* 1 unit: the next line, two columns */
    0x80 | 13 << 3 | 3,
    0x06, /* 4 units: no columns, 3 lines on */
    0x80 | 14 << 3 | 0,
    0x43,
    1,
    0,
    0,
    0,                  /* 1 unit: long form, 33 lines back (0x43: 3 + more, 1 << 6: 67) */
    0x80 | 15 << 3 | 1, /* 2 units without a location */
    0x80 | 10 << 3 | 7,
    0,
    5, /* 8 units: the same line */
};

TEST(locations_move_on_by_what_their_form_says)
{
    EXPECT(LINE(UF_LINES_LOCATIONS, locations, 50, 0) == 50);
    EXPECT(LINE(UF_LINES_LOCATIONS, locations, 50, 3) == 50);
    EXPECT(LINE(UF_LINES_LOCATIONS, locations, 50, 4) == 51);
    EXPECT(LINE(UF_LINES_LOCATIONS, locations, 50, 6) == 54);
    EXPECT(LINE(UF_LINES_LOCATIONS, locations, 50, 13) == 54);
    EXPECT(LINE(UF_LINES_LOCATIONS, locations, 50, 14) == 54 - 33);
}

TEST(code_without_a_location_has_no_line_and_changes_none)
{
    EXPECT(LINE(UF_LINES_LOCATIONS, locations, 50, 16) == 0);
    EXPECT(LINE(UF_LINES_LOCATIONS, locations, 50, 20) == 54 - 33);
}

TEST(a_table_cut_anywhere_is_read_within_its_bounds)
{
    for (size_t len = 0; len <= sizeof locations; len++) {
        uint8_t *exact = uf_mem_alloc(len);
        memcpy(exact, locations, len);
        for (uint64_t offset = 0; offset < 40; offset++)
            EXPECT(uf_code_line_in_table(UF_LINES_LOCATIONS, exact, len, 1, offset) >= 0);
        uf_mem_free(exact);
    }
}

TEST(a_number_that_does_not_end_is_no_trouble)
{
    uint8_t table[64];
    memset(table, 0x7f, sizeof table);
    table[0] = 0x80 | 13 << 3;
    EXPECT(uf_code_line_in_table(UF_LINES_LOCATIONS, table, sizeof table, 1, 0) >= 0);
}

TEST(an_unknown_form_of_table_has_no_lines)
{
    EXPECT(LINE(UF_LINES_UNKNOWN, pairs, 10, 0) == 0);
}

int main(void)
{
    RUN(steps_change_the_line_from_an_offset_on);
    RUN(pairs_move_on_by_their_change_of_line);
    RUN(a_pair_without_a_line_has_none_and_changes_none);
    RUN(behind_the_table_there_is_no_line);
    RUN(locations_move_on_by_what_their_form_says);
    RUN(code_without_a_location_has_no_line_and_changes_none);
    RUN(a_table_cut_anywhere_is_read_within_its_bounds);
    RUN(a_number_that_does_not_end_is_no_trouble);
    RUN(an_unknown_form_of_table_has_no_lines);
    return test_end();
}
