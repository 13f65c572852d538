#include "check_findings.h"

static void loggers(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(
        text,
        "globals -> reg ['REG']\nreg: dict len=%d tracked\nglobals -> other ['OTHER']\n"
        "other: app.Other tracked\nother -> map .map\nmap: dict len=%d size=%d tracked\n",
        call, call, 64 + 9 * call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text,
                       "reg -> l%d ['k%d']\nl%d: app.Logger size=70 tracked\nmap -> l%d ['m%d']\n",
                       i, i, i, i, i);
}

TEST(a_second_container_of_the_same_entries_is_part_of_the_finding)
{
    check(loggers);
    print();
    const struct uf_finding *f = only();
    EXPECT_TEXT(f->type, "app.Logger");
    EXPECT(f->fix_verified && f->fix_frees_objects == 12);
    done();
}

static void exit_functions(struct uf_text *text, int call)
{
    module(text);
    for (int i = 0; i < call; i++)
        uf_text_printf(text,
                       "root interpreter atexit -> f%d callback\nf%d: function size=150 tracked\n"
                       "root interpreter atexit -> a%d arguments of callback\na%d: tuple size=48\n"
                       "a%d -> t%d [0]\nt%d: app.Thing size=40 tracked\n",
                       i, i, i, i, i, i, i);
}

TEST(an_exit_function_and_its_arguments_are_one_finding)
{
    check(exit_functions);
    print();
    const struct uf_finding *f = only();
    EXPECT_TEXT(f->type, "function");
    EXPECT_TEXT(f->holder, "interpreter: atexit");
    EXPECT(strstr(f->fix_advice, "atexit.unregister()") != NULL && !f->fix_verified);
    done();
}

static void modules(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text,
                   "root module sys -> sys\nsys: module tracked\nsys -> mods .modules\nmods: dict "
                   "len=%d size=%d\n",
                   call, 64 + 30 * call);
    for (int i = 0; i < call; i++)
        uf_text_printf(
            text,
            "root module gen_%d -> g%d\ng%d: module size=72 tracked\nmods -> g%d ['gen_%d']\n"
            "mods -> n%d key 'gen_%d'\nn%d: str size=54\n",
            i, i, i, i, i, i, i, i);
}

TEST(modules_made_per_call_are_one_finding)
{
    check(modules);
    print();
    const struct uf_finding *f = only();
    EXPECT_TEXT(f->id, "retained:module:module *:work");
    EXPECT_TEXT(f->holder, "sys.modules");
    EXPECT(f->fix_why_not && strstr(f->fix_why_not, "root") != NULL);
    done();
}

static void threads(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text, "globals -> act ['_active']\nact: dict len=%d size=%d tracked\n", call,
                   64 + 30 * call);
    for (int i = 0; i < call; i++)
        uf_text_printf(
            text,
            "act -> t%d ['%d']\nt%d: threading.Thread size=64 tracked\nt%d -> me%d .target\n"
            "me%d: function tracked\n"
            "root thread Thread-%d -> w%d local 'waiter' of wait() at /threading.py:9\nw%d: "
            "app.Waiter\n"
            "root native x -> b%d\nb%d: method tracked\nb%d -> t%d .__self__\n",
            i, i, i, i, i, i, i, i, i, i, i, i, i);
}

TEST(what_lies_on_the_stacks_of_more_and_more_threads_is_along_with_them)
{
    check(threads);
    print();
    const struct uf_finding *f = only();
    EXPECT_TEXT(f->type, "threading.Thread");
    EXPECT(strstr(f->fix_advice, "join()") != NULL);
    done();
}

static void weak_set(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text,
                   "globals -> keep ['KEEP']\nkeep: list len=%d tracked\nglobals -> ws ['ALL']\n"
                   "ws: _weakrefset.WeakSet tracked\nws -> data .data\ndata: set len=%d tracked\n",
                   call, call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text,
                       "keep -> t%d [%d]\nt%d: app.Task size=64 tracked\ndata -> r%d key x\n"
                       "r%d: weakref.ReferenceType size=72 tracked\n",
                       i, i, i, i, i);
}

TEST(weak_references_to_what_piles_up_are_no_finding_of_their_own)
{
    check(weak_set);
    print();
    const struct uf_finding *f = only();
    EXPECT_TEXT(f->type, "app.Task");
    done();
}

/* Handlers in one list, weak references to them in another, which each takes itself out of. */
static void watched(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(
        text,
        "globals -> keep ['KEEP']\nkeep: list len=%d tracked\nglobals -> all ['ALL']\n"
        "all: list len=%d tracked\nglobals -> dead ['DEAD']\ndead: list len=%d tracked\n",
        call, call, 2 * call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text,
                       "keep -> t%d [%d]\nt%d: app.Handler size=64 tracked\nall -> r%d [%d]\n"
                       "r%d: weakref.ReferenceType size=72 tracked\nr%d -> gone\n"
                       "gone: function\ndead -> d%d [%d]\nd%d: weakref.ReferenceType size=72\n"
                       "dead -> e%d [%d]\ne%d: weakref.ReferenceType size=72\n",
                       i, i, i, i, i, i, i, i, 2 * i, i, i, 2 * i + 1, i);
}

TEST(weak_references_with_a_callback_go_with_what_grows_as_fast_and_dead_ones_stay)
{
    check(watched);
    print();
    EXPECT(result.findings.len == 2);
    if (result.findings.len == 2) {
        EXPECT_TEXT(result.findings.at[0].holder, "app.DEAD");
        EXPECT_TEXT(result.findings.at[1].type, "app.Handler");
    }
    done();
}

static void callbacks(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text, "globals -> l ['listeners']\nl: list len=%d tracked\n", call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text,
                       "l -> m%d [%d]\nm%d: method size=64 tracked\nm%d -> o%d .__self__\n"
                       "o%d: app.Listener size=48 tracked\n",
                       i, i, i, i, i, i);
}

TEST(a_bound_method_in_a_list_is_a_callback)
{
    check(callbacks);
    const struct uf_finding *f = only();
    EXPECT_TEXT(f->type, "method");
    EXPECT(f->objects_per_call == 1 && f->retained_bytes_per_call == 112);
    EXPECT(strstr(f->fix_advice, "unregister from app.listeners") != NULL);
    done();
}

static void texts_by_text(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text, "globals -> d ['PAGES']\nd: dict len=%d tracked\n", call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text,
                       "d -> k%d key 'k'\nk%d: str size=50\nd -> v%d ['k']\nv%d: bytes size=500\n",
                       i, i, i, i);
}

TEST(of_texts_the_value_is_told_and_the_key_goes_with_it)
{
    check(texts_by_text);
    const struct uf_finding *f = only();
    EXPECT_TEXT(f->type, "bytes");
    EXPECT(f->kind == UF_KIND_RETAINED && f->retained_bytes_per_call == 550);
    done();
}

static void counts_by_text(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(
        text,
        "globals -> d ['COUNTS']\nd: collections.defaultdict len=%d tracked\nzero: int immortal\n",
        call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text, "d -> k%d key 'k'\nk%d: str size=50\nd -> zero ['k']\n", i, i);
}

TEST(where_values_are_numbers_the_key_is_told)
{
    check(counts_by_text);
    const struct uf_finding *f = only();
    EXPECT_TEXT(f->type, "str");
    EXPECT_TEXT(f->holder, "app.COUNTS");
    EXPECT(strstr(f->fix_advice, ".get()") != NULL);
    done();
}

static void shared_holder(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text, "globals -> l ['EVENTS']\nl: list len=%d tracked\n", 2 * call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text,
                       "l -> a%d [%d]\na%d: app.A size=64 tracked\nl -> b%d [%d]\nb%d: app.B "
                       "size=48 tracked\n",
                       i, 2 * i, i, i, 2 * i + 1, i);
}

TEST(two_types_in_one_container_are_two_findings)
{
    check(shared_holder);
    EXPECT(result.findings.len == 2);
    EXPECT_TEXT(result.findings.at[0].type, "app.A");
    EXPECT_TEXT(result.findings.at[1].type, "app.B");
    EXPECT(result.findings.at[0].retained_bytes_per_call == 64);
    done();
}

static void tree(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text,
                   "globals -> top ['ROOT']\ntop: app.Node tracked\ntop -> c .children\nc: list "
                   "len=%d tracked\n",
                   call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text,
                       "c -> n%d [%d]\nn%d: app.Node size=48 tracked\nn%d -> c%d .children\nc%d: "
                       "list len=0 tracked\n",
                       i, i, i, i, i, i);
}

TEST(children_of_a_tree_are_held_by_the_list_that_grows)
{
    check(tree);
    print();
    const struct uf_finding *f = only();
    EXPECT_TEXT(f->type, "app.Node");
    EXPECT_TEXT(f->holder, "app.ROOT.children");
    done();
}

int main(void)
{
    RUN(a_second_container_of_the_same_entries_is_part_of_the_finding);
    RUN(an_exit_function_and_its_arguments_are_one_finding);
    RUN(modules_made_per_call_are_one_finding);
    RUN(what_lies_on_the_stacks_of_more_and_more_threads_is_along_with_them);
    RUN(weak_references_to_what_piles_up_are_no_finding_of_their_own);
    RUN(weak_references_with_a_callback_go_with_what_grows_as_fast_and_dead_ones_stay);
    RUN(a_bound_method_in_a_list_is_a_callback);
    RUN(of_texts_the_value_is_told_and_the_key_goes_with_it);
    RUN(where_values_are_numbers_the_key_is_told);
    RUN(two_types_in_one_container_are_two_findings);
    RUN(children_of_a_tree_are_held_by_the_list_that_grows);
    return test_end();
}
