#include "check_findings.h"

static void bounded_cache(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text,
                   "globals -> f ['f']\nf: functools._lru_cache_wrapper len=%d bound=512 tracked\n"
                   "f -> cache cache\ncache: dict len=%d size=%d tracked\n",
                   call, call, 64 + 30 * call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text,
                       "cache -> k%d key (1,)\nk%d: tuple size=48\ncache -> l%d ['k%d']\n"
                       "l%d: functools._lru_list_elem size=56\n"
                       "l%d -> v%d .result\nv%d: app.Result size=99 tracked\n",
                       i, i, i, i, i, i, i, i);
}

TEST(growth_inside_a_bounded_holder_is_bounded)
{
    check(bounded_cache);
    print();
    const struct uf_finding *f = only();
    EXPECT(f->severity == UF_SEVERITY_BOUNDED && f->bound_limit == 512 && f->bound_fill == 12);
    EXPECT_TEXT(f->type, "app.Result");
    done();
}

/* A full cache of twenty entries, in which things take the place of numbers. */
static void full_cache(struct uf_text *text, int call)
{
    module(text);
    uf_text_add_z(text, "globals -> f ['f']\n"
                        "f: functools._lru_cache_wrapper len=20 bound=20 tracked\n"
                        "f -> cache cache\ncache: dict len=20 size=900 tracked\n");
    for (int i = 0; i < 20; i++) {
        uf_text_printf(text,
                       "f -> l%d entry\nl%d: functools._lru_list_elem size=56 tracked\n"
                       "l%d -> k%d key\nk%d: tuple size=48 tracked\ncache -> l%d [...]\n"
                       "cache -> k%d key ...\n",
                       i, i, i, i, i, i, i);
        if (i < call)
            uf_text_printf(text, "k%d -> c%d [0]\nc%d: app.Model size=500 tracked\n", i, i, i);
        else
            uf_text_printf(text, "k%d -> c%d [0]\nc%d: int size=28\n", i, i, i);
    }
}

TEST(what_the_arguments_of_a_bounded_cache_hold_is_bounded)
{
    check(full_cache);
    print();
    const struct uf_finding *f = only();
    EXPECT(f->severity == UF_SEVERITY_BOUNDED && f->bound_limit == 20 && f->bound_fill == 20);
    EXPECT_TEXT(f->type, "app.Model");
    done();
}

/* Each entry holds the frame of its caller by its key, and a small class as its result. */
static void cached_frames(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text,
                   "globals -> f ['f']\nf: functools._lru_cache_wrapper len=%d bound=512 tracked\n",
                   call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text,
                       "f -> l%d entry\nl%d: functools._lru_list_elem size=56 tracked\n"
                       "l%d -> k%d key\nk%d: tuple size=48 tracked\nl%d -> v%d .result\n"
                       "v%d: app.Schema size=99 tracked\nk%d -> r%d [0]\n"
                       "r%d: frame size=500 tracked\n",
                       i, i, i, i, i, i, i, i, i, i, i);
}

TEST(of_what_an_entry_holds_the_thing_that_is_much_heavier_is_named)
{
    check(cached_frames);
    print();
    const struct uf_finding *f = only();
    EXPECT(f->severity == UF_SEVERITY_BOUNDED && f->bound_limit == 512 && f->bound_fill == 12);
    EXPECT_TEXT(f->type, "frame");
    EXPECT_TEXT(f->holder, "app.f");
    done();
}

/* A cache of eight that fills up; each entry keeps a schema with a large text. */
static void small_cache(struct uf_text *text, int call)
{
    int entries = 2 + call < 8 ? 2 + call : 8;
    module(text);
    uf_text_printf(text,
                   "globals -> f ['f']\nf: functools._lru_cache_wrapper len=%d bound=8 tracked\n",
                   entries);
    for (int i = 0; i < entries; i++)
        uf_text_printf(text,
                       "f -> l%d entry\nl%d: functools._lru_list_elem size=56 tracked\n"
                       "l%d -> k%d key\nk%d: tuple size=48 tracked\nk%d -> s%d [0]\n"
                       "s%d: app.Schema size=48 tracked\ns%d -> t%d .text\n"
                       "t%d: bytearray size=5000\n",
                       i, i, i, i, i, i, i, i, i, i, i);
}

TEST(a_few_entries_of_a_full_cache_are_told_when_they_keep_much_alive)
{
    check(small_cache);
    print();
    const struct uf_finding *f = only();
    EXPECT(f->severity == UF_SEVERITY_BOUNDED && f->kind == UF_KIND_RETAINED);
    EXPECT(f->bound_limit == 8 && f->bound_fill == 8);
    EXPECT_TEXT(f->type, "app.Schema");
    EXPECT_TEXT(f->holder, "app.f");
    done();
}

/* Entries that come now and then, in a holder with a bound or without. */
static void rare_entries(struct uf_text *text, int call, const char *bound)
{
    static const int entries[CALLS + 1] = {0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4};
    module(text);
    uf_text_printf(text, "globals -> q ['Q']\nq: collections.deque len=%d%s tracked\n",
                   entries[call], bound);
    for (int i = 0; i < entries[call]; i++)
        uf_text_printf(text,
                       "q -> v%d [%d]\nv%d: app.Job size=99 tracked\nv%d -> w%d .work\n"
                       "w%d: app.Work size=50 tracked\n",
                       i, i, i, i, i, i);
}

static void rare_entries_bounded(struct uf_text *text, int call)
{
    rare_entries(text, call, " bound=100");
}

static void rare_entries_unbounded(struct uf_text *text, int call)
{
    rare_entries(text, call, "");
}

TEST(what_a_bound_holds_back_leaves_no_verdict_open)
{
    check(rare_entries_unbounded);
    EXPECT(summary.undecided > 0 && summary.trends == 0);
    done();
    check(rare_entries_bounded);
    EXPECT(summary.trends == 0);
    EXPECT(summary.undecided == 0);
    done();
}

static void settled_cache(struct uf_text *text, int call)
{
    module(text);
    int entries = call < 4 ? 3 * call : 12;
    uf_text_printf(text, "globals -> c ['CACHE']\nc: dict len=%d size=%d tracked\n", entries,
                   64 + 30 * entries);
    for (int i = 0; i < entries; i++)
        uf_text_printf(text, "c -> v%d ['k%d']\nv%d: app.Result size=99 tracked\n", i, i, i);
}

TEST(what_has_settled_is_bounded)
{
    check(settled_cache);
    print();
    const struct uf_finding *f = only();
    EXPECT(f->severity == UF_SEVERITY_BOUNDED && f->bound_fill == 12 &&
           f->bound_limit != f->bound_limit);
    EXPECT(summary.trends == 0);
    done();
}

int main(void)
{
    RUN(growth_inside_a_bounded_holder_is_bounded);
    RUN(what_the_arguments_of_a_bounded_cache_hold_is_bounded);
    RUN(what_a_bound_holds_back_leaves_no_verdict_open);
    RUN(what_has_settled_is_bounded);
    RUN(of_what_an_entry_holds_the_thing_that_is_much_heavier_is_named);
    RUN(a_few_entries_of_a_full_cache_are_told_when_they_keep_much_alive);
    return test_end();
}
