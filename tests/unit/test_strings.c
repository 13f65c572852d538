#include "base/strings.h"

#include "fail.h"
#include "test.h"

#include <stdio.h>

TEST(an_empty_pool_knows_the_empty_string_only)
{
    struct uf_strings pool = {0};
    EXPECT_TEXT(uf_strings_get(&pool, 0), "");
    EXPECT(uf_strings_find(&pool, "", 0) == 0);
    EXPECT(uf_strings_find(&pool, "a", 1) == UF_STRING_NONE);
    EXPECT(uf_strings_add_z(&pool, "") == 0);
    EXPECT_TEXT(uf_strings_get(&pool, 0), "");
    uf_strings_release(&pool);
}

TEST(the_first_text_is_not_number_0)
{
    struct uf_strings pool = {0};
    EXPECT(uf_strings_add_z(&pool, "a") == 1);
    EXPECT_TEXT(uf_strings_get(&pool, 1), "a");
    EXPECT_TEXT(uf_strings_get(&pool, 0), "");
    uf_strings_release(&pool);
}

TEST(equal_texts_get_the_same_number_and_others_do_not)
{
    struct uf_strings pool = {0};
    char text[32];
    for (uint32_t round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 5000; i++) {
            snprintf(text, sizeof text, "text %u", i);
            EXPECT(uf_strings_add_z(&pool, text) == i + 1);
        }
    EXPECT(pool.count == 5001);
    for (uint32_t i = 0; i < 5000; i++) {
        snprintf(text, sizeof text, "text %u", i);
        EXPECT_TEXT(uf_strings_get(&pool, i + 1), text);
        EXPECT(uf_strings_find(&pool, text, strlen(text)) == i + 1);
    }
    EXPECT(uf_strings_find(&pool, "text", 4) == UF_STRING_NONE);
    uf_strings_release(&pool);
}

TEST(only_the_given_bytes_count)
{
    struct uf_strings pool = {0};
    uint32_t ab = uf_strings_add(&pool, "abc", 2);
    EXPECT_TEXT(uf_strings_get(&pool, ab), "ab");
    EXPECT(uf_strings_add_z(&pool, "ab") == ab);
    EXPECT(uf_strings_add_z(&pool, "abc") != ab);
    EXPECT_TEXT(uf_strings_get(&pool, 77), "");
    uf_strings_release(&pool);
}

static bool add_many(void)
{
    struct uf_strings pool = {0};
    char text[32];
    uint32_t i = 0;
    bool done = true;
    while (i < 3000 && done) {
        snprintf(text, sizeof text, "%u", i);
        done = uf_strings_add_z(&pool, text) == i + 1;
        i += done;
    }
    for (uint32_t j = 0; j < i; j++) {
        snprintf(text, sizeof text, "%u", j);
        if (uf_strings_find(&pool, text, strlen(text)) != j + 1)
            EXPECT(!"changed");
    }
    uf_strings_release(&pool);
    return done;
}

TEST(out_of_memory_leaves_the_pool_as_it_was)
{
    EXPECT(every_failed_allocation_is_an_error(add_many));
}

int main(void)
{
    RUN(an_empty_pool_knows_the_empty_string_only);
    RUN(the_first_text_is_not_number_0);
    RUN(equal_texts_get_the_same_number_and_others_do_not);
    RUN(only_the_given_bytes_count);
    RUN(out_of_memory_leaves_the_pool_as_it_was);
    return test_end();
}
