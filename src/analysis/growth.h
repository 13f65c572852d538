/* growth.h - is this series a trend? The one test that every verdict rests on.
 *
 * A series is a figure of one group (live objects, summed lengths, bytes) read
 * at the ends of disjoint windows of calls. docs/growth-test.md derives the
 * rules and says what they can and cannot tell. In short, over the widest
 * windows of which there are enough:
 *   trend      it never fell, and still rises as regularly as before, at least 5 times;
 *              or it rises and falls, but its floor rises (every value of the last third is
 *              above every value of the first third) and, in windows of one, two, three ... times
 *              the length, it rises in every one, or in at least 4 of 5 of the windows
 *   settled    it rose before, but not in the last third of the calls, or not for three times the
 *              longest pause that it ever made; or it made one or two steps only
 *   noise      it rises and falls
 *   flat       it never changed
 *   undecided  fewer than UF_GROWTH_MIN_WINDOWS windows, or more windows could change the answer
 * One step is never a trend.
 */
#ifndef UF_ANALYSIS_GROWTH_H
#define UF_ANALYSIS_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UF_GROWTH_MIN_WINDOWS 5
/* From here on a series that rises in every window needs no regular steps to be a trend. */
#define UF_GROWTH_SURE_WINDOWS 8
/* A trend that gained less than this may be a cache on its way to its bound (lru_cache 128, re
 * 512, ...). */
#define UF_GROWTH_USUAL_BOUND 2048

enum uf_growth_kind {
    UF_GROWTH_FLAT,
    UF_GROWTH_SETTLED,
    UF_GROWTH_NOISE,
    UF_GROWTH_TREND,
    UF_GROWTH_UNDECIDED,
};

/* What further calls could change the answer; ordered, so that the largest over many series
 * counts. */
enum uf_growth_wish {
    UF_GROWTH_ENOUGH,
    UF_GROWTH_MORE,  /* further windows of the same length */
    UF_GROWTH_WIDER, /* windows of double length: growth hidden by noise, or rarer than a window */
};

struct uf_growth_point {
    uint32_t calls; /* calls made when it was read; strictly ascending */
    double value;
};

struct uf_growth {
    enum uf_growth_kind kind;
    enum uf_growth_wish wish;
    double per_call; /* slope (median of the slopes between the points judged); 0 unless a trend */
    /* share of the judged windows in which it rose (trend) or did not (others) */
    double confidence;
    uint32_t windows, rose, fell;
    uint32_t window_calls;    /* calls in the shortest window judged */
    uint32_t last_rise_calls; /* calls made at the end of the last window that rose; 0 = none */
};

struct uf_growth uf_growth_judge(const struct uf_growth_point *points, size_t count);

/* A window length of at least `wanted` calls that does not beat with the usual periods of programs:
 * a cache cleared every 100 calls, read every 101, would rise in a hundred windows. */
uint32_t uf_growth_window_calls(uint32_t wanted);
/* Of a few windows of about `calls` the number-th (from 0): all different, so that hardly any period fits
 * into each of them. Their mean is not above `calls`. */
uint32_t uf_growth_varied_calls(uint32_t calls, uint32_t number);

#endif
