#include "analysis/tally.h"

#include "fail.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static void read_counts(struct uf_tally *tally, uint32_t calls, int files, int pipes)
{
    EXPECT(uf_tally_begin(tally, calls, NULL) == UF_OK);
    for (int i = 0; i < files; i++)
        EXPECT(uf_tally_count(tally, "file", NULL) == UF_OK);
    for (int i = 0; i < pipes; i++)
        EXPECT(uf_tally_count(tally, "pipe", NULL) == UF_OK);
    EXPECT(uf_tally_end(tally, NULL) == UF_OK);
}

TEST(each_sort_is_judged_by_itself)
{
    struct uf_tally tally = {0};
    for (uint32_t i = 0; i <= 12; i++)
        read_counts(&tally, i, (int)i, 3);
    size_t file = uf_tally_find(&tally, "file"), pipe = uf_tally_find(&tally, "pipe");
    EXPECT(uf_tally_judge(&tally, file).kind == UF_GROWTH_TREND);
    EXPECT(uf_tally_judge(&tally, file).per_call == 1);
    EXPECT(uf_tally_gain(&tally, file) == 12);
    EXPECT(uf_tally_judge(&tally, pipe).kind == UF_GROWTH_FLAT);
    EXPECT(strcmp(uf_tally_name(&tally, pipe), "pipe") == 0);
    EXPECT(uf_tally_find(&tally, "socket") == SIZE_MAX);
    uf_tally_release(&tally);
}

TEST(a_sort_that_came_late_had_none_before)
{
    struct uf_tally tally = {0};
    read_counts(&tally, 0, 1, 0);
    read_counts(&tally, 1, 1, 0);
    read_counts(&tally, 2, 1, 2);
    size_t pipe = uf_tally_find(&tally, "pipe");
    EXPECT(tally.sorts.at[pipe].points.len == 3);
    EXPECT(tally.sorts.at[pipe].points.at[0].value == 0);
    EXPECT(tally.sorts.at[pipe].points.at[2].value == 2);
    EXPECT(uf_tally_gain(&tally, pipe) == 2);
    uf_tally_release(&tally);
}

TEST(a_reading_after_as_many_calls_replaces_the_one_before)
{
    struct uf_tally tally = {0};
    read_counts(&tally, 0, 5, 1);
    read_counts(&tally, 0, 7, 0);
    read_counts(&tally, 4, 8, 0);
    size_t file = uf_tally_find(&tally, "file"), pipe = uf_tally_find(&tally, "pipe");
    EXPECT(tally.sorts.at[file].points.len == 2);
    EXPECT(tally.sorts.at[file].points.at[0].value == 7);
    EXPECT(tally.sorts.at[pipe].points.len == 2);
    EXPECT(tally.sorts.at[pipe].points.at[0].value == 0);
    EXPECT(uf_tally_begin(&tally, 3, NULL) == UF_EINVAL);
    uf_tally_release(&tally);
}

TEST(sorts_beyond_the_most_are_counted_together)
{
    struct uf_tally tally = {0};
    char name[32];
    EXPECT(uf_tally_begin(&tally, 0, NULL) == UF_OK);
    for (int i = 0; i < UF_TALLY_SORTS_MAX + 10; i++) {
        snprintf(name, sizeof name, "sort %d", i);
        EXPECT(uf_tally_count(&tally, name, NULL) == UF_OK);
    }
    EXPECT(uf_tally_end(&tally, NULL) == UF_OK);
    size_t others = uf_tally_find(&tally, UF_TALLY_OTHERS);
    EXPECT(others != SIZE_MAX && tally.sorts.at[others].points.at[0].value == 10);
    EXPECT(tally.sorts.len == UF_TALLY_SORTS_MAX + 1);
    uf_tally_release(&tally);
}

static int count_two(void)
{
    struct uf_tally tally = {0};
    enum uf_code code = UF_OK;
    for (uint32_t calls = 0; calls < 2 && !code; calls++) {
        code = uf_tally_begin(&tally, calls, NULL);
        if (!code)
            code = uf_tally_count(&tally, calls ? "pipe" : "file", NULL);
        if (!code)
            code = uf_tally_end(&tally, NULL);
    }
    uf_tally_release(&tally);
    return code;
}

TEST(memory_that_runs_out_is_an_error_and_leaves_nothing)
{
    uint64_t before = uf_mem_live_blocks();
    for (uint64_t nth = 1; nth < 100; nth++) {
        uf_mem_fail_at(nth);
        int code = count_two();
        uf_mem_fail_at(0);
        EXPECT(uf_mem_live_blocks() == before);
        if (code == UF_OK)
            break;
        EXPECT(code == UF_ENOMEM);
    }
}

int main(void)
{
    RUN(each_sort_is_judged_by_itself);
    RUN(a_sort_that_came_late_had_none_before);
    RUN(a_reading_after_as_many_calls_replaces_the_one_before);
    RUN(sorts_beyond_the_most_are_counted_together);
    RUN(memory_that_runs_out_is_an_error_and_leaves_nothing);
    return test_end();
}
