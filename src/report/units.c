#include "report/units.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define LARGEST 9e15 /* figures beyond have lost their last digits anyway */

/* A figure that differs from a whole number by less than this is shown as one. */
#define NEARLY 0.005

static bool unknown(struct uf_text *ret, double value)
{
    if (isfinite(value))
        return false;
    uf_text_add_z(ret, "?");
    return true;
}

void uf_units_fixed(struct uf_text *ret, double value, int decimals)
{
    static const double scales[] = {1, 10, 100, 1000};
    if (unknown(ret, value))
        return;
    double scaled = round(fmin(fabs(value), LARGEST / scales[decimals]) * scales[decimals]);
    uint64_t all = (uint64_t)scaled, scale = (uint64_t)scales[decimals];
    char digits[32];
    int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)(all / scale));

    if (value < 0 && all > 0)
        uf_text_add(ret, "-", 1);
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            uf_text_add(ret, ",", 1);
        uf_text_add(ret, digits + i, 1);
    }
    if (decimals > 0)
        uf_text_printf(ret, ".%0*llu", decimals, (unsigned long long)(all % scale));
}

static bool nearly_whole(double value)
{
    return fabs(value - round(value)) < NEARLY && (value == 0 || fabs(value) > 0.5);
}

void uf_units_count(struct uf_text *ret, double value)
{
    if (unknown(ret, value))
        return;
    double size = fabs(value);
    if (nearly_whole(value) || size >= 1000)
        uf_units_fixed(ret, value, 0);
    else if (size < 0.01)
        uf_text_add_z(ret, "under 0.01");
    else
        uf_units_fixed(ret, value, size < 100 ? 2 : 1);
}

void uf_units_bytes(struct uf_text *ret, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    if (unknown(ret, bytes))
        return;
    double size = bytes;
    size_t unit = 0;
    while (fabs(round(size)) >= 1024 && unit < 5) {
        size /= 1024;
        unit++;
    }
    bool tenths = unit > 0 && fabs(size) < 9.95 && fabs(size - round(size)) >= 0.05;
    if (unit == 0 && size != 0 && fabs(size) < 0.5)
        uf_text_add_z(ret, "under 1");
    else
        uf_units_fixed(ret, size, tenths);
    uf_text_printf(ret, " %s", units[unit]);
}

void uf_units_seconds(struct uf_text *ret, double seconds)
{
    if (unknown(ret, seconds))
        return;
    if (seconds >= 3599.5) {
        double minutes = round(seconds / 60);
        uf_units_fixed(ret, floor(minutes / 60), 0);
        uf_text_printf(ret, " h %d min", (int)fmod(minutes, 60));
    } else if (seconds >= 59.95) {
        double whole = round(seconds);
        uf_text_printf(ret, "%d min %d s", (int)(whole / 60), (int)fmod(whole, 60));
    } else if (seconds >= 0.9995) {
        uf_units_fixed(ret, seconds, seconds < 9.95 && fabs(seconds - round(seconds)) >= 0.05);
        uf_text_add_z(ret, " s");
    } else if (seconds >= 0.0009995) {
        double ms = seconds * 1e3;
        uf_units_fixed(ret, ms, ms < 9.95 && fabs(ms - round(ms)) >= 0.05);
        uf_text_add_z(ret, " ms");
    } else if (seconds > 0) {
        uf_units_fixed(ret, fmax(1, seconds * 1e6), 0);
        uf_text_add_z(ret, " us");
    } else {
        uf_text_add_z(ret, "0 s");
    }
}

void uf_units_plural(struct uf_text *ret, double count, const char *one, const char *many)
{
    uf_units_count(ret, count);
    bool single = nearly_whole(count) && round(fabs(count)) == 1;
    uf_text_printf(ret, " %s", single ? one : many);
}

void uf_units_per_call(struct uf_text *ret, double rate)
{
    if (unknown(ret, rate))
        return;
    double every = rate > 0 ? 1 / rate : 0;
    if (rate > 0 && rate < 0.6 && every < 1e6 && fabs(every - round(every)) < 0.05 * every) {
        uf_text_add_z(ret, "1 in ");
        uf_units_fixed(ret, every, 0);
        uf_text_add_z(ret, " calls");
    } else {
        uf_units_count(ret, rate);
        uf_text_add_z(ret, " per call");
    }
}
