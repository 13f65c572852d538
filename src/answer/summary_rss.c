#include "answer/summary_rss.h"

#include "report/balance.h"

bool uf_rss_asked_well(const struct uf_heap_request *request, struct uf_answer *answer)
{
    if (!request->file)
        return uf_answer_fail(answer, UF_EXIT_USAGE,
                              "--rss is for one process (as in unfreed summary --rss 4711)");
    if (!uf_remote_is_process(request->file))
        return uf_answer_fail_at(answer, UF_EXIT_USAGE, request->file,
                                 "a file does not say what was in memory",
                                 "--rss takes the process id of a running program");
    return true;
}

bool uf_rss_balance(struct uf_opened *heap, struct uf_balance *ret, struct uf_answer *answer)
{
    const struct uf_target *target = &heap->remote.target;
    struct uf_error err = {0};
    if (!uf_answer_step(heap->request, "balancing its memory", answer))
        return false;
    if (uf_balance_build(ret, target->memory, &target->capture.graph,
                         target->config.layout->version_hex, &err))
        return uf_answer_error(answer, heap->path, &err);
    if (target->stops && target->stops->rss_bytes != UF_PAGES_UNKNOWN)
        ret->kernel_bytes = target->stops->rss_bytes;
    return true;
}

void uf_rss_report(const struct uf_opened *heap, const struct uf_balance *balance,
                   struct uf_answer *answer)
{
    const struct uf_heap_request *request = heap->request;
    const struct uf_report_form form = {
        .width = request->width, .color = request->color, .quiet = request->quiet};
    struct uf_report_heap figures = uf_opened_figures(heap);
    struct uf_text text = {0}, marked;
    struct uf_page page;
    uf_report_page_begin(&page, &marked, &form);
    uf_balance_text(&page, balance, form.quiet);
    if (!form.quiet) {
        uf_page_newline(&page);
        uf_report_heap_rows(&page, &figures);
    }
    uf_report_page_end(&text, &marked, &form);
    uf_answer_finish(answer, &text, UF_EXIT_DONE);
}
