#include "analysis/growth.h"

#include "test.h"

#define POINTS_MAX 2048

static struct uf_growth_point points[POINTS_MAX];
static size_t point_count;

static void begin(double value)
{
    points[0] = (struct uf_growth_point){0, value};
    point_count = 1;
}

static void add(uint32_t calls, double value)
{
    points[point_count] = (struct uf_growth_point){points[point_count - 1].calls + calls, value};
    point_count++;
}

static struct uf_growth judge(void)
{
    return uf_growth_judge(points, point_count);
}

/* One point per entry, one call apart. */
static struct uf_growth judge_values(const double *values, size_t count)
{
    begin(values[0]);
    for (size_t i = 1; i < count; i++)
        add(1, values[i]);
    return judge();
}
#define JUDGE(...)                                                                                 \
    judge_values((const double[]){__VA_ARGS__}, sizeof((double[]){__VA_ARGS__}) / sizeof(double))

TEST(what_never_changes_is_flat)
{
    struct uf_growth growth = JUDGE(7, 7, 7, 7, 7, 7, 7);
    EXPECT(growth.kind == UF_GROWTH_FLAT && growth.wish == UF_GROWTH_ENOUGH);
    EXPECT(growth.confidence == 1 && growth.windows == 6 && growth.last_rise_calls == 0);
}

TEST(fewer_than_five_windows_are_undecided)
{
    EXPECT(JUDGE(1, 2, 3, 4, 5).kind == UF_GROWTH_UNDECIDED);
    EXPECT(JUDGE(1, 1, 1, 1, 1).kind == UF_GROWTH_UNDECIDED);
    EXPECT(uf_growth_judge(NULL, 0).kind == UF_GROWTH_UNDECIDED);
    EXPECT(JUDGE(1).kind == UF_GROWTH_UNDECIDED && JUDGE(1).wish == UF_GROWTH_MORE);
}

TEST(an_even_rise_in_five_windows_is_a_trend)
{
    struct uf_growth growth = JUDGE(100, 102, 104, 106, 108, 110);
    EXPECT(growth.kind == UF_GROWTH_TREND && growth.per_call > 1.999 && growth.per_call < 2.001);
    EXPECT(growth.confidence == 1 && growth.rose == 5 && growth.last_rise_calls == 5);
    EXPECT(growth.wish == UF_GROWTH_MORE); /* surer with eight */
}

TEST(an_uneven_rise_in_five_windows_is_not_yet_one)
{
    EXPECT(JUDGE(0, 1, 90, 91, 95, 200).kind == UF_GROWTH_UNDECIDED);
    EXPECT(JUDGE(0, 1, 90, 91, 95, 200, 201, 260, 300).kind == UF_GROWTH_TREND);
}

TEST(one_step_is_never_a_trend)
{
    struct uf_growth growth = JUDGE(5, 5, 5, 5, 5, 5, 5, 5, 6);
    EXPECT(growth.kind == UF_GROWTH_SETTLED && growth.wish == UF_GROWTH_MORE);
    growth = JUDGE(5, 5, 6, 6, 6, 6, 6, 6, 6);
    EXPECT(growth.kind == UF_GROWTH_SETTLED && growth.wish == UF_GROWTH_ENOUGH);
}

TEST(a_cache_that_has_filled_up_is_settled)
{
    struct uf_growth growth = JUDGE(0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8, 8);
    EXPECT(growth.kind == UF_GROWTH_SETTLED && growth.wish == UF_GROWTH_ENOUGH);
    EXPECT(growth.last_rise_calls == 8);
}

TEST(growth_that_just_paused_is_undecided)
{
    struct uf_growth growth = JUDGE(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9);
    EXPECT(growth.kind == UF_GROWTH_UNDECIDED && growth.wish == UF_GROWTH_MORE);
}

TEST(a_leak_on_every_third_call_is_a_trend_call_by_call)
{
    begin(0);
    for (int call = 1; call <= 30; call++)
        add(1, call / 3);
    struct uf_growth growth = judge();
    EXPECT(growth.kind == UF_GROWTH_TREND);
    EXPECT(growth.per_call > 0.32 && growth.per_call < 0.35);
}

TEST(a_leak_on_every_third_call_needs_more_than_twelve_single_calls)
{
    begin(0);
    for (int call = 1; call <= 12; call++)
        add(1, call / 3);
    EXPECT(judge().kind == UF_GROWTH_UNDECIDED && judge().wish == UF_GROWTH_WIDER);
}

TEST(wide_windows_see_what_single_calls_do_not)
{
    begin(0);
    for (int call = 1; call <= 12; call++)
        add(1, call / 50);
    for (int window = 1; window <= 8; window++)
        add(64, (12 + 64 * window) / 50);
    struct uf_growth growth = judge();
    EXPECT(growth.kind == UF_GROWTH_TREND && growth.windows == 8 && growth.window_calls == 64);
    EXPECT(growth.per_call > 0.018 && growth.per_call < 0.022);
}

TEST(windows_of_double_length_take_the_shorter_ones_in)
{
    begin(0);
    for (int window = 1; window <= 8; window++)
        add(64, (64 * window) / 100);
    for (int window = 1; window <= 8; window++)
        add(128, (512 + 128 * window) / 100);
    struct uf_growth growth = judge();
    EXPECT(growth.kind == UF_GROWTH_TREND && growth.windows == 12 && growth.window_calls == 128);
}

TEST(a_random_sized_working_set_is_noise)
{
    struct uf_growth growth = JUDGE(8, 3, 9, 1, 7, 7, 2, 9, 4, 6, 1, 8, 5);
    EXPECT(growth.kind == UF_GROWTH_NOISE && growth.wish == UF_GROWTH_ENOUGH);
}

TEST(a_cache_cleared_every_hundred_calls_is_noise)
{
    begin(0);
    for (int call = 1; call <= 12; call++)
        add(1, call % 100);
    for (int window = 1; window <= 8; window++)
        add(64, (12 + 64 * window) % 100);
    EXPECT(judge().kind == UF_GROWTH_NOISE);
}

TEST(a_leak_under_noise_is_a_trend_once_its_floor_rises)
{
    static const int noise[] = {3, 0, 5, 1, 4, 2, 5, 0, 3, 1, 4, 0};
    begin(0);
    for (int i = 1; i <= 36; i++)
        add(10, 2 * i + noise[i % 12]);
    struct uf_growth growth = judge();
    EXPECT(growth.kind == UF_GROWTH_TREND && growth.fell > 0);
    EXPECT(growth.per_call > 0.19 && growth.per_call < 0.21);
}

TEST(noise_that_drifts_asks_for_wider_windows)
{
    static const int noise[] = {9, 0, 7, 4};
    begin(0);
    for (int i = 1; i <= 12; i++)
        add(10, i + noise[i % 4]);
    EXPECT(judge().kind != UF_GROWTH_TREND && judge().wish == UF_GROWTH_WIDER);
}

TEST(growth_that_dies_down_is_a_trend_that_asks_for_more)
{
    begin(0);
    double value = 0;
    for (int i = 1; i <= 12; i++)
        add(10, value += 1024 >> (i < 10 ? i : 10));
    EXPECT(judge().kind == UF_GROWTH_TREND && judge().wish == UF_GROWTH_MORE);
}

TEST(a_cache_read_in_time_with_its_clearing_is_told_by_single_calls_behind)
{
    begin(0);
    for (int window = 1; window <= 9; window++)
        add(101, (101 * window) % 100);      /* +1 in each window */
    EXPECT(judge().kind == UF_GROWTH_TREND); /* this is why uf_growth_window_calls exists */
    for (int call = 1; call <= 6; call++)
        add(1, 9 + call);
    EXPECT(judge().kind == UF_GROWTH_NOISE);
}

TEST(single_calls_behind_a_true_leak_change_nothing)
{
    begin(0);
    for (int window = 1; window <= 9; window++)
        add(101, 101 * window);
    for (int call = 1; call <= 6; call++)
        add(1, 909 + call);
    EXPECT(judge().kind == UF_GROWTH_TREND);
}

TEST(thousands_of_single_calls_are_merged)
{
    begin(0);
    for (int call = 1; call < POINTS_MAX; call++)
        add(1, call);
    struct uf_growth growth = judge();
    EXPECT(growth.kind == UF_GROWTH_TREND && growth.windows <= 512);
    EXPECT(growth.per_call > 0.999 && growth.per_call < 1.001);
}

TEST(a_window_length_does_not_beat_with_round_periods)
{
    EXPECT(uf_growth_window_calls(0) == 1 && uf_growth_window_calls(5) == 5);
    for (uint32_t wanted = 8; wanted < 3000; wanted++) {
        uint32_t calls = uf_growth_window_calls(wanted), rest = calls % 100;
        EXPECT(calls >= wanted && calls <= wanted + wanted / 2 + 17);
        EXPECT(calls <= 100 || rest == 0 || rest >= 13);
    }
}

int main(void)
{
    RUN(what_never_changes_is_flat);
    RUN(fewer_than_five_windows_are_undecided);
    RUN(an_even_rise_in_five_windows_is_a_trend);
    RUN(an_uneven_rise_in_five_windows_is_not_yet_one);
    RUN(one_step_is_never_a_trend);
    RUN(a_cache_that_has_filled_up_is_settled);
    RUN(growth_that_just_paused_is_undecided);
    RUN(a_leak_on_every_third_call_is_a_trend_call_by_call);
    RUN(a_leak_on_every_third_call_needs_more_than_twelve_single_calls);
    RUN(wide_windows_see_what_single_calls_do_not);
    RUN(windows_of_double_length_take_the_shorter_ones_in);
    RUN(a_random_sized_working_set_is_noise);
    RUN(a_cache_cleared_every_hundred_calls_is_noise);
    RUN(a_leak_under_noise_is_a_trend_once_its_floor_rises);
    RUN(noise_that_drifts_asks_for_wider_windows);
    RUN(growth_that_dies_down_is_a_trend_that_asks_for_more);
    RUN(a_cache_read_in_time_with_its_clearing_is_told_by_single_calls_behind);
    RUN(single_calls_behind_a_true_leak_change_nothing);
    RUN(thousands_of_single_calls_are_merged);
    RUN(a_window_length_does_not_beat_with_round_periods);
    return test_end();
}
