#include "export/heapsnapshot_names.h"

#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static struct uf_hs_names names;

static const char *text_of(uint32_t number)
{
    return uf_strings_get(&names.strings, number);
}

static void begin(const char *graph, uint64_t content_units)
{
    make_graph(&made, graph);
    EXPECT(uf_hs_names_init(&names, &made.graph, &made.names, content_units, NULL) == UF_OK);
}

static void end(void)
{
    uf_hs_names_release(&names);
    made_graph_release(&made);
}

/* Generic names by number: the first letter. */
static uint32_t generic(void *context, uf_node source, uint32_t ordinal)
{
    struct uf_ref_name ref;
    made.names.name(context, source, ordinal, &ref);
    return (uint32_t)(unsigned char)ref.generic[0] << 24;
}

TEST(a_generic_name_that_says_all_is_asked_for_once)
{
    begin("a -> b {'x'}\n"
          "a -> b local 'y' of f() at file:12\n"
          "a -> b ['k']\n"
          "b -> a {'z'}\n"
          "b -> a local 'y' of f() at file:13\n"
          "b -> a ['m']\n",
          1000);
    made.names.generic = generic;
    for (uf_node source = 0; source < 2; source++) {
        struct uf_hs_edge_name member = uf_hs_name_edge(&names, source, 0, false);
        struct uf_hs_edge_name local = uf_hs_name_edge(&names, source, 1, false);
        struct uf_hs_edge_name item = uf_hs_name_edge(&names, source, 2, false);
        EXPECT(member.type == UF_HS_ELEMENT && member.name == 0);
        EXPECT(local.type == UF_HS_CONTEXT);
        EXPECT_TEXT(text_of(local.name), "y");
        EXPECT(item.type == UF_HS_PROPERTY);
        EXPECT_TEXT(text_of(item.name), source ? "m" : "k");
    }
    /* Six for the numbers; of the texts each once, and that of items each time. */
    EXPECT(made.names_asked == 6 + 4);
    end();
}

static void frame_field(void *context, uf_node source, uint32_t ordinal, struct uf_ref_name *ret)
{
    static const char *const fields[] = {".f_locals", "globals"};
    (void)context, (void)source;
    ret->kind = UF_REF_FIELD;
    snprintf(ret->text, sizeof ret->text, "%s", fields[ordinal]);
    snprintf(ret->generic, sizeof ret->generic, "%s", fields[ordinal]);
}

TEST(a_field_that_python_has_a_name_for_is_a_property)
{
    begin("frame -> b x\nframe -> b y\n", 1000);
    made.names.name = frame_field;
    struct uf_hs_edge_name locals = uf_hs_name_edge(&names, 0, 0, false);
    struct uf_hs_edge_name globals = uf_hs_name_edge(&names, 0, 1, false);
    EXPECT(locals.type == UF_HS_PROPERTY && globals.type == UF_HS_INTERNAL);
    EXPECT_TEXT(text_of(locals.name), "f_locals");
    EXPECT_TEXT(text_of(globals.name), "globals");
    end();
}

TEST(content_is_left_out_when_its_room_is_used)
{
    begin("s: str preview='one'\n"
          "t: str preview='two'\n"
          "s -> t ['three']\n"
          "s -> t .attribute\n"
          "s -> t [3]\n",
          0);
    names.content_units = names.units + 1;
    struct uf_hs_node_name one = uf_hs_name_node(&names, 0), two = uf_hs_name_node(&names, 1);
    EXPECT(one.type == UF_HS_STRING && two.type == UF_HS_OBJECT);
    EXPECT_TEXT(text_of(one.name), "one");
    EXPECT_TEXT(text_of(two.name), "str");
    EXPECT_TEXT(text_of(uf_hs_name_edge(&names, 0, 0, false).name), "[*]");
    EXPECT_TEXT(text_of(uf_hs_name_edge(&names, 0, 1, false).name), "attribute");
    EXPECT(uf_hs_name_edge(&names, 0, 2, false).name == 3);
    end();
}

TEST(a_text_that_was_cut_says_how_long_it_is)
{
    begin("a: str preview='abc...' len=100\n"
          "b: str preview='abc...' len=6\n"
          "c: str preview='abc' len=100\n",
          1000);
    EXPECT_TEXT(text_of(uf_hs_name_node(&names, 0).name), "abc... (100 characters)");
    EXPECT_TEXT(text_of(uf_hs_name_node(&names, 1).name), "abc...");
    EXPECT_TEXT(text_of(uf_hs_name_node(&names, 2).name), "abc");
    end();
}

TEST(a_weak_reference_has_a_name_in_words)
{
    begin("a -> b [12]\na -> b .x\n", 1000);
    struct uf_hs_edge_name index = uf_hs_name_edge(&names, 0, 0, true);
    struct uf_hs_edge_name attribute = uf_hs_name_edge(&names, 0, 1, true);
    EXPECT(index.type == UF_HS_WEAK && attribute.type == UF_HS_WEAK);
    EXPECT_TEXT(text_of(index.name), "12");
    EXPECT_TEXT(text_of(attribute.name), "x");
    end();
}

TEST(strings_are_counted_as_they_are_written)
{
    begin("a -> b .x\n", 1000);
    uint64_t before = names.units;
    uf_hs_text(&names, "plain");
    EXPECT(names.units - before == 5 + 4);
    uf_hs_text(&names, "plain");
    EXPECT(names.units - before == 5 + 4);
    before = names.units;
    uf_hs_text(&names, "\"\\\n\xff");
    EXPECT(names.units - before == 2 + 2 + 6 + 5 + 4);
    end();
}

TEST(more_than_a_viewer_can_hold_is_refused)
{
    struct uf_text text = {0};
    struct uf_sink sink;
    struct uf_error err;
    begin("a -> b .x\n", 1000);
    EXPECT(uf_sink_open_text(&sink, &text, &err) == UF_OK);
    EXPECT(uf_hs_write_strings(&names, &sink, &err) == UF_OK);
    EXPECT(uf_sink_offset(&sink) <= names.units);
    names.units = UF_HS_STRINGS_UNITS + 1;
    EXPECT(uf_hs_write_strings(&names, &sink, &err) == UF_ELIMIT);
    EXPECT_TEXT(err.message, "more names than a heapsnapshot can hold");
    uf_sink_release(&sink);
    uf_text_release(&text);
    end();
}

int main(void)
{
    RUN(a_generic_name_that_says_all_is_asked_for_once);
    RUN(a_field_that_python_has_a_name_for_is_a_property);
    RUN(content_is_left_out_when_its_room_is_used);
    RUN(a_text_that_was_cut_says_how_long_it_is);
    RUN(a_weak_reference_has_a_name_in_words);
    RUN(strings_are_counted_as_they_are_written);
    RUN(more_than_a_viewer_can_hold_is_refused);
    return test_end();
}
