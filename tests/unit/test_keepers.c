#include "analysis/keepers.h"

#include "analysis/edges.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static struct uf_reach reach;
static struct uf_view view;
static struct uf_keepers keepers;
static const struct uf_keepers_limits all = {.paths = 10, .singles = 10, .together = 8};

static void given(const char *text)
{
    make_graph(&made, text);
    EXPECT(uf_reach_build(&reach, &made.graph, NULL) == UF_OK);
    view = (struct uf_view){.graph = &made.graph, .reach = &reach, .names = &made.names};
}

static void asked(const char *name, const struct uf_keepers_limits *limits)
{
    uf_node node = made_node(&made, name);
    uf_keepers_release(&keepers);
    EXPECT(uf_keepers_build(&keepers, &view, &node, 1, limits, NULL) == UF_OK);
}

static void done(void)
{
    uf_keepers_release(&keepers);
    uf_reach_release(&reach);
    made_graph_release(&made);
}

/* "a b c"; "" when there is no such path. */
static const char *path(size_t i)
{
    static char text[512];
    text[0] = '\0';
    for (size_t n = 0; i < keepers.paths.len && n < keepers.paths.at[i].path.nodes.len; n++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", n ? " " : "",
                 made.nodes[keepers.paths.at[i].path.nodes.at[n]].name);
    }
    return text;
}

static const char *cut_text(const struct uf_keepers_cut *cut)
{
    static struct uf_ref_name name;
    if (cut->edge == UINT32_MAX) {
        snprintf(name.text, sizeof name.text, "root %u", cut->root);
    } else {
        uf_node source = uf_edges_source(&made.graph, cut->edge);
        made.names.name(made.names.context, source, cut->edge - made.graph.edge_start[source],
                        &name);
    }
    return name.text;
}

static const char *single(size_t i)
{
    return i < keepers.singles.len ? cut_text(&keepers.singles.at[i].cut) : "";
}

#define STORE                                                                                      \
    "root module shop -> shop\nshop: dict\nshop -> store ['STORE']\nstore: shop.Store\n"           \
    "store -> sessions ._sessions\nsessions: dict\nsessions -> s1 ['1']\nsessions -> s2 ['2']\n"   \
    "s1: shop.Session size=64\ns1 -> user .user\nuser: shop.User size=40\nuser -> s1 .session\n"   \
    "user -> name .name\nname: str size=50\n"                                                      \
    "sessions -> s3 ['3']\nsessions -> s4 ['4']\nsessions -> s5 ['5']\nsessions -> s6 ['6']\n"     \
    "s2 -> t1\ns2 -> t2\ns2 -> t3\ns2 -> t4\ns2 -> t5\ns2 -> t6\ns2 -> t7\ns2 -> t8\n"             \
    "s3 -> u1\ns3 -> u2\ns3 -> u3\ns3 -> u4\ns3 -> u5\ns3 -> u6\ns3 -> u7\ns3 -> u8\n"

TEST(each_reference_on_every_way_is_a_single_with_what_it_frees)
{
    given(STORE);
    asked("s1", &all);
    EXPECT(keepers.alive && keepers.single_count == 3 && keepers.singles.len == 3);
    EXPECT_TEXT(single(0), "['1']");
    EXPECT(keepers.singles.at[0].freed_objects == 3 && keepers.singles.at[0].freed_bytes == 154);
    EXPECT(keepers.together.len == 0 && !keepers.too_many);
    done();
}

TEST(a_single_that_frees_much_more_comes_after_one_that_does_not)
{
    given(STORE);
    asked("user", &all);
    EXPECT_TEXT(single(0), ".user"); /* an attribute before an entry */
    EXPECT_TEXT(single(1), "['1']");
    EXPECT_TEXT(single(2), "._sessions"); /* frees all sessions */
    EXPECT_TEXT(single(3), "['STORE']");
    EXPECT(keepers.single_count == 4);
    done();
}

TEST(a_child_that_refers_back_is_counted_and_not_shown)
{
    given(STORE);
    asked("s1", &all);
    EXPECT(keepers.holders == 2 && keepers.internal == 1);
    EXPECT(keepers.paths.len == 1);
    EXPECT_TEXT(path(0), "shop store sessions s1");
    done();
}

TEST(a_child_that_is_held_elsewhere_holds_its_parent)
{
    given(STORE "root module audit -> audit\naudit -> log\nlog -> user\n");
    asked("s1", &all);
    EXPECT(keepers.holders == 2 && keepers.internal == 0 && keepers.paths.len == 2);
    EXPECT_TEXT(path(0), "shop store sessions s1"); /* as long as the other one, not below s1 */
    EXPECT_TEXT(path(1), "audit log user s1");
    EXPECT(keepers.single_count == 0 && keepers.together.len == 2);
    EXPECT(keepers.freed_objects == 1); /* user and name are still held by the log */
    done();
}

TEST(references_that_can_be_changed_are_taken_where_as_few_are_enough)
{
    given("root module app -> app\napp -> a .a\napp -> b .b\na: app.A\nb: app.B\n"
          "a -> ta .pair\nta: tuple\nta -> goal [0]\nb -> tb .pair\ntb: tuple\ntb -> goal [0]\n");
    asked("goal", &all);
    EXPECT(keepers.single_count == 0 && keepers.together.len == 2);
    EXPECT_TEXT(cut_text(&keepers.together.at[0]), ".pair");
    EXPECT_TEXT(cut_text(&keepers.together.at[1]), ".pair");
    EXPECT(keepers.freed_objects == 3);
    done();
}

TEST(more_than_the_limit_are_too_many)
{
    given("root module app -> app\napp -> goal\napp -> goal\napp -> goal\n");
    struct uf_keepers_limits two = {.paths = 1, .singles = 1, .together = 2};
    asked("goal", &two);
    EXPECT(keepers.too_many && keepers.together.len == 0);
    struct uf_keepers_limits three = {.paths = 1, .singles = 1, .together = 3};
    asked("goal", &three);
    EXPECT(!keepers.too_many && keepers.together.len == 3);
    EXPECT(keepers.holders == 3 && keepers.paths.len == 1); /* one object holds it, three times */
    done();
}

TEST(a_local_can_be_cut_and_a_module_cannot)
{
    given("root thread Main -> x local'x'\nx -> goal .goal\nroot module app -> app\n");
    asked("goal", &all);
    EXPECT(keepers.single_count == 2);
    EXPECT_TEXT(single(0), "root 0");
    EXPECT(keepers.singles.at[0].freed_objects == 2 && keepers.singles.at[1].freed_objects == 1);
    asked("app", &all);
    EXPECT(keepers.fixed_root == 1 && keepers.single_count == 0 && keepers.together.len == 0);
    EXPECT(keepers.paths.len == 1 && keepers.paths.at[0].path.root == 1);
    done();
}

TEST(what_only_a_cache_holds_says_so_and_comes_last)
{
    given("root module app -> app\napp -> f .f\nf: functools._lru_cache_wrapper\nf -> link\n"
          "link: functools._lru_list_elem\nlink -> goal .result\napp -> a\na -> b\nb -> c\n"
          "c -> goal .kept\n");
    asked("goal", &all);
    EXPECT_TEXT(path(0), "app a b c goal");
    EXPECT_TEXT(path(1), "app f link goal");
    EXPECT(!keepers.paths.at[0].by_cache && keepers.paths.at[1].by_cache);
    done();
}

TEST(garbage_and_what_only_own_objects_hold_has_no_keepers)
{
    given("root module app -> app\nx -> goal\napp -> own\nown: unfreed.X own\nown -> mine\n");
    asked("goal", &all);
    EXPECT(!keepers.alive && keepers.paths.len == 0 && keepers.single_count == 0);
    asked("mine", &all);
    EXPECT(!keepers.alive);
    done();
}

TEST(a_set_is_kept_by_what_holds_any_of_it)
{
    given(STORE);
    uf_node set[] = {made_node(&made, "s1"), made_node(&made, "s2"), made_node(&made, "s1")};
    EXPECT(uf_keepers_build(&keepers, &view, set, 3, &all, NULL) == UF_OK);
    EXPECT(keepers.holders == 3 && keepers.internal == 1 && keepers.paths.len == 1);
    EXPECT(keepers.single_count == 2);
    EXPECT_TEXT(single(0), "._sessions"); /* of equals the nearest */
    EXPECT_TEXT(single(1), "['STORE']");
    done();
}

TEST(a_long_chain_is_followed_without_recursion_and_its_ends_compared)
{
    static char text[MADE_EDGES * 16];
    size_t used = (size_t)snprintf(text, sizeof text, "root module app -> n0\n");
    for (int i = 0; i < 400; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "n%d -> n%d .next\n", i, i + 1);
    given(text);
    asked("n400", &all);
    EXPECT(keepers.single_count == 400 && keepers.singles.len == 10);
    EXPECT(keepers.singles.at[0].freed_objects == 1 && keepers.singles.at[6].freed_objects == 7);
    done();
}

TEST(what_is_asked_wrongly_is_refused)
{
    struct uf_error err;
    given(STORE);
    uf_node none = made.graph.node_count;
    EXPECT(uf_keepers_build(&keepers, &view, NULL, 0, &all, &err) == UF_EINVAL);
    EXPECT(uf_keepers_build(&keepers, &view, &none, 1, &all, &err) == UF_EINVAL);
    EXPECT_TEXT(err.message, "an object is not in the heap");
    struct uf_keepers_limits many = {.together = 9};
    none = 0;
    EXPECT(uf_keepers_build(&keepers, &view, &none, 1, &many, &err) == UF_EINVAL);
    done();
}

static bool build_again(void)
{
    uf_node node = made_node(&made, "s1");
    enum uf_code code = uf_keepers_build(&keepers, &view, &node, 1, &all, NULL);
    uf_keepers_release(&keepers);
    return code == UF_OK;
}

TEST(whichever_allocation_fails_nothing_is_left)
{
    given(STORE "root module audit -> audit\naudit -> log\nlog -> user\n");
    EXPECT(every_failed_allocation_is_an_error(build_again));
    done();
    given(STORE);
    EXPECT(every_failed_allocation_is_an_error(build_again));
    done();
}

int main(void)
{
    RUN(each_reference_on_every_way_is_a_single_with_what_it_frees);
    RUN(a_single_that_frees_much_more_comes_after_one_that_does_not);
    RUN(a_child_that_refers_back_is_counted_and_not_shown);
    RUN(a_child_that_is_held_elsewhere_holds_its_parent);
    RUN(references_that_can_be_changed_are_taken_where_as_few_are_enough);
    RUN(more_than_the_limit_are_too_many);
    RUN(a_local_can_be_cut_and_a_module_cannot);
    RUN(what_only_a_cache_holds_says_so_and_comes_last);
    RUN(garbage_and_what_only_own_objects_hold_has_no_keepers);
    RUN(a_set_is_kept_by_what_holds_any_of_it);
    RUN(a_long_chain_is_followed_without_recursion_and_its_ends_compared);
    RUN(what_is_asked_wrongly_is_refused);
    RUN(whichever_allocation_fails_nothing_is_left);
    return test_end();
}
