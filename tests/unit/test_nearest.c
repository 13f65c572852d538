/* What a mistyped word was meant to be. */
#include "base/nearest.h"

#include "test.h"

TEST(the_nearest_name_is_found_and_far_ones_are_not)
{
    const char *const names[] = {"check", "run", "snapshot", "summary", NULL};
    EXPECT_TEXT(uf_nearest("chekc", names), "check");
    EXPECT_TEXT(uf_nearest("snpshot", names), "snapshot");
    EXPECT_TEXT(uf_nearest("runn", names), "run");
    EXPECT(uf_nearest("frobnicate", names) == NULL);
    EXPECT(uf_nearest("", names) == NULL);
    EXPECT(uf_nearest("a-word-that-is-far-too-long-to-be-any-of-the-names", names) == NULL);
}

int main(void)
{
    RUN(the_nearest_name_is_found_and_far_ones_are_not);
    return test_end();
}
