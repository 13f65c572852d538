/* Held by C code or lost: what a finding says after the search. */
#include "analysis/orphans.h"

#include "test.h"

static struct uf_finding finding;

static void begin(void)
{
    uf_finding_init(&finding);
    finding.kind = UF_KIND_RETAINED;
    finding.severity = UF_SEVERITY_LEAK;
    finding.type = uf_mem_strdup("list");
    finding.id = uf_mem_strdup("retained:list:native code:work");
    finding.holder = uf_mem_strdup("native code");
    finding.path_root = uf_mem_strdup("native code");
    finding.fix_advice = uf_mem_strdup("?");
    (void)uf_vec_push(&finding.unheld, 0x1000);
}

static void settle(double share, const char *library)
{
    struct uf_holding holding = {.share = share, .library = library};
    EXPECT(uf_orphans_settle(&finding, &holding, "work", NULL) == UF_OK);
    EXPECT(finding.unheld.len == 0);
}

TEST(what_nothing_holds_becomes_an_orphan)
{
    begin();
    settle(0.02, NULL); /* a few stale pointers are always found */
    EXPECT(finding.kind == UF_KIND_ORPHAN);
    EXPECT_TEXT(finding.id, "orphan:list:nothing:work");
    EXPECT_TEXT(finding.path_root, "nothing (lost reference)");
    EXPECT_TEXT(finding.holder, "nothing (lost reference)");
    EXPECT(strstr(finding.fix_advice, "forgot a Py_DECREF") != NULL);
    EXPECT(strstr(finding.fix_advice, "called in the call") != NULL);
    uf_finding_release(&finding);
}

TEST(the_advice_names_the_python_code_that_called_the_fault)
{
    begin();
    struct uf_stack_frame native = {.library = uf_mem_strdup("libx.so")};
    struct uf_stack_frame frame = {.file = uf_mem_strdup("/srv/app/shop.py"),
                                   .function = uf_mem_strdup("checkout"),
                                   .line = 31};
    (void)uf_vec_push(&finding.allocated_at, native);
    (void)uf_vec_push(&finding.allocated_at, frame);
    settle(0, NULL);
    EXPECT(strstr(finding.fix_advice, "checkout() at shop.py:31") != NULL);
    uf_finding_release(&finding);
}

TEST(what_a_variable_of_c_code_holds_is_not_lost)
{
    begin();
    settle(1, "/usr/lib/fast.cpython-311-x86_64-linux-gnu.so");
    EXPECT(finding.kind == UF_KIND_RETAINED);
    EXPECT_TEXT(finding.id, "retained:list:native code:work");
    EXPECT_TEXT(finding.holder, "a variable of fast.so");
    EXPECT_TEXT(finding.path_root, "native code");
    uf_finding_release(&finding);
}

TEST(what_memory_of_c_code_holds_is_not_lost)
{
    begin();
    settle(0.97, NULL);
    EXPECT(finding.kind == UF_KIND_RETAINED);
    EXPECT_TEXT(finding.holder, "memory of C code");
    uf_finding_release(&finding);
}

TEST(references_too_many_and_lost_memory_have_advice_of_their_own)
{
    begin();
    finding.kind = UF_KIND_ORPHAN;
    finding.references_per_call = 1;
    EXPECT(uf_orphans_advise(&finding, NULL) == UF_OK);
    EXPECT(strstr(finding.fix_advice, "never drops it") != NULL);
    finding.kind = UF_KIND_NATIVE;
    EXPECT(uf_orphans_advise(&finding, NULL) == UF_OK);
    EXPECT(strstr(finding.fix_advice, "PyObject_Malloc") != NULL);
    finding.kind = UF_KIND_DESCRIPTOR; /* none of ours */
    EXPECT(uf_orphans_advise(&finding, NULL) == UF_OK);
    EXPECT(strstr(finding.fix_advice, "PyObject_Malloc") != NULL);
    uf_finding_release(&finding);
}

int main(void)
{
    RUN(what_nothing_holds_becomes_an_orphan);
    RUN(the_advice_names_the_python_code_that_called_the_fault);
    RUN(what_a_variable_of_c_code_holds_is_not_lost);
    RUN(what_memory_of_c_code_holds_is_not_lost);
    RUN(references_too_many_and_lost_memory_have_advice_of_their_own);
    return test_end();
}
