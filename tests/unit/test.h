/* test.h - the few lines that a unit test needs; one program per tested module.
 *
 *     TEST(a_vector_grows_and_keeps_its_items) { ...; EXPECT(v.len == 3); }
 *     int main(void) { RUN(a_vector_grows_and_keeps_its_items); return test_end(); }
 *
 * Prints TAP, so that `meson test` counts each sentence.
 */
#ifndef UF_TESTS_UNIT_TEST_H
#define UF_TESTS_UNIT_TEST_H

#include <stdio.h>
#include <string.h>

static int test_number, test_failures, test_failed_here;

#define TEST(name) static void name(void)
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("# %s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                     \
            test_failed_here = 1;                                                                  \
        }                                                                                          \
    } while (0)
#define EXPECT_TEXT(actual, expected)                                                              \
    do {                                                                                           \
        const char *test_a = (actual), *test_e = (expected);                                       \
        if (strcmp(test_a, test_e) != 0) {                                                         \
            printf("# %s:%d: is      \"%s\"\n# should be \"%s\"\n", __FILE__, __LINE__, test_a,    \
                   test_e);                                                                        \
            test_failed_here = 1;                                                                  \
        }                                                                                          \
    } while (0)
#define RUN(name) test_run(#name, name)

static inline void test_run(const char *name, void (*test)(void))
{
    test_failed_here = 0;
    test();
    test_failures += test_failed_here;
    printf("%sok %d - %s\n", test_failed_here ? "not " : "", ++test_number, name);
    fflush(stdout);
}

static inline int test_end(void)
{
    printf("1..%d\n", test_number);
    return test_failures != 0;
}

#endif
