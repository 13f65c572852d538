#include "report/json.h"
#include "test.h"

#include <locale.h>
#include <math.h>

#include "base/mem.h"

static const char *written(struct uf_text *text)
{
    return text->at ? text->at : "";
}

static void expect_text(const char *value, const char *json_form)
{
    struct uf_text text = {0};
    struct uf_json json;
    uf_json_begin(&json, &text);
    uf_json_text(&json, NULL, value);
    EXPECT_TEXT(written(&text), json_form);
    uf_text_release(&text);
}

static void expect_number(double value, const char *json_form)
{
    struct uf_text text = {0};
    struct uf_json json;
    uf_json_begin(&json, &text);
    uf_json_number(&json, NULL, value);
    EXPECT_TEXT(written(&text), json_form);
    uf_text_release(&text);
}

TEST(members_stand_one_to_a_line_or_all_on_one)
{
    struct uf_text text = {0};
    struct uf_json json;
    uf_json_begin(&json, &text);
    uf_json_open_object(&json, NULL, UF_JSON_LINES);
    uf_json_text(&json, "a", "x");
    uf_json_open_array(&json, "b", UF_JSON_INLINE);
    uf_json_number(&json, NULL, 1);
    uf_json_open_object(&json, NULL, UF_JSON_LINES); /* inside an inline array: inline too */
    uf_json_bool(&json, "c", true);
    uf_json_null(&json, "d");
    uf_json_close(&json);
    uf_json_close(&json);
    uf_json_open_array(&json, "e", UF_JSON_LINES);
    uf_json_close(&json);
    uf_json_end(&json);
    EXPECT_TEXT(written(&text), "{\n"
                                "  \"a\": \"x\",\n"
                                "  \"b\": [1, {\"c\": true, \"d\": null}],\n"
                                "  \"e\": []\n"
                                "}\n");
    uf_text_release(&text);
}

TEST(texts_are_escaped)
{
    expect_text("", "\"\"");
    expect_text("a\"b\\c/", "\"a\\\"b\\\\c/\"");
    expect_text("\n\r\t\b\f\x01\x1f\x7f", "\"\\n\\r\\t\\b\\f\\u0001\\u001f\\u007f\"");
    expect_text("\xe2\x80\xa8\xe2\x80\xa9", "\"\\u2028\\u2029\"");
    expect_text(NULL, "null");
}

TEST(utf_8_stays_as_it_is)
{
    expect_text("h\xc3\xa9llo \xe4\xbc\x9a \xf0\x9f\x98\x80",
                "\"h\xc3\xa9llo \xe4\xbc\x9a \xf0\x9f\x98\x80\"");
    expect_text("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf",
                "\"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\"");
}

TEST(what_is_not_utf_8_is_spelled_out)
{
    expect_text("a\xff"
                "b",
                "\"a\\\\xffb\"");
    expect_text("\xc3", "\"\\\\xc3\"");                       /* cut short */
    expect_text("\xc3(", "\"\\\\xc3(\"");                     /* no continuation */
    expect_text("\xc0\xaf", "\"\\\\xc0\\\\xaf\"");            /* overlong */
    expect_text("\xe0\x80\xaf", "\"\\\\xe0\\\\x80\\\\xaf\""); /* overlong */
    expect_text("\xf5\x80\x80\x80", "\"\\\\xf5\\\\x80\\\\x80\\\\x80\"");
    expect_text("\xf4\x90\x80\x80", "\"\\\\xf4\\\\x90\\\\x80\\\\x80\""); /* past U+10FFFF */
    expect_text("\x80", "\"\\\\x80\"");
    expect_text("\xed\xb3\xbf", "\"\\\\udcff\""); /* an encoded surrogate */
    expect_text("\xed\xa0\x80\xed\xb0\x80", "\"\\\\ud800\\\\udc00\"");
}

TEST(whole_numbers_have_no_fraction)
{
    expect_number(0, "0");
    expect_number(-0.0, "0");
    expect_number(5012, "5012");
    expect_number(-3, "-3");
    expect_number(9007199254740992.0, "9007199254740992");
    expect_number(4294967296.0, "4294967296");
}

TEST(fractions_read_back_as_they_were)
{
    expect_number(0.1, "0.1");
    expect_number(1.0 / 3, "0.3333333333333333");
    expect_number(-2.5, "-2.5");
    expect_number(1e300, "1e+300");
    expect_number(5e-324, "4.94065645841247e-324");
}

TEST(what_was_not_measured_is_null)
{
    expect_number(NAN, "null");
    expect_number(INFINITY, "null");
    expect_number(-INFINITY, "null");
}

TEST(numbers_do_not_depend_on_the_locale)
{
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8", "de_DE"};
    for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++)
        if (setlocale(LC_ALL, locales[i]))
            break; /* none may be installed: then the test says little */
    expect_number(1234567.25, "1234567.25");
    expect_number(0.5, "0.5");
    setlocale(LC_ALL, "C");
}

TEST(nesting_too_deep_fails_and_does_not_overrun)
{
    struct uf_text text = {0};
    struct uf_json json;
    uf_json_begin(&json, &text);
    for (int i = 0; i < UF_JSON_DEPTH + 3; i++)
        uf_json_open_array(&json, NULL, UF_JSON_INLINE);
    uf_json_end(&json);
    EXPECT(text.failed);
    uf_text_release(&text);
}

TEST(closing_more_than_was_opened_does_nothing)
{
    struct uf_text text = {0};
    struct uf_json json;
    uf_json_begin(&json, &text);
    uf_json_open_object(&json, NULL, UF_JSON_LINES);
    uf_json_close(&json);
    uf_json_close(&json);
    EXPECT_TEXT(written(&text), "{}");
    uf_text_release(&text);
}

TEST(want_of_memory_stands_in_the_text)
{
    struct uf_text text = {0};
    struct uf_json json;
    uf_mem_fail_at(1);
    uf_json_begin(&json, &text);
    uf_json_open_object(&json, NULL, UF_JSON_LINES);
    uf_json_text(&json, "a", "b");
    uf_json_end(&json);
    uf_mem_fail_at(0);
    EXPECT(text.failed);
    uf_text_release(&text);
    EXPECT(uf_mem_live_blocks() == 0);
}

int main(void)
{
    RUN(members_stand_one_to_a_line_or_all_on_one);
    RUN(texts_are_escaped);
    RUN(utf_8_stays_as_it_is);
    RUN(what_is_not_utf_8_is_spelled_out);
    RUN(whole_numbers_have_no_fraction);
    RUN(fractions_read_back_as_they_were);
    RUN(what_was_not_measured_is_null);
    RUN(numbers_do_not_depend_on_the_locale);
    RUN(nesting_too_deep_fails_and_does_not_overrun);
    RUN(closing_more_than_was_opened_does_nothing);
    RUN(want_of_memory_stands_in_the_text);
    return test_end();
}
