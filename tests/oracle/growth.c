/* growth.c - the growth test against programs whose truth is known: how often it is wrong.
 *
 * Each program is a rule for what is alive after call number k; the schedule of
 * captures is the runner's without its limits of time (src/pyext/runner.c): 12
 * single calls, 8 windows of 60, and more rounds of 8 while the test asks for
 * them. The figures stand in docs/growth-test.md; they are printed as comments.
 * Seeds are fixed.
 */
#include "analysis/growth.h"

#include "random.h"
#include "test.h"

#include <math.h>

#define RUNS 4000
#define FINE 12
#define WINDOWS 8
#define WINDOW_CALLS 60
#define SURE_CALLS 2100
#define ROUNDS 6

struct program {
    uint32_t calls;
    double value, hidden; /* alive; a state of its own */
    uint32_t parameter, other;
};

typedef void step_fn(struct program *program);

static double uniform(void)
{
    return (double)random_below(1u << 30) / (double)(1u << 30);
}

/* Every call works with a set of random size, which the next call replaces. */
static void working_set(struct program *p)
{
    p->value = (double)random_below(p->parameter);
}

/* A pool that grows or shrinks by one: the hardest of all, for a while it is no different from a
 * leak. */
static void random_walk(struct program *p)
{
    p->value += random_below(2) ? 1 : p->value > 0 ? -1 : 0;
}

/* The same with a bound, as pools have one. */
static void bounded_walk(struct program *p)
{
    p->value += random_below(2) ? (p->value < p->parameter ? 1 : 0) : p->value > 0 ? -1 : 0;
}

/* One entry a call, all cleared on every n-th. */
static void cleared(struct program *p)
{
    p->value = (p->calls + p->other) % p->parameter;
}

/* One entry a call until the bound. */
static void filled(struct program *p)
{
    p->value = p->calls < p->parameter ? p->calls : p->parameter;
}

/* Keys at random out of so many: fast at first, ever slower. */
static void collected(struct program *p)
{
    if (uniform() >= p->value / p->parameter)
        p->value++;
}

static void one_step(struct program *p)
{
    p->value = p->calls >= p->parameter ? 1 : 0;
}

static void few_steps(struct program *p)
{
    if (random_below(p->parameter) == 0 && p->hidden < 2)
        p->value++, p->hidden++;
}

static void still(struct program *p)
{
    p->value = p->parameter;
}

static void leak(struct program *p)
{
    p->value++;
}

static void leak_kth(struct program *p)
{
    p->value = (p->calls + p->other) / p->parameter;
}

static void leak_random(struct program *p)
{
    p->value += random_below(p->parameter) == 0;
}

/* Leaks one object a call while a random working set is alive. */
static void leak_under_noise(struct program *p)
{
    p->hidden++;
    p->value = p->hidden + (double)random_below(p->parameter);
}

static void leak_sizes(struct program *p)
{
    p->value += 1 + (double)random_below(p->parameter);
}

/* A leak whose bytes come in steps, as a list's allocation does. */
static void leak_in_steps(struct program *p)
{
    p->hidden++;
    if (p->hidden > p->value)
        p->value += floor(p->value / 8) + 6;
}

static void advance(struct program *p, step_fn *step, uint32_t calls)
{
    for (uint32_t i = 0; i < calls; i++) {
        p->calls++;
        step(p);
    }
}

/* Where looking at the heap is dear: 5 single calls with one look, and 5 windows as long as the single
 * calls and all windows of the usual schedule (src/pyext/runner.c, looks_are_dear). */
static struct uf_growth run_dear(struct program *p, step_fn *step, uint32_t window)
{
    struct uf_growth_point points[UF_GROWTH_MIN_WINDOWS + 2];
    size_t count = 0;
    advance(p, step, 2);
    points[count++] = (struct uf_growth_point){p->calls, p->value};
    advance(p, step, UF_GROWTH_MIN_WINDOWS);
    points[count++] = (struct uf_growth_point){p->calls, p->value};
    for (int i = 0; i < UF_GROWTH_MIN_WINDOWS; i++) {
        advance(p, step, uf_growth_varied_calls(window, (uint32_t)i));
        points[count++] = (struct uf_growth_point){p->calls, p->value};
    }
    return uf_growth_judge(points, count);
}

struct tally {
    uint32_t kind[5];
    uint32_t runs;
    double calls;
};

/* windows: false = single calls only. */
static void run_one(struct program p, step_fn *step, uint32_t single_calls, bool windows,
                    struct tally *tally)
{
    struct uf_growth_point points[FINE + 1 + ROUNDS * WINDOWS + 64];
    size_t count = 0;
    advance(&p, step, 2); /* warm-up */
    points[count++] = (struct uf_growth_point){p.calls, p.value};
    for (uint32_t i = 0; i < single_calls; i++) {
        advance(&p, step, 1);
        points[count++] = (struct uf_growth_point){p.calls, p.value};
    }
    struct uf_growth growth = uf_growth_judge(points, count);
    uint32_t length = uf_growth_window_calls(WINDOW_CALLS);
    for (int round = 0; windows && round < ROUNDS; round++) {
        for (int i = 0; i < WINDOWS; i++) {
            advance(&p, step, length);
            points[count++] = (struct uf_growth_point){p.calls, p.value};
        }
        growth = uf_growth_judge(points, count);
        bool trend = growth.kind == UF_GROWTH_TREND;
        if (trend ? p.calls >= SURE_CALLS : growth.wish == UF_GROWTH_ENOUGH)
            break;
        if (trend)
            length = uf_growth_window_calls((SURE_CALLS - p.calls) / WINDOWS + 1);
        else if (growth.wish == UF_GROWTH_WIDER)
            length = uf_growth_window_calls(2 * length);
    }
    tally->kind[growth.kind]++;
    tally->runs++;
    tally->calls += p.calls;
}

static struct tally run(const char *name, step_fn *step, uint32_t low, uint32_t high,
                        uint32_t single_calls, bool windows)
{
    struct tally tally = {0};
    random_seed(high * 7919u + low + single_calls);
    for (int i = 0; i < RUNS; i++) {
        struct program program = {.parameter = low + (uint32_t)random_below(high - low + 1)};
        program.other = (uint32_t)random_below(program.parameter ? program.parameter : 1);
        if (step == random_walk || step == bounded_walk)
            program.value = program.other;
        run_one(program, step, single_calls, windows, &tally);
    }
    printf("# %-44s flat %5.1f %%  settled %5.1f  noise %5.1f  TREND %6.2f  undecided %5.1f   "
           "%5.0f calls\n",
           name, 100.0 * tally.kind[UF_GROWTH_FLAT] / RUNS,
           100.0 * tally.kind[UF_GROWTH_SETTLED] / RUNS, 100.0 * tally.kind[UF_GROWTH_NOISE] / RUNS,
           100.0 * tally.kind[UF_GROWTH_TREND] / RUNS,
           100.0 * tally.kind[UF_GROWTH_UNDECIDED] / RUNS, tally.calls / RUNS);
    return tally;
}

static double dear_trends(const char *name, step_fn *step, uint32_t low, uint32_t high,
                          uint32_t window)
{
    uint32_t trends = 0;
    random_seed(high * 7919u + low + window);
    for (int i = 0; i < RUNS; i++) {
        struct program program = {.parameter = low + (uint32_t)random_below(high - low + 1)};
        program.other = (uint32_t)random_below(program.parameter ? program.parameter : 1);
        if (step == bounded_walk)
            program.value = program.other;
        trends += run_dear(&program, step, uf_growth_window_calls(window)).kind == UF_GROWTH_TREND;
    }
    printf("# dear, windows of %3u: %-36s TREND %6.2f %%\n", uf_growth_window_calls(window), name,
           100.0 * trends / RUNS);
    return (double)trends / RUNS;
}

static double share(const struct tally *tally, enum uf_growth_kind kind)
{
    return (double)tally->kind[kind] / tally->runs;
}

#define RARELY_A_LEAK(limit, ...)                                                                  \
    do {                                                                                           \
        struct tally tally = run(__VA_ARGS__);                                                     \
        EXPECT(share(&tally, UF_GROWTH_TREND) <= (limit));                                         \
    } while (0)
#define NEARLY_ALWAYS_A_LEAK(least, ...)                                                           \
    do {                                                                                           \
        struct tally tally = run(__VA_ARGS__);                                                     \
        EXPECT(share(&tally, UF_GROWTH_TREND) >= (least));                                         \
    } while (0)

TEST(a_clean_program_is_rarely_called_a_leak)
{
    RARELY_A_LEAK(0, "constant", still, 0, 100, FINE, true);
    RARELY_A_LEAK(0, "working set of up to 2", working_set, 2, 2, FINE, true);
    RARELY_A_LEAK(0.0005, "working set of up to 5..50", working_set, 5, 50, FINE, true);
    RARELY_A_LEAK(0.0005, "working set of up to 1,000..100,000", working_set, 1000, 100000, FINE,
                  true);
    RARELY_A_LEAK(0, "one step at call 1..2000", one_step, 1, 2000, FINE, true);
    RARELY_A_LEAK(0, "two steps at random", few_steps, 50, 500, FINE, true);
    RARELY_A_LEAK(0, "cleared every 100 calls", cleared, 100, 100, FINE, true);
    RARELY_A_LEAK(0, "cleared every 1,000 calls", cleared, 1000, 1000, FINE, true);
    RARELY_A_LEAK(0.02, "cleared every 2..400 calls", cleared, 2, 400, FINE, true);
    RARELY_A_LEAK(0, "cache of 10..100, filled by calls", filled, 10, 100, FINE, true);
    RARELY_A_LEAK(0, "cache of 128", filled, 128, 128, FINE, true);
    RARELY_A_LEAK(0, "cache of 350", filled, 350, 350, FINE, true);
    RARELY_A_LEAK(0.005, "cache of 100..2,000", filled, 100, 2000, FINE, true);
    RARELY_A_LEAK(0.01, "keys at random of 10..200", collected, 10, 200, FINE, true);
    RARELY_A_LEAK(0.01, "pool within 4..20", bounded_walk, 4, 20, FINE, true);
}

TEST(what_cannot_be_told_apart_from_a_leak_is_often_called_one)
{
    /* Not expectations but figures for the document. */
    RARELY_A_LEAK(1, "pool within 50..200", bounded_walk, 50, 200, FINE, true);
    RARELY_A_LEAK(1, "random walk without a bound", random_walk, 0, 100, FINE, true);
    RARELY_A_LEAK(1, "keys at random of 500..3,000", collected, 500, 3000, FINE, true);
    RARELY_A_LEAK(1, "cache of 10,000", filled, 10000, 10000, FINE, true);
}

TEST(a_leak_is_rarely_missed)
{
    NEARLY_ALWAYS_A_LEAK(1, "leak of 1 a call", leak, 1, 1, FINE, true);
    NEARLY_ALWAYS_A_LEAK(1, "leak every 2nd to 50th call", leak_kth, 2, 50, FINE, true);
    NEARLY_ALWAYS_A_LEAK(0.99, "leak every 51st to 128th call", leak_kth, 51, 128, FINE, true);
    NEARLY_ALWAYS_A_LEAK(0.9, "leak every 129th to 256th call", leak_kth, 129, 256, FINE, true);
    NEARLY_ALWAYS_A_LEAK(0.99, "leak in one call of 2..20 at random", leak_random, 2, 20, FINE,
                         true);
    NEARLY_ALWAYS_A_LEAK(0.85, "leak in one call of 21..100 at random", leak_random, 21, 100, FINE,
                         true);
    NEARLY_ALWAYS_A_LEAK(0.99, "leak of 1 under a working set of 5..60", leak_under_noise, 5, 60,
                         FINE, true);
    NEARLY_ALWAYS_A_LEAK(0.85, "leak of 1 under a working set of 60..600", leak_under_noise, 60,
                         600, FINE, true);
    NEARLY_ALWAYS_A_LEAK(1, "leak of 1..1,000 bytes a call", leak_sizes, 1000, 1000, FINE, true);
}

TEST(slow_targets_have_single_calls_only)
{
    RARELY_A_LEAK(0.002, "5 calls: working set", working_set, 5, 1000, 5, false);
    RARELY_A_LEAK(0.002, "8 calls: working set", working_set, 5, 1000, 8, false);
    RARELY_A_LEAK(0.0005, "12 calls: working set", working_set, 5, 1000, 12, false);
    RARELY_A_LEAK(0.05, "5 calls: random walk", random_walk, 50, 100, 5, false);
    RARELY_A_LEAK(0.01, "12 calls: random walk", random_walk, 50, 100, 12, false);
    NEARLY_ALWAYS_A_LEAK(1, "5 calls: leak of 1 a call", leak, 1, 1, 5, false);
    NEARLY_ALWAYS_A_LEAK(0, "5 calls: leak of 1..1,000 bytes a call", leak_sizes, 1000, 1000, 5,
                         false);
    NEARLY_ALWAYS_A_LEAK(0, "8 calls: leak of 1..1,000 bytes a call", leak_sizes, 1000, 1000, 8,
                         false);
    NEARLY_ALWAYS_A_LEAK(0, "12 calls: leak every 2nd call", leak_kth, 2, 2, 12, false);
    NEARLY_ALWAYS_A_LEAK(0, "12 calls: leak every 3rd call", leak_kth, 3, 3, 12, false);
    NEARLY_ALWAYS_A_LEAK(0, "24 calls: leak every 3rd call", leak_kth, 3, 3, 24, false);
}

TEST(few_long_windows_see_what_many_single_calls_do_not)
{
    EXPECT(dear_trends("leak of every 2nd to 50th call", leak_kth, 2, 50, 90) >= 0.99);
    EXPECT(dear_trends("leak of every 2nd to 50th call", leak_kth, 2, 50, 420) >= 0.99);
    EXPECT(dear_trends("leak of every 51st to 128th call", leak_kth, 51, 128, 420) >= 0.99);
    EXPECT(dear_trends("leak in one call of 2..20 at random", leak_random, 2, 20, 420) >= 0.99);
    EXPECT(dear_trends("working set of up to 5..50", working_set, 5, 50, 90) <= 0.002);
    EXPECT(dear_trends("working set of up to 1,000..100,000", working_set, 1000, 100000, 420) <=
           0.002);
    EXPECT(dear_trends("cleared every 2..400 calls", cleared, 2, 400, 420) <= 0.02);
    EXPECT(dear_trends("cache of 10..1,000, filled by calls", filled, 10, 1000, 420) == 0);
    EXPECT(dear_trends("pool within 4..20", bounded_walk, 4, 20, 420) <= 0.01);
}

TEST(allocated_bytes_go_in_steps_and_are_still_a_trend)
{
    NEARLY_ALWAYS_A_LEAK(0.9, "bytes of a growing list", leak_in_steps, 1, 1, FINE, true);
}

/* The naive rival of the rises: the chance that noise rises in all of m windows is 1 / (m + 1)!. */
TEST(noise_rises_in_all_of_m_windows_as_often_as_computed)
{
    double expected = 1;
    random_seed(5);
    for (uint32_t windows = 1; windows <= 5; windows++) {
        int all = 0;
        const int runs = 400000;
        expected /= windows + 1;
        for (int i = 0; i < runs; i++) {
            double last = uniform();
            bool rises = true;
            for (uint32_t w = 0; w < windows && rises; w++) {
                double next = uniform();
                rises = next > last;
                last = next;
            }
            all += rises;
        }
        double sigma = sqrt(expected / runs);
        EXPECT(fabs((double)all / runs - expected) < 5 * sigma);
    }
}

int main(void)
{
    RUN(a_clean_program_is_rarely_called_a_leak);
    RUN(what_cannot_be_told_apart_from_a_leak_is_often_called_one);
    RUN(a_leak_is_rarely_missed);
    RUN(slow_targets_have_single_calls_only);
    RUN(few_long_windows_see_what_many_single_calls_do_not);
    RUN(allocated_bytes_go_in_steps_and_are_still_a_trend);
    RUN(noise_rises_in_all_of_m_windows_as_often_as_computed);
    return test_end();
}
