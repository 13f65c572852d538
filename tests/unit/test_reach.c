#include "analysis/reach.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

static struct made_graph made;
static struct uf_reach reach;

static void given(const char *text)
{
    make_graph(&made, text);
    EXPECT(uf_reach_build(&reach, &made.graph, NULL) == UF_OK);
}

static void done(void)
{
    uf_reach_release(&reach);
    made_graph_release(&made);
}

/* The path to a node as text: "a b c"; "" when it is not reached. */
static const char *path_to(const char *name)
{
    static char text[512];
    uf_node nodes[64];
    size_t len = uf_reach_path(&reach, made_node(&made, name), nodes, 64);
    text[0] = '\0';
    for (size_t i = 0; i < len; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "", made.nodes[nodes[i]].name);
    }
    return text;
}

TEST(the_shortest_path_from_a_root_is_taken)
{
    given("root module app -> app\n"
          "app -> a\na -> b\nb -> goal\n"
          "app -> c\nc -> goal\n");
    EXPECT_TEXT(path_to("goal"), "app c goal");
    uf_node goal = made_node(&made, "goal");
    EXPECT(reach.parent_edge[goal] == made_edge(&made, "c", "goal"));
    EXPECT(reach.root[made_node(&made, "app")] == 0 && reach.root[goal] == UINT32_MAX);
    EXPECT(reach.order[0] == made_node(&made, "app") && reach.order_count == 5);
    done();
}

TEST(of_equally_short_paths_the_earlier_root_and_the_earlier_reference_win)
{
    given("x: object\n" /* numbered first, so that numbers decide nothing */
          "root module late -> z\nroot module app -> y\n"
          "y -> goal\nz -> x\nx -> far\nz -> goal\nz -> w\nw -> far\n");
    EXPECT_TEXT(path_to("goal"), "z goal");
    EXPECT_TEXT(path_to("far"), "z x far");
    done();
}

TEST(native_roots_serve_only_what_named_roots_do_not_reach)
{
    given("root native -> held\nroot native -> both\n"
          "root module app -> app\napp -> a\na -> both\nheld -> below\nheld -> both\n");
    EXPECT_TEXT(path_to("both"), "app a both");
    EXPECT_TEXT(path_to("below"), "held below");
    EXPECT(reach.root[made_node(&made, "held")] == 0);
    EXPECT(reach.root[made_node(&made, "both")] == UINT32_MAX);
    done();
}

TEST(a_path_goes_through_an_own_object_only_where_there_is_no_other)
{
    given("root module unfreed -> own\nown: engine own\n"
          "root module app -> app\napp -> a\na -> b\nb -> target\n"
          "own -> target\nown -> args\nargs -> more\n");
    EXPECT_TEXT(path_to("target"), "app a b target");
    EXPECT_TEXT(path_to("more"), "own args more");
    EXPECT_TEXT(path_to("own"), "own");
    done();
}

TEST(an_own_object_that_others_hold_comes_last)
{
    given("root module app -> app\napp -> hook\nhook: probe own\nhook -> data\nroot native -> "
          "data\n");
    EXPECT_TEXT(path_to("hook"), "app hook");
    EXPECT_TEXT(path_to("data"), "data");
    done();
}

/* A cache with a bound links its entries. */
#define CACHED                                                                                     \
    "root module typing -> typing\ntyping -> f .f\nf: functools._lru_cache_wrapper\n"              \
    "f -> cache cache\ncache: dict\nf -> link entry\nlink: functools._lru_list_elem\n"             \
    "cache -> goal key x\ncache -> link [x]\nlink -> goal key\nlink -> only .result\n"

TEST(a_bounded_cache_is_shown_as_holder_only_where_there_is_no_other)
{
    given(CACHED "root module app -> app\napp -> a\na -> b\nb -> c\nc -> goal\n"
                 "root thread t -> only\n");
    EXPECT_TEXT(path_to("goal"), "app a b c goal");
    EXPECT_TEXT(path_to("only"), "typing f link only");
    EXPECT(reach.order_count == made.graph.node_count);
    done();
    given("root module typing -> typing\ntyping -> f .f\nf: functools._lru_cache_wrapper\n"
          "f -> cache cache\ncache: dict\ncache -> goal key x\nroot module app -> app\n"
          "app -> a\na -> b\nb -> c\nc -> goal\n");
    EXPECT_TEXT(path_to("goal"), "typing f cache goal");
    done();
}

TEST(values_of_a_weak_key_dictionary_and_of_a_bounded_cache_are_held_by_what_else_holds_them)
{
    given("root module app -> app\napp -> weak .weak\nweak: weakref.WeakKeyDictionary\n"
          "weak -> data .data\ndata: dict\ndata -> goal\ndata -> only\n"
          "app -> lru .lru\nlru: cachetools.LRUCache\nlru -> items ._Cache__data\nitems: dict\n"
          "items -> goal\napp -> a\na -> b\nb -> c\nc -> goal\n");
    EXPECT_TEXT(path_to("goal"), "app a b c goal");
    EXPECT_TEXT(path_to("only"), "app weak data only");
    EXPECT(reach.reached[made_node(&made, "goal")] == UF_REACHED);
    EXPECT(reach.reached[made_node(&made, "only")] == UF_REACHED_BY_CACHE);
    done();
}

TEST(a_cache_in_a_cache_is_looked_into)
{
    given(CACHED "only -> g .g\ng: functools._lru_cache_wrapper\ng -> link2 entry\n"
                 "link2: functools._lru_list_elem\nlink2 -> deep .result\n");
    EXPECT_TEXT(path_to("deep"), "typing f link only g link2 deep");
    done();
}

TEST(entries_of_a_cache_that_is_garbage_are_garbage)
{
    given("root module app -> app\nf: functools._lru_cache_wrapper\nf -> link entry\n"
          "link: functools._lru_list_elem\nlink -> x .result\nx: app.T\n");
    EXPECT(reach.garbage_objects == 3 && !reach.reached[made_node(&made, "link")]);
    EXPECT(!reach.reached[made_node(&made, "x")]);
    done();
}

TEST(what_is_a_root_itself_does_not_wait_in_a_cache)
{
    given(CACHED "root module app -> cache\n");
    EXPECT_TEXT(path_to("cache"), "cache");
    EXPECT_TEXT(path_to("goal"), "cache goal");
    done();
}

TEST(what_no_root_reaches_is_garbage_and_own_objects_are_not_counted)
{
    given("root module app -> app\n"
          "a: object size=100\nb: object size=10\na -> b\nb -> a\nb -> app\n"
          "c: object size=5000000000\nc -> d\nd: object size=7 own\n");
    EXPECT(reach.garbage_objects == 3 && reach.garbage_bytes == 5000000110);
    EXPECT_TEXT(path_to("a"), "");
    EXPECT(uf_reach_path(&reach, 12345, NULL, 0) == 0);
    done();
}

TEST(a_path_that_is_longer_than_the_room_keeps_its_end)
{
    given("root module app -> a\na -> b\nb -> c\nc -> d\n");
    uf_node nodes[2];
    EXPECT(uf_reach_path(&reach, made_node(&made, "d"), nodes, 2) == 4);
    EXPECT(nodes[0] == made_node(&made, "c") && nodes[1] == made_node(&made, "d"));
    done();
}

TEST(a_graph_without_roots_or_nodes_is_no_error)
{
    given("");
    EXPECT(reach.order_count == 0 && reach.garbage_objects == 0);
    done();
    given("a -> b\n");
    EXPECT(reach.garbage_objects == 2);
    done();
}

static uint64_t objects, bytes;
static uint8_t freed[16];

static enum uf_code without(uint32_t first, uint32_t second)
{
    uint32_t cut[2] = {first, second};
    return uf_reach_without(&made.graph, cut, second == UINT32_MAX ? 1 : 2, freed, &objects, &bytes,
                            NULL);
}

TEST(without_a_reference_all_that_hung_on_it_dies_cycles_too)
{
    given("root module app -> app\napp -> registry\nregistry -> s1\nregistry -> s2\n"
          "s1: Session size=50\ns1 -> loop\nloop: object size=7\nloop -> s1\ns1 -> shared\ns2 -> "
          "shared\n");
    EXPECT(without(made_edge(&made, "registry", "s1"), UINT32_MAX) == UF_OK);
    EXPECT(objects == 2 && bytes == 57);
    EXPECT(freed[made_node(&made, "s1")] && freed[made_node(&made, "loop")]);
    EXPECT(!freed[made_node(&made, "shared")] && !freed[made_node(&made, "s2")]);
    EXPECT(without(made_edge(&made, "registry", "s1"), made_edge(&made, "registry", "s2")) ==
           UF_OK);
    EXPECT(objects == 4);
    done();
}

TEST(what_native_code_holds_too_does_not_die)
{
    given("root module app -> app\napp -> a\na -> b\nroot native -> b\n");
    EXPECT(without(made_edge(&made, "app", "a"), UINT32_MAX) == UF_OK);
    EXPECT(objects == 1 && !freed[made_node(&made, "b")]);
    done();
}

TEST(own_objects_keep_nothing_alive_that_was_held_by_others)
{
    given("root module app -> app\napp -> a\nroot module unfreed -> own\nown: engine own\n"
          "own -> a\nown -> module\nmodule -> registry\nregistry -> s\n");
    EXPECT(without(made_edge(&made, "app", "a"), UINT32_MAX) == UF_OK);
    EXPECT(objects == 1 && freed[made_node(&made, "a")]);
    EXPECT(without(made_edge(&made, "registry", "s"), UINT32_MAX) == UF_OK);
    EXPECT(objects == 1 && freed[made_node(&made, "s")]);
    done();
}

TEST(references_to_cut_out_of_order_or_range_are_refused)
{
    given("root module app -> app\napp -> a\napp -> b\n");
    struct uf_error err;
    uint32_t twice[2] = {1, 1}, beyond[1] = {2};
    EXPECT(uf_reach_without(&made.graph, twice, 2, NULL, &objects, &bytes, &err) == UF_EINVAL);
    EXPECT_TEXT(err.message, "references to cut are not in ascending order");
    EXPECT(uf_reach_without(&made.graph, beyond, 1, NULL, &objects, &bytes, NULL) == UF_EINVAL);
    EXPECT(uf_reach_without(&made.graph, NULL, 0, NULL, &objects, &bytes, NULL) == UF_OK);
    EXPECT(objects == 0 && bytes == 0);
    done();
}

static bool build(void)
{
    struct uf_reach again;
    if (uf_reach_build(&again, &made.graph, NULL) != UF_OK)
        return again.parent != NULL || again.order != NULL;
    uf_reach_release(&again);
    return true;
}

static bool build_without(void)
{
    return without(0, UINT32_MAX) == UF_OK;
}

TEST(each_allocation_that_fails_is_an_error_and_leaks_nothing)
{
    given("root module app -> app\napp -> a\na -> b\n");
    EXPECT(every_failed_allocation_is_an_error(build));
    EXPECT(every_failed_allocation_is_an_error(build_without));
    done();
}

int main(void)
{
    RUN(the_shortest_path_from_a_root_is_taken);
    RUN(of_equally_short_paths_the_earlier_root_and_the_earlier_reference_win);
    RUN(native_roots_serve_only_what_named_roots_do_not_reach);
    RUN(a_path_goes_through_an_own_object_only_where_there_is_no_other);
    RUN(an_own_object_that_others_hold_comes_last);
    RUN(a_bounded_cache_is_shown_as_holder_only_where_there_is_no_other);
    RUN(values_of_a_weak_key_dictionary_and_of_a_bounded_cache_are_held_by_what_else_holds_them);
    RUN(a_cache_in_a_cache_is_looked_into);
    RUN(entries_of_a_cache_that_is_garbage_are_garbage);
    RUN(what_is_a_root_itself_does_not_wait_in_a_cache);
    RUN(what_no_root_reaches_is_garbage_and_own_objects_are_not_counted);
    RUN(a_path_that_is_longer_than_the_room_keeps_its_end);
    RUN(a_graph_without_roots_or_nodes_is_no_error);
    RUN(without_a_reference_all_that_hung_on_it_dies_cycles_too);
    RUN(what_native_code_holds_too_does_not_die);
    RUN(own_objects_keep_nothing_alive_that_was_held_by_others);
    RUN(references_to_cut_out_of_order_or_range_are_refused);
    RUN(each_allocation_that_fails_is_an_error_and_leaks_nothing);
    return test_end();
}
