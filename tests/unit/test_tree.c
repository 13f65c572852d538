/* The dominator tree as rows, and its text and JSON. */
#include "report/tree.h"

#include "golden.h"
#include "report/columns.h"
#include "sample_heap.h"

static struct sample_heap heap;
static struct uf_tree tree;
static struct uf_tree_report report;

static void make(const uf_node *start, size_t count, size_t rows, uint32_t depth)
{
    const struct uf_tree_limits limits = {.rows = rows, .depth = depth};
    setenv("TZ", "UTC", 1);
    EXPECT(uf_tree_build(&tree, &heap.view, &heap.dominators, start, count, &limits, NULL) ==
           UF_OK);
    report = (struct uf_tree_report){
        .tree = &tree,
        .view = &heap.view,
        .heap = {.file = "app.snapshot", .file_bytes = 123456, .meta = &heap.meta, .objects = 68},
        .from_object = count > 0,
    };
}

static const struct uf_tree_row *row(const char *path)
{
    static const struct uf_tree_row none;
    for (uint32_t r = 0; r < tree.rows.len; r++) {
        struct uf_text text = {0};
        uf_tree_row_path(&text, &tree, r);
        bool found = strcmp(text.at, path) == 0;
        uf_text_release(&text);
        if (found)
            return &tree.rows.at[r];
    }
    printf("# no row %s\n", path);
    return &none;
}

TEST(the_largest_comes_first_and_the_attribute_dictionary_is_left_out)
{
    sample_heap(&heap);
    make(NULL, 0, 100, 20);
    EXPECT(row("module shop.STORE._sessions")->objects == 1);
    EXPECT(row("module shop.STORE._sessions")->retained_objects == 37);
    for (uint32_t r = 1; r < tree.rows.len; r++)
        if (tree.rows.at[r].parent == tree.rows.at[r - 1].parent)
            EXPECT(tree.rows.at[r].retained_bytes <= tree.rows.at[r - 1].retained_bytes);
    uf_tree_release(&tree);
    sample_heap_release(&heap);
}

TEST(like_objects_are_one_row_and_a_large_one_stands_alone)
{
    sample_heap(&heap);
    make(NULL, 0, 100, 20);
    EXPECT(row("module shop.STORE._sessions[*]")->objects == 11);
    EXPECT(row("module shop.STORE._sessions[*].user")->objects == 11);
    EXPECT(row("module shop.STORE._sessions['9f3c03']")->objects == 1);
    EXPECT(row("module shop.STORE._sessions['9f3c03'].data")->bytes == 5000000);
    uf_tree_release(&tree);
    sample_heap_release(&heap);
}

TEST(what_several_hold_is_at_the_top)
{
    sample_heap(&heap);
    make(NULL, 0, 100, 20);
    const struct uf_tree_row *product = row("shop.CACHE['p1']");
    EXPECT(product->held == UF_TREE_SEVERAL && product->parent == UINT32_MAX);
    EXPECT(product->example == made_node(&heap.made, "product"));
    EXPECT(row("thread MainThread local 'request' of serve()")->retained_bytes == 56);
    EXPECT(row("native code")->objects == 2 && row("native code")->retained_bytes == 140000);
    uf_tree_release(&tree);
    sample_heap_release(&heap);
}

TEST(rows_and_what_is_left_out_add_up_to_what_retains_them)
{
    sample_heap(&heap);
    for (size_t rows = 1; rows < 40; rows++) {
        make(NULL, 0, rows, 20);
        EXPECT(tree.rows.len <= rows);
        uint64_t top = tree.more_bytes;
        for (uint32_t r = 0; r < tree.rows.len; r++) {
            const struct uf_tree_row *above = &tree.rows.at[r];
            uint64_t sum = above->bytes + above->more_bytes;
            uint64_t left_out = 0; /* attribute dictionaries */
            top += above->depth == 0 ? above->retained_bytes : 0;
            for (uint32_t below = 0; below < tree.rows.len; below++)
                if (tree.rows.at[below].parent == r)
                    sum += tree.rows.at[below].retained_bytes;
            left_out = above->retained_bytes - sum;
            EXPECT(left_out == 0 || left_out == 1200 || left_out == 232);
        }
        EXPECT(top == tree.retained_bytes);
        uf_tree_release(&tree);
    }
    sample_heap_release(&heap);
}

TEST(a_tree_begins_at_an_object_or_at_all_of_a_type)
{
    sample_heap(&heap);
    uf_node store = made_node(&heap.made, "store");
    make(&store, 1, 100, 20);
    EXPECT(tree.rows.at[0].held == UF_TREE_START && tree.rows.at[0].example == store);
    EXPECT(tree.retained_bytes == heap.dominators.retained[store]);
    uf_tree_release(&tree);

    uf_node chain[2] = {made_node(&heap.made, "sessions"), made_node(&heap.made, "storedict")};
    make(chain, 2, 100, 20); /* one dominates the other: it is not counted twice */
    EXPECT(tree.rows.at[0].objects == 2 && tree.rows.at[0].bytes == 640 + 232);
    EXPECT(tree.retained_bytes == heap.dominators.retained[chain[1]]);
    uf_tree_release(&tree);
    sample_heap_release(&heap);
}

/* The heap of one chain of 400 references, all called .next or each by a name of its own. */
static void make_chain(bool alike)
{
    static char text[32768];
    size_t len = (size_t)snprintf(text, sizeof text, "root module m -> n0\n");
    for (int i = 0; i < 400; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "n%d -> n%d .next%.0d\n", i, i + 1,
                                alike ? 0 : i + 1);
    make_graph(&heap.made, text);
    EXPECT(uf_reach_build(&heap.reach, &heap.made.graph, NULL) == UF_OK);
    EXPECT(uf_dominators_build(&heap.dominators, &heap.made.graph, NULL) == UF_OK);
    heap.view = (struct uf_view){&heap.made.graph, &heap.reach, &heap.made.names, NULL};
}

TEST(a_linked_list_is_a_few_rows)
{
    make_chain(true);
    make(NULL, 0, 1000, 1000);
    EXPECT(tree.rows.len == 4);
    EXPECT(tree.rows.at[3].folded && tree.rows.at[3].objects == 398);
    EXPECT(tree.rows.at[3].bytes == 398 && tree.rows.at[3].retained_objects == 398);
    EXPECT_TEXT(tree.rows.at[3].name, ".next...");
    EXPECT(!tree.rows.at[2].folded && tree.rows.at[2].objects == 1);
    uf_tree_release(&tree);
    sample_heap_release(&heap);
}

TEST(the_tree_ends_at_the_depth_asked_for)
{
    make_chain(false);
    make(NULL, 0, 1000, 6);
    EXPECT(tree.rows.len == 6 && tree.rows.at[5].depth == 5);
    uf_tree_release(&tree);
    make(NULL, 0, 1000, 1000);
    EXPECT(tree.rows.len == 401);
    uf_tree_release(&tree);
    sample_heap_release(&heap);
}

static struct uf_text rendered(uint16_t width, bool quiet)
{
    struct uf_text text = {0};
    struct uf_report_form form = {.width = width, .quiet = quiet};
    uf_tree_text(&text, &report, &form);
    EXPECT(!text.failed);
    return text;
}

TEST(the_tree_reads_as_the_golden_texts)
{
    static const uint16_t widths[] = {60, 80, 120};
    sample_heap(&heap);
    make(NULL, 0, 12, 8);
    for (size_t w = 0; w < 3; w++) {
        char name[64];
        struct uf_text text = rendered(widths[w], false);
        snprintf(name, sizeof name, "tree.%u.txt", widths[w]);
        expect_golden(name, text.at);
        uf_text_release(&text);
    }
    struct uf_text json = {0};
    uf_tree_json(&json, &report);
    expect_golden("tree.json", json.at);
    uf_text_release(&json);
    uf_tree_release(&tree);
    uf_node store = made_node(&heap.made, "store");
    make(&store, 1, 4, 8);
    struct uf_text text = rendered(80, false);
    expect_golden("tree.start.txt", text.at);
    uf_text_release(&text);
    uf_tree_release(&tree);
    sample_heap_release(&heap);
}

TEST(no_line_is_wider_than_the_terminal_or_holds_a_control_character)
{
    sample_heap(&heap);
    make(NULL, 0, 30, 8);
    for (uint16_t width = 20; width <= 200; width++) {
        struct uf_text text = rendered(width, width % 2);
        for (const char *line = text.at; *line;) {
            size_t len = strcspn(line, "\n");
            EXPECT(uf_columns_width(line, len) <= width);
            for (size_t i = 0; i < len; i++)
                EXPECT((unsigned char)line[i] >= ' ');
            line += len + 1;
        }
        uf_text_release(&text);
    }
    uf_tree_release(&tree);
    sample_heap_release(&heap);
}

TEST(when_memory_is_out_nothing_is_left_behind)
{
    const struct uf_tree_limits limits = {.rows = 20, .depth = 8};
    sample_heap(&heap);
    uf_node store = made_node(&heap.made, "store");
    for (size_t from = 0; from < 2; from++)
        for (uint64_t nth = 1, again = 1; again; nth++) {
            uint64_t blocks = uf_mem_live_blocks();
            uf_mem_fail_at(nth);
            enum uf_code code =
                uf_tree_build(&tree, &heap.view, &heap.dominators, &store, from, &limits, NULL);
            again = uf_mem_fail_at(0) >= nth;
            EXPECT(code == (again ? UF_ENOMEM : UF_OK));
            uf_tree_release(&tree);
            EXPECT(uf_mem_live_blocks() == blocks);
        }
    sample_heap_release(&heap);
}

int main(void)
{
    RUN(the_largest_comes_first_and_the_attribute_dictionary_is_left_out);
    RUN(like_objects_are_one_row_and_a_large_one_stands_alone);
    RUN(what_several_hold_is_at_the_top);
    RUN(rows_and_what_is_left_out_add_up_to_what_retains_them);
    RUN(a_tree_begins_at_an_object_or_at_all_of_a_type);
    RUN(a_linked_list_is_a_few_rows);
    RUN(the_tree_ends_at_the_depth_asked_for);
    RUN(the_tree_reads_as_the_golden_texts);
    RUN(no_line_is_wider_than_the_terminal_or_holds_a_control_character);
    RUN(when_memory_is_out_nothing_is_left_behind);
    return test_end();
}
