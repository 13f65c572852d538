/* The text report: golden texts at three widths, and what must hold at any width.
 */
#include "golden.h"
#include "report/columns.h"
#include "report/report.h"
#include "sample_results.h"
#include "test.h"

static struct uf_text rendered(const struct sample *sample, uint16_t width, bool color, bool quiet)
{
    struct uf_report_style style = {.width = width, .color = color, .quiet = quiet};
    struct uf_check_result result;
    struct uf_text text = {0};
    sample->fill(&result);
    uf_report_text(&text, &result, &style);
    uf_check_result_release(&result);
    return text;
}

static const char *written(const struct uf_text *text)
{
    return text->at ? text->at : "";
}

TEST(reports_read_as_the_golden_texts)
{
    static const uint16_t widths[] = {60, 80, 120};
    for (size_t i = 0; i < SAMPLE_COUNT; i++)
        for (size_t w = 0; w < 3; w++) {
            char name[64];
            struct uf_text text = rendered(&samples[i], widths[w], false, false);
            snprintf(name, sizeof name, "%s.%u.txt", samples[i].name, widths[w]);
            expect_golden(name, written(&text));
            uf_text_release(&text);
        }
}

TEST(quiet_reports_hold_the_verdict_and_a_line_for_each_finding)
{
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        char name[64];
        struct uf_text text = rendered(&samples[i], 80, false, true);
        snprintf(name, sizeof name, "%s.quiet.txt", samples[i].name);
        expect_golden(name, written(&text));
        uf_text_release(&text);
    }
}

TEST(no_terminal_means_100_columns)
{
    struct uf_text none = rendered(&samples[1], 0, false, false);
    struct uf_text hundred = rendered(&samples[1], 100, false, false);
    EXPECT_TEXT(written(&none), written(&hundred));
    uf_text_release(&none);
    uf_text_release(&hundred);
}

TEST(no_line_is_wider_than_the_terminal)
{
    for (size_t i = 0; i < SAMPLE_COUNT; i++)
        for (uint16_t width = 20; width <= 160; width++) {
            struct uf_text text = rendered(&samples[i], width, false, width % 2);
            const char *line = written(&text);
            while (*line) {
                const char *end = strchr(line, '\n');
                EXPECT(end != NULL);
                if (!end)
                    break;
                if (uf_columns_width(line, (size_t)(end - line)) > width)
                    printf("# %s at %u: %.*s\n", samples[i].name, width, (int)(end - line), line);
                EXPECT(uf_columns_width(line, (size_t)(end - line)) <= width);
                EXPECT(end == line || end[-1] != ' ');
                line = end + 1;
            }
            uf_text_release(&text);
        }
}

/* Takes ESC [ ... m out, in place; false if another control character is in the text. */
static bool strip_color(char *text)
{
    char *to = text;
    for (const char *at = text; *at; at++) {
        if (at[0] == '\033' && at[1] == '[') {
            while (*at != 'm')
                at++;
        } else if ((unsigned char)*at < ' ' && *at != '\n') {
            return false;
        } else {
            *to++ = *at;
        }
    }
    *to = '\0';
    return true;
}

TEST(colour_changes_nothing_but_colour)
{
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct uf_text plain = rendered(&samples[i], 80, false, false);
        struct uf_text color = rendered(&samples[i], 80, true, false);
        EXPECT(strchr(written(&plain), '\033') == NULL);
        EXPECT(strstr(written(&color), "\033[") != NULL);
        EXPECT(strip_color(color.at));
        EXPECT_TEXT(written(&color), written(&plain));
        uf_text_release(&plain);
        uf_text_release(&color);
    }
}

TEST(the_verdict_has_its_colour)
{
    struct uf_text clean = rendered(&samples[0], 80, true, true);
    struct uf_text delayed = rendered(&samples[1], 80, true, true);
    struct uf_text leak = rendered(&samples[2], 80, true, true);
    EXPECT(strncmp(written(&clean), "\033[1;32mCLEAN\033[0m", 16) == 0);
    EXPECT(strncmp(written(&delayed), "\033[1;33mDELAYED\033[0m", 18) == 0);
    EXPECT(strncmp(written(&leak), "\033[1;31mLEAK\033[0m", 15) == 0);
    uf_text_release(&clean);
    uf_text_release(&delayed);
    uf_text_release(&leak);
}

TEST(a_result_of_which_nothing_is_known_is_still_a_report)
{
    static const char *const begins[] = {
        "CLEAN  a call leaves nothing behind", "DELAYED  each call leaves garbage that only",
        "LEAK  each call leaves something that nothing will free", "UNDECIDED  no verdict"};
    static const enum uf_verdict verdicts[] = {UF_CLEAN, UF_DELAYED, UF_LEAK, UF_UNDECIDED};
    struct uf_report_style style = {.width = 80};
    for (int i = 0; i < 4; i++) {
        struct uf_check_result result;
        struct uf_text text = {0};
        uf_check_result_init(&result);
        result.verdict = verdicts[i];
        for (int kind = UF_KIND_RETAINED; i == 2 && kind <= UF_KIND_TASK; kind++) {
            struct uf_finding finding;
            uf_finding_init(&finding);
            finding.kind = (enum uf_finding_kind)kind;
            finding.severity = UF_SEVERITY_BOUNDED;
            if (uf_vec_push(&result.findings, finding))
                break;
        }
        uf_report_text(&text, &result, &style);
        EXPECT(strncmp(written(&text), begins[i], strlen(begins[i])) == 0);
        EXPECT(strstr(written(&text), "nan") == NULL);
        for (size_t j = 0; j < result.findings.len; j++)
            result.findings.at[j].severity = UF_SEVERITY_LEAK;
        uf_report_text(&text, &result, &style);
        EXPECT(strstr(written(&text), "nan") == NULL);
        uf_text_release(&text);
        uf_check_result_release(&result);
    }
}

TEST(wherever_memory_runs_out_the_text_says_so)
{
    struct uf_report_style style = {.width = 72, .color = true};
    uint64_t before = uf_mem_live_blocks();
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct uf_check_result result;
        struct uf_text whole = {0};
        samples[i].fill(&result);
        uf_mem_fail_at(0);
        uf_report_text(&whole, &result, &style);
        uint64_t allocations = uf_mem_fail_at(0);
        EXPECT(allocations > 0);
        for (uint64_t n = 1; n <= allocations; n++) {
            struct uf_text text = {0};
            uf_mem_fail_at(n);
            uf_report_text(&text, &result, &style);
            uf_mem_fail_at(0);
            EXPECT(text.failed);
            uf_text_release(&text);
        }
        uf_text_release(&whole);
        uf_check_result_release(&result);
    }
    EXPECT(uf_mem_live_blocks() == before);
}

/* A leak's first finding after `change`, at 200 columns. */
static void expect_fix(void (*change)(struct uf_finding *finding), const char *wanted)
{
    struct uf_report_style style = {.width = 200};
    struct uf_check_result result;
    struct uf_text text = {0};
    sample_leak(&result);
    change(&result.findings.at[0]);
    uf_report_text(&text, &result, &style);
    EXPECT(strstr(written(&text), wanted) != NULL);
    if (!strstr(written(&text), wanted))
        printf("# %s\n", written(&text));
    uf_text_release(&text);
    uf_check_result_release(&result);
}

static void nothing(struct uf_finding *finding)
{
    (void)finding;
}

static void growing(struct uf_finding *finding)
{
    finding->fix_of_members = UF_UNKNOWN;
}

static void on_the_graph(struct uf_finding *finding)
{
    finding->fix_how = UF_FIX_GRAPH;
    finding->fix_of_objects = UF_UNKNOWN;
    finding->fix_why_not = uf_mem_strdup("not done in a copy of the process: it crashed");
}

static void not_all(struct uf_finding *finding)
{
    finding->fix_verified = false;
    finding->fix_why_not = uf_mem_strdup("in a copy of the process 2 of 10 objects stayed (a.B)");
}

static void descriptors(struct uf_finding *finding)
{
    finding->kind = UF_KIND_DESCRIPTOR;
    finding->fix_of_objects = UF_UNKNOWN;
    finding->fix_closes = finding->fix_of_closes = 14;
}

TEST(the_fix_says_how_it_was_tried_and_what_that_freed)
{
    expect_fix(nothing, "(done in a copy of the process: freed 2 of 2 objects, 357 B per call)");
    expect_fix(growing, "(done in a copy of the process: freed 10,024 of 10,024 objects, 1.7 MiB)");
    expect_fix(on_the_graph, "(checked on the graph of objects: it frees 10,024 objects, 1.7 MiB; "
                             "not done in a copy of the process: it");
    expect_fix(not_all, "(not checked: in a copy of the process 2 of 10 objects stayed (a.B))");
    expect_fix(descriptors, "(done in a copy of the process: closed 14 of 14 descriptors by "
                            "cutting shop.STORE._sessions['9f3c...'])");
}

int main(void)
{
    RUN(reports_read_as_the_golden_texts);
    RUN(quiet_reports_hold_the_verdict_and_a_line_for_each_finding);
    RUN(no_terminal_means_100_columns);
    RUN(no_line_is_wider_than_the_terminal);
    RUN(colour_changes_nothing_but_colour);
    RUN(the_verdict_has_its_colour);
    RUN(a_result_of_which_nothing_is_known_is_still_a_report);
    RUN(wherever_memory_runs_out_the_text_says_so);
    RUN(the_fix_says_how_it_was_tried_and_what_that_freed);
    return test_end();
}
