/* Where the objects of findings were allocated, by a tracker that is made up. */
#include "check_findings.h"

/* Sites by the node's name: session 3 was allocated elsewhere than the others, what is named "old"
 * before the watch, what is named "c" by C code, "x" elsewhere. */
static bool find(void *context, uint64_t address, struct uf_birth *ret)
{
    (void)context;
    for (uf_node n = 0; n < program.made.graph.node_count; n++) {
        const char *name = program.made.nodes[n].name;
        if (program.made.graph.address[n] != address)
            continue;
        *ret = (struct uf_birth){.site = 1, .call = 1, .earlier = name[0] == 'e'};
        if (strcmp(name, "s3") == 0 || name[0] == 'x')
            ret->site = 2;
        if (name[0] == 'c')
            ret->site = UF_SITE_NONE;
        return strcmp(name, "old") != 0 && strcmp(name, "list") != 0;
    }
    return false;
}

static bool find_held(void *context, uint64_t address, struct uf_birth *ret)
{
    (void)context;
    (void)address;
    *ret = (struct uf_birth){.site = 2, .call = 1};
    return true;
}

static size_t frames(void *context, uint32_t site, struct uf_birth_frame *ret, size_t most)
{
    (void)context;
    if (most < 2)
        return 0;
    ret[0] = (struct uf_birth_frame){"/srv/shop.py", site == 1 ? "Store.open" : "other", 14};
    ret[1] = (struct uf_birth_frame){"/srv/shop.py", NULL, 31};
    return 2;
}

static const struct uf_births tracker = {.find = find, .find_held = find_held, .frames = frames};

static const char *kind_of_entry; /* first letter of the entries' names */

static void sessions(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text, "globals -> list ['SESSIONS']\nlist: list len=%d size=%d tracked\n",
                   5 + call, 64 + 8 * call);
    for (int i = 0; i < 5 + call; i++)
        uf_text_printf(text, "list -> %s%d [%d]\n%s%d: app.Session size=48 tracked\n",
                       kind_of_entry, i, i, kind_of_entry, i);
}

static enum uf_code check_watched(program_fn *write, const char *entry)
{
    births = &tracker;
    kind_of_entry = entry;
    return check(write);
}

TEST(the_site_of_most_objects_is_told)
{
    EXPECT(check_watched(sessions, "s") == UF_OK);
    const struct uf_finding *f = only();
    EXPECT(f->allocated_at.len == 2 && !f->allocated_at_earlier && !f->allocated_at_unknown);
    EXPECT_TEXT(f->allocated_at.at[0].function, "Store.open");
    EXPECT_TEXT(f->allocated_at.at[0].file, "/srv/shop.py");
    EXPECT(f->allocated_at.at[0].line == 14 && f->allocated_at.at[1].function == NULL);
    done();
}

TEST(a_site_of_an_earlier_life_is_marked)
{
    EXPECT(check_watched(sessions, "e") == UF_OK);
    EXPECT(only()->allocated_at.len == 2 && only()->allocated_at_earlier);
    done();
}

TEST(what_c_code_allocated_has_no_python_site)
{
    EXPECT(check_watched(sessions, "c") == UF_OK);
    EXPECT(only()->allocated_at.len == 0);
    EXPECT_TEXT(only()->allocated_at_unknown, "no Python code was running where it was allocated");
    done();
}

static void numbers(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text,
                   "globals -> list ['SEEN']\nlist: list len=%d size=%d tracked\n"
                   "list -> old [0]\nold: int\n",
                   100 + call, 800 + 8 * call);
}

TEST(a_list_that_grows_by_what_was_there_is_told_by_its_items_memory)
{
    EXPECT(check_watched(numbers, "s") == UF_OK);
    EXPECT(only()->kind == UF_KIND_GROWING && only()->allocated_at.len == 2);
    EXPECT_TEXT(only()->allocated_at.at[0].function, "other");
    done();
}

static void cached_clients(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text,
                   "globals -> f ['get']\nf: functools._lru_cache_wrapper len=%d tracked\n"
                   "f -> d cache\nd: dict len=%d tracked\nzero: int immortal\n",
                   call, call);
    for (int i = 0; i < call; i++)
        uf_text_printf(text,
                       "d -> k%d key (...,)\nk%d: tuple size=48 tracked\nd -> zero ['k%d']\n"
                       "k%d -> x%d [0]\nx%d: app.Client size=500 tracked\n",
                       i, i, i, i, i, i);
}

TEST(what_is_named_in_place_of_a_wrapper_tells_its_own_site)
{
    EXPECT(check_watched(cached_clients, "s") == UF_OK);
    EXPECT_TEXT(only()->type, "app.Client");
    EXPECT(only()->allocated_at.len == 2);
    EXPECT_TEXT(only()->allocated_at.at[0].function, "other");
    done();
}

static bool make_findings(void)
{
    struct uf_check_result made;
    struct uf_growth_summary ignored;
    uf_check_result_init(&made);
    enum uf_code code = uf_findings_from_groups(&made, program.groups, &program.made.graph,
                                                &program.reach, &program.made.names, &tracker,
                                                &ignored, NULL);
    uf_check_result_release(&made);
    return code == UF_OK;
}

TEST(every_failed_allocation_while_sites_are_told_leaves_nothing)
{
    EXPECT(check_watched(sessions, "s") == UF_OK);
    make_findings(); /* groups of the members are made once */
    uint64_t live = uf_mem_live_blocks();
    int survived = 0, most = 250;
    for (int nth = 1; nth < most; nth++) {
        uf_mem_fail_at((uint64_t)nth);
        survived += make_findings();
        uf_mem_fail_at(0);
        EXPECT(uf_mem_live_blocks() == live);
    }
    EXPECT(survived < most - 20);
    done();
}

int main(void)
{
    RUN(the_site_of_most_objects_is_told);
    RUN(a_site_of_an_earlier_life_is_marked);
    RUN(what_c_code_allocated_has_no_python_site);
    RUN(a_list_that_grows_by_what_was_there_is_told_by_its_items_memory);
    RUN(what_is_named_in_place_of_a_wrapper_tells_its_own_site);
    RUN(every_failed_allocation_while_sites_are_told_leaves_nothing);
    return test_end();
}
