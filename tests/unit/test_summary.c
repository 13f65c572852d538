/* The summary of a heap: its figures, and its text and JSON. */
#include "report/summary.h"

#include "golden.h"
#include "report/columns.h"
#include "sample_heap.h"

struct sample_summary {
    struct sample_heap heap;
    struct uf_summary summary;
    struct uf_summary_report report;
};

static void make(struct sample_summary *made, enum uf_summary_order order)
{
    setenv("TZ", "UTC", 1);
    sample_heap(&made->heap);
    EXPECT(uf_summary_build(&made->summary, &made->heap.view, &made->heap.dominators, order, 5,
                            NULL) == UF_OK);
    made->report = (struct uf_summary_report){
        .summary = &made->summary,
        .strings = &made->heap.view.graph->strings,
        .view = &made->heap.view,
        .heap = {.file = "app.snapshot",
                 .file_bytes = 123456,
                 .meta = &made->heap.meta,
                 .objects = made->summary.all.objects,
                 .references = made->summary.references,
                 .bytes = made->summary.all.bytes},
        .order = order,
        .rows = 6,
        .other_rows = 5,
    };
}

static void release(struct sample_summary *made)
{
    uf_summary_release(&made->summary);
    sample_heap_release(&made->heap);
}

static const struct uf_summary_type *type(const struct sample_summary *made, const char *name)
{
    static const struct uf_summary_type none;
    for (size_t i = 0; i < made->summary.types.len; i++) {
        const struct uf_summary_type *at = &made->summary.types.at[i];
        if (strcmp(uf_strings_get(&made->heap.made.graph.strings, at->name), name) == 0)
            return at;
    }
    return &none;
}

TEST(types_have_their_counts_sizes_and_what_they_retain)
{
    struct sample_summary made;
    make(&made, UF_BY_BYTES);
    const struct uf_type_figures *session = &type(&made, "shop.Session")->figures;
    EXPECT(session->objects == 12 && session->bytes == 12 * 56);
    EXPECT(session->retained_bytes == 12 * (56 + 61) + 11 * 300 + 5000000);
    EXPECT(session->garbage_objects == 0);
    const struct uf_type_figures *order = &type(&made, "shop.Order")->figures;
    EXPECT(order->objects == 5 && order->garbage_objects == 5 && order->retained_bytes == 0);
    release(&made);
}

TEST(garbage_is_what_no_root_reaches_and_its_cycle_is_named)
{
    struct sample_summary made;
    make(&made, UF_BY_BYTES);
    EXPECT(made.summary.all.garbage_objects == 20);
    EXPECT(made.summary.all.garbage_bytes == 5 * (48 + 88 + 48 + 80));
    EXPECT(made.summary.cycles.findings.len == 1);
    const struct uf_finding *cycle = &made.summary.cycles.findings.at[0];
    EXPECT(cycle->objects == 20 && cycle->cycle.len == 3);
    EXPECT_TEXT(cycle->fix_edge, "Order.lines");
    release(&made);
}

TEST(what_only_c_code_holds_is_told_apart_from_what_is_never_freed)
{
    struct sample_summary made;
    make(&made, UF_BY_BYTES);
    EXPECT(made.summary.native.len == 1);
    EXPECT(made.summary.native.at[0].held == 2 && made.summary.native.at[0].references == 3);
    EXPECT(made.summary.native.at[0].bytes == 140000);
    EXPECT(made.summary.immortal.objects == 1 && made.summary.immortal.bytes == 16);
    release(&made);
}

TEST(each_object_is_in_exactly_one_share)
{
    struct sample_summary made;
    uint64_t objects = 0, bytes = 0;
    make(&made, UF_BY_BYTES);
    for (int kind = 0; kind <= UF_ROOT_NATIVE; kind++) {
        objects += made.summary.held[kind].objects;
        bytes += made.summary.held[kind].bytes;
    }
    EXPECT(objects + made.summary.all.garbage_objects == made.summary.all.objects);
    EXPECT(bytes + made.summary.all.garbage_bytes == made.summary.all.bytes);
    EXPECT(made.summary.held[UF_ROOT_THREAD].objects == 1); /* the product is the module's */
    release(&made);
}

TEST(types_stand_in_the_order_asked_for)
{
    struct sample_summary made;
    for (int order = UF_BY_BYTES; order <= UF_BY_RETAINED; order++) {
        make(&made, (enum uf_summary_order)order);
        for (size_t i = 1; i < made.summary.types.len; i++) {
            const struct uf_type_figures *a = &made.summary.types.at[i - 1].figures,
                                         *b = &made.summary.types.at[i].figures;
            EXPECT(order == UF_BY_BYTES   ? a->bytes >= b->bytes
                   : order == UF_BY_COUNT ? a->objects >= b->objects
                                          : a->retained_bytes >= b->retained_bytes);
        }
        release(&made);
    }
}

static struct uf_text rendered(struct sample_summary *made, uint16_t width, bool quiet)
{
    struct uf_text text = {0};
    struct uf_report_form form = {.width = width, .quiet = quiet};
    uf_summary_text(&text, &made->report, &form);
    EXPECT(!text.failed);
    return text;
}

TEST(the_summary_reads_as_the_golden_texts)
{
    static const uint16_t widths[] = {60, 80, 120};
    struct sample_summary made;
    make(&made, UF_BY_BYTES);
    for (size_t w = 0; w < 3; w++) {
        char name[64];
        struct uf_text text = rendered(&made, widths[w], false);
        snprintf(name, sizeof name, "summary.%u.txt", widths[w]);
        expect_golden(name, text.at);
        uf_text_release(&text);
    }
    struct uf_text quiet = rendered(&made, 80, true);
    expect_golden("summary.quiet.txt", quiet.at);
    uf_text_release(&quiet);
    struct uf_text json = {0};
    uf_summary_json(&json, &made.report);
    expect_golden("summary.json", json.at);
    uf_text_release(&json);
    release(&made);
}

TEST(no_line_is_wider_than_the_terminal_or_holds_a_control_character)
{
    struct sample_summary made;
    make(&made, UF_BY_COUNT);
    for (uint16_t width = 20; width <= 200; width++) {
        struct uf_text text = rendered(&made, width, false);
        for (const char *line = text.at; *line;) {
            size_t len = strcspn(line, "\n");
            EXPECT(uf_columns_width(line, len) <= width);
            for (size_t i = 0; i < len; i++)
                EXPECT((unsigned char)line[i] >= ' ');
            line += len + 1;
        }
        uf_text_release(&text);
    }
    release(&made);
}

TEST(when_memory_is_out_nothing_is_left_behind)
{
    struct sample_heap heap;
    sample_heap(&heap);
    for (uint64_t nth = 1; nth < 100000; nth++) {
        uint64_t blocks = uf_mem_live_blocks();
        struct uf_summary summary;
        uf_mem_fail_at(nth);
        enum uf_code code =
            uf_summary_build(&summary, &heap.view, &heap.dominators, UF_BY_BYTES, 5, NULL);
        uint64_t made = uf_mem_fail_at(0);
        if (!code)
            uf_summary_release(&summary);
        EXPECT(code == UF_OK || code == UF_ENOMEM);
        EXPECT(uf_mem_live_blocks() == blocks);
        if (nth > made)
            break;
    }
    sample_heap_release(&heap);
}

int main(void)
{
    RUN(types_have_their_counts_sizes_and_what_they_retain);
    RUN(garbage_is_what_no_root_reaches_and_its_cycle_is_named);
    RUN(what_only_c_code_holds_is_told_apart_from_what_is_never_freed);
    RUN(each_object_is_in_exactly_one_share);
    RUN(types_stand_in_the_order_asked_for);
    RUN(the_summary_reads_as_the_golden_texts);
    RUN(no_line_is_wider_than_the_terminal_or_holds_a_control_character);
    RUN(when_memory_is_out_nothing_is_left_behind);
    return test_end();
}
