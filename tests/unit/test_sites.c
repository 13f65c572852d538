#include "track/sites.h"

#include "fail.h"
#include "random.h"
#include "test.h"

#include <string.h>

TEST(an_empty_set_has_no_frames_and_knows_no_step)
{
    struct uf_sites sites = {0};
    struct uf_site_node node;
    EXPECT(uf_sites_frames(&sites, 0, &node, 1) == 0);
    EXPECT(uf_sites_frames(&sites, 5, &node, 1) == 0);
    EXPECT(uf_sites_step(&sites, 0, 1) == UF_SITE_FAILED);
    uf_sites_forget(&sites, 0, UINT64_MAX);
    uf_sites_release(&sites);
}

TEST(equal_functions_have_one_number_and_their_texts_are_copies)
{
    struct uf_sites sites = {0};
    char file[] = "app.py";
    uint32_t f = uf_sites_function(&sites, file, "run", 3);
    file[0] = 'x';
    EXPECT(uf_sites_function(&sites, "app.py", "run", 3) == f);
    EXPECT(uf_sites_function(&sites, "app.py", "run", 4) != f);
    EXPECT(uf_sites_function(&sites, "app.py", "ru", 3) != f);
    EXPECT(uf_sites_function(&sites, "xpp.py", "run", 3) != f);
    EXPECT(strcmp(sites.functions.at[f].file, "app.py") == 0);
    EXPECT(strcmp(sites.functions.at[f].name, "run") == 0);
    uf_sites_release(&sites);
}

TEST(frames_of_a_site_come_innermost_first_and_are_cut)
{
    struct uf_sites sites = {0};
    struct uf_site_node nodes[100];
    uint32_t f = uf_sites_function(&sites, "a.py", "f", 1), site = 0;
    for (uint32_t line = 1; line <= 80; line++)
        site = uf_sites_enter(&sites, site, f, line);
    EXPECT(uf_sites_frames(&sites, site, nodes, 100) == 80);
    EXPECT(nodes[0].line == 80 && nodes[79].line == 1);
    EXPECT(uf_sites_frames(&sites, site, nodes, 64) == 64 && nodes[63].line == 17);
    uf_sites_release(&sites);
}

TEST(steps_are_forgotten_by_the_range_of_their_positions)
{
    struct uf_sites sites = {0};
    for (uint64_t position = 1; position <= 3000; position++)
        uf_sites_remember(&sites, 7, position, (uint32_t)position);
    uf_sites_forget(&sites, 1000, 2000);
    for (uint64_t position = 1; position <= 3000; position++) {
        bool gone = position >= 1000 && position < 2000;
        EXPECT(uf_sites_step(&sites, 7, position) == (gone ? UF_SITE_FAILED : (uint32_t)position));
        EXPECT(uf_sites_step(&sites, 8, position) == UF_SITE_FAILED);
    }
    uf_sites_release(&sites);
}

/* The naive rival keeps whole stacks and compares them all. */
enum { STACKS = 400, DEPTH = 6 };
static struct {
    uint32_t lines[DEPTH], depth, site;
} stacks[STACKS];

TEST(equal_stacks_and_only_those_have_the_same_site)
{
    struct uf_sites sites = {0};
    uint32_t f = uf_sites_function(&sites, "a.py", "f", 1);
    for (size_t s = 0; s < STACKS; s++) {
        stacks[s].depth = 1 + (uint32_t)random_number() % DEPTH;
        stacks[s].site = 0;
        for (uint32_t i = 0; i < stacks[s].depth; i++) {
            stacks[s].lines[i] = (uint32_t)random_number() % 3;
            stacks[s].site = uf_sites_enter(&sites, stacks[s].site, f, stacks[s].lines[i]);
            EXPECT(stacks[s].site != UF_SITE_FAILED);
        }
    }
    for (size_t a = 0; a < STACKS; a++)
        for (size_t b = 0; b < STACKS; b++) {
            bool same = stacks[a].depth == stacks[b].depth &&
                        memcmp(stacks[a].lines, stacks[b].lines, stacks[a].depth * 4) == 0;
            if (same != (stacks[a].site == stacks[b].site))
                EXPECT(!"told apart wrongly");
        }
    uf_sites_release(&sites);
}

static bool enter_many(void)
{
    struct uf_sites sites = {0};
    struct uf_site_node nodes[64];
    bool done = true;
    uint32_t site = 0, entered = 0;
    for (uint32_t i = 0; i < 600 && done; i++) {
        uint32_t f = uf_sites_function(&sites, i % 2 ? "a.py" : "b.py", "f", i);
        uint32_t next = f == UF_SITE_FAILED ? f : uf_sites_enter(&sites, site, f, i);
        done = next != UF_SITE_FAILED;
        if (!done)
            break;
        site = next;
        entered++;
    }
    EXPECT(uf_sites_frames(&sites, site, nodes, 64) == (entered < 64 ? entered : 64));
    if (entered > 0)
        EXPECT(sites.functions.at[nodes[0].function].first_line == entered - 1);
    uf_sites_release(&sites);
    return done;
}

TEST(every_failed_allocation_leaves_the_set_usable)
{
    EXPECT(every_failed_allocation_is_an_error(enter_many));
}

TEST(a_step_that_cannot_be_remembered_is_merely_unknown)
{
    for (uint64_t nth = 1; nth < 8; nth++) {
        struct uf_sites sites = {0};
        uf_mem_fail_at(nth);
        for (uint64_t position = 1; position <= 5000; position++)
            uf_sites_remember(&sites, 0, position, (uint32_t)position);
        uf_sites_forget(&sites, 100, 200);
        uf_mem_fail_at(0);
        for (uint64_t position = 1; position <= 5000; position++) {
            uint32_t site = uf_sites_step(&sites, 0, position);
            EXPECT(site == UF_SITE_FAILED || site == position);
            EXPECT(position < 100 || position >= 200 || site == UF_SITE_FAILED);
        }
        uf_sites_release(&sites);
    }
}

int main(void)
{
    RUN(an_empty_set_has_no_frames_and_knows_no_step);
    RUN(equal_functions_have_one_number_and_their_texts_are_copies);
    RUN(frames_of_a_site_come_innermost_first_and_are_cut);
    RUN(steps_are_forgotten_by_the_range_of_their_positions);
    RUN(equal_stacks_and_only_those_have_the_same_site);
    RUN(every_failed_allocation_leaves_the_set_usable);
    RUN(a_step_that_cannot_be_remembered_is_merely_unknown);
    return test_end();
}
