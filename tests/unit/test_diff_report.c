#include "report/diff.h"

#include "analysis/result.h"
#include "fail.h"
#include "make_graph.h"
#include "test.h"

struct heap {
    struct made_graph made;
    struct uf_reach reach;
    struct uf_view view;
    struct uf_signatures signatures;
    struct uf_meta meta;
};

static struct heap heaps[2];
static struct uf_diff diff;
static struct uf_diff_walk walks[8];
static struct uf_finding steps[8];
static struct uf_diff_report report;
static const char *notes[3];

static void make_heap(struct heap *heap, const char *text)
{
    make_graph(&heap->made, text);
    uf_reach_build(&heap->reach, &heap->made.graph, NULL);
    heap->view = (struct uf_view){&heap->made.graph, &heap->reach, &heap->made.names, NULL};
    uf_signatures_build(&heap->signatures, &heap->view, NULL);
    heap->meta = (struct uf_meta){.pid = 4711,
                                  .process_started_ns = 1,
                                  .taken_ns = UF_META_UNKNOWN,
                                  .pause_ns = UF_META_UNKNOWN,
                                  .rss_bytes = 50 << 20};
}

/* A walk to the first example of an entry, its place the step before the last. */
static void make_walk(size_t entry)
{
    struct uf_path path = {0};
    const struct uf_diff_entry *of = &diff.grown.at[entry];
    if (of->example_count == 0)
        return;
    uf_finding_init(&steps[entry]);
    uf_path_to(&path, &heaps[1].reach, of->examples[0], NULL);
    size_t last = path.nodes.len - 1;
    uf_path_steps(&heaps[1].view, &path, of->main == of->place || last == 0 ? last : last - 1,
                  &steps[entry], NULL);
    walks[entry] =
        (struct uf_diff_walk){.root = uf_mem_strdup("module shop"), .steps = &steps[entry]};
    uf_path_release(&path);
}

static void given(const char *before, const char *after)
{
    make_heap(&heaps[0], before);
    make_heap(&heaps[1], after);
    struct uf_diff_side sides[2] = {{&heaps[0].view, &heaps[0].signatures},
                                    {&heaps[1].view, &heaps[1].signatures}};
    uf_diff_build(&diff, &sides[0], &sides[1], NULL);
    uf_diff_look(&diff, true, 8, NULL);
    size_t count = diff.grown.len < 8 ? diff.grown.len : 8;
    for (size_t i = 0; i < count; i++)
        make_walk(i);
    report = (struct uf_diff_report){
        .diff = &diff,
        .old = {.file = "old", .meta = &heaps[0].meta},
        .new = {.file = "new", .meta = &heaps[1].meta},
        .same_process = true,
        .seconds = 60,
        .walks = walks,
        .looked_at = count,
        .rows = 10,
        .notes = notes,
    };
}

static void done(void)
{
    uf_diff_release(&diff);
    for (int i = 0; i < 8; i++) {
        if (walks[i].steps)
            uf_finding_release(walks[i].steps);
        uf_mem_free(walks[i].root);
        walks[i] = (struct uf_diff_walk){0};
    }
    for (int i = 0; i < 2; i++) {
        uf_signatures_release(&heaps[i].signatures);
        uf_reach_release(&heaps[i].reach);
        made_graph_release(&heaps[i].made);
    }
    notes[0] = NULL;
}

/* shop.STORE._sessions with so many sessions. */
static const char *shop(struct uf_text *text, int sessions)
{
    text->len = 0;
    uf_text_printf(
        text,
        "root module shop -> shop\nshop: module size=10\nshop -> store .STORE\n"
        "store: shop.Store\nstore -> sessions ._sessions\nsessions: dict size=64 len=%d\n",
        sessions);
    for (int i = 0; i < sessions; i++)
        uf_text_printf(text,
                       "sessions -> k%d key 'k%d'\nk%d: str size=50\nsessions -> s%d ['k%d']\n"
                       "s%d: shop.Session size=48\ns%d -> u%d .user\nu%d: bytes size=2000\n",
                       i, i, i, i, i, i, i, i, i);
    return text->at;
}

static void given_shops(int before, int after)
{
    struct uf_text a = {0}, b = {0};
    given(shop(&a, before), shop(&b, after));
    uf_text_release(&a);
    uf_text_release(&b);
}

static const char *text_of(uint16_t width, bool quiet)
{
    static struct uf_text text;
    const struct uf_report_form form = {.width = width, .quiet = quiet};
    uf_text_release(&text);
    uf_diff_report_text(&text, &report, &form);
    return text.at;
}

static const char *first_line(void)
{
    static char line[400];
    const char *text = text_of(120, true);
    snprintf(line, sizeof line, "%.*s", (int)strcspn(text, "\n"), text);
    return line;
}

TEST(the_report_tells_what_grew_who_holds_it_and_what_came_with_it)
{
    given_shops(2, 22);
    EXPECT_TEXT(text_of(80, false),
                "GREW  41 KiB in 1 min 0 s: all of it is held by module shop.STORE._sessions\n"
                "\n"
                "  1  shop.Session 2 -> 22                                                +41 KiB\n"
                "     held by  module shop\n"
                "                .STORE        shop.Store\n"
                "                  ._sessions  dict, 22 entries, +20   <-- grows here\n"
                "                    ['k21']   shop.Session\n"
                "     with     20 bytes objects, 20 str: 40 KiB\n"
                "     example  0x1010c0\n"
                "\n"
                "types      +20 bytes objects (+39 KiB), +20 str (+1,000 B), +20 shop.Session\n"
                "           (+960 B)\n"
                "old        9 objects, 4.2 KiB; resident 50 MiB; pid 4711\n"
                "new        69 objects, 45 KiB; resident 50 MiB; pid 4711\n");
    done();
}

TEST(the_verdict_is_told_first)
{
    given_shops(2, 22);
    EXPECT_TEXT(first_line(),
                "GREW  41 KiB in 1 min 0 s: all of it is held by module shop.STORE._sessions");
    report.same_process = false;
    EXPECT_TEXT(first_line(), "GREW  41 KiB from one process to the other: all of it is held by "
                              "module shop.STORE._sessions");
    done();
    given_shops(22, 2);
    EXPECT_TEXT(first_line(), "SHRANK  41 KiB less in 1 min 0 s");
    done();
    given_shops(2, 3);
    EXPECT_TEXT(first_line(), "NO GROWTH  2 KiB more in 1 min 0 s");
    done();
    given_shops(2, 2);
    EXPECT_TEXT(first_line(), "NO GROWTH  the same size as before in 1 min 0 s");
    done();
}

TEST(what_was_added_is_told_though_more_has_gone)
{
    given("root module shop -> shop\nshop -> a .A\na: bytearray size=90000\n",
          "root module shop -> shop\nshop -> b .B\nb: list size=50000\n");
    EXPECT_TEXT(first_line(),
                "SHRANK  39 KiB less in 1 min 0 s; yet 49 KiB were added: all of that "
                "is held by module shop.B");
    done();
}

TEST(a_page_or_a_ten_thousandth_is_no_growth)
{
    given("root module a -> a\na: str size=100\n", "root module a -> a\na: str size=4195\n");
    EXPECT(uf_diff_verdict(&diff) == UF_DIFF_STEADY);
    done();
    given("root module a -> a\na: str size=100\n", "root module a -> a\na: str size=4196\n");
    EXPECT(uf_diff_verdict(&diff) == UF_DIFF_GREW);
    done();
    given("root module a -> a\na: str size=1000000000\n",
          "root module a -> a\na: str size=1000099999\n");
    EXPECT(uf_diff_verdict(&diff) == UF_DIFF_STEADY);
    done();
    given("root module a -> a\na: str size=9000000000\n",
          "root module a -> a\na: str size=8999000000\n");
    EXPECT(uf_diff_verdict(&diff) == UF_DIFF_SHRANK);
    done();
}

TEST(the_limit_is_over_only_when_it_grew_by_more)
{
    given_shops(2, 22);
    report.has_limit = true;
    report.limit_bytes = (uint64_t)uf_diff_net(&diff);
    EXPECT(!uf_diff_over_limit(&report));
    EXPECT(strstr(text_of(80, false), "limit      kept: all objects together take 4.2 KiB") !=
           NULL);
    report.limit_bytes--;
    EXPECT(uf_diff_over_limit(&report));
    EXPECT(strstr(text_of(80, false), "limit      exceeded: ") != NULL);
    done();
    given_shops(22, 2);
    report.has_limit = true;
    EXPECT(!uf_diff_over_limit(&report));
    done();
}

TEST(notes_are_shown)
{
    notes[0] = "the two are of different programs";
    given_shops(2, 2);
    EXPECT(strstr(text_of(80, false), "note       the two are of different programs\n") != NULL);
    done();
}

TEST(a_report_fits_any_width)
{
    given_shops(2, 22);
    for (uint16_t width = 20; width <= 120; width++)
        for (const char *line = text_of(width, false); *line; line += strcspn(line, "\n") + 1)
            EXPECT(strcspn(line, "\n") <= width);
    done();
}

static bool write_text(void)
{
    struct uf_text text = {0};
    const struct uf_report_form form = {.width = 80};
    uf_diff_report_text(&text, &report, &form);
    bool fine = !text.failed;
    uf_text_release(&text);
    return fine;
}

static bool write_json(void)
{
    struct uf_text text = {0};
    uf_diff_report_json(&text, &report);
    bool fine = !text.failed;
    uf_text_release(&text);
    return fine;
}

TEST(each_allocation_that_fails_is_an_error_and_leaks_nothing)
{
    given_shops(2, 22);
    EXPECT(every_failed_allocation_is_an_error(write_text));
    EXPECT(every_failed_allocation_is_an_error(write_json));
    done();
}

int main(void)
{
    RUN(the_report_tells_what_grew_who_holds_it_and_what_came_with_it);
    RUN(the_verdict_is_told_first);
    RUN(what_was_added_is_told_though_more_has_gone);
    RUN(a_page_or_a_ten_thousandth_is_no_growth);
    RUN(the_limit_is_over_only_when_it_grew_by_more);
    RUN(notes_are_shown);
    RUN(a_report_fits_any_width);
    RUN(each_allocation_that_fails_is_an_error_and_leaks_nothing);
    return test_end();
}
