#include "analysis/growth.h"

#include <string.h>

/* More windows than this are merged two by two, four by four, ... */
#define WINDOWS_MAX 512
/* The slope is the median over all pairs of at most this many points. */
#define SLOPE_POINTS_MAX 48
/* Steps are regular when the steepest rise is at most this many times the flattest. */
#define REGULAR_RATIO 4.0
/* A sign test at this level stands between "4 of 5 rose" and a random walk. */
#define SIGN_TEST_LEVEL 0.005
/* Pauses before growth counts as ended, in longest pauses so far. */
#define PAUSES_TO_SETTLE 3

/* The points judged: value[i] was read after calls[i]; windows lie between neighbours. */
struct series {
    double value[WINDOWS_MAX + 1];
    uint32_t calls[WINDOWS_MAX + 1];
    size_t windows;
    uint32_t width; /* every window has at least so many calls */
};

/* Takes points from the end backwards, each at least `width` calls before the one taken last. */
static size_t windows_of(const struct uf_growth_point *points, size_t count, uint32_t width,
                         struct series *ret)
{
    size_t taken = 0;
    uint32_t last = 0;
    for (size_t i = count; i-- > 0 && taken <= WINDOWS_MAX;) {
        if (taken && last - points[i].calls < width)
            continue;
        last = points[i].calls;
        if (ret) {
            ret->calls[WINDOWS_MAX - taken] = last;
            ret->value[WINDOWS_MAX - taken] = points[i].value;
        }
        taken++;
    }
    if (ret) {
        memmove(ret->calls, ret->calls + WINDOWS_MAX + 1 - taken, taken * sizeof *ret->calls);
        memmove(ret->value, ret->value + WINDOWS_MAX + 1 - taken, taken * sizeof *ret->value);
        ret->windows = taken ? taken - 1 : 0;
        ret->width = width;
    }
    return taken ? taken - 1 : 0;
}

/* The largest gap between neighbouring points that is smaller than `below`; 0: none. */
static uint32_t largest_gap(const struct uf_growth_point *points, size_t count, uint32_t below)
{
    uint32_t largest = 0;
    for (size_t i = 1; i < count; i++) {
        uint32_t gap = points[i].calls - points[i - 1].calls;
        if (gap < below && gap > largest)
            largest = gap;
    }
    return largest;
}

/* The widest windows of which there are UF_GROWTH_SURE_WINDOWS, else UF_GROWTH_MIN_WINDOWS, else
 * whatever there is. Wide ones see what happens every k-th call; short ones are many. */
static void choose_windows(const struct uf_growth_point *points, size_t count, struct series *ret)
{
    static const size_t enough[] = {UF_GROWTH_SURE_WINDOWS, UF_GROWTH_MIN_WINDOWS, 0};
    for (size_t k = 0; k < sizeof enough / sizeof *enough; k++) {
        uint32_t width = UINT32_MAX;
        while ((width = largest_gap(points, count, width)) > 0) {
            if (windows_of(points, count, width, NULL) >= enough[k]) {
                /* Thousands of single calls: merge until they fit. */
                uint32_t span = points[count - 1].calls - points[0].calls;
                if (width < span / WINDOWS_MAX)
                    width = span / WINDOWS_MAX + 1;
                windows_of(points, count, width, ret);
                return;
            }
        }
    }
    windows_of(points, count, 1, ret);
}

static void sort_doubles(double *at, size_t count)
{
    /* Shell sort: no allocation, no recursion, at most 1,128 items. */
    for (size_t gap = count / 2; gap > 0; gap /= 2)
        for (size_t i = gap; i < count; i++) {
            double item = at[i];
            size_t k = i;
            for (; k >= gap && at[k - gap] > item; k -= gap)
                at[k] = at[k - gap];
            at[k] = item;
        }
}

/* Theil-Sen: the median of the slopes between all pairs, exact for an even leak, and deaf to a
 * step. */
static double slope_of(const struct series *s)
{
    double slopes[SLOPE_POINTS_MAX * (SLOPE_POINTS_MAX - 1) / 2];
    size_t stride = s->windows / SLOPE_POINTS_MAX + 1, found = 0;
    for (size_t i = s->windows % stride; i < s->windows; i += stride)
        for (size_t k = i + stride; k <= s->windows; k += stride)
            if (found < sizeof slopes / sizeof *slopes)
                slopes[found++] = (s->value[k] - s->value[i]) / (double)(s->calls[k] - s->calls[i]);
    if (!found)
        return 0;
    sort_doubles(slopes, found);
    return found % 2 ? slopes[found / 2] : (slopes[found / 2 - 1] + slopes[found / 2]) / 2;
}

/* Every value of the last third lies above every value of the first third. */
static bool floor_rises(const struct series *s)
{
    size_t third = (s->windows + 1) / 3;
    if (third < 2)
        third = 2;
    double first_max = s->value[0], last_min = s->value[s->windows];
    for (size_t i = 0; i < third; i++) {
        if (s->value[i] > first_max)
            first_max = s->value[i];
        if (s->value[s->windows - i] < last_min)
            last_min = s->value[s->windows - i];
    }
    return last_min > first_max;
}

/* Does it rise in every window of `merge` windows each, counted from the end? */
static bool all_rise(const struct series *s, size_t merge)
{
    for (size_t i = s->windows; i >= merge; i -= merge)
        if (s->value[i] <= s->value[i - merge])
            return false;
    return true;
}

/* The chance that a fair coin falls heads at least `heads` times in `throws`. */
static double sign_test(uint32_t heads, uint32_t throws)
{
    double term = 1, sum = 0; /* term: binomial(throws, k), scaled by 2^-throws as it goes */
    for (uint32_t i = 0; i < throws; i++)
        term /= 2; /* 2^-512 is within the range of a double */
    for (uint32_t k = throws;; k--) {
        sum += term;
        if (k <= heads || k == 0)
            return sum;
        term *= (double)k / (double)(throws - k + 1);
    }
}

/* Growth per call over the first and the last third: it dies down when the last is under half
 * the first. */
static bool dies_down(const struct series *s)
{
    size_t third = s->windows / 3;
    if (third == 0)
        return false;
    double first = (s->value[third] - s->value[0]) / (double)(s->calls[third] - s->calls[0]);
    size_t k = s->windows - third;
    double last = (s->value[s->windows] - s->value[k]) /
                  (double)(s->calls[s->windows] - s->calls[k]);
    return last < first / 2;
}

/* Is the mean of the last third above that of the first by more than noise would make it? */
static bool drifts_up(const struct series *s)
{
    size_t third = (s->windows + 1) / 3;
    if (third < 2)
        return false;
    double mean[2] = {0, 0}, square = 0;
    for (size_t i = 0; i < third; i++) {
        mean[0] += s->value[i] / (double)third;
        mean[1] += s->value[s->windows - i] / (double)third;
    }
    for (size_t i = 0; i < third; i++) {
        double a = s->value[i] - mean[0], b = s->value[s->windows - i] - mean[1];
        square += a * a + b * b;
    }
    double variance = square / (double)(2 * third - 2), difference = mean[1] - mean[0];
    /* Student's t above 2.5: t^2 = difference^2 / (2 variance / third). */
    return difference > 0 && difference * difference * (double)third > 6.25 * 2 * variance;
}

/* The rises of a series that never fell: where, how far apart, how steep. */
struct stairs {
    size_t last;               /* window of the last rise, 1-based */
    size_t longest_pause;      /* windows from one rise to the next, at most */
    double steepest, flattest; /* growth per call from one rise to the next */
};

static struct stairs stairs_of(const struct series *s)
{
    struct stairs ret = {0, 1, 0, 0};
    for (size_t i = 1; i <= s->windows; i++) {
        if (s->value[i] <= s->value[i - 1])
            continue;
        size_t from = ret.last ? ret.last : i - 1;
        if (i - from > ret.longest_pause)
            ret.longest_pause = i - from;
        double slope = (s->value[i] - s->value[from]) / (double)(s->calls[i] - s->calls[from]);
        if (slope > ret.steepest)
            ret.steepest = slope;
        if (ret.flattest <= 0 || slope < ret.flattest)
            ret.flattest = slope;
        ret.last = i;
    }
    return ret;
}

/* It rose and never fell. */
static void judge_stairs(const struct series *s, struct uf_growth *ret)
{
    struct stairs stairs = stairs_of(s);
    size_t pause = s->windows - stairs.last;
    bool in_last_third = 3 * stairs.last > 2 * s->windows;

    if (ret->rose <= 2) {
        /* One step is never a trend, two are a coincidence. */
        ret->kind = UF_GROWTH_SETTLED;
        ret->wish = !in_last_third   ? UF_GROWTH_ENOUGH
                    : ret->rose == 1 ? UF_GROWTH_MORE
                                     : UF_GROWTH_WIDER;
    } else if (!in_last_third ||
               (pause >= PAUSES_TO_SETTLE && pause >= PAUSES_TO_SETTLE * stairs.longest_pause)) {
        ret->kind = UF_GROWTH_SETTLED;
        ret->wish = pause < 2 * stairs.longest_pause ? UF_GROWTH_MORE : UF_GROWTH_ENOUGH;
    } else if (pause > stairs.longest_pause || (stairs.longest_pause == 1 && pause > 0)) {
        ret->wish = UF_GROWTH_MORE; /* paused as never before: ended, or not? */
    } else if (ret->rose >= UF_GROWTH_SURE_WINDOWS ||
               (ret->rose >= UF_GROWTH_MIN_WINDOWS &&
                stairs.steepest <= REGULAR_RATIO * stairs.flattest)) {
        ret->kind = UF_GROWTH_TREND;
        if (dies_down(s) || ret->rose < UF_GROWTH_SURE_WINDOWS ||
            s->value[s->windows] - s->value[0] < UF_GROWTH_USUAL_BOUND)
            ret->wish = UF_GROWTH_MORE;
    } else {
        ret->wish = ret->rose == s->windows ? UF_GROWTH_MORE : UF_GROWTH_WIDER;
    }
}

/* It rose and fell. */
static void judge_waves(const struct series *s, struct uf_growth *ret)
{
    size_t third = s->windows / 3;
    bool rises_late = false, moves_late = false;
    for (size_t i = s->windows - third + 1; i <= s->windows; i++) {
        rises_late |= s->value[i] > s->value[i - 1];
        moves_late |= s->value[i] != s->value[i - 1];
    }
    if (!floor_rises(s)) {
        ret->kind = UF_GROWTH_NOISE;
        ret->wish = rises_late && drifts_up(s) ? UF_GROWTH_WIDER : UF_GROWTH_ENOUGH;
        return;
    }
    if (!rises_late && (!moves_late || third >= 4)) { /* two falls in a row are chance */
        ret->kind = UF_GROWTH_SETTLED;
        return;
    }
    for (size_t merge = 2; s->windows / merge >= UF_GROWTH_SURE_WINDOWS; merge++)
        if (all_rise(s, merge))
            ret->kind = UF_GROWTH_TREND;
    if (s->windows >= 10 && 5 * (size_t)ret->rose >= 4 * s->windows &&
        sign_test(ret->rose, ret->rose + ret->fell) <= SIGN_TEST_LEVEL)
        ret->kind = UF_GROWTH_TREND;
    if (ret->kind != UF_GROWTH_TREND || dies_down(s))
        ret->wish = UF_GROWTH_WIDER;
}

/* A cache cleared every N calls, read every N + 1, rises window after window. Points close
 * together after the last wide window tell: the cache rises by one a call there, and by one a
 * window before. */
static bool beats(const struct uf_growth_point *points, size_t count, const struct series *s)
{
    size_t first = count - 1;
    while (first > 0 && points[first].calls - points[first - 1].calls <= s->width / 4)
        first--;
    if (count - 1 - first < 4)
        return false;
    uint32_t calls = points[count - 1].calls - points[first].calls;
    double near = (points[count - 1].value - points[first].value) / (double)calls;
    for (size_t i = first + 1; i < count; i++)
        if (points[i].value < points[i - 1].value)
            return true; /* it is cleared before our eyes */
    return near > REGULAR_RATIO * slope_of(s);
}

struct uf_growth uf_growth_judge(const struct uf_growth_point *points, size_t count)
{
    struct uf_growth ret = {.kind = UF_GROWTH_UNDECIDED, .wish = UF_GROWTH_MORE};
    struct series s;
    s.windows = 0;
    if (count > 1)
        choose_windows(points, count, &s);
    if (s.windows == 0)
        return ret;

    ret.windows = (uint32_t)s.windows;
    ret.window_calls = UINT32_MAX;
    for (size_t i = 1; i <= s.windows; i++) {
        if (s.calls[i] - s.calls[i - 1] < ret.window_calls)
            ret.window_calls = s.calls[i] - s.calls[i - 1];
        ret.fell += s.value[i] < s.value[i - 1];
        if (s.value[i] > s.value[i - 1]) {
            ret.rose++;
            ret.last_rise_calls = s.calls[i];
        }
    }
    double share = (double)ret.rose / (double)s.windows;
    ret.confidence = 1 - share;
    if (s.windows < UF_GROWTH_MIN_WINDOWS)
        return ret;

    ret.wish = UF_GROWTH_ENOUGH;
    if (ret.rose == 0 && ret.fell == 0)
        ret.kind = UF_GROWTH_FLAT;
    else if (ret.fell == 0)
        judge_stairs(&s, &ret);
    else
        judge_waves(&s, &ret);
    if (ret.kind == UF_GROWTH_TREND && ret.fell == 0 && beats(points, count, &s))
        ret.kind = UF_GROWTH_NOISE;
    if (ret.kind == UF_GROWTH_TREND) {
        ret.per_call = slope_of(&s);
        ret.confidence = share;
    }
    return ret;
}

uint32_t uf_growth_window_calls(uint32_t wanted)
{
    /* Periods that people write: clear() every so many calls, and powers of two. */
    static const uint32_t periods[] = {8,   10,  16,  20,  25,  32,  50,   64,   100,
                                       128, 200, 250, 256, 500, 512, 1000, 1024, 2000};
    if (wanted < 8)
        return wanted ? wanted : 1;
    for (uint32_t calls = wanted;; calls++) {
        bool good = true;
        for (size_t i = 0; good && i < sizeof periods / sizeof *periods; i++) {
            uint32_t rest = calls % periods[i];
            /* Eight windows must not fit into what is left of one period. */
            good = periods[i] > calls || rest == 0 || 8 * rest >= periods[i];
        }
        if (good || calls - wanted > wanted / 2 + 16)
            return calls;
    }
}

uint32_t uf_growth_varied_calls(uint32_t calls, uint32_t number)
{
    static const uint32_t percent[] = {100, 127, 83, 109, 71};
    uint32_t varied = (uint32_t)((uint64_t)calls * percent[number % 5] / 100);
    return varied ? varied : 1;
}
