/* Summaries of several heaps, added up: against plain additions of what each of them says. */
#include "analysis/summary_sum.h"

#include "fail.h"
#include "make_graph.h"
#include "test.h"

/* Three workers: a cache that differs, a type that only one has, garbage in one. */
static const char *const heaps[] = {
    "root module app -> app\napp: module size=50\napp -> c .CACHE\nc: dict size=100\n"
    "c -> a ['a']\na: app.Item size=10\n",
    "root module app -> app\napp: module size=50\napp -> c .CACHE\nc: dict size=200\n"
    "c -> a ['a']\na: app.Item size=10\nc -> b ['b']\nb: app.Item size=30\n"
    "c -> o ['o']\no: app.Only size=7\n",
    "root module app -> app\napp: module size=50\napp -> c .CACHE\nc: dict size=64\n"
    "x: app.Item size=5\nx -> y .next\ny: app.Item size=5\ny -> x .next\n",
};
#define HEAPS (sizeof heaps / sizeof *heaps)

static struct made_graph made[HEAPS];
static struct uf_summary summaries[HEAPS];
static struct uf_summary_sum sum;

static void make_all(void)
{
    for (size_t i = 0; i < HEAPS; i++) {
        struct uf_reach reach;
        struct uf_dominators dominators;
        make_graph(&made[i], heaps[i]);
        struct uf_view view = {&made[i].graph, &reach, &made[i].names, NULL};
        EXPECT(uf_reach_build(&reach, &made[i].graph, NULL) == UF_OK);
        EXPECT(uf_dominators_build(&dominators, &made[i].graph, NULL) == UF_OK);
        EXPECT(uf_summary_build(&summaries[i], &view, &dominators, UF_BY_BYTES, 0, NULL) == UF_OK);
        uf_dominators_release(&dominators);
        uf_reach_release(&reach);
    }
}

static void release_all(void)
{
    for (size_t i = 0; i < HEAPS; i++) {
        uf_summary_release(&summaries[i]);
        made_graph_release(&made[i]);
    }
}

static bool add_all(void)
{
    for (size_t i = 0; i < HEAPS; i++)
        if (uf_summary_sum_add(&sum, &summaries[i], &made[i].graph, NULL))
            return false;
    return uf_summary_sum_finish(&sum, UF_BY_BYTES, NULL) == UF_OK;
}

static const struct uf_summary_type *type_of(const char *name)
{
    for (size_t i = 0; i < sum.all.types.len; i++)
        if (strcmp(uf_strings_get(&sum.strings, sum.all.types.at[i].name), name) == 0)
            return &sum.all.types.at[i];
    return NULL;
}

TEST(figures_of_all_heaps_are_added_up)
{
    uint64_t objects = 0, bytes = 0, garbage = 0, references = 0, held = 0;
    make_all();
    for (size_t i = 0; i < HEAPS; i++) {
        objects += summaries[i].all.objects;
        bytes += summaries[i].all.bytes;
        garbage += summaries[i].all.garbage_objects;
        references += summaries[i].references;
        held += summaries[i].held[UF_ROOT_MODULE].objects;
    }
    EXPECT(add_all());
    EXPECT(sum.heaps == HEAPS && sum.all.all.objects == objects && sum.all.all.bytes == bytes);
    EXPECT(sum.all.all.garbage_objects == garbage && garbage == 2);
    EXPECT(sum.all.references == references && sum.all.held[UF_ROOT_MODULE].objects == held);
    uint64_t of_types = 0;
    for (size_t i = 0; i < sum.all.types.len; i++) {
        of_types += sum.all.types.at[i].figures.objects;
        EXPECT(i == 0 ||
               sum.all.types.at[i - 1].figures.bytes >= sum.all.types.at[i].figures.bytes);
    }
    EXPECT(of_types == objects);
    uf_summary_sum_release(&sum);
    release_all();
}

TEST(each_type_says_how_many_one_heap_has)
{
    make_all();
    EXPECT(add_all());
    const struct uf_summary_type *item = type_of("app.Item"), *only = type_of("app.Only");
    EXPECT(item && item->figures.objects == 5 && item->fewest == 1 && item->most == 2);
    EXPECT(item && item->heaps == 3 && item->figures.bytes == 60 && item->types == 1);
    EXPECT(only && only->heaps == 1 && only->fewest == 0 && only->most == 1);
    EXPECT(sum.all.garbage_types.len == 1 && sum.all.garbage_types.at[0].name == item->name);
    EXPECT(sum.all.largest.len == 0 && sum.all.cycles.findings.len == 0);
    uf_summary_sum_release(&sum);
    release_all();
}

static bool add_all_and_release(void)
{
    bool done = add_all();
    uf_summary_sum_release(&sum);
    return done;
}

TEST(when_memory_is_out_nothing_is_left_behind)
{
    make_all();
    EXPECT(every_failed_allocation_is_an_error(add_all_and_release));
    release_all();
}

int main(void)
{
    RUN(figures_of_all_heaps_are_added_up);
    RUN(each_type_says_how_many_one_heap_has);
    RUN(when_memory_is_out_nothing_is_left_behind);
    return test_end();
}
