#include "export/jsonlines.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static struct uf_dominators dominators;
static struct uf_text file;

static void given(const char *text)
{
    make_graph(&made, text);
    uf_dominators_build(&dominators, &made.graph, NULL);
}

static void done(void)
{
    uf_text_release(&file);
    uf_dominators_release(&dominators);
    made_graph_release(&made);
}

static enum uf_code export(void)
{
    struct uf_sink sink;
    const struct uf_meta meta = {.python = "3.12.1",
                                 .pid = 77,
                                 .process_started_ns = UF_META_UNKNOWN,
                                 .taken_ns = UF_META_UNKNOWN,
                                 .pause_ns = UF_META_UNKNOWN,
                                 .rss_bytes = UF_META_UNKNOWN};
    const struct uf_export_input input = {.graph = &made.graph,
                                          .names = &made.names,
                                          .meta = &meta,
                                          .file = "a.snapshot",
                                          .file_bytes = 5,
                                          .dominators = &dominators};
    enum uf_code code = uf_sink_open_text(&sink, &file, NULL);
    if (!code)
        code = uf_export_jsonlines(&input, &sink, NULL);
    if (!code)
        code = uf_sink_commit(&sink, NULL);
    uf_sink_release(&sink);
    return code;
}

/* The number-th line that begins with "line": KIND. */
static const char *line(const char *kind, size_t number)
{
    static char text[2000], start[64];
    int start_len = snprintf(start, sizeof start, "{\"line\": \"%s\"", kind);
    for (const char *at = file.at; at && *at;) {
        size_t len = strcspn(at, "\n");
        if (strncmp(at, start, (size_t)start_len) == 0 && number-- == 0) {
            snprintf(text, sizeof text, "%.*s", (int)len, at);
            return text;
        }
        at += len + (at[len] == '\n');
    }
    return "";
}

static const char heap[] =
    "root module app -> app\nroot native native -> app 3\napp: module size=50 tracked\n"
    "app -> d .D\nd: dict size=100 refs=2 tracked young len=1\nd -> k key 'a'\nd -> v ['a']\n"
    "k: str size=50 immortal len=1 preview='a'\nv: app.V size=40 len=-1\nu: own own\nu -> v .v\n"
    "v -> u .u\nlost: app.V size=7 len=-1\nlost -> lost .me\n";

TEST(each_type_root_and_object_is_a_line)
{
    given(heap);
    EXPECT(export() == UF_OK);
    EXPECT_TEXT(line("type", 1), "{\"line\": \"type\", \"id\": 1, \"name\": \"dict\", \"address\": "
                                 "\"0x700010\", \"object\": null}");
    EXPECT_TEXT(line("root", 0), "{\"line\": \"root\", \"object\": 0, \"kind\": \"module\", "
                                 "\"name\": \"app\", \"label\": null, \"surplus\": null}");
    EXPECT_TEXT(line("root", 1), "{\"line\": \"root\", \"object\": 0, \"kind\": \"native\", "
                                 "\"name\": \"native\", \"label\": \"3\", \"surplus\": 3}");
    EXPECT_TEXT(line("object", 1),
                "{\"line\": \"object\", \"id\": 1, \"address\": \"0x100040\", \"type\": \"dict\", "
                "\"type_id\": 1, \"size\": 100, \"refcount\": 2, \"flags\": [\"tracked\", "
                "\"young\"], \"text\": null, \"length\": 1, \"retained\": 190, "
                "\"retained_objects\": 3, \"dominator\": 0, \"refs\": [[2, \"key 'a'\"], "
                "[3, \"['a']\"]]}");
    EXPECT_TEXT(line("object", 2),
                "{\"line\": \"object\", \"id\": 2, \"address\": \"0x100080\", \"type\": \"str\", "
                "\"type_id\": 2, \"size\": 50, \"refcount\": null, \"flags\": [], \"text\": "
                "\"'a'\", \"length\": 1, \"retained\": 50, \"retained_objects\": 1, "
                "\"dominator\": 1, \"refs\": []}");
    done();
}

TEST(unfreeds_own_objects_are_left_out_and_garbage_retains_null)
{
    given(heap);
    EXPECT(export() == UF_OK);
    EXPECT(strstr(line("heap", 0), "\"objects\": 5, \"references\": 4, \"bytes\": 247"));
    EXPECT(strstr(line("object", 3), "\"type\": \"app.V\"") != NULL);
    EXPECT(strstr(line("object", 3), "\"text\": null, \"length\": null") != NULL);
    EXPECT(strstr(line("object", 3), "\"refs\": []}") != NULL);
    EXPECT(strstr(line("object", 4), "\"retained\": null, \"retained_objects\": null, "
                                     "\"dominator\": null, \"refs\": [[5, \".me\"]]}") != NULL);
    EXPECT_TEXT(line("object", 5), "");
    done();
}

TEST(whatever_a_text_holds_a_line_is_a_line)
{
    given("root module a -> a\na: str len=3 preview=\"\\\x01\xff\n");
    EXPECT(export() == UF_OK);
    EXPECT(strstr(line("object", 0), "\"text\": \"\\\"\\\\\\u0001\\\\xff\", ") != NULL);
    size_t lines = 0;
    for (size_t i = 0; i < file.len; i++)
        lines += file.at[i] == '\n';
    EXPECT(lines == 4 && file.at[file.len - 1] == '\n');
    done();
}

static bool export_and_release(void)
{
    bool fine = export() == UF_OK;
    uf_text_release(&file);
    return fine;
}

TEST(every_allocation_that_fails_is_an_error_and_leaves_nothing)
{
    given(heap);
    EXPECT(every_failed_allocation_is_an_error(export_and_release));
    done();
}

int main(void)
{
    RUN(each_type_root_and_object_is_a_line);
    RUN(unfreeds_own_objects_are_left_out_and_garbage_retains_null);
    RUN(whatever_a_text_holds_a_line_is_a_line);
    RUN(every_allocation_that_fails_is_an_error_and_leaves_nothing);
    return test_end();
}
