/* The JSON report as text; tests/python/test_report_json.py reads it back and checks every key. */
#include "report/report.h"
#include "sample_results.h"
#include "test.h"

static struct uf_text rendered(void (*fill)(struct uf_check_result *))
{
    struct uf_check_result result;
    struct uf_text text = {0};
    fill(&result);
    uf_report_json(&text, &result);
    uf_check_result_release(&result);
    return text;
}

static bool holds(const struct uf_text *text, const char *part)
{
    return strstr(text->at ? text->at : "", part) != NULL;
}

TEST(a_report_is_one_object_of_the_schema)
{
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct uf_text text = rendered(samples[i].fill);
        EXPECT(!text.failed);
        EXPECT(strncmp(text.at, "{\n  \"schema\": \"unfreed.check/1\",\n", 33) == 0);
        EXPECT(text.len > 3 && strcmp(text.at + text.len - 3, "\n}\n") == 0);
        uf_text_release(&text);
    }
}

TEST(what_was_not_measured_is_null_and_never_0)
{
    struct uf_text text = rendered(uf_check_result_init);
    EXPECT(holds(&text, "\"objects\": null"));
    EXPECT(holds(&text, "\"thresholds\": [null, null, null]"));
    EXPECT(holds(&text, "\"enabled\": null"));
    EXPECT(holds(&text, "\"reload\": null"));
    EXPECT(holds(&text, "\"findings\": []"));
    EXPECT(!holds(&text, "nan"));
    uf_text_release(&text);
    text = rendered(sample_leak);
    EXPECT(holds(&text, "\"growth_by_call\": [1, 1, 1, null, 1,"));
    EXPECT(holds(&text, "\"native_bytes\": null"));
    uf_text_release(&text);
}

TEST(samples_and_steps_stand_on_a_line_each)
{
    struct uf_text text = rendered(sample_leak);
    EXPECT(
        holds(&text, "\n    {\"call\": 3, \"phase\": \"measured\", \"objects_before\": 21285, "));
    EXPECT(holds(&text, "\n        {\"object\": \"dict, 5,012 entries\", \"type\": \"dict\", "
                        "\"edge\": \"._sessions\", \"suspect\": true, \"guessed\": false}"));
    uf_text_release(&text);
}

TEST(broken_texts_of_the_target_do_not_break_the_report)
{
    struct uf_text text = rendered(sample_hostile);
    EXPECT(holds(&text, "surrogate \\\\udcff, byte \\\\xff, tab\\tand \\u001b[2Jescape"));
    uf_text_release(&text);
}

TEST(wherever_memory_runs_out_the_text_says_so)
{
    uint64_t before = uf_mem_live_blocks();
    struct uf_check_result result;
    sample_delayed(&result);
    struct uf_text whole = {0};
    uf_mem_fail_at(0);
    uf_report_json(&whole, &result);
    uint64_t allocations = uf_mem_fail_at(0);
    EXPECT(allocations > 0);
    for (uint64_t n = 1; n <= allocations; n++) {
        struct uf_text text = {0};
        uf_mem_fail_at(n);
        uf_report_json(&text, &result);
        uf_mem_fail_at(0);
        EXPECT(text.failed);
        uf_text_release(&text);
    }
    uf_text_release(&whole);
    uf_check_result_release(&result);
    EXPECT(uf_mem_live_blocks() == before);
}

int main(void)
{
    RUN(a_report_is_one_object_of_the_schema);
    RUN(what_was_not_measured_is_null_and_never_0);
    RUN(samples_and_steps_stand_on_a_line_each);
    RUN(broken_texts_of_the_target_do_not_break_the_report);
    RUN(wherever_memory_runs_out_the_text_says_so);
    return test_end();
}
