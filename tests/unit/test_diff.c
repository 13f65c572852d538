#include "analysis/diff.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

struct heap {
    struct made_graph made;
    struct uf_reach reach;
    struct uf_view view;
    struct uf_signatures signatures;
};

static struct heap old, new;
static struct uf_diff diff;

static void make_heap(struct heap *heap, const char *text)
{
    make_graph(&heap->made, text);
    uf_reach_build(&heap->reach, &heap->made.graph, NULL);
    heap->view = (struct uf_view){&heap->made.graph, &heap->reach, &heap->made.names, NULL};
    uf_signatures_build(&heap->signatures, &heap->view, NULL);
}

static void release_heap(struct heap *heap)
{
    uf_signatures_release(&heap->signatures);
    uf_reach_release(&heap->reach);
    made_graph_release(&heap->made);
}

static void given(const char *before, const char *after)
{
    make_heap(&old, before);
    make_heap(&new, after);
    struct uf_diff_side sides[2] = {{&old.view, &old.signatures}, {&new.view, &new.signatures}};
    uf_diff_build(&diff, &sides[0], &sides[1], NULL);
}

static void done(void)
{
    uf_diff_release(&diff);
    release_heap(&old);
    release_heap(&new);
}

/* "PLACE: MAIN TYPE +OBJECTS +BYTES" of a grown or shrunk entry; "" if there is none. */
static const char *entry_text(bool shrunk, size_t index)
{
    static struct uf_text text;
    uf_text_release(&text);
    uf_text_add_z(&text, "");
    if (index >= (shrunk ? diff.shrunk.len : diff.grown.len))
        return "";
    const struct uf_diff_entry *entry = shrunk ? &diff.shrunk.at[index] : &diff.grown.at[index];
    uf_diff_path_text(&diff, entry->place, &text);
    uf_text_printf(&text, ": %s %+lld objects, %+lld B%s",
                   uf_diff_text(&diff, diff.groups.at[entry->main].type), (long long)entry->objects,
                   (long long)entry->bytes, entry->in_place ? " in place" : "");
    return text.at;
}

/* shop.STORE._sessions with sessions first..last-1, each with a dictionary and a text. */
static const char *shop(struct uf_text *text, int first, int last)
{
    text->len = 0;
    uf_text_printf(text,
                   "root module shop -> shop\nshop: module size=10\nshop -> globals __dict__\n"
                   "globals: dict size=100\nglobals -> store ['STORE']\nstore: shop.Store\n"
                   "store -> sessions ._sessions\nsessions: dict size=%d\n",
                   64 + 8 * (last - first));
    for (int i = first; i < last; i++)
        uf_text_printf(text,
                       "sessions -> k%d key 'k%d'\nk%d: str size=50\nsessions -> s%d ['k%d']\n"
                       "s%d: shop.Session size=48\ns%d -> d%d __dict__\nd%d: dict size=200\n"
                       "d%d -> u%d ['user']\nu%d: str size=60\n",
                       i, i, i, i, i, i, i, i, i, i, i, i);
    return text->at;
}

static void given_shops(int old_first, int old_last, int new_first, int new_last)
{
    struct uf_text a = {0}, b = {0};
    shop(&a, old_first, old_last);
    shop(&b, new_first, new_last);
    given(a.at, b.at);
    uf_text_release(&a);
    uf_text_release(&b);
}

TEST(a_container_that_got_members_is_one_entry_with_what_they_hold)
{
    given_shops(0, 3, 0, 13);
    EXPECT(diff.grown.len == 1 && diff.shrunk.len == 0);
    EXPECT_TEXT(entry_text(false, 0),
                "module shop.STORE._sessions: shop.Session +40 objects, +3660 B");
    uf_diff_shares holds = {0};
    EXPECT(uf_diff_holds(&diff, 0, false, &holds, NULL) == UF_OK && holds.len == 2);
    EXPECT_TEXT(uf_diff_text(&diff, holds.at[0].type), "dict");
    EXPECT(holds.at[0].objects == 10 && holds.at[0].bytes == 2000);
    EXPECT_TEXT(uf_diff_text(&diff, holds.at[1].type), "str");
    EXPECT(holds.at[1].objects == 20 && holds.at[1].bytes == 1100);
    uf_vec_release(&holds);
    done();
}

TEST(the_same_heap_twice_has_no_entries)
{
    given_shops(0, 5, 0, 5);
    EXPECT(diff.grown.len == 0 && diff.shrunk.len == 0);
    EXPECT(diff.heap[0].objects == diff.heap[1].objects && diff.heap[0].objects == 4 + 5 * 4);
    done();
}

TEST(objects_that_are_all_replaced_are_no_growth)
{
    given_shops(0, 5, 100, 105);
    EXPECT(diff.grown.len == 0 && diff.shrunk.len == 0);
    done();
}

TEST(what_shrank_is_told_by_the_same_rules)
{
    given_shops(0, 13, 0, 3);
    EXPECT(diff.grown.len == 0 && diff.shrunk.len == 1);
    EXPECT_TEXT(entry_text(true, 0),
                "module shop.STORE._sessions: shop.Session -40 objects, -3660 B");
    EXPECT(diff.shrunk_in_all.bytes == -3660 && diff.shrunk_in_all.objects == -40);
    done();
}

TEST(something_that_gets_larger_by_itself_grew_in_place)
{
    given(
        "root module app -> app\napp -> t .TEXT\nt: str size=100\napp -> u .OTHER\nu: str size=9\n",
        "root module app -> app\napp -> t .TEXT\nt: str size=900\napp -> u .OTHER\nu: str "
        "size=9\n");
    EXPECT(diff.grown.len == 1);
    EXPECT_TEXT(entry_text(false, 0), "module app.TEXT: str +0 objects, +800 B in place");
    done();
}

TEST(a_new_attribute_is_a_place_of_its_own)
{
    given("root module app -> app\n",
          "root module app -> app\napp -> c .CACHE\nc: dict size=100\nc -> a ['x']\nc -> b ['y']\n"
          "a: app.Big size=500\nb: app.Big size=500\napp -> n .NAME\nn: str size=30\n");
    EXPECT(diff.grown.len == 2);
    EXPECT_TEXT(entry_text(false, 0), "module app.CACHE: dict +3 objects, +1100 B");
    EXPECT_TEXT(entry_text(false, 1), "module app.NAME: str +1 objects, +30 B");
    done();
}

TEST(a_log_of_one_among_many_is_not_taken_for_a_consequence_of_one_more)
{
    struct uf_text a = {0}, b = {0};
    uf_text_add_z(&a, "root module app -> app\napp -> list .ALL\nlist: list size=50\n");
    for (int i = 0; i < 10; i++)
        uf_text_printf(&a,
                       "list -> s%d [%d]\ns%d: app.Session\ns%d -> log%d .log\nlog%d: list\n"
                       "log%d -> line%d [0]\nline%d: str size=10\n",
                       i, i, i, i, i, i, i, i, i);
    uf_text_add(&b, a.at, a.len);
    uf_text_add_z(&b, "list -> s10 [10]\ns10: app.Session\ns10 -> log10 .log\nlog10: list\n");
    for (int i = 0; i < 90; i++)
        uf_text_printf(&b, "log3 -> more%d [%d]\nmore%d: str size=10\n", i, i + 1, i);
    given(a.at, b.at);
    EXPECT(diff.grown.len == 2);
    EXPECT_TEXT(entry_text(false, 0), "module app.ALL[*].log: str +90 objects, +900 B");
    EXPECT_TEXT(entry_text(false, 1), "module app.ALL: app.Session +2 objects, +2 B");
    uf_text_release(&a);
    uf_text_release(&b);
    done();
}

TEST(names_that_a_program_makes_up_are_any_name)
{
    struct uf_text a = {0}, b = {0};
    uf_text_add_z(&a, "root module app -> app\napp -> ns .NS\nns: types.SimpleNamespace\n");
    uf_text_add(&b, a.at, a.len);
    for (int i = 0; i < 40; i++) {
        struct uf_text *text = i < 10 ? &a : &b;
        uf_text_printf(text, "ns -> x%d .x%d\nx%d: app.Thing size=10\nx%d -> y%d .y\n", i, i, i, i,
                       i);
    }
    given(a.at, b.at);
    EXPECT(diff.grown.len == 1 && diff.shrunk.len == 0);
    EXPECT_TEXT(entry_text(false, 0), "module app.NS: app.Thing +40 objects, +220 B");
    uf_text_release(&a);
    uf_text_release(&b);
    done();
}

TEST(modules_imported_since_are_one_entry)
{
    given("root module app -> app\napp: module\n",
          "root module app -> app\napp: module\nroot module json -> j\nj: module size=50\n"
          "root module re -> r\nr: module size=60\nj -> f .loads\nf: function size=100\n");
    EXPECT(diff.grown.len == 1);
    EXPECT_TEXT(entry_text(false, 0), "module *: module +3 objects, +210 B");
    done();
}

TEST(a_linked_list_that_got_longer_is_one_entry)
{
    struct uf_text a = {0}, b = {0};
    uf_text_add_z(&a, "root module app -> app\napp -> n0 .HEAD\nn0: app.Node\n");
    for (int i = 0; i < 100; i++) {
        if (i == 20)
            uf_text_add(&b, a.at, a.len);
        uf_text_printf(i < 20 ? &a : &b, "n%d: app.Node\nn%d -> n%d .next\n", i + 1, i, i + 1);
    }
    given(a.at, b.at);
    EXPECT(diff.grown.len == 1);
    EXPECT_TEXT(entry_text(false, 0),
                "module app.HEAD.next.next.next: app.Node +80 objects, +80 B");
    uf_text_release(&a);
    uf_text_release(&b);
    done();
}

TEST(garbage_that_waits_is_held_by_nothing)
{
    given("root module app -> app\n",
          "root module app -> app\na -> b .x\nb -> a .x\na: app.A size=10\nb: app.A size=10\n");
    EXPECT_TEXT(entry_text(false, 0), "nothing: app.A +2 objects, +20 B");
    EXPECT(diff.groups.at[diff.grown.at[0].place].garbage);
    done();
}

TEST(retained_sizes_are_those_of_all_members_together)
{
    given_shops(0, 3, 0, 13);
    struct uf_dominators dominators;
    EXPECT(diff.grown.at[0].retained[0] == UF_DIFF_UNKNOWN);
    uf_dominators_build(&dominators, &old.made.graph, NULL);
    EXPECT(uf_diff_weigh(&diff, UF_DIFF_OLD, &dominators, 5, NULL) == UF_OK);
    uf_dominators_release(&dominators);
    uf_dominators_build(&dominators, &new.made.graph, NULL);
    EXPECT(uf_diff_weigh(&diff, UF_DIFF_NEW, &dominators, 5, NULL) == UF_OK);
    uf_dominators_release(&dominators);
    EXPECT(diff.grown.at[0].retained[0] == 3 * 358 && diff.grown.at[0].retained[1] == 13 * 358);
    done();
}

/* The node's address becomes that of another one in OLD. */
static void at_address_of(const char *node, const char *old_node)
{
    new.made.graph.address[made_node(&new.made, node)] =
        old.made.graph.address[made_node(&old.made, old_node)];
}

TEST(new_objects_of_the_same_process_are_told_by_their_addresses)
{
    given_shops(0, 3, 0, 5);
    for (uf_node n = 0; n < new.made.node_count; n++)
        new.made.graph.address[n] += 0x10000000;
    at_address_of("s0", "s0");
    at_address_of("s1", "s1");
    EXPECT(uf_diff_look(&diff, true, 5, NULL) == UF_OK);
    EXPECT(diff.grown.at[0].fresh == 3 && diff.grown.at[0].gone == 1);
    EXPECT(diff.grown.at[0].example_count == 3);
    EXPECT(diff.grown.at[0].examples[0] == made_node(&new.made, "s4"));
    EXPECT(diff.grown.at[0].examples[2] == made_node(&new.made, "s2"));
    done();
}

TEST(addresses_used_again_hide_no_growth)
{
    given("root module app -> app\napp -> a .A\na: list\na -> x0 [0]\na -> x1 [1]\nx0: app.X "
          "size=10\n"
          "x1: app.X size=10\napp -> b .B\nb: list\n",
          "root module app -> app\napp -> a .A\na: list\napp -> b .B\nb: list\nb -> x0 [0]\n"
          "b -> x1 [1]\nb -> x2 [2]\nx0: app.X size=10\nx1: app.X size=10\nx2: app.X size=10\n");
    at_address_of("x0", "x0");
    at_address_of("x1", "x1");
    at_address_of("x2", "b");
    EXPECT_TEXT(entry_text(false, 0), "module app.B: app.X +3 objects, +30 B");
    EXPECT_TEXT(entry_text(true, 0), "module app.A: app.X -2 objects, -20 B");
    EXPECT(uf_diff_look(&diff, true, 5, NULL) == UF_OK);
    EXPECT(diff.grown.at[0].fresh == 3 && diff.grown.at[0].example_count == 3);
    done();
}

TEST(of_different_processes_addresses_say_nothing)
{
    given_shops(0, 3, 0, 5);
    EXPECT(uf_diff_look(&diff, false, 5, NULL) == UF_OK);
    EXPECT(diff.grown.at[0].fresh == UF_DIFF_UNKNOWN && diff.grown.at[0].example_count == 3);
    done();
}

TEST(an_empty_heap_can_be_compared)
{
    given("", "root module app -> app\napp: module size=10\n");
    EXPECT_TEXT(entry_text(false, 0), "module app: module +1 objects, +10 B");
    done();
    given("", "");
    EXPECT(diff.grown.len == 0 && diff.types.len == 0);
    done();
}

TEST(types_are_told_by_growth)
{
    given_shops(0, 0, 0, 2);
    EXPECT_TEXT(uf_diff_text(&diff, diff.types.at[0].type), "dict");
    EXPECT(diff.types.at[0].heap[1].objects == 4 && diff.types.at[0].heap[0].objects == 2);
    done();
}

static bool compare(void)
{
    struct uf_diff again;
    struct uf_dominators dominators = {0};
    uf_diff_shares holds = {0};
    struct uf_diff_side sides[2] = {{&old.view, &old.signatures}, {&new.view, &new.signatures}};
    bool fine = uf_diff_build(&again, &sides[0], &sides[1], NULL) == UF_OK;
    if (!fine)
        return again.groups.at != NULL || again.strings.bytes != NULL;
    fine = uf_dominators_build(&dominators, &new.made.graph, NULL) == UF_OK &&
           uf_diff_weigh(&again, UF_DIFF_NEW, &dominators, 5, NULL) == UF_OK &&
           uf_diff_look(&again, true, 5, NULL) == UF_OK &&
           uf_diff_holds(&again, 0, false, &holds, NULL) == UF_OK;
    uf_vec_release(&holds);
    uf_dominators_release(&dominators);
    uf_diff_release(&again);
    return fine;
}

TEST(each_allocation_that_fails_is_an_error_and_leaks_nothing)
{
    struct uf_text text = {0};
    uf_text_add_z(&text, "root module app -> app\nroot module a -> m1\nroot module b -> m2\n"
                         "root thread T -> l local 'x' of f()\napp -> ns .NS\n");
    for (int i = 0; i < 6; i++)
        uf_text_printf(&text, "ns -> x%d .x%d\nx%d: app.Thing\n", i, i, i);
    given("root module app -> app\napp -> ns .NS\n", text.at);
    EXPECT(every_failed_allocation_is_an_error(compare));
    uf_text_release(&text);
    done();
}

int main(void)
{
    RUN(a_container_that_got_members_is_one_entry_with_what_they_hold);
    RUN(the_same_heap_twice_has_no_entries);
    RUN(objects_that_are_all_replaced_are_no_growth);
    RUN(what_shrank_is_told_by_the_same_rules);
    RUN(something_that_gets_larger_by_itself_grew_in_place);
    RUN(a_new_attribute_is_a_place_of_its_own);
    RUN(a_log_of_one_among_many_is_not_taken_for_a_consequence_of_one_more);
    RUN(names_that_a_program_makes_up_are_any_name);
    RUN(modules_imported_since_are_one_entry);
    RUN(a_linked_list_that_got_longer_is_one_entry);
    RUN(garbage_that_waits_is_held_by_nothing);
    RUN(retained_sizes_are_those_of_all_members_together);
    RUN(new_objects_of_the_same_process_are_told_by_their_addresses);
    RUN(addresses_used_again_hide_no_growth);
    RUN(of_different_processes_addresses_say_nothing);
    RUN(an_empty_heap_can_be_compared);
    RUN(types_are_told_by_growth);
    RUN(each_allocation_that_fails_is_an_error_and_leaks_nothing);
    return test_end();
}
