#include "analysis/cycles.h"
#include "analysis/reach.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

/* A tree of three levels whose children know their parent. */
#define TREE                                                                                       \
    "a: Node size=100\nb: Node\nc: Node\nd: Node\nla: list\nlb: list\n"                            \
    "a -> la .children\nla -> b [0]\nla -> c [1]\nb -> a .parent\nc -> a .parent\n"                \
    "b -> lb .children\nlb -> d [0]\nd -> b .parent\n"

#define EXCEPTION                                                                                  \
    "e: ValueError size=100\ntb: traceback size=10\nf: frame size=1000\n"                          \
    "e -> tb .__traceback__\ntb -> f .tb_frame\nf -> e local 'e' of f() at app.py:12\n"

static struct made_graph made;
static uint8_t member[MADE_NODES];
static struct uf_components components;
static struct uf_cycle cycle;

/* Members are all that no root reaches. */
static void given(const char *text)
{
    struct uf_reach reach;
    make_graph(&made, text);
    EXPECT(uf_reach_build(&reach, &made.graph, NULL) == UF_OK);
    for (uf_node n = 0; n < made.node_count; n++)
        member[n] = !reach.reached[n];
    uf_reach_release(&reach);
    EXPECT(uf_components_build(&components, &made.graph, member, NULL) == UF_OK);
}

static void explain(uint32_t component)
{
    uf_cycle_release(&cycle);
    EXPECT(uf_cycle_explain(&cycle, &made.graph, &made.names, member, &components, component,
                            NULL) == UF_OK);
}

static void done(void)
{
    uf_cycle_release(&cycle);
    uf_components_release(&components);
    made_graph_release(&made);
}

static uf_node source_of(uint32_t edge)
{
    uf_node n = 0;
    while (made.graph.edge_start[n + 1] <= edge)
        n++;
    return n;
}

/* "a .x, b [0]": each reference with its source. */
static const char *edges_text(const uint32_t *edges, size_t count)
{
    static char text[1024];
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        struct uf_ref_name name;
        uf_node source = source_of(edges[i]);
        made.names.name(&made, source, edges[i] - made.graph.edge_start[source], &name);
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s %s", i ? ", " : "", made.nodes[source].name,
                 name.generic);
    }
    return text;
}

static const char *walk(void)
{
    return edges_text(cycle.walk.at, cycle.walk.len);
}

static const char *cuts(void)
{
    return edges_text(cycle.cuts.at, cycle.cuts.len);
}

TEST(an_exception_kept_by_a_frame_of_its_own_traceback_is_cut_at_the_local)
{
    given(EXCEPTION
          "e -> args .args\nargs: tuple size=5\nf -> data local 'data' of f() at app.py:3\n");
    EXPECT(components.count == 1);
    explain(0);
    EXPECT_TEXT(walk(), "e .__traceback__, tb .tb_frame, f local 'e' of f()");
    EXPECT(cycle.cut_edge == made_edge(&made, "f", "e") && cycle.cuts.len == 1);
    EXPECT(cycle.frees_all && cycle.frees_objects == 5 && cycle.frees_bytes == 1116);
    done();
}

TEST(two_frames_that_keep_it_leave_only_the_traceback_to_cut)
{
    given(
        EXCEPTION
        "tb -> tb2 .tb_next\ntb2 -> g .tb_frame\ng: frame\ng -> e local 'err' of g() at app.py:9\n"
        "g -> f .f_back\n");
    explain(0);
    EXPECT_TEXT(cuts(), "e .__traceback__");
    EXPECT(cycle.cut_edge != UINT32_MAX && cycle.frees_all && cycle.frees_objects == 5);
    EXPECT_TEXT(walk(), "tb .tb_frame, f local 'e' of f(), e .__traceback__");
    done();
}

TEST(two_locals_are_cut_rather_than_two_tracebacks)
{
    /* What a refused connection leaves in urllib3: one exception is the context of the other,
     * and each is a local of a frame in the tracebacks. */
    given("e: Refused\np: Protocol\nt0: traceback\nt1: traceback\nf: frame\ng: frame\n"
          "e -> t0 .__traceback__\nt0 -> f .tb_frame\nf -> p local 'new_e' of urlopen() at "
          "pool.py:870\n"
          "p -> e .__context__\np -> t1 .__traceback__\nt1 -> g .tb_frame\ng -> f .f_back\n"
          "g -> p local 'error' of increment() at retry.py:510\n");
    explain(0);
    EXPECT(cycle.cut_edge == UINT32_MAX && cycle.frees_all && !cycle.alike && cycle.cuts.len == 2);
    EXPECT_TEXT(cuts(), "f local 'new_e' of urlopen(), g local 'error' of increment()");
    EXPECT_TEXT(walk(),
                "p .__context__, e .__traceback__, t0 .tb_frame, f local 'new_e' of urlopen()");
    done();
}

TEST(an_attribute_is_cut_rather_than_the_local_self)
{
    given("task: Task\ntask -> e .exception\ne -> tb .__traceback__\ntb -> f .tb_frame\n"
          "f -> task local 'self' of Task.run() at app.py:5\n");
    explain(0);
    EXPECT_TEXT(cuts(), "task .exception");
    done();
}

TEST(an_entry_of_an_attribute_dictionary_counts_as_an_attribute)
{
    given("a: A\nb: B\nd: dict\na -> d __dict__\nd -> b ['b']\nb -> l .items\nl -> a [0]\n");
    explain(0);
    EXPECT_TEXT(cuts(), "b .items"); /* both are attributes; the text decides: '.' before '[' */
    done();
    given("a: A\nd: dict\na -> d __dict__\nd -> l ['b']\nl -> a [0]\n");
    explain(0);
    EXPECT_TEXT(cuts(), "d [*]");
    done();
}

TEST(a_name_that_points_back_is_cut_rather_than_another_attribute)
{
    given("p: Parent\nc: Child\np -> c .child\nc -> p .parent\n");
    explain(0);
    EXPECT_TEXT(cuts(), "c .parent");
    done();
}

TEST(a_closure_over_itself_is_cut_at_its_cell)
{
    given("f: function\ncell: cell\nf -> t .__closure__\nt -> cell closure 'f'\ncell -> f "
          ".cell_contents\n");
    explain(0);
    EXPECT_TEXT(cuts(), "cell .cell_contents");
    EXPECT(cycle.frees_all && cycle.frees_objects == 3);
    done();
}

TEST(an_object_that_refers_to_itself_is_a_cycle)
{
    given("l: list size=56\nl -> l [0]\nl -> x [1]\n");
    explain(0);
    EXPECT_TEXT(walk(), "l [*]");
    EXPECT(cycle.cut_edge == made_edge(&made, "l", "l") && cycle.frees_objects == 2);
    done();
}

TEST(parallel_references_are_cut_together_or_elsewhere)
{
    given("a -> b [0]\na -> b [1]\nb -> a .__self__\n");
    explain(0);
    EXPECT_TEXT(cuts(), "a [*], a [*]"); /* nobody can change a .__self__ */
    done();
    given("a -> b [0]\na -> b [1]\nb -> a .x\nb -> a .y\n");
    explain(0);
    EXPECT(cycle.cut_edge == UINT32_MAX && cycle.frees_all && !cycle.alike);
    EXPECT_TEXT(cuts(), "b .x, b .y");
    EXPECT_TEXT(walk(), "a [*], b .x");
    done();
}

TEST(two_attributes_are_cut_rather_than_the_dictionary_that_holds_both)
{
    given("bar -> bd __dict__\nbd: dict\nbd -> method ['disp']\nmethod: method\n"
          "method -> bar .__self__\nbd -> box ['container']\nbox -> xd __dict__\nxd: dict\n"
          "xd -> bar ['pbar']\n");
    explain(0);
    EXPECT(cycle.cut_edge == UINT32_MAX && cycle.frees_all && cycle.cuts.len == 2);
    EXPECT_TEXT(cuts(), "bd [*], bd [*]"); /* not "bar .__dict__" */
    done();
}

TEST(in_a_tree_all_references_to_parents_are_cut)
{
    given(TREE);
    explain(0);
    EXPECT(cycle.alike && cycle.cut_edge == UINT32_MAX && cycle.frees_all);
    EXPECT_TEXT(cuts(), "b .parent, c .parent, d .parent");
    EXPECT_TEXT(walk(), "a .children, la [*], b .parent");
    EXPECT(cycle.frees_objects == 6 && cycle.frees_bytes == 105);
    done();
}

TEST(of_names_that_say_nothing_the_one_with_shared_targets_is_cut)
{
    given("a -> la .aaa\nla -> b [0]\nla -> c [1]\nb -> a .zzz\nc -> a .zzz\n"
          "b -> lb .aaa\nlb -> d [0]\nd -> b .zzz\nlb -> e [1]\ne -> b .zzz\n");
    explain(0);
    EXPECT(cycle.alike);
    EXPECT_TEXT(cuts(), "b .zzz, c .zzz, d .zzz, e .zzz");
    done();
}

TEST(a_class_made_in_a_call_needs_several_cuts_none_of_them_superfluous)
{
    given(
        "k: type\nmro: tuple\nd: dict\ng1: getset\ng2: getset\nf: function\nc: cell\n"
        "k -> d __dict__\nk -> mro .__mro__\nmro -> k [0]\nd -> g1 ['__dict__']\nd -> g2 "
        "['__weakref__']\n"
        "g1 -> k .__objclass__\ng2 -> k .__objclass__\nd -> f ['run']\nf -> c closure '__class__'\n"
        "c -> k .cell_contents\n");
    explain(0);
    EXPECT(cycle.cut_edge == UINT32_MAX && cycle.frees_all && cycle.cuts.len == 2);
    EXPECT(cycle.frees_objects == 7);
    done();
}

TEST(what_needs_more_cuts_than_allowed_is_said_to)
{
    char text[4096] = "";
    for (int a = 0; a < 9; a++) { /* each to each */
        for (int b = 0; b < 9; b++) {
            size_t used = strlen(text);
            if (a != b)
                snprintf(text + used, sizeof text - used, "n%d -> n%d [0]\n", a, b);
        }
    }
    given(text);
    explain(0);
    EXPECT(!cycle.frees_all && cycle.cut_edge == UINT32_MAX && !cycle.alike);
    EXPECT(cycle.cuts.len <= UF_CYCLE_CUTS_MAX && cycle.frees_objects == 0 && cycle.walk.len == 2);
    done();
}

TEST(what_hangs_on_a_cycle_counts_and_what_others_hold_too_does_not)
{
    given("a -> b .next\nb -> a .prev\na -> h .data\nh: bytes size=1000\nh -> h2 [0]\n"
          "a -> shared .s\nc -> d .next\nd -> c .prev\nc -> shared .s\nroot module app -> live\na "
          "-> live .app\n");
    EXPECT(components.count == 2);
    explain(0);
    EXPECT(cycle.frees_all && cycle.frees_objects == 4 && cycle.frees_bytes == 1003);
    EXPECT_TEXT(cuts(), "b .prev");
    explain(1);
    EXPECT(cycle.frees_objects == 2);
    done();
}

TEST(a_cycle_that_another_one_leads_to_is_explained_by_itself)
{
    given("a -> b .next\nb -> a .prev\nb -> c .down\nc -> d .next\nd -> c .prev\n");
    uint64_t objects, bytes;
    uint32_t both[2];
    explain(0);
    EXPECT(cycle.frees_objects == 2);
    both[0] = cycle.cut_edge;
    explain(1);
    EXPECT_TEXT(cuts(), "d .prev");
    EXPECT(cycle.frees_objects == 2);
    both[1] = cycle.cut_edge;
    EXPECT(uf_cycles_cascade(&made.graph, member, both + 1, 1, NULL, &objects, &bytes, NULL) ==
           UF_OK);
    EXPECT(objects == 0);
    EXPECT(uf_cycles_cascade(&made.graph, member, both, 2, NULL, &objects, &bytes, NULL) == UF_OK);
    EXPECT(objects == 4 && bytes == 4);
    done();
}

TEST(own_objects_are_in_no_count)
{
    given("a -> b .next\nb -> a .prev\na -> probe .p\nprobe: engine own size=77\n");
    uint8_t freed[8];
    uint64_t objects, bytes;
    explain(0);
    EXPECT(cycle.frees_all && cycle.frees_objects == 2 && cycle.frees_bytes == 2);
    EXPECT(uf_cycles_cascade(&made.graph, member, &cycle.cut_edge, 1, freed, &objects, &bytes,
                             NULL) == UF_OK);
    EXPECT(objects == 2 && freed[0] && freed[1] && !freed[2]);
    done();
}

TEST(a_cascade_without_cuts_frees_what_is_in_no_cycle_and_hangs_on_none)
{
    given("x -> y\ny -> z\na -> b\nb -> a\na -> z\n");
    uint8_t freed[8];
    uint64_t objects, bytes;
    EXPECT(uf_cycles_cascade(&made.graph, member, NULL, 0, freed, &objects, &bytes, NULL) == UF_OK);
    EXPECT(objects == 2 && freed[made_node(&made, "x")] && freed[made_node(&made, "y")] &&
           !freed[made_node(&made, "z")]);
    done();
}

TEST(a_component_that_does_not_exist_is_refused)
{
    given("a -> b\n");
    struct uf_error err;
    EXPECT(uf_cycle_explain(&cycle, &made.graph, &made.names, member, &components, 0, &err) ==
           UF_EINVAL);
    EXPECT_TEXT(err.message, "there is no cycle number 0");
    EXPECT(cycle.walk.at == NULL);
    done();
}

TEST(a_ring_and_a_chain_of_a_hundred_thousand_are_explained_soon)
{
    enum { NODES = 100000 };
    struct uf_graph_type object = {0};
    struct uf_graph graph = {.node_count = NODES, .types = &object, .type_count = 1};
    uint8_t *all = made_room(NODES, 1);
    graph.size = made_room(NODES, sizeof *graph.size);
    graph.type = made_room(NODES, sizeof *graph.type);
    graph.flags = made_room(NODES, 1);
    graph.edge_start = made_room(NODES + 1, sizeof *graph.edge_start);
    graph.edge_target = made_room(2 * NODES, sizeof *graph.edge_target);
    EXPECT(uf_strings_add_z(&graph.strings, "") == 0);
    made_graph_release(&made);
    make_graph(&made,
               "a -> b .next\n"); /* only for its names, which are unknown beyond its nodes */
    for (int both_ways = 0; both_ways < 2; both_ways++) {
        uint32_t e = 0;
        for (uf_node n = 0; n < NODES; n++) {
            all[n] = 1;
            graph.edge_start[n] = e;
            graph.edge_target[e++] = (n + 1) % NODES;
            if (both_ways)
                graph.edge_target[e++] = (n + NODES - 1) % NODES;
        }
        graph.edge_start[NODES] = graph.edge_count = e;
        EXPECT(uf_components_build(&components, &graph, all, NULL) == UF_OK);
        EXPECT(components.count == 1 && components.size_of[0] == NODES);
        EXPECT(uf_cycle_explain(&cycle, &graph, &made.names, all, &components, 0, NULL) == UF_OK);
        EXPECT((cycle.cut_edge == UINT32_MAX) == both_ways);
        EXPECT(cycle.walk.len == (both_ways ? 2 : NODES));
        EXPECT((cycle.frees_objects == NODES) == !both_ways && cycle.frees_all == !both_ways);
        uf_cycle_release(&cycle);
        uf_components_release(&components);
    }
    made_graph_release(&made);
    uf_mem_free(all);
    uf_mem_free(graph.size);
    uf_mem_free(graph.type);
    uf_strings_release(&graph.strings);
    uf_mem_free(graph.flags);
    uf_mem_free(graph.edge_start);
    uf_mem_free(graph.edge_target);
}

static bool explain_all(void)
{
    struct uf_components again;
    bool fine = uf_components_build(&again, &made.graph, member, NULL) == UF_OK;
    if (!fine)
        return again.component != NULL;
    for (uint32_t c = 0; c < again.count && fine; c++) {
        struct uf_cycle one;
        fine = uf_cycle_explain(&one, &made.graph, &made.names, member, &again, c, NULL) == UF_OK;
        if (fine)
            uf_cycle_release(&one);
        else if (one.walk.at || one.cuts.at)
            return true;
    }
    uf_components_release(&again);
    return fine;
}

static bool cascade(void)
{
    uint64_t objects, bytes;
    uint32_t cut = 0;
    return uf_cycles_cascade(&made.graph, member, &cut, 1, NULL, &objects, &bytes, NULL) == UF_OK;
}

TEST(each_allocation_that_fails_is_an_error_and_leaks_nothing)
{
    given(EXCEPTION "f -> data\nx -> x [0]\nx -> y [1]\ny -> x [0]\n" TREE);
    EXPECT(every_failed_allocation_is_an_error(explain_all));
    EXPECT(every_failed_allocation_is_an_error(cascade));
    done();
}

int main(void)
{
    RUN(an_exception_kept_by_a_frame_of_its_own_traceback_is_cut_at_the_local);
    RUN(two_frames_that_keep_it_leave_only_the_traceback_to_cut);
    RUN(two_locals_are_cut_rather_than_two_tracebacks);
    RUN(an_attribute_is_cut_rather_than_the_local_self);
    RUN(an_entry_of_an_attribute_dictionary_counts_as_an_attribute);
    RUN(a_name_that_points_back_is_cut_rather_than_another_attribute);
    RUN(a_closure_over_itself_is_cut_at_its_cell);
    RUN(an_object_that_refers_to_itself_is_a_cycle);
    RUN(parallel_references_are_cut_together_or_elsewhere);
    RUN(two_attributes_are_cut_rather_than_the_dictionary_that_holds_both);
    RUN(in_a_tree_all_references_to_parents_are_cut);
    RUN(of_names_that_say_nothing_the_one_with_shared_targets_is_cut);
    RUN(a_class_made_in_a_call_needs_several_cuts_none_of_them_superfluous);
    RUN(what_needs_more_cuts_than_allowed_is_said_to);
    RUN(what_hangs_on_a_cycle_counts_and_what_others_hold_too_does_not);
    RUN(a_cycle_that_another_one_leads_to_is_explained_by_itself);
    RUN(own_objects_are_in_no_count);
    RUN(a_cascade_without_cuts_frees_what_is_in_no_cycle_and_hangs_on_none);
    RUN(a_component_that_does_not_exist_is_refused);
    RUN(a_ring_and_a_chain_of_a_hundred_thousand_are_explained_soon);
    RUN(each_allocation_that_fails_is_an_error_and_leaks_nothing);
    return test_end();
}
