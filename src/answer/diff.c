/* `unfreed diff OLD NEW`, `unfreed diff PID --after TIME`: what is in NEW and not in OLD, by who holds it. */
#include "answer/comparison.h"
#include "answer/diff_many.h"

struct two {
    struct uf_comparison comparison;
    struct uf_opened heap[2]; /* indexed by enum uf_diff_heap */
    struct uf_signatures signatures[2];
};

static bool open_heap(struct two *two, int heap)
{
    const struct uf_heap_request *request = two->comparison.request;
    struct uf_answer *answer = two->comparison.answer;
    bool after = request->after_seconds > 0;
    const char *path = heap == UF_DIFF_OLD || after ? request->file : request->newer;
    struct uf_opened *opened = &two->heap[heap];
    struct uf_error err = {0};
    if (!uf_opened_init(opened, request, path, UF_LOAD_ALL, answer) ||
        !uf_opened_reach(opened, answer) ||
        !uf_answer_step(request, "grouping objects by who holds them", answer))
        return false;
    if (uf_signatures_build(&two->signatures[heap], &opened->view, &err))
        return uf_answer_error(answer, path, &err);
    two->comparison.heap[heap] = opened;
    two->comparison.signatures[heap] = &two->signatures[heap];
    if (heap == UF_DIFF_OLD)
        uf_opened_settle(opened); /* of OLD no name is asked for any more */
    return true;
}

/* Between the two looks at one process. */
static bool wait_between(struct two *two)
{
    const struct uf_heap_request *request = two->comparison.request;
    int pid = uf_remote_pid(request->file);
    if (request->after_seconds <= 0)
        return true;
    if (!uf_answer_step(request, "waiting", two->comparison.answer))
        return false;
    two->comparison.after = uf_after_wait(request, &pid, 1);
    if (!uf_after_runs(pid))
        return uf_answer_fail_at(two->comparison.answer, UF_EXIT_INPUT, request->file,
                                 "the process has ended before the second look",
                                 "take a shorter --after");
    return true;
}

static bool is_as_before(struct two *two)
{
    if (two->comparison.request->after_seconds <= 0 ||
        uf_comparison_same_process(two->heap[0].meta, two->heap[1].meta))
        return true;
    return uf_answer_fail_at(two->comparison.answer, UF_EXIT_INPUT, two->comparison.request->file,
                             "the process has ended, and another one has its number now",
                             "take a shorter --after");
}

void uf_diff(const struct uf_heap_request *request, struct uf_answer *ret)
{
    struct two two = {.comparison = {.request = request, .answer = ret}};
    if (!request->file) {
        uf_diff_many(request, ret);
        return;
    }
    if (request->after_seconds > 0 && !uf_remote_is_process(request->file)) {
        uf_answer_fail_at(ret, UF_EXIT_USAGE, request->file,
                          "not a process, and --after looks at a running one twice",
                          "name a process id, or leave out --after and name NEW");
        return;
    }
    if (open_heap(&two, UF_DIFF_OLD) && wait_between(&two) && open_heap(&two, UF_DIFF_NEW) &&
        is_as_before(&two))
        uf_comparison_end(&two.comparison);
    uf_comparison_release(&two.comparison);
    for (int heap = 0; heap < 2; heap++) {
        uf_signatures_release(&two.signatures[heap]);
        uf_opened_release(&two.heap[heap]);
    }
}
