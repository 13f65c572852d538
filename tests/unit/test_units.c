#include "report/units.h"
#include "test.h"

#include <locale.h>
#include <math.h>

typedef void (*writer)(struct uf_text *ret, double value);

static void expect(writer write, double value, const char *expected)
{
    struct uf_text text = {0};
    write(&text, value);
    EXPECT_TEXT(text.at ? text.at : "", expected);
    uf_text_release(&text);
}

static void two_decimals(struct uf_text *ret, double value)
{
    uf_units_fixed(ret, value, 2);
}

static void objects(struct uf_text *ret, double value)
{
    uf_units_plural(ret, value, "object", "objects");
}

TEST(fixed_decimals_are_rounded_and_separated)
{
    expect(two_decimals, 2, "2.00");
    expect(two_decimals, 0.005, "0.01");
    expect(two_decimals, 1234567.891, "1,234,567.89");
    expect(two_decimals, -1.5, "-1.50");
    expect(two_decimals, -0.001, "0.00");
    expect(two_decimals, 0.999, "1.00");
    expect(two_decimals, NAN, "?");
    expect(two_decimals, 1e300, "90,000,000,000,000.00");
}

TEST(counts_show_a_fraction_only_where_there_is_one)
{
    expect(uf_units_count, 0, "0");
    expect(uf_units_count, 5012, "5,012");
    expect(uf_units_count, 999.999, "1,000");
    expect(uf_units_count, 1234567, "1,234,567");
    expect(uf_units_count, 1.0 / 3, "0.33");
    expect(uf_units_count, 98.5, "98.50");
    expect(uf_units_count, 198.52, "198.5");
    expect(uf_units_count, 0.004, "under 0.01");
    expect(uf_units_count, -3, "-3");
    expect(uf_units_count, INFINITY, "?");
}

TEST(bytes_stay_under_1024_of_their_unit)
{
    expect(uf_units_bytes, 0, "0 B");
    expect(uf_units_bytes, 0.2, "under 1 B");
    expect(uf_units_bytes, 357, "357 B");
    expect(uf_units_bytes, 1023, "1,023 B");
    expect(uf_units_bytes, 1023.7, "1 KiB");
    expect(uf_units_bytes, 1024, "1 KiB");
    expect(uf_units_bytes, 2867, "2.8 KiB");
    expect(uf_units_bytes, 41984, "41 KiB");
    expect(uf_units_bytes, 1048575, "1 MiB");
    expect(uf_units_bytes, 1.5 * 1048576, "1.5 MiB");
    expect(uf_units_bytes, 3.0 * 1073741824, "3 GiB");
    expect(uf_units_bytes, -2048, "-2 KiB");
    expect(uf_units_bytes, NAN, "?");
}

TEST(durations_are_short)
{
    expect(uf_units_seconds, 0, "0 s");
    expect(uf_units_seconds, 1e-9, "1 us");
    expect(uf_units_seconds, 0.00035, "350 us");
    expect(uf_units_seconds, 0.0125, "13 ms");
    expect(uf_units_seconds, 0.0012, "1.2 ms");
    expect(uf_units_seconds, 0.9996, "1 s");
    expect(uf_units_seconds, 1.5, "1.5 s");
    expect(uf_units_seconds, 9.96, "10 s");
    expect(uf_units_seconds, 59.96, "1 min 0 s");
    expect(uf_units_seconds, 125, "2 min 5 s");
    expect(uf_units_seconds, 3599.6, "1 h 0 min");
    expect(uf_units_seconds, 12000, "3 h 20 min");
    expect(uf_units_seconds, NAN, "?");
}

TEST(one_is_singular_and_all_else_plural)
{
    expect(objects, 1, "1 object");
    expect(objects, 1.004, "1 object");
    expect(objects, 0, "0 objects");
    expect(objects, 2, "2 objects");
    expect(objects, 0.33, "0.33 objects");
    expect(objects, 5012, "5,012 objects");
}

TEST(a_rate_below_one_is_said_in_calls)
{
    expect(uf_units_per_call, 1, "1 per call");
    expect(uf_units_per_call, 2.5, "2.50 per call");
    expect(uf_units_per_call, 1.0 / 3, "1 in 3 calls");
    expect(uf_units_per_call, 0.34, "1 in 3 calls");
    expect(uf_units_per_call, 0.5, "1 in 2 calls");
    expect(uf_units_per_call, 0.001, "1 in 1,000 calls");
    expect(uf_units_per_call, 0.4, "0.40 per call");
    expect(uf_units_per_call, 0.95, "0.95 per call");
    expect(uf_units_per_call, NAN, "?");
}

TEST(figures_do_not_depend_on_the_locale)
{
    if (!setlocale(LC_ALL, "de_DE.UTF-8"))
        setlocale(LC_ALL, "");
    expect(two_decimals, 1234.5, "1,234.50");
    setlocale(LC_ALL, "C");
}

int main(void)
{
    RUN(fixed_decimals_are_rounded_and_separated);
    RUN(counts_show_a_fraction_only_where_there_is_one);
    RUN(bytes_stay_under_1024_of_their_unit);
    RUN(durations_are_short);
    RUN(one_is_singular_and_all_else_plural);
    RUN(a_rate_below_one_is_said_in_calls);
    RUN(figures_do_not_depend_on_the_locale);
    return test_end();
}
