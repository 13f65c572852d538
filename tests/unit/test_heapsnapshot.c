#include "export/heapsnapshot.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

#include <inttypes.h>

static struct uf_text written;
static struct uf_error error;

/* The file of a made graph, in `written`. */
static enum uf_code export_graph(struct made_graph *made)
{
    struct uf_reach reach;
    struct uf_sink sink;
    uf_text_release(&written);
    enum uf_code code = uf_reach_build(&reach, &made->graph, &error);
    if (code != UF_OK)
        return code;
    code = uf_sink_open_text(&sink, &written, &error);
    struct uf_export_input input = {.graph = &made->graph, .names = &made->names, .reach = &reach};
    if (code == UF_OK)
        code = uf_export_heapsnapshot(&input, &sink, &error);
    if (code == UF_OK)
        code = uf_sink_commit(&sink, &error);
    uf_sink_release(&sink);
    uf_reach_release(&reach);
    return code;
}

static const char *export_text(const char *graph)
{
    struct made_graph made;
    make_graph(&made, graph);
    EXPECT(export_graph(&made) == UF_OK);
    made_graph_release(&made);
    return written.at ? written.at : "";
}

/* What stands behind `key`, up to and with the bracket that ends it; valid until the next call. */
static const char *part(const char *key)
{
    static char ret[4000];
    const char *from = strstr(written.at, key), *to = from ? strstr(from, "]") : NULL;
    snprintf(ret, sizeof ret, "%.*s", to ? (int)(to + 1 - from) : 0, from ? from : "");
    return ret;
}

static bool has(const char *text)
{
    bool found = written.at && strstr(written.at, text);
    if (!found)
        printf("# not in the file: %s\n%s\n", text, written.at ? written.at : "");
    return found;
}

TEST(a_small_graph_is_written_to_the_letter)
{
    export_text("root module app -> app\n"
                "root native -> store 1\n"
                "app: module size=10\n"
                "store: app.Store size=64\n"
                "app -> store .STORE\n"
                "store -> sessions ._sessions\n"
                "sessions: dict size=200\n"
                "key: str size=52 preview='k1'\n"
                "sessions -> key key 'k1'\n"
                "sessions -> s1 ['k1']\n"
                "s1: app.Session size=48\n"
                "s1 -> store .owner\n"
                "s1 -> seven .n\n"
                "seven: int size=28 preview=7\n");
    EXPECT(has("{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\",\"id\""));
    EXPECT(has("\"node_count\":10,\"edge_count\":11,\"trace_function_count\":0},\n\"nodes\":["));
    EXPECT_TEXT(part("\"nodes\":["), "\"nodes\":[\n"
                                     "9,0,1,0,2,0,0,\n"          /* the root */
                                     "9,9,3,0,1,0,0,\n"          /* (GC roots) */
                                     "8,7,1579917316,0,1,0,0,\n" /* module app */
                                     "9,8,1799391686,0,1,0,0,\n" /* native code */
                                     "3,1,262145,10,1,0,0,\n"    /* the module itself */
                                     "3,2,262161,64,1,0,0,\n"
                                     "3,3,262177,200,2,0,0,\n"
                                     "2,10,262193,52,0,0,0,\n" /* its key */
                                     "3,5,262209,48,2,0,0,\n"
                                     "7,11,262225,28,0,0,0]");
    EXPECT_TEXT(part("\"edges\":["), "\"edges\":[\n"
                                     "1,1,14,\n1,2,7,\n" /* the root: module app, (GC roots) */
                                     "1,1,21,\n"         /* (GC roots): native code */
                                     "3,1,28,\n"         /* module app: the module itself */
                                     "1,0,35,\n"         /* native code: the store */
                                     "2,12,35,\n2,13,42,\n"
                                     "3,14,49,\n2,10,56,\n" /* key, and .k1 by the key's string */
                                     "2,15,35,\n2,16,63]");
    EXPECT(has("\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n"
               "\"locations\":[],\n\"strings\":["));
    EXPECT_TEXT(part("\"strings\":["),
                "\"strings\":[\"\",\n\"module\",\n\"app.Store\",\n\"dict\",\n\"str\",\n"
                "\"app.Session\",\n\"int\",\n\"module app\",\n\"native code\",\n\"(GC roots)\",\n"
                "\"k1\",\n\"7\",\n\"STORE\",\n\"_sessions\",\n\"key\",\n\"owner\",\n"
                "\"n\"]");
    EXPECT_TEXT(written.at + written.len - 6, "\"n\"]}\n");
}

TEST(references_are_written_by_kind)
{
    export_text("root thread MainThread -> frame local 'y' of f() at file.py:12\n"
                "root static list -> list\n"
                "root interpreter atexit -> frame callback\n"
                "list: type type size=400\n"
                "frame -> a local 'y' of f() at file.py:12\n"
                "frame -> a closure 'x'\n"
                "frame -> a __dict__\n"
                "frame -> a type\n"
                "frame -> a globals\n"
                "frame -> a\n"
                "frame -> a [7]\n"
                "frame -> a ['a b']\n"
                "frame -> a [-1]\n"
                "frame -> a [123456789012]\n"
                "frame -> a .__dict__['odd\"]']\n");
    EXPECT(has("\"thread MainThread\""));
    EXPECT(has("\"interpreter: atexit\""));
    EXPECT(has("\"static types\""));
    EXPECT(has("\"local 'y' of f() at file.py:12\""));
    EXPECT(has("\"a b\""));
    EXPECT(has("\"-1\""));
    EXPECT(has("\"123456789012\""));
    EXPECT(has("\"y\""));
    EXPECT(has("\"x\""));
    EXPECT(has("\"globals\""));
    EXPECT(has("\n1,7,")); /* an element */
    EXPECT(strstr(written.at, "file.py:12") == strstr(written.at, "file.py:12\""));
}

TEST(what_contains_a_bracket_or_a_quote_is_written_as_json)
{
    export_text("root module m -> a\n"
                "s: str preview='q\"\\\x01\xc3\xa9\xf0\x9f\x98\x80'\n"
                "t: str preview='\xff\xed\xb2\x80]'\n"
                "a -> s ['\xe2\x82\xac']\n"
                "a -> t .x\n");
    EXPECT(has("\"q\\\"\\\\\\u0001\\u00e9\\ud83d\\ude00\""));
    EXPECT(has("\"\\\\xff\\\\udc80]\""));
    EXPECT(has("\"\\u20ac\""));
    for (size_t i = 0; i < written.len; i++)
        EXPECT((unsigned char)written.at[i] < 0x7F);
}

TEST(names_that_the_viewers_take_for_their_own_are_changed)
{
    export_text("root module m -> a\n"
                "a: Object size=1\n"
                "a -> b .b\n"
                "b: <odd size=1\n"
                "a -> c .c\n"
                "c: m.Object size=1\n");
    EXPECT(has("\"python: Object\"") && has("\"python: <odd\"") && has("\"m.Object\""));
    EXPECT(!strstr(written.at, "\"Object\""));
}

TEST(what_is_not_known_of_an_object_is_not_made_up)
{
    export_text("root module m -> a\n"
                "a: str preview=<str>\n"
                "a -> b .b\n"
                "b: int preview=<int>\n");
    EXPECT(has("\n3,1,262145,1,1,0,0,\n3,2,262161,1,0,0,0]")); /* objects, called by their type */
}

/* Below the objects of the graph: garbage hangs from a group; what it refers to is not held by it. */
TEST(garbage_hangs_from_a_group_by_what_nothing_else_holds)
{
    export_text("root module m -> alive\n"
                "below: dict size=2\n" /* number 1, before what holds it */
                "top -> below .x\n"
                "top -> alive .y\n"
                "ring -> ring2 .n\n"
                "ring2 -> ring .p\n"
                "ring -> ring .self\n"
                "alive -> alive .self\n");
    EXPECT(has("\"(garbage: nothing holds it)\""));
    /* 0 root, 1 (GC roots), 2 module m, 3 garbage, 4 alive, 5 below, 6 top, 7 ring, 8 ring2 */
    EXPECT(has("\n1,0,42,\n1,1,49,\n")); /* top and ring; not below, not ring2 */
    EXPECT(has("\n6,"));                 /* top.y is weak */
    EXPECT(strstr(strstr(written.at, "\n6,") + 1, "\n6,") == NULL);
}

TEST(own_objects_have_no_size_and_hold_nothing_of_the_program)
{
    export_text("root module m -> a\n"
                "a -> own .tool\n"
                "own: tool size=1000 own\n"
                "own -> a .a\n"
                "own -> held .h\n"
                "held: tool.Part size=3\n");
    EXPECT(has("\"(unfreed itself)\""));
    EXPECT(has(",0,2,0,0,\n")); /* the own object: no size, two references */
    const char *weak = strstr(written.at, "\n6,");
    EXPECT(weak && strstr(weak + 1, "\n6,")); /* a.tool and own.a */
    EXPECT(weak && strstr(strstr(weak + 1, "\n6,") + 1, "\n6,") == NULL);
}

TEST(an_object_of_more_than_32_bits_holds_its_rest)
{
    export_text("root module m -> big\n"
                "big: bytearray size=10000000000\n"
                "big -> other .o\n"
                "other: bytearray size=4294967295\n"
                "other -> last .o\n"
                "last: bytearray size=4294967296\n");
    EXPECT(has("\"bytearray (rest)\""));
    EXPECT(has("\n3,1,262145,4294967295,3,0,0,\n3,1,262161,4294967295,1,0,0,\n"
               "3,1,262177,4294967295,1,0,0,\n"));
    EXPECT(has(",5,4294967295,0,0,0,\n") && has(",7,1410065410,0,0,0,\n") && has(",9,1,0,0,0]"));
}

TEST(a_size_that_cannot_be_is_refused)
{
    struct made_graph made;
    make_graph(&made, "root module m -> big\nbig: bytearray size=200000000000000\n");
    EXPECT(export_graph(&made) == UF_ECORRUPT);
    EXPECT_TEXT(error.message, "an object of 200000000000000 bytes");
    made_graph_release(&made);
}

TEST(an_empty_graph_is_a_file_as_well)
{
    export_text("");
    EXPECT_TEXT(part("\"nodes\":["), "\"nodes\":[\n9,0,1,0,1,0,0,\n9,1,3,0,0,0,0]");
    EXPECT_TEXT(part("\"edges\":["), "\"edges\":[\n1,1,7]");
}

TEST(equal_names_give_equal_ids_and_different_ones_different)
{
    export_text("root module a -> x\nroot module b -> x\nroot thread a -> x\n");
    uint64_t first = 0, other;
    EXPECT(sscanf(part("\"nodes\":["), "\"nodes\":[ %*[^\n] %*[^\n] 8,%*d,%" SCNu64, &first) == 1);
    export_text("root module b -> x\nroot thread a -> x\nroot module a -> x\n");
    EXPECT(sscanf(part("\"nodes\":["), "\"nodes\":[ %*[^\n] %*[^\n] 8,%*d,%" SCNu64, &other) == 1);
    EXPECT(first != other && first % 2 == 0);
    char line[40];
    snprintf(line, sizeof line, ",%" PRIu64 ",0,1,0,0,", first);
    EXPECT(has(line));
}

static bool stop(void *context)
{
    return ++*(int *)context < 2;
}

TEST(an_interrupted_export_ends)
{
    struct made_graph made;
    struct uf_reach reach;
    struct uf_sink sink;
    int asked = 0;
    make_graph(&made, "root module m -> a\na -> b .b\n");
    uf_text_release(&written);
    EXPECT(uf_reach_build(&reach, &made.graph, &error) == UF_OK);
    EXPECT(uf_sink_open_text(&sink, &written, &error) == UF_OK);
    struct uf_export_input input = {.graph = &made.graph,
                                    .names = &made.names,
                                    .reach = &reach,
                                    .go_on = stop,
                                    .go_on_context = &asked};
    EXPECT(uf_export_heapsnapshot(&input, &sink, &error) == UF_OK);
    EXPECT(asked == 2); /* once for the objects, once for their references: there it ended */
    uf_sink_release(&sink);
    uf_reach_release(&reach);
    made_graph_release(&made);
}

static struct made_graph failing;
static struct uf_reach failing_reach;

static bool export_failing(void)
{
    struct uf_sink sink;
    struct uf_export_input input = {
        .graph = &failing.graph, .names = &failing.names, .reach = &failing_reach};
    enum uf_code code = uf_sink_open_text(&sink, &written, &error);
    if (code == UF_OK)
        code = uf_export_heapsnapshot(&input, &sink, &error);
    if (code == UF_OK)
        code = uf_sink_commit(&sink, &error);
    uf_sink_release(&sink);
    uf_text_release(&written);
    EXPECT(code == UF_OK || code == UF_ENOMEM);
    return code == UF_OK;
}

TEST(every_failed_allocation_is_reported)
{
    make_graph(&failing, "root module m -> a\n"
                         "root native -> a 1\n"
                         "a -> b ['x']\n"
                         "b: str preview='x'\n"
                         "g1 -> g2 .a\n"
                         "a -> own .tool\n"
                         "own: tool own\n"
                         "big: bytes size=9000000000\n"
                         "a -> big .big\n");
    EXPECT(uf_reach_build(&failing_reach, &failing.graph, &error) == UF_OK);
    uf_text_release(&written);
    EXPECT(every_failed_allocation_is_an_error(export_failing));
    uf_reach_release(&failing_reach);
    made_graph_release(&failing);
}

int main(void)
{
    RUN(a_small_graph_is_written_to_the_letter);
    RUN(references_are_written_by_kind);
    RUN(what_contains_a_bracket_or_a_quote_is_written_as_json);
    RUN(names_that_the_viewers_take_for_their_own_are_changed);
    RUN(what_is_not_known_of_an_object_is_not_made_up);
    RUN(garbage_hangs_from_a_group_by_what_nothing_else_holds);
    RUN(own_objects_have_no_size_and_hold_nothing_of_the_program);
    RUN(an_object_of_more_than_32_bits_holds_its_rest);
    RUN(a_size_that_cannot_be_is_refused);
    RUN(an_empty_graph_is_a_file_as_well);
    RUN(equal_names_give_equal_ids_and_different_ones_different);
    RUN(an_interrupted_export_ends);
    RUN(every_failed_allocation_is_reported);
    uf_text_release(&written);
    return test_end();
}
