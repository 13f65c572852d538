#include "analysis/signatures.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static struct uf_reach reach;
static struct uf_signatures all;
static struct uf_view view;

static void given(const char *text)
{
    make_graph(&made, text);
    uf_reach_build(&reach, &made.graph, NULL);
    view = (struct uf_view){&made.graph, &reach, &made.names, NULL};
    uf_signatures_build(&all, &view, NULL);
}

static void done(void)
{
    uf_signatures_release(&all);
    uf_reach_release(&reach);
    made_graph_release(&made);
}

/* The path of a node's group. */
static const char *path_of(const char *node)
{
    static struct uf_text text;
    uf_text_release(&text);
    uf_signatures_path_text(&all, all.of[made_node(&made, node)], &text);
    return text.at;
}

static const struct uf_signature *group_of(const char *node)
{
    return &all.at[all.of[made_node(&made, node)]];
}

TEST(objects_of_a_container_are_one_group_with_a_path_as_python_writes_it)
{
    given("root module shop -> shop\nshop: module size=50\nshop -> globals __dict__\n"
          "globals: dict size=100\nglobals -> store ['STORE']\nstore: shop.Store\n"
          "store -> sessions ._sessions\nsessions: dict size=200\n"
          "sessions -> k1 key 'a'\nsessions -> s1 ['a']\nsessions -> k2 key 'b'\n"
          "sessions -> s2 ['b']\ns1: shop.Session size=48\ns2: shop.Session size=56\n");
    EXPECT_TEXT(path_of("s2"), "module shop.STORE._sessions[*]");
    EXPECT_TEXT(path_of("k1"), "module shop.STORE._sessions key");
    EXPECT_TEXT(path_of("globals"), "module shop.__dict__");
    EXPECT(group_of("s1") == group_of("s2") && group_of("s1")->objects == 2);
    EXPECT(group_of("s1")->bytes == 104 && group_of("k1")->key && !group_of("s1")->key);
    EXPECT(group_of("s1")->first == made_node(&made, "s1"));
    EXPECT(group_of("s1")->last == made_node(&made, "s2"));
    EXPECT_TEXT(uf_signatures_text(&all, group_of("s1")->type), "shop.Session");
    EXPECT(group_of("globals")->attribute_dict && group_of("store")->attribute);
    EXPECT(group_of("store")->parent == all.of[made_node(&made, "shop")]);
    done();
}

TEST(a_linked_list_is_a_few_groups)
{
    struct uf_text text = {0};
    uf_text_add_z(&text, "root module app -> app\napp -> n0 .HEAD\nn0: app.Node\n");
    for (int i = 0; i < 100; i++)
        uf_text_printf(&text, "n%d: app.Node\nn%d -> n%d .next\n", i + 1, i, i + 1);
    given(text.at);
    EXPECT(all.count == 5);
    EXPECT(group_of("n100") == group_of("n3") && group_of("n3")->objects == 98);
    EXPECT(group_of("n3")->folded && !group_of("n2")->folded);
    EXPECT_TEXT(path_of("n50"), "module app.HEAD.next.next.next");
    uf_text_release(&text);
    done();
}

TEST(what_nothing_holds_is_garbage_by_type)
{
    given("root module app -> app\na -> b .x\nb -> a .y\na: app.A size=10\nb: app.B size=20\n"
          "c: app.A size=30\n");
    EXPECT_TEXT(path_of("a"), "nothing");
    EXPECT(group_of("a")->garbage && group_of("a")->objects == 2 && group_of("a")->bytes == 40);
    EXPECT(group_of("a") == group_of("c") && group_of("b")->bytes == 20);
    EXPECT(!group_of("app")->garbage);
    done();
}

TEST(threads_and_their_locals_have_no_numbers)
{
    given("root thread Thread-7 -> a local 'x' of f() at app.py:3\n"
          "root thread Thread-12 -> b local 'x' of f() at app.py:9\n");
    EXPECT_TEXT(path_of("a"), "thread Thread-* local 'x' of f()");
    EXPECT(group_of("a") == group_of("b"));
    done();
}

TEST(own_objects_are_in_no_figure)
{
    given("root module app -> app\nroot module app -> mine\nmine: app.A size=10 own\n"
          "app: app.A size=5\nmine -> kept .x\n");
    EXPECT(group_of("app")->objects == 1 && group_of("app")->bytes == 5);
    EXPECT(group_of("mine")->objects == 1);
    EXPECT(group_of("kept")->objects == 1);
    done();
}

TEST(an_empty_graph_has_no_groups)
{
    given("");
    EXPECT(all.count == 0);
    done();
}

static bool build(void)
{
    struct uf_signatures again;
    if (uf_signatures_build(&again, &view, NULL) != UF_OK)
        return again.of != NULL || again.at != NULL || again.strings.bytes != NULL;
    uf_signatures_release(&again);
    return true;
}

TEST(each_allocation_that_fails_is_an_error_and_leaks_nothing)
{
    given("root module app -> app\nroot thread T1 -> t local 'x' of f()\napp -> a .A\na -> b [3]\n"
          "a -> d __dict__\nd: dict\nd -> c ['c']\ng: app.Garbage\n");
    EXPECT(every_failed_allocation_is_an_error(build));
    done();
}

int main(void)
{
    RUN(objects_of_a_container_are_one_group_with_a_path_as_python_writes_it);
    RUN(a_linked_list_is_a_few_groups);
    RUN(what_nothing_holds_is_garbage_by_type);
    RUN(threads_and_their_locals_have_no_numbers);
    RUN(own_objects_are_in_no_figure);
    RUN(an_empty_graph_has_no_groups);
    RUN(each_allocation_that_fails_is_an_error_and_leaks_nothing);
    return test_end();
}
