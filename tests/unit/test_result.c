#include "analysis/result.h"
#include "sample_results.h"
#include "test.h"

TEST(a_new_result_knows_nothing)
{
    struct uf_check_result result;
    uf_check_result_init(&result);
    EXPECT(result.verdict == UF_UNDECIDED);
    EXPECT(isnan(result.confidence) && isnan(result.seconds));
    EXPECT(isnan(result.per_call.objects) && isnan(result.per_call.tasks));
    EXPECT(isnan(result.warmup.objects) && isnan(result.reload.bytes));
    EXPECT(isnan(result.collector.thresholds[2]) && isnan(result.collector.waiting_max_bytes));
    EXPECT(isnan(result.collector.per_generation[2].uncollectable));
    EXPECT(isnan(result.rss.after_bytes));
    EXPECT(!result.spec && !result.evidence && result.findings.len == 0);
    uf_check_result_release(&result);
}

TEST(a_new_finding_knows_nothing)
{
    struct uf_finding finding;
    uf_finding_init(&finding);
    EXPECT(isnan(finding.objects_per_call) && isnan(finding.confidence));
    EXPECT(isnan(finding.bound_limit) && isnan(finding.fix_frees_bytes));
    EXPECT(finding.descriptor_fd == -1 && !finding.id && !finding.not_from_call);
    uf_finding_release(&finding);
}

TEST(release_frees_all_and_leaves_a_new_result)
{
    uint64_t before = uf_mem_live_blocks();
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct uf_check_result result;
        samples[i].fill(&result);
        uf_check_result_release(&result);
        EXPECT(uf_mem_live_blocks() == before);
        EXPECT(!result.spec && result.samples.len == 0 && isnan(result.seconds));
        uf_check_result_release(&result); /* twice does no harm */
    }
}

TEST(names_are_those_of_the_contract)
{
    EXPECT_TEXT(uf_verdict_name(UF_CLEAN), "clean");
    EXPECT_TEXT(uf_verdict_name(UF_UNDECIDED), "undecided");
    EXPECT_TEXT(uf_severity_name(UF_SEVERITY_BOUNDED), "bounded");
    EXPECT_TEXT(uf_kind_name(UF_KIND_RETAINED), "retained");
    EXPECT_TEXT(uf_kind_name(UF_KIND_TASK), "task");
}

int main(void)
{
    RUN(a_new_result_knows_nothing);
    RUN(a_new_finding_knows_nothing);
    RUN(release_frees_all_and_leaves_a_new_result);
    RUN(names_are_those_of_the_contract);
    return test_end();
}
