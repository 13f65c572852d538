#include "check_findings.h"

TEST(a_registry_dict_is_one_finding)
{
    EXPECT(check(registry) == UF_OK);
    print();
    const struct uf_finding *f = only();
    EXPECT(f->severity == UF_SEVERITY_LEAK && f->kind == UF_KIND_RETAINED);
    EXPECT_TEXT(f->type, "app.Session");
    EXPECT_TEXT(f->id, "retained:app.Session:module app.STORE._sessions[*]:work");
    EXPECT_TEXT(f->holder, "app.STORE._sessions");
    EXPECT_TEXT(f->path_root, "module app");
    EXPECT(f->objects_per_call == 1 && f->objects == 17);
    EXPECT(f->bytes_per_call == 48 && f->retained_bytes_per_call == 48 + 200 + 59 + 50);
    EXPECT(f->confidence == 1 && f->growth_by_call.len == CALLS && f->growth_by_call.at[3] == 1);
    EXPECT(summary.trends > 0 && summary.confidence == 1 && summary.largest_bound == 17);
    done();
}

TEST(a_path_shows_where_it_grows)
{
    check(registry);
    const struct uf_finding *f = only();
    EXPECT(f->path.len == 4 && f->holder_grows);
    EXPECT_TEXT(f->path.at[0].edge, "");
    EXPECT_TEXT(f->path.at[1].edge, ".STORE");
    EXPECT_TEXT(f->path.at[2].edge, "._sessions");
    EXPECT_TEXT(f->path.at[2].object, "dict, 17 entries");
    EXPECT_TEXT(f->path.at[3].edge, "['id16']");
    EXPECT_TEXT(f->path.at[3].generic, "[*]");
    EXPECT(f->path.at[2].suspect && !f->path.at[3].suspect && !f->path.at[1].suspect);
    done();
}

TEST(the_fix_of_a_registry_is_checked_on_the_graph)
{
    check(registry);
    const struct uf_finding *f = only();
    EXPECT(f->fix_verified && f->fix_frees_objects == 17 * 4 && f->fix_frees_bytes == 17 * 357);
    EXPECT_TEXT(f->fix_edge, "app.STORE._sessions['id16']");
    EXPECT(f->candidates.len == 1 && f->candidates.at[0].alone);
    EXPECT_TEXT(f->candidates.at[0].edge, f->fix_edge);
    EXPECT(f->cuts.members.len == 17 && f->cuts.objects.len == 17 * 4 && !f->cuts.by_counting);
    EXPECT(f->cuts.references.len == 17 * 2); /* entries and their keys */
    EXPECT(strstr(f->fix_advice, "delete the entry from app.STORE._sessions") != NULL);
    done();
}

static void list_of_ints(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text, "globals -> log ['LOG']\nlog: list len=%d size=%d tracked\n", call,
                   56 + call / 4 * 32);
    for (int i = 0; i < call; i++)
        uf_text_printf(text, "log -> i%d [%d]\ni%d: int size=28\n", i, i, i);
}

TEST(a_growing_list_of_ints_is_one_finding_of_kind_growing)
{
    check(list_of_ints);
    print();
    const struct uf_finding *f = only();
    EXPECT(f->kind == UF_KIND_GROWING && f->entries_per_call == 1);
    EXPECT_TEXT(f->type, "list");
    EXPECT_TEXT(f->holder, "app.LOG");
    EXPECT_TEXT(f->id, "growing:list:module app.LOG:work");
    EXPECT(f->path.len == 2 && f->path.at[1].suspect);
    EXPECT_TEXT(f->path.at[1].object, "list, 12 items");
    EXPECT(f->fix_verified && f->fix_frees_objects == 12);
    EXPECT(f->retained_bytes_per_call > 28 + 7);
    done();
}

static void small_ints(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text,
                   "globals -> one ['ONE']\none: int size=28 immortal\nglobals -> log "
                   "['LOG']\nlog: list len=%d size=%d tracked\n",
                   call, 56 + call / 4 * 32);
    for (int i = 0; i < call; i++)
        uf_text_printf(text, "log -> one [%d]\n", i);
}

TEST(a_list_of_shared_ints_grows_in_place)
{
    check(small_ints);
    const struct uf_finding *f = only();
    EXPECT(f->kind == UF_KIND_GROWING && f->objects_per_call == 0 && f->entries_per_call == 1);
    /* no entry would free anything: the list itself goes when its holder lets go of it */
    EXPECT(f->fix_verified && f->fix_frees_objects == 1 && f->cuts.references.len == 1);
    EXPECT(f->fix_frees_bytes == f->bytes && f->cuts.members.len == 1);
    done();
}

static void growing_text(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text, "globals -> t ['TEXT']\nt: str size=%d preview='aaa...'\n",
                   49 + 10 * call);
}

TEST(a_text_rebuilt_longer_grows_in_place)
{
    check(growing_text);
    print();
    const struct uf_finding *f = only();
    EXPECT(f->kind == UF_KIND_GROWING && f->bytes_per_call == 10);
    EXPECT_TEXT(f->type, "str");
    EXPECT_TEXT(f->path.at[1].object, "'aaa...'");
    EXPECT(f->fix_verified && f->fix_frees_objects == 1);
    done();
}

static void method_cache(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text,
                   "globals -> C ['C']\nC: type type tracked\nC -> cd __dict__\ncd: dict len=9\ncd "
                   "-> f ['get']\n"
                   "f: functools._lru_cache_wrapper len=%d tracked\n"
                   "f -> cache cache\ncache: dict len=%d size=%d tracked\nzero: int immortal\n",
                   call, call, 64 + 30 * call);
    for (int i = 0; i < call; i++)
        uf_text_printf(
            text,
            "cache -> k%d key (<app.C>,)\nk%d: tuple size=48 tracked\ncache -> zero ['k%d']\n"
            "k%d -> c%d [0]\nc%d: app.C size=56 tracked\n",
            i, i, i, i, i, i);
}

TEST(a_cache_on_a_method_shows_what_its_keys_hold)
{
    check(method_cache);
    print();
    const struct uf_finding *f = only();
    EXPECT_TEXT(f->type, "app.C");
    EXPECT_TEXT(f->id, "retained:app.C:module app.C.get cache key[*]:work");
    EXPECT(f->retained_bytes_per_call == 104 && f->severity == UF_SEVERITY_LEAK);
    EXPECT(strstr(f->fix_advice, "keeps every `self` alive") != NULL);
    done();
}

/* The cache of a method whose result is a small object, and whose `self` is large. */
static void heavy_keys(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text,
                   "globals -> f ['get']\nf: functools._lru_cache_wrapper len=%d tracked\n"
                   "f -> cache cache\ncache: dict len=%d size=%d tracked\n",
                   call, call, 64 + 30 * call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text,
                       "cache -> k%d key (...,)\nk%d: tuple size=48 tracked\n"
                       "cache -> v%d ['k%d']\nv%d: app.Answer size=90 tracked\n"
                       "k%d -> c%d [0]\nc%d: app.Client size=500 tracked\n",
                       i, i, i, i, i, i, i, i);
}

TEST(a_key_that_keeps_much_more_alive_than_its_value_is_named)
{
    check(heavy_keys);
    print();
    const struct uf_finding *f = only();
    EXPECT_TEXT(f->type, "app.Client");
    EXPECT_TEXT(f->holder, "app.get cache");
    EXPECT(f->retained_bytes_per_call == 638 && f->fix_frees_objects == 36);
    done();
}

static void cached_ints(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text,
                   "globals -> f ['f']\nf: functools._lru_cache_wrapper len=%d tracked\n"
                   "f -> cache cache\ncache: dict len=%d size=%d tracked\n",
                   call, call, 64 + 30 * call);
    for (int i = 0; i < call; i++)
        uf_text_printf(
            text,
            "cache -> k%d key 1\nk%d: int size=28\ncache -> v%d ['k%d']\nv%d: float size=24\n", i,
            i, i, i, i);
}

TEST(a_cache_of_numbers_is_told_as_the_cache)
{
    check(cached_ints);
    print();
    const struct uf_finding *f = only();
    EXPECT(f->kind == UF_KIND_GROWING && f->fix_verified && f->fix_frees_objects == 24);
    EXPECT_TEXT(f->type, "functools._lru_cache_wrapper");
    EXPECT_TEXT(f->holder, "app.f");
    done();
}

static void warnings(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text,
                   "globals -> r ['__warningregistry__']\nr: dict len=%d size=%d tracked\n"
                   "cat: type type\ntrue: bool immortal\n",
                   call, 64 + 30 * call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text,
                       "r -> k%d key (...)\nk%d: tuple size=64\nk%d -> m%d [0]\nm%d: str "
                       "size=70\nr -> true ['x']\n",
                       i, i, i, i, i);
}

TEST(untracked_keys_of_the_warning_registry_are_one_finding)
{
    check(warnings);
    print();
    const struct uf_finding *f = only();
    EXPECT_TEXT(f->type, "tuple");
    EXPECT_TEXT(f->holder, "app.__warningregistry__");
    EXPECT(strstr(f->fix_advice, "constant text") != NULL);
    EXPECT(f->retained_bytes_per_call == 134);
    done();
}

static void namespace_registry(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text,
                   "globals -> ns ['NS']\nns: types.SimpleNamespace\nns -> nsd __dict__\nnsd: dict "
                   "len=%d size=%d\n",
                   call, 64 + 30 * call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text, "nsd -> v%d ['k%d']\nv%d: app.Thing size=40 tracked\n", i, i, i);
}

TEST(a_namespace_used_as_a_registry_is_one_finding)
{
    check(namespace_registry);
    print();
    const struct uf_finding *f = only();
    EXPECT_TEXT(f->id, "retained:app.Thing:module app.NS.*:work");
    EXPECT_TEXT(f->holder, "app.NS");
    EXPECT(f->path.len == 3 && f->path.at[1].suspect && f->holder_grows);
    done();
}

static void locals_of_thread(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text,
                   "root thread MainThread -> l local 'seen' of main() at /srv/app.py:12\n"
                   "l: list len=%d size=%d tracked\n",
                   call, 64 + 8 * call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text, "l -> v%d [%d]\nv%d: app.Thing size=40 tracked\n", i, i, i);
}

TEST(a_local_of_a_running_function_is_named)
{
    check(locals_of_thread);
    print();
    const struct uf_finding *f = only();
    EXPECT_TEXT(f->holder, "local 'seen' of main()");
    EXPECT_TEXT(f->path_root, "thread MainThread");
    EXPECT_TEXT(f->id, "retained:app.Thing:thread MainThread local 'seen' of main()[*]:work");
    EXPECT_TEXT(f->path.at[0].edge, "local 'seen' of main() at /srv/app.py:12");
    done();
}

static void linked_list(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text, "globals -> n0 ['HEAD']\n");
    for (int i = 0; i < 60 + call; i++)
        uf_text_printf(text, "n%d: app.Node size=48 tracked\n", i);
    for (int i = 1; i < 60 + call; i++)
        uf_text_printf(text, "n%d -> n%d .next\n", i - 1, i);
}

TEST(a_linked_list_is_one_finding)
{
    check(linked_list);
    print();
    const struct uf_finding *f = only();
    EXPECT_TEXT(f->type, "app.Node");
    EXPECT_TEXT(f->holder, "app.HEAD.next.next");
    EXPECT(f->path.len < 10 && f->fix_verified);
    done();
}

static void two_leaks(struct uf_text *text, int call)
{
    registry(text, call);
    uf_text_printf(text, "globals -> small ['SMALL']\nsmall: list len=%d tracked\n", call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text, "small -> t%d [%d]\nt%d: app.Tiny size=16 tracked\n", i, i, i);
}

TEST(the_worst_finding_comes_first)
{
    check(two_leaks);
    EXPECT(result.findings.len == 2);
    EXPECT_TEXT(result.findings.at[0].type, "app.Session");
    EXPECT_TEXT(result.findings.at[1].type, "app.Tiny");
    done();
}

static void nothing_grows(struct uf_text *text, int call)
{
    registry(text, call % 2);
}

TEST(a_clean_program_has_no_finding)
{
    check(nothing_grows);
    EXPECT(result.findings.len == 0 && summary.trends == 0 && summary.groups > 0);
    done();
}

int main(void)
{
    RUN(a_registry_dict_is_one_finding);
    RUN(a_path_shows_where_it_grows);
    RUN(the_fix_of_a_registry_is_checked_on_the_graph);
    RUN(a_growing_list_of_ints_is_one_finding_of_kind_growing);
    RUN(a_list_of_shared_ints_grows_in_place);
    RUN(a_text_rebuilt_longer_grows_in_place);
    RUN(a_cache_on_a_method_shows_what_its_keys_hold);
    RUN(a_key_that_keeps_much_more_alive_than_its_value_is_named);
    RUN(a_cache_of_numbers_is_told_as_the_cache);
    RUN(untracked_keys_of_the_warning_registry_are_one_finding);
    RUN(a_namespace_used_as_a_registry_is_one_finding);
    RUN(a_local_of_a_running_function_is_named);
    RUN(a_linked_list_is_one_finding);
    RUN(the_worst_finding_comes_first);
    RUN(a_clean_program_has_no_finding);
    return test_end();
}
