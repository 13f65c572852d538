#include "analysis/groups.h"

#include "fail.h"
#include "grow_graph.h"
#include "test.h"

/* shop.STORE._sessions with `entries` sessions; attributes lie in attribute dictionaries. */
static const char *shop(struct uf_text *text, int entries)
{
    text->len = 0;
    uf_text_printf(text,
                   "root module shop -> shop\n"
                   "shop: module tracked\n"
                   "shop -> globals __dict__\n"
                   "globals: dict len=3 tracked\n"
                   "globals -> store ['STORE']\n"
                   "store: shop.Store tracked\n"
                   "store -> store_dict __dict__\n"
                   "store_dict: dict len=1 tracked\n"
                   "store_dict -> sessions ['_sessions']\n"
                   "sessions: dict len=%d size=%d tracked\n",
                   entries, 64 + 8 * entries);
    for (int i = 0; i < entries; i++)
        uf_text_printf(text,
                       "sessions -> k%d key 'k%d'\n"
                       "k%d: str size=50\n"
                       "sessions -> s%d ['k%d']\n"
                       "s%d: shop.Session size=48 tracked\n",
                       i, i, i, i, i, i);
    return text->at;
}

static void run_shop(struct growing *program, int calls, int entries_at_first)
{
    struct uf_text text = {0};
    growing_begin(program);
    for (int call = 0; call <= calls; call++)
        growing_capture(program, shop(&text, entries_at_first + call), (uint32_t)call);
    uf_text_release(&text);
}

TEST(a_path_merges_the_hop_over_an_attribute_dictionary)
{
    struct growing program;
    run_shop(&program, 3, 2);
    uint32_t session = growing_group(&program, "module shop.STORE._sessions[*]", "shop.Session");
    EXPECT(session != UF_GROUP_NONE);
    uint32_t sessions = uf_groups_get(program.groups, session)->parent;
    EXPECT(sessions == growing_group(&program, "module shop.STORE._sessions", "dict"));
    EXPECT(growing_group(&program, "module shop.STORE._sessions key", "str") != UF_GROUP_NONE);
    growing_end(&program);
}

TEST(a_group_has_a_point_for_each_capture_from_the_first_on)
{
    struct growing program;
    run_shop(&program, 6, 2);
    const struct uf_group *session = uf_groups_get(
        program.groups, growing_group(&program, "module shop.STORE._sessions[*]", "shop.Session"));
    EXPECT(session->points.len == 7);
    for (uint32_t i = 0; i < session->points.len; i++)
        EXPECT(session->points.at[i].calls == i && session->points.at[i].objects == 2 + i &&
               session->points.at[i].bytes == 48 * (2 + i));
    growing_end(&program);
}

TEST(the_length_of_a_container_is_a_series_of_its_own)
{
    struct growing program;
    run_shop(&program, 6, 2);
    const struct uf_group *sessions = uf_groups_get(
        program.groups, growing_group(&program, "module shop.STORE._sessions", "dict"));
    EXPECT(sessions->has_length && sessions->points.len == 7);
    EXPECT(sessions->points.at[6].objects == 1 && sessions->points.at[6].length == 8);
    growing_end(&program);
}

TEST(what_never_changes_is_never_named)
{
    struct growing program;
    struct uf_text text = {0};
    growing_begin(&program);
    for (uint32_t call = 0; call < 4; call++) {
        EXPECT(growing_capture(&program, shop(&text, 5), call) == UF_OK);
        EXPECT(program.made.names_asked == 0);
    }
    EXPECT(uf_groups_count(program.groups) == 0);
    growing_end(&program);
    uf_text_release(&text);
}

TEST(the_example_is_the_newest_entry)
{
    struct growing program;
    run_shop(&program, 3, 2);
    uint32_t session = growing_group(&program, "module shop.STORE._sessions[*]", "shop.Session");
    EXPECT(uf_groups_get(program.groups, session)->example == made_node(&program.made, "s4"));
    EXPECT(uf_groups_of(program.groups, made_node(&program.made, "s4")) == session);
    growing_end(&program);
}

TEST(all_nodes_of_a_group_can_be_listed)
{
    struct growing program;
    run_shop(&program, 3, 2);
    uf_node_list members = {0};
    uint32_t session = growing_group(&program, "module shop.STORE._sessions[*]", "shop.Session");
    EXPECT(uf_groups_members(program.groups, &program.made.graph, &program.reach,
                             &program.made.names, session, &members, NULL) == UF_OK);
    EXPECT(members.len == 5 && members.at[0] == made_node(&program.made, "s0"));
    uf_vec_release(&members);
    growing_end(&program);
}

TEST(a_trend_is_found_over_all_groups)
{
    struct growing program;
    run_shop(&program, 8, 0);
    struct uf_group_growth growth;
    uint32_t session = growing_group(&program, "module shop.STORE._sessions[*]", "shop.Session");
    EXPECT(uf_groups_judge(program.groups, session, &growth, NULL) == UF_OK);
    EXPECT(growth.objects.kind == UF_GROWTH_TREND && growth.objects.per_call == 1);
    EXPECT(uf_groups_calls_to_show(program.groups) > 0);
    growing_end(&program);
    run_shop(&program, 0, 4);
    EXPECT(uf_groups_calls_to_show(program.groups) == 0 &&
           uf_groups_wish(program.groups) == UF_GROWTH_ENOUGH);
    growing_end(&program);
}

TEST(bytes_that_grow_while_the_length_stands_still_are_no_trend)
{
    struct growing program;
    struct uf_text text = {0};
    struct uf_group_growth growth;
    growing_begin(&program);
    for (int call = 0; call <= 12; call++) {
        text.len = 0;
        uf_text_printf(&text,
                       "root module app -> app\napp: module tracked\napp -> cache .CACHE\n"
                       "cache: dict len=%d size=%d tracked\n",
                       call < 4 ? call : 4, 64 + 30 * call);
        growing_capture(&program, text.at, (uint32_t)call);
    }
    uint32_t cache = growing_group(&program, "module app.CACHE", "dict");
    EXPECT(uf_groups_judge(program.groups, cache, &growth, NULL) == UF_OK);
    EXPECT(growth.length.kind == UF_GROWTH_SETTLED && growth.bytes.kind == UF_GROWTH_SETTLED);
    EXPECT(uf_groups_calls_to_show(program.groups) == 0);
    uf_text_release(&text);
    growing_end(&program);
}

TEST(a_group_that_comes_up_late_was_zero_before)
{
    struct growing program;
    struct uf_text text = {0};
    growing_begin(&program);
    for (int call = 0; call <= 6; call++)
        growing_capture(&program, shop(&text, call < 3 ? 0 : call - 2), (uint32_t)call);
    const struct uf_group *session = uf_groups_get(
        program.groups, growing_group(&program, "module shop.STORE._sessions[*]", "shop.Session"));
    EXPECT(session->points.len == 7 && session->points.at[2].objects == 0 &&
           session->points.at[3].objects == 1);
    growing_end(&program);
    uf_text_release(&text);
}

TEST(a_group_that_goes_empty_keeps_its_series)
{
    struct growing program;
    struct uf_text text = {0};
    growing_begin(&program);
    for (int call = 0; call <= 6; call++)
        growing_capture(&program, shop(&text, call < 3 ? call + 1 : 0), (uint32_t)call);
    const struct uf_group *session = uf_groups_get(
        program.groups, growing_group(&program, "module shop.STORE._sessions[*]", "shop.Session"));
    EXPECT(session->points.len == 7 && session->points.at[2].objects == 3 &&
           session->points.at[6].objects == 0 && session->example == UF_NODE_NONE);
    growing_end(&program);
    uf_text_release(&text);
}

static const char *linked_list(struct uf_text *text, int nodes)
{
    text->len = 0;
    uf_text_printf(text, "root module app -> app\napp: module\napp -> n0 .HEAD\n");
    for (int i = 0; i < nodes; i++)
        uf_text_printf(text, "n%d: app.Node size=48 tracked\n", i);
    for (int i = 1; i < nodes; i++)
        uf_text_printf(text, "n%d -> n%d .next\n", i - 1, i);
    return text->at;
}

TEST(a_linked_list_is_a_few_groups_however_long)
{
    struct growing program;
    struct uf_text text = {0};
    growing_begin(&program);
    for (int call = 0; call <= 8; call++)
        growing_capture(&program, linked_list(&text, 100 + 10 * call), (uint32_t)call);
    EXPECT(uf_groups_count(program.groups) <= 6);
    uint32_t deep = growing_group(&program, "module app.HEAD.next.next.next", "app.Node");
    EXPECT(deep != UF_GROUP_NONE && uf_groups_get(program.groups, deep)->folded);
    struct uf_group_growth growth;
    uf_groups_judge(program.groups, deep, &growth, NULL);
    EXPECT(growth.objects.kind == UF_GROWTH_TREND && growth.objects.per_call == 10);
    EXPECT(uf_groups_get(program.groups, deep)->example == made_node(&program.made, "n3") ||
           uf_groups_get(program.groups, deep)->example == made_node(&program.made, "n4"));
    growing_end(&program);
    uf_text_release(&text);
}

static const char *namespace(struct uf_text *text, int names)
{
    text->len = 0;
    uf_text_printf(text,
                   "root module app -> app\napp: module\napp -> ns .ns\nns: types.SimpleNamespace\n"
                   "ns -> nsd __dict__\nnsd: dict len=%d\n",
                   names);
    for (int i = 0; i < names; i++)
        uf_text_printf(text, "nsd -> v%d ['k%d']\nv%d: app.Thing size=40 tracked\n", i, i, i);
    return text->at;
}

/* web.APPS holds applications; each has a set of its own, nine references further down. */
static const char *apps(struct uf_text *text, int count)
{
    text->len = 0;
    uf_text_printf(text,
                   "root module web -> web\nweb: module tracked\nweb -> apps .APPS\n"
                   "apps: set len=%d tracked\n",
                   count);
    for (int i = 0; i < count; i++) {
        uf_text_printf(text, "apps -> a%d.0 key '%d'\na%d.0: web.App tracked\n", i, i, i);
        for (int level = 1; level <= 8; level++)
            uf_text_printf(text, "a%d.%d -> a%d.%d .part%d\na%d.%d: web.Part%d tracked\n", i,
                           level - 1, i, level, level, i, level, level);
        uf_text_printf(text, "a%d.8 -> m%d .methods\nm%d: set tracked\n", i, i, i);
    }
    return text->at;
}

TEST(a_builtin_far_below_is_not_the_one_above_of_the_same_type)
{
    struct growing program;
    struct uf_text text = {0};
    growing_begin(&program);
    for (int call = 0; call <= 3; call++)
        growing_capture(&program, apps(&text, 2 + call), (uint32_t)call);
    uint32_t holder = growing_group(&program, "module web.APPS", "set");
    EXPECT(holder != UF_GROUP_NONE && !uf_groups_get(program.groups, holder)->folded);
    const struct uf_group *group = uf_groups_get(program.groups, holder);
    EXPECT(group->points.len == 4 && group->points.at[3].objects == 1);
    uf_text_release(&text);
    growing_end(&program);
}

TEST(a_namespace_used_as_a_registry_is_one_group)
{
    struct growing program;
    struct uf_text text = {0};
    growing_begin(&program);
    for (int call = 0; call <= 12; call++)
        growing_capture(&program, namespace(&text, 3 + call), (uint32_t)call);
    uint32_t any = growing_group(&program, "module app.ns.*", "app.Thing");
    EXPECT(any != UF_GROUP_NONE);
    struct uf_group_growth growth;
    uf_groups_judge(program.groups, any, &growth, NULL);
    EXPECT(growth.objects.kind == UF_GROWTH_TREND && growth.objects.per_call == 1);
    EXPECT(growing_group(&program, "module app.ns.k0", "app.Thing") != UF_GROUP_NONE);
    growing_end(&program);
    uf_text_release(&text);
}

TEST(attributes_that_existed_before_keep_their_names)
{
    struct growing program;
    struct uf_text text = {0};
    growing_begin(&program);
    for (int call = 0; call <= 8; call++) {
        text.len = 0;
        uf_text_printf(&text,
                       "root module app -> app\napp: module\napp -> a .a\napp -> b .b\n"
                       "a: list len=%d\nb: list len=%d\n",
                       call, call < 4 ? 0 : call);
        growing_capture(&program, text.at, (uint32_t)call);
    }
    EXPECT(growing_group(&program, "module app.a", "list") != UF_GROUP_NONE);
    EXPECT(growing_group(&program, "module app.b", "list") != UF_GROUP_NONE);
    growing_end(&program);
    uf_text_release(&text);
}

TEST(threads_with_numbers_are_one_root)
{
    struct growing program;
    struct uf_text text = {0};
    growing_begin(&program);
    for (int call = 0; call <= 6; call++) {
        text.len = 0;
        uf_text_printf(&text, "root module app -> app\napp: module\n");
        for (int t = 0; t <= call; t++)
            uf_text_printf(&text,
                           "root thread Thread-%d -> o%d local 'job' of run() at /srv/app.py:%d\n"
                           "o%d: app.Job tracked\n",
                           t + 9, t, 12, t);
        growing_capture(&program, text.at, (uint32_t)call);
    }
    uint32_t job = growing_group(&program, "thread Thread-* local 'job' of run()", "app.Job");
    EXPECT(job != UF_GROUP_NONE && uf_groups_get(program.groups, job)->points.at[6].objects == 7);
    growing_end(&program);
    uf_text_release(&text);
}

TEST(modules_made_per_call_are_one_root)
{
    struct growing program;
    struct uf_text text = {0};
    growing_begin(&program);
    for (int call = 0; call <= 8; call++) {
        text.len = 0;
        for (int m = 0; m <= call; m++)
            uf_text_printf(&text, "root module generated_%d -> m%d\nm%d: module tracked\n", m, m,
                           m);
        growing_capture(&program, text.at, (uint32_t)call);
    }
    EXPECT(growing_group(&program, "module *", "module") != UF_GROUP_NONE);
    growing_end(&program);
    uf_text_release(&text);
}

TEST(what_nothing_reaches_is_held_by_nothing_and_own_objects_are_left_out)
{
    struct growing program;
    struct uf_text text = {0};
    growing_begin(&program);
    for (int call = 0; call <= 5; call++) {
        text.len = 0;
        uf_text_printf(&text, "root module app -> app\napp: module\n");
        for (int i = 0; i <= call; i++)
            uf_text_printf(&text,
                           "lost%d: app.Lost tracked\nlost%d -> lost%d .me\nmine%d: app.Mine own\n",
                           i, i, i, i);
        growing_capture(&program, text.at, (uint32_t)call);
    }
    uint32_t lost = growing_group(&program, "nothing", "app.Lost");
    EXPECT(lost != UF_GROUP_NONE && uf_groups_get(program.groups, lost)->points.at[5].objects == 6);
    EXPECT(growing_group(&program, "nothing", "app.Mine") == UF_GROUP_NONE);
    growing_end(&program);
    uf_text_release(&text);
}

TEST(growth_without_calls_is_not_from_the_call)
{
    struct growing program;
    struct uf_text text = {0};
    run_shop(&program, 8, 1);
    uf_groups_begin_idle(program.groups);
    for (int window = 1; window <= 2; window++) {
        growing_look(&program, shop(&text, 9 + window));
        EXPECT(uf_groups_add_idle(program.groups, &program.made.graph, &program.reach,
                                  &program.made.names, NULL) == UF_OK);
    }
    uf_groups_end_idle(program.groups, 2, 1, 1);
    uint32_t session = growing_group(&program, "module shop.STORE._sessions[*]", "shop.Session");
    EXPECT(uf_groups_get(program.groups, session)->not_from_call);
    EXPECT(uf_groups_get(program.groups, session)->points.len == 9);
    EXPECT(uf_groups_calls_to_show(program.groups) == 0);
    growing_end(&program);
    uf_text_release(&text);
}

TEST(no_growth_without_calls_leaves_the_finding_to_the_call)
{
    struct growing program;
    struct uf_text text = {0};
    run_shop(&program, 8, 1);
    uf_groups_begin_idle(program.groups);
    for (int window = 1; window <= 2; window++) {
        growing_look(&program, shop(&text, 9));
        uf_groups_add_idle(program.groups, &program.made.graph, &program.reach, &program.made.names,
                           NULL);
    }
    uf_groups_end_idle(program.groups, 2, 1, 1);
    EXPECT(uf_groups_calls_to_show(program.groups) > 0);
    growing_end(&program);
    uf_text_release(&text);
}

TEST(captures_out_of_order_are_refused)
{
    struct growing program;
    struct uf_text text = {0};
    run_shop(&program, 3, 1);
    EXPECT(growing_capture(&program, shop(&text, 5), 3) == UF_EINVAL);
    growing_end(&program);
    uf_text_release(&text);
}

/* When it is first looked at, it is not known which of its holders gained: only later steps are
 * told. */
TEST(a_kinship_with_several_holders_loses_its_first_step)
{
    struct growing program;
    struct uf_text text = {0};
    growing_begin(&program);
    for (int call = 0; call <= 6; call++) {
        text.len = 0;
        uf_text_printf(&text,
                       "root module app -> app\napp: module\napp -> a .a\napp -> b .b\n"
                       "a: list len=%d\nb: list len=2\nb -> b0 [0]\nb -> b1 [1]\n"
                       "b0: app.T tracked\nb1: app.T tracked\n",
                       call);
        for (int i = 0; i < call; i++)
            uf_text_printf(&text, "a -> a%d [%d]\na%d: app.T tracked\n", i, i, i);
        growing_capture(&program, text.at, (uint32_t)call);
    }
    const struct uf_group *a =
        uf_groups_get(program.groups, growing_group(&program, "module app.a[*]", "app.T"));
    const struct uf_group *b =
        uf_groups_get(program.groups, growing_group(&program, "module app.b[*]", "app.T"));
    EXPECT(a->points.len == 7 && a->points.at[0].objects == 1 && a->points.at[1].objects == 1 &&
           a->points.at[2].objects == 2 && a->points.at[6].objects == 6);
    EXPECT(b->points.len == 7);
    for (size_t i = 0; i < b->points.len; i++)
        EXPECT(b->points.at[i].objects == 2);
    growing_end(&program);
    uf_text_release(&text);
}

static struct made_graph failing_made;
static struct uf_reach failing_reach;

static bool group_twice(void)
{
    struct uf_groups *groups;
    struct uf_graph *graph = &failing_made.graph;
    if (uf_groups_create(&groups, NULL))
        return false;
    enum uf_code code = uf_groups_add(groups, graph, &failing_reach, &failing_made.names, 0, NULL);
    uf_groups_seal(groups);
    if (!code) {
        graph->size[5]++; /* some kinship changes */
        code = uf_groups_add(groups, graph, &failing_reach, &failing_made.names, 1, NULL);
        graph->size[5]--;
    }
    uf_groups_destroy(groups);
    return code == UF_OK;
}

TEST(every_failed_allocation_while_grouping_is_an_error)
{
    struct uf_text text = {0};
    make_graph(&failing_made, shop(&text, 6));
    uf_reach_build(&failing_reach, &failing_made.graph, NULL);
    EXPECT(every_failed_allocation_is_an_error(group_twice));
    uf_reach_release(&failing_reach);
    made_graph_release(&failing_made);
    uf_text_release(&text);
}

int main(void)
{
    RUN(a_path_merges_the_hop_over_an_attribute_dictionary);
    RUN(a_group_has_a_point_for_each_capture_from_the_first_on);
    RUN(the_length_of_a_container_is_a_series_of_its_own);
    RUN(what_never_changes_is_never_named);
    RUN(the_example_is_the_newest_entry);
    RUN(all_nodes_of_a_group_can_be_listed);
    RUN(a_trend_is_found_over_all_groups);
    RUN(bytes_that_grow_while_the_length_stands_still_are_no_trend);
    RUN(a_group_that_comes_up_late_was_zero_before);
    RUN(a_group_that_goes_empty_keeps_its_series);
    RUN(a_linked_list_is_a_few_groups_however_long);
    RUN(a_builtin_far_below_is_not_the_one_above_of_the_same_type);
    RUN(a_namespace_used_as_a_registry_is_one_group);
    RUN(attributes_that_existed_before_keep_their_names);
    RUN(threads_with_numbers_are_one_root);
    RUN(modules_made_per_call_are_one_root);
    RUN(what_nothing_reaches_is_held_by_nothing_and_own_objects_are_left_out);
    RUN(growth_without_calls_is_not_from_the_call);
    RUN(no_growth_without_calls_leaves_the_finding_to_the_call);
    RUN(captures_out_of_order_are_refused);
    RUN(a_kinship_with_several_holders_loses_its_first_step);
    RUN(every_failed_allocation_while_grouping_is_an_error);
    return test_end();
}
