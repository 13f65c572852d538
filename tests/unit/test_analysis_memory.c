/* Memory is out at each allocation in turn: what the analyses do that have no such test of their own.
 *
 * Everything that a piece of work starts from stands before it: only its own allocations fail. */
#include "analysis/descriptor_words.h"
#include "analysis/dominators.h"
#include "analysis/domtree.h"
#include "analysis/findings.h"
#include "analysis/kinds.h"
#include "analysis/orphans.h"
#include "analysis/steps.h"
#include "analysis/surplus.h"
#include "analysis/type_totals.h"

#include "check_findings.h"
#include "fail.h"

#include <sys/stat.h>

/* --- findings ---------------------------------------------------------------------------------------- */

/* A result with what a check enters before; false when memory is out. */
static bool result_begin(void)
{
    uf_check_result_init(&result);
    result.function = uf_mem_strdup("work");
    result.calls_measured = CALLS;
    return result.function != NULL;
}

static void grow(program_fn *write)
{
    growing_begin(&program);
    for (int call = 0; call <= CALLS; call++) {
        struct uf_text text = {0};
        write(&text, call);
        EXPECT(growing_capture(&program, text.at, (uint32_t)call) == UF_OK);
        uf_text_release(&text);
    }
}

static bool judge_groups(void)
{
    bool done = result_begin() && uf_findings_from_groups(
                                      &result, program.groups, &program.made.graph, &program.reach,
                                      &program.made.names, NULL, &summary, NULL) == UF_OK;
    uf_check_result_release(&result);
    return done;
}

/* What C code holds, what grows in place, what has a bound: each has a way of its own through findings. */
static void held_by_c_code(struct uf_text *text, int call)
{
    module(text);
    for (int i = 0; i < call; i++)
        uf_text_printf(text, "root native code -> o%d 1\no%d: list size=64 tracked\n", i, i);
}

static void grows_in_place(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text, "globals -> t ['TEXT']\nt: str size=%d preview='aaa...'\n",
                   49 + 10 * call);
}

static void bounded(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text, "globals -> d ['LAST']\nd: collections.deque len=%d bound=100 tracked\n",
                   call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text, "d -> i%d [%d]\ni%d: app.Item size=50 tracked\n", i, i, i);
}

TEST(findings_of_what_grows)
{
    static program_fn *const programs[] = {registry, held_twice, held_by_c_code, grows_in_place,
                                           bounded};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        grow(programs[i]);
        EXPECT(every_failed_allocation_is_an_error(judge_groups));
        growing_end(&program);
    }
}

static bool judge_warmup(void)
{
    static const uint64_t nothing;
    bool done = result_begin() &&
                uf_findings_warmup(&result, &program.made.graph, &program.reach,
                                   &program.made.names, &nothing, 0, NULL) == UF_OK;
    uf_check_result_release(&result);
    return done;
}

TEST(what_the_first_calls_left)
{
    grow(registry);
    EXPECT(every_failed_allocation_is_an_error(judge_warmup));
    growing_end(&program);
}

static struct made_graph made;
static uint8_t member[MADE_NODES];

static const char rings[] = "a: app.A tracked\na -> b .b\nb: app.B tracked\nb -> bd __dict__\n"
                            "bd: dict tracked\nbd -> a ['back']\n"
                            "c: list tracked\nc -> c [0]\n"
                            "d: app.D tracked\nd -> e .e\ne: app.E tracked\ne -> d .d\nd -> a .a\n";

static bool judge_garbage(void)
{
    bool done = result_begin() && uf_findings_from_garbage(&result, &made.graph, member,
                                                           &made.names, NULL, NULL) == UF_OK;
    uf_check_result_release(&result);
    return done;
}

TEST(findings_of_garbage)
{
    make_graph(&made, rings);
    memset(member, 1, sizeof member);
    EXPECT(every_failed_allocation_is_an_error(judge_garbage));
    made_graph_release(&made);
}

/* --- surpluses, orphans -------------------------------------------------------------------------------- */

static struct made_graph looks[CALLS + 1];
static struct uf_reach look_reach;

static bool tell_surpluses(void)
{
    struct uf_surpluses *surpluses = NULL;
    bool done = result_begin() && uf_surpluses_create(&surpluses, NULL) == UF_OK;
    for (uint32_t call = 0; call <= CALLS && done; call++)
        done = uf_surpluses_add(surpluses, &looks[call].graph, call, NULL) == UF_OK;
    struct uf_view view = {
        .graph = &looks[CALLS].graph, .reach = &look_reach, .names = &looks[CALLS].names};
    done = done && uf_surpluses_tell(surpluses, &view, &result, NULL) == UF_OK;
    if (surpluses)
        uf_surpluses_destroy(surpluses);
    uf_check_result_release(&result);
    return done;
}

TEST(objects_that_are_counted_more_often_with_each_call)
{
    for (int call = 0; call <= CALLS; call++) {
        char text[300];
        snprintf(text, sizeof text,
                 "root module app -> app\napp: module tracked\napp -> kept .KEPT\n"
                 "kept: list tracked\nroot native -> kept %d\n",
                 3 + 2 * call);
        make_graph(&looks[call], text);
    }
    EXPECT(uf_reach_build(&look_reach, &looks[CALLS].graph, NULL) == UF_OK);
    EXPECT(every_failed_allocation_is_an_error(tell_surpluses));
    uf_reach_release(&look_reach);
    for (int call = 0; call <= CALLS; call++)
        made_graph_release(&looks[call]);
}

static bool settle_orphan(void)
{
    struct uf_finding finding;
    struct uf_holding nothing = {.share = 0};
    uf_node_list members = {0};
    uf_finding_init(&finding);
    finding.kind = UF_KIND_RETAINED;
    char **texts[] = {&finding.type, &finding.id, &finding.holder, &finding.path_root,
                      &finding.fix_advice};
    bool done = uf_vec_push(&members, 0) == 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts && done; i++)
        done = (*texts[i] = uf_mem_strdup("list")) != NULL;
    done = done && uf_orphans_list(&finding, &made.graph, &members, NULL) == UF_OK &&
           uf_orphans_settle(&finding, &nothing, "work", NULL) == UF_OK &&
           uf_orphans_advise(&finding, NULL) == UF_OK &&
           uf_finding_add_candidate(&finding, "app.STORE", true, NULL) == UF_OK;
    uf_vec_release(&members);
    uf_finding_release(&finding);
    return done;
}

TEST(objects_that_nothing_holds)
{
    make_graph(&made, "root native code -> lost 1\nlost: list tracked\n");
    EXPECT(every_failed_allocation_is_an_error(settle_orphan));
    made_graph_release(&made);
}

/* --- pieces, trees, words ------------------------------------------------------------------------------- */

static bool sort_references(void)
{
    struct uf_components components;
    struct uf_piece piece;
    struct uf_kinds kinds;
    if (uf_components_build(&components, &made.graph, member, NULL))
        return false;
    bool done = uf_piece_build(&piece, &made.graph, member, &components, 0, NULL) == UF_OK;
    if (done) {
        done = uf_kinds_build(&kinds, &piece, &made.graph, &made.names, NULL) == UF_OK;
        if (done)
            uf_kinds_release(&kinds);
        uf_piece_release(&piece);
    }
    uf_components_release(&components);
    return done;
}

TEST(the_references_of_a_piece)
{
    make_graph(&made, rings);
    memset(member, 1, sizeof member);
    EXPECT(every_failed_allocation_is_an_error(sort_references));
    made_graph_release(&made);
}

static bool retain(void)
{
    struct uf_dominators dominators;
    struct uf_domtree tree;
    struct uf_type_totals totals;
    if (uf_dominators_build(&dominators, &made.graph, NULL))
        return false;
    bool done = uf_domtree_build(&tree, &dominators, NULL) == UF_OK;
    if (done) {
        done = uf_type_totals_build(&totals, &made.graph, &dominators, &tree, NULL) == UF_OK;
        if (done)
            uf_type_totals_release(&totals);
        uf_domtree_release(&tree);
    }
    uf_dominators_release(&dominators);
    return done;
}

static bool walk(void)
{
    struct uf_view view = {.graph = &made.graph, .names = &made.names};
    struct uf_reach reach;
    struct uf_path path = {0};
    struct uf_finding finding;
    struct uf_text text = {0};
    uf_node node = made_node(&made, "s3");
    uf_finding_init(&finding);
    if (uf_reach_build(&reach, &made.graph, NULL))
        return false;
    view.reach = &reach;
    bool done = uf_path_to(&path, &reach, node, NULL) == UF_OK &&
                uf_path_steps(&view, &path, 2, &finding, NULL) == UF_OK;
    if (done) {
        uf_path_expression(&view, &path, path.nodes.len, &text);
        uf_path_root_text(&view, path.nodes.at[0], &text);
        uf_step_object_text(&view, node, &text);
        uf_step_number(&text, 5012);
    }
    done = done && !text.failed;
    uf_text_release(&text);
    uf_path_release(&path);
    uf_reach_release(&reach);
    uf_finding_release(&finding);
    return done;
}

TEST(dominator_trees_and_paths)
{
    struct uf_text text = {0};
    registry(&text, 3);
    make_graph(&made, text.at);
    uf_text_release(&text);
    EXPECT(every_failed_allocation_is_an_error(retain));
    EXPECT(every_failed_allocation_is_an_error(walk));
    made_graph_release(&made);
}

static bool describe(void)
{
    struct uf_descriptor_facts facts = {
        .link = "/srv/app/log.17", .file_type = S_IFREG, .access = -1};
    struct uf_text text = {0};
    uf_descriptor_target(&facts, &text);
    uf_descriptor_sort(&facts, &text);
    bool done = !text.failed;
    uf_text_release(&text);
    return done;
}

TEST(words_of_descriptors)
{
    EXPECT(every_failed_allocation_is_an_error(describe));
}

int main(void)
{
    RUN(findings_of_what_grows);
    RUN(what_the_first_calls_left);
    RUN(findings_of_garbage);
    RUN(objects_that_are_counted_more_often_with_each_call);
    RUN(objects_that_nothing_holds);
    RUN(the_references_of_a_piece);
    RUN(dominator_trees_and_paths);
    RUN(words_of_descriptors);
    return test_end();
}
