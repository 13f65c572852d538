#include "base/text.h"

#include "fail.h"
#include "test.h"

TEST(texts_are_joined_and_always_ended)
{
    struct uf_text text = {0};
    uf_text_add_z(&text, "");
    EXPECT_TEXT(text.at, "");
    uf_text_add(&text, "abc", 2);
    uf_text_printf(&text, "-%d-", 7);
    uf_text_add_z(&text, "z");
    EXPECT_TEXT(text.at, "ab-7-z");
    EXPECT(text.len == 6 && !text.failed);
    uf_text_release(&text);
    EXPECT(text.at == NULL && text.len == 0);
}

TEST(a_printed_text_may_be_of_any_length)
{
    for (int width = 1; width < 700; width++) {
        struct uf_text text = {0};
        uf_text_add_z(&text, "x");
        uf_text_printf(&text, "%0*d", width, 5);
        EXPECT(text.len == (size_t)width + 1 && text.at[text.len] == '\0' && text.at[width] == '5');
        uf_text_release(&text);
    }
}

TEST(a_byte_nul_is_kept)
{
    struct uf_text text = {0};
    uf_text_add(&text, "a\0b", 3);
    EXPECT(text.len == 3 && memcmp(text.at, "a\0b", 4) == 0);
    uf_text_release(&text);
}

static bool write_much(void)
{
    struct uf_text text = {0};
    for (int i = 0; i < 1000; i++) {
        uf_text_add_z(&text, "some words, ");
        uf_text_printf(&text, "%0100d\n", i);
    }
    bool done = !text.failed;
    EXPECT(!done || text.len == 1000 * 113);
    EXPECT(!text.at || strlen(text.at) == text.len);
    uf_text_release(&text);
    return done;
}

TEST(after_a_failure_nothing_more_is_written)
{
    EXPECT(every_failed_allocation_is_an_error(write_much));
}

int main(void)
{
    RUN(texts_are_joined_and_always_ended);
    RUN(a_printed_text_may_be_of_any_length);
    RUN(a_byte_nul_is_kept);
    RUN(after_a_failure_nothing_more_is_written);
    return test_end();
}
