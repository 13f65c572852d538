#include "cli/baseline.h"

#include "test.h"

#include <stdlib.h>

static struct uf_texts ids;
static char bytes[1 << 16];
static size_t line;

/* NULL, or what is wrong with `text`; the ids are in `ids`. */
static const char *parse(const char *text)
{
    size_t len = strlen(text);
    uf_texts_release(&ids);
    memcpy(bytes, text, len);
    memset(bytes + len, 'x', 8); /* nothing behind the end may count */
    return uf_baseline_parse(bytes, len, &ids, &line);
}

#define EXPECT_WRONG(text, why)                                                                    \
    do {                                                                                           \
        const char *wrong = parse(text);                                                           \
        EXPECT_TEXT(wrong ? wrong : "nothing", why);                                               \
        EXPECT(ids.len == 0);                                                                      \
    } while (0)

#define HEAD "{\"schema\": \"unfreed.check/1\", "

TEST(the_ids_of_the_findings_are_taken_and_no_others)
{
    EXPECT(!parse("\n" HEAD
                  "\"id\": \"top\", \"target\": {\"id\": 1, \"findings\": [{\"id\": \"no\"}]},\n"
                  "\"findings\": [\n"
                  "  {\"id\": \"retained shop.Session\", \"path\": [{\"id\": \"inner\"}],\n"
                  "   \"bound\": null, \"growth_by_call\": [1, -2.5e+3, 0, 0.1], \"x\": {}},\n"
                  "  {\"cycle\": [], \"collectable\": true, \"id\": \"cycle app.Node\"}\n"
                  "], \"samples\": [[{\"id\": \"deep\"}]]}\n"));
    EXPECT(ids.len == 2);
    EXPECT_TEXT(ids.at[0], "retained shop.Session");
    EXPECT_TEXT(ids.at[1], "cycle app.Node");
}

TEST(a_clean_report_has_no_ids)
{
    EXPECT(!parse(HEAD "\"findings\": []}"));
    EXPECT(ids.len == 0);
}

TEST(escapes_are_decoded)
{
    EXPECT(!parse(HEAD "\"findings\": [{\"\\u0069d\": "
                       "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud83d\\ude00z\"}]}"));
    EXPECT(ids.len == 1);
    EXPECT_TEXT(ids.at[0], "a\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z");
    EXPECT(!parse(HEAD "\"findings\": [{\"id\": \"\\ud83d\\u0041\"}]}"));
    EXPECT_TEXT(ids.at[0], "\xed\xa0\xbd"
                           "A");
}

TEST(every_cut_of_a_report_is_noticed)
{
    const char whole[] = HEAD "\"findings\": [{\"id\": \"a\\u0041\", \"n\": [1.5, true, null]}]}";
    char part[sizeof whole];
    EXPECT(!parse(whole));
    for (size_t len = 1; len < sizeof whole - 1; len++) {
        memcpy(part, whole, len);
        part[len] = '\0';
        if (!parse(part)) {
            printf("# was taken: %s\n", part);
            EXPECT(false);
        }
        EXPECT(ids.len == 0);
    }
}

TEST(what_is_not_json_is_refused)
{
    EXPECT_WRONG("{]", "not JSON: a key is missing");
    EXPECT_WRONG("{\"a\" 1}", "not JSON: a ':' is missing");
    EXPECT_WRONG("{\"a\": 1,}", "not JSON: a key is missing");
    EXPECT_WRONG("{\"a\": [1 2]}", "not JSON: a comma or bracket is missing");
    EXPECT_WRONG("{\"a\": [1}", "not JSON: a comma or bracket is missing");
    EXPECT_WRONG("{\"a\": [1,]}", "not JSON");
    EXPECT_WRONG("{\"a\": 01}", "not JSON: a comma or bracket is missing");
    EXPECT_WRONG("{\"a\": NaN}", "not JSON");
    EXPECT_WRONG("{\"a\": +1}", "not JSON");
    EXPECT_WRONG("{\"a\": 1.}", "not JSON");
    EXPECT_WRONG("{\"a\": .5}", "not JSON");
    EXPECT_WRONG("{\"a\": 1e}", "not JSON");
    EXPECT_WRONG("{\"a\": tru}", "not JSON");
    EXPECT_WRONG("{\"a\": \"\\x\"}", "a wrong escape inside a string");
    EXPECT_WRONG("{\"a\": \"\\u12g4\"}", "a wrong escape inside a string");
    EXPECT_WRONG("{\"a\": \"\\u0000\"}", "a wrong escape inside a string");
    EXPECT_WRONG("{\"a\": \"b\nc\"}", "a control character inside a string");
    EXPECT_WRONG(HEAD "\"findings\": []} {", "something follows the report");
}

TEST(json_that_is_no_report_is_refused)
{
    EXPECT_WRONG("{}", "not a report of unfreed check");
    EXPECT_WRONG(HEAD "\"verdict\": \"clean\"}", "not a report of unfreed check");
    EXPECT_WRONG("{\"findings\": []}", "not a report of unfreed check");
    EXPECT_WRONG("{\"schema\": \"unfreed.check/2\", \"findings\": []}",
                 "its schema is not unfreed.check/1");
    EXPECT_WRONG("{\"schema\": 1, \"findings\": []}", "\"schema\" is not a text");
    EXPECT_WRONG(HEAD "\"findings\": {}}", "\"findings\" is not one array");
    EXPECT_WRONG(HEAD "\"findings\": [], \"findings\": []}", "\"findings\" is not one array");
    EXPECT_WRONG(HEAD "\"findings\": [[]]}", "a finding is not an object");
    EXPECT_WRONG(HEAD "\"findings\": [{}]}", "a finding has no id");
    EXPECT_WRONG(HEAD "\"findings\": [{\"id\": \"a\"}, {\"kind\": \"b\"}]}", "a finding has no id");
    EXPECT_WRONG(HEAD "\"findings\": [{\"id\": 5}]}", "a finding's id is not a text");
    EXPECT_WRONG(HEAD "\"findings\": [{\"id\": \"a\", \"id\": \"b\"}]}",
                 "a finding has not exactly one id");
    EXPECT_WRONG(HEAD "\"findings\": [{\"id\": \"\"}]}", "a finding has not exactly one id");
}

TEST(nesting_is_bounded)
{
    char deep[4096] = "{\"a\": ";
    size_t len = strlen(deep);
    memset(deep + len, '[', 2000);
    deep[len + 2000] = '\0';
    EXPECT_WRONG(deep, "nested too deep");
}

TEST(the_line_of_the_damage_is_named)
{
    EXPECT_WRONG("{\n\"a\": 1,\n\"b\\n\": 2,\n!}", "not JSON: a key is missing");
    EXPECT(line == 4);
}

TEST(a_text_file_has_one_id_in_each_line)
{
    EXPECT(!parse("# known since March\nretained a.B\r\n\n  \ncycle app.Node [*]  \nlast one"));
    EXPECT(ids.len == 3);
    EXPECT_TEXT(ids.at[0], "retained a.B");
    EXPECT_TEXT(ids.at[1], "cycle app.Node [*]");
    EXPECT_TEXT(ids.at[2], "last one");
    EXPECT(!parse(""));
    EXPECT(ids.len == 0);
}

TEST(a_binary_file_is_refused)
{
    EXPECT_WRONG("one\ntwo\n\x7f"
                 "ELF\x02\x01",
                 "neither a report nor a text file");
    EXPECT(line == 3);
}

/* Whatever is done to a report, it is either taken or refused: nothing else may happen. */
TEST(random_damage_does_no_harm)
{
    const char whole[] = HEAD "\"findings\": [{\"id\": \"a\\ud83d\\ude00\", \"n\": [1.5e3, true]}, "
                              "{\"id\": \"b\", \"o\": {\"p\": \"q\\\"\"}}]}";
    char damaged[sizeof whole];
    srand(2);
    for (int round = 0; round < 100000; round++) {
        memcpy(damaged, whole, sizeof whole);
        for (int i = rand() % 4; i >= 0; i--)
            damaged[(size_t)rand() % (sizeof whole - 1)] =
                (char)(rand() % 2 ? "{}[]\",:\\u0"[rand() % 10] : rand() % 255 + 1);
        (void)parse(damaged);
        for (size_t i = 0; i < ids.len; i++)
            EXPECT(strlen(ids.at[i]) < sizeof whole);
    }
}

int main(void)
{
    RUN(the_ids_of_the_findings_are_taken_and_no_others);
    RUN(a_clean_report_has_no_ids);
    RUN(escapes_are_decoded);
    RUN(every_cut_of_a_report_is_noticed);
    RUN(what_is_not_json_is_refused);
    RUN(json_that_is_no_report_is_refused);
    RUN(nesting_is_bounded);
    RUN(the_line_of_the_damage_is_named);
    RUN(a_text_file_has_one_id_in_each_line);
    RUN(a_binary_file_is_refused);
    RUN(random_damage_does_no_harm);
    uf_texts_release(&ids);
    return test_end();
}
