/* Why something is alive: figures, text and JSON. */
#include "report/why.h"

#include "golden.h"
#include "report/columns.h"
#include "sample_heap.h"

static struct sample_heap heap;
static struct uf_why why;
static struct uf_why_report report;

static void ask(const char *wanted, uint32_t paths)
{
    struct uf_lookup asked;
    setenv("TZ", "UTC", 1);
    sample_heap(&heap);
    EXPECT(uf_lookup_find(&asked, &heap.made.graph, wanted, NULL) == UF_OK);
    EXPECT(uf_why_build(&why, &heap.view, &asked, &heap.dominators, paths, NULL) == UF_OK);
    uf_lookup_release(&asked);
    report = (struct uf_why_report){
        .why = &why,
        .view = &heap.view,
        .heap = {.file = "app.snapshot", .file_bytes = 123456, .meta = &heap.meta, .objects = 68},
        .rows = 10,
    };
}

static void ask_node(const char *name, uint32_t paths)
{
    char address[32];
    sample_heap(&heap);
    snprintf(address, sizeof address, "0x%llx",
             (unsigned long long)heap.made.graph.address[made_node(&heap.made, name)]);
    sample_heap_release(&heap);
    ask(address, paths);
}

static void done(void)
{
    uf_why_release(&why);
    sample_heap_release(&heap);
}

TEST(an_object_that_one_reference_holds_is_freed_by_cutting_it)
{
    ask_node("s3", 3);
    EXPECT(why.alive && !why.by_type && why.holders == 1 && why.paths.len == 1);
    EXPECT_TEXT(why.paths.at[0].way.path_root, "module shop");
    EXPECT_TEXT(why.paths.at[0].way.holder, "shop.STORE._sessions['9f3c03']");
    EXPECT(why.singles.len > 0);
    EXPECT_TEXT(why.singles.at[0].expression, "shop.STORE._sessions['9f3c03']");
    EXPECT(why.singles.at[0].freed_objects == 3 && why.singles.at[0].freed_bytes == 5000117);
    const struct uf_path_step *last =
        &why.paths.at[0].way.path.at[why.paths.at[0].way.path.len - 1];
    EXPECT(last->suspect);
    done();
}

TEST(an_object_that_two_hold_has_two_paths_and_both_are_to_be_cut)
{
    ask_node("product", 3);
    EXPECT(why.holders == 2 && why.paths.len == 2);
    EXPECT_TEXT(why.paths.at[0].way.holder, "shop.CACHE['p1']");
    EXPECT_TEXT(why.paths.at[1].way.path_root, "thread MainThread");
    EXPECT(why.single_count == 0 && why.together.len == 2 && why.freed_objects == 1);
    done();
}

TEST(the_objects_of_a_type_are_grouped_by_who_holds_them)
{
    ask("Session", 1);
    EXPECT(why.by_type && why.objects == 12 && why.groups.len == 1);
    EXPECT_TEXT(why.groups.at[0].path, "module shop.STORE._sessions[*]");
    EXPECT(why.groups.at[0].objects == 12 && why.groups.at[0].bytes == 12 * 56);
    EXPECT(why.groups.at[0].retained_bytes == 12 * (56 + 61) + 11 * 300 + 5000000);
    EXPECT(why.retained_bytes == why.groups.at[0].retained_bytes);
    EXPECT_TEXT(why.singles.at[0].expression, "shop.STORE._sessions");
    EXPECT(why.singles.at[0].freed_objects == 37);
    done();
    ask("str", 1); /* 12 users, 5 notes that are garbage */
    EXPECT(why.garbage_objects == 5 && why.groups.len == 2 && why.alive);
    EXPECT(why.groups.at[1].garbage && why.groups.at[1].retained_bytes == 0);
    done();
}

TEST(what_nothing_reaches_names_its_cycle)
{
    ask_node("note2", 3); /* not on the cycle itself, but held by it */
    EXPECT(!why.alive && why.paths.len == 0 && why.garbage_objects == 1);
    EXPECT(why.cycles.findings.len == 1);
    EXPECT(why.cycles.findings.at[0].cycle.len == 3);
    done();
    ask("Order", 1);
    EXPECT(!why.alive && why.groups.len == 1 && why.groups.at[0].garbage);
    EXPECT(why.cycles.findings.len == 1);
    done();
}

TEST(what_c_code_holds_says_so)
{
    ask_node("buffer2", 3);
    EXPECT(why.alive && why.paths.len == 1);
    EXPECT(why.paths.at[0].root_kind == UF_ROOT_NATIVE && why.paths.at[0].surplus == 2);
    EXPECT(why.fixed_root && why.singles.len == 0 && why.together.len == 0);
    done();
}

static struct uf_text rendered(uint16_t width, bool quiet)
{
    struct uf_text text = {0};
    struct uf_report_form form = {.width = width, .quiet = quiet};
    uf_why_text(&text, &report, &form);
    EXPECT(!text.failed);
    return text;
}

static const struct {
    const char *name, *node, *type;
} samples[] = {
    {"session", "s3", NULL},     {"product", "product", NULL},  {"garbage", "note2", NULL},
    {"native", "buffer2", NULL}, {"sessions", NULL, "Session"}, {"orders", NULL, "shop.Order"},
    {"strings", NULL, "str"},    {"odd", "odd", NULL},
};
#define SAMPLES (sizeof samples / sizeof *samples)

static void ask_sample(size_t i)
{
    if (samples[i].node)
        ask_node(samples[i].node, 3);
    else
        ask(samples[i].type, 1);
}

/* The reference to s3 is taken for one that nothing reports. */
TEST(a_reference_that_is_only_guessed_says_so)
{
    struct uf_lookup asked;
    struct uf_text text = {0}, json = {0};
    char address[32];
    sample_heap(&heap);
    struct uf_graph *graph = &heap.made.graph;
    uf_node session = made_node(&heap.made, "s3");
    uint32_t edge = 0;
    while (edge < graph->edge_count && graph->edge_target[edge] != session)
        edge++;
    graph->guessed = uf_mem_alloc(sizeof *graph->guessed);
    graph->guessed[graph->guessed_count++] = edge;
    snprintf(address, sizeof address, "0x%llx", (unsigned long long)graph->address[session]);
    EXPECT(uf_lookup_find(&asked, graph, address, NULL) == UF_OK);
    EXPECT(uf_why_build(&why, &heap.view, &asked, &heap.dominators, 3, NULL) == UF_OK);
    uf_lookup_release(&asked);
    report = (struct uf_why_report){
        .why = &why, .view = &heap.view, .heap = {.meta = &heap.meta}, .rows = 10};
    uf_why_text(&text, &report, &(struct uf_report_form){.width = 100});
    uf_why_json(&json, &report);
    EXPECT(strstr(text.at, "['9f3c03'] (guessed)  shop.Session") != NULL);
    const char *first = strstr(json.at, "\"guessed\": true");
    EXPECT(first && !strstr(first + 1, "\"guessed\": true"));
    uf_text_release(&text);
    uf_text_release(&json);
    done();
}

TEST(answers_read_as_the_golden_texts)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        char name[64];
        ask_sample(i);
        struct uf_text text = rendered(80, false), json = {0};
        snprintf(name, sizeof name, "why.%s.txt", samples[i].name);
        expect_golden(name, text.at);
        uf_why_json(&json, &report);
        snprintf(name, sizeof name, "why.%s.json", samples[i].name);
        expect_golden(name, json.at);
        uf_text_release(&text);
        uf_text_release(&json);
        done();
    }
}

TEST(no_line_is_wider_than_the_terminal_or_holds_a_control_character)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        ask_sample(i);
        for (uint16_t width = 20; width <= 200; width++) {
            struct uf_text text = rendered(width, width % 5 == 0);
            for (const char *line = text.at; *line;) {
                size_t len = strcspn(line, "\n");
                if (uf_columns_width(line, len) > width)
                    printf("# %s at %u: %.*s\n", samples[i].name, width, (int)len, line);
                EXPECT(uf_columns_width(line, len) <= width);
                for (size_t c = 0; c < len; c++)
                    EXPECT((unsigned char)line[c] >= ' ');
                line += len + 1;
            }
            uf_text_release(&text);
        }
        done();
    }
}

TEST(when_memory_is_out_nothing_is_left_behind)
{
    static const char *const wanted[] = {"Session", "str", "Order", "Product", "Buffer"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct uf_lookup asked;
        sample_heap(&heap);
        EXPECT(uf_lookup_find(&asked, &heap.made.graph, wanted[i], NULL) == UF_OK);
        asked.by_type = i < 3; /* the others as one object each */
        for (uint64_t nth = 1, again = 1; again && nth < 100000; nth++) {
            uint64_t blocks = uf_mem_live_blocks();
            uf_mem_fail_at(nth);
            enum uf_code code = uf_why_build(&why, &heap.view, &asked, &heap.dominators, 3, NULL);
            again = uf_mem_fail_at(0) >= nth;
            EXPECT(code == UF_OK || (again && code == UF_ENOMEM));
            uf_why_release(&why);
            EXPECT(uf_mem_live_blocks() == blocks);
        }
        uf_lookup_release(&asked);
        sample_heap_release(&heap);
    }
}

int main(void)
{
    RUN(an_object_that_one_reference_holds_is_freed_by_cutting_it);
    RUN(an_object_that_two_hold_has_two_paths_and_both_are_to_be_cut);
    RUN(the_objects_of_a_type_are_grouped_by_who_holds_them);
    RUN(what_nothing_reaches_names_its_cycle);
    RUN(what_c_code_holds_says_so);
    RUN(a_reference_that_is_only_guessed_says_so);
    RUN(answers_read_as_the_golden_texts);
    RUN(no_line_is_wider_than_the_terminal_or_holds_a_control_character);
    RUN(when_memory_is_out_nothing_is_left_behind);
    return test_end();
}
