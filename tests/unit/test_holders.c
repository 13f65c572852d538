#include "check_findings.h"
#include "fail.h"

TEST(what_is_held_twice_says_by_whom)
{
    check(held_twice);
    const struct uf_finding *f = only();
    EXPECT(f->fix_verified && f->fix_frees_objects == 17 * 3);
    EXPECT(strstr(f->fix_advice, "; app.OTHERS.a.b.kept must let go of it, too") != NULL);
    EXPECT(f->retained_bytes_per_call > 300);
    EXPECT(f->candidates.len == 2 && !f->candidates.at[0].alone && !f->candidates.at[1].alone);
    EXPECT_TEXT(f->candidates.at[0].edge, "app.STORE._sessions['id16']");
    EXPECT_TEXT(f->candidates.at[1].edge, "app.OTHERS.a.b.kept");
    EXPECT(f->cuts.references.len == 18); /* one more than there are sessions */
    done();
}

static void held_by_many(struct uf_text *text, int call)
{
    registry(text, call);
    uf_text_printf(text, "globals -> many ['MANY']\nmany: app.Many tracked\n"
                         "many -> a .a\na: app.A\na -> b .b\nb: app.B\n");
    for (int h = 0; h < 3; h++) {
        uf_text_printf(text, "b -> h%d .h%d\nh%d: app.Holder tracked\n", h, h, h);
        for (int i = 0; i < 5 + call; i++)
            uf_text_printf(text, "h%d -> s%d .kept\n", h, i);
    }
}

TEST(what_many_hold_is_not_to_be_cut_from_all_of_them)
{
    check(held_by_many);
    const struct uf_finding *f = only();
    EXPECT(!f->fix_verified && f->fix_why_not && strstr(f->fix_why_not, "app.MANY.a.b.h"));
    EXPECT(f->candidates.len == 0 && f->cuts.references.len == 0);
    done();
}

/* Only what findings allocate fails, not the groups below them. */
static bool make_findings(void)
{
    struct uf_check_result made;
    struct uf_growth_summary ignored;
    uf_check_result_init(&made);
    enum uf_code code = uf_findings_from_groups(&made, program.groups, &program.made.graph,
                                                &program.reach, &program.made.names, NULL, &ignored,
                                                NULL);
    uf_check_result_release(&made);
    return code == UF_OK;
}

TEST(every_failed_allocation_while_making_findings_is_an_error)
{
    check(held_twice);
    make_findings(); /* groups of the members are made once */
    uint64_t live = uf_mem_live_blocks();
    int survived = 0;
    for (uint64_t nth = 1; nth < 400; nth++) {
        uf_mem_fail_at(nth);
        survived += make_findings();
        uf_mem_fail_at(0);
        EXPECT(uf_mem_live_blocks() == live);
    }
    EXPECT(survived < 380);
    done();
}

int main(void)
{
    RUN(what_is_held_twice_says_by_whom);
    RUN(what_many_hold_is_not_to_be_cut_from_all_of_them);
    RUN(every_failed_allocation_while_making_findings_is_an_error);
    return test_end();
}
