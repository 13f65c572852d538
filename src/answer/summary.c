/* `unfreed summary FILE`: what is in a heap, or in those of several processes. */
#include "report/summary.h"
#include "answer/heap.h"
#include "answer/summary_many.h"
#include "answer/summary_rss.h"

#define ROWS_USUAL 15
#define OTHER_ROWS_USUAL 5

static enum uf_summary_order order_of(const struct uf_heap_request *request)
{
    return request->order == UF_ORDER_OBJECTS    ? UF_BY_COUNT
           : request->order == UF_ORDER_RETAINED ? UF_BY_RETAINED
                                                 : UF_BY_BYTES;
}

static void report(const struct uf_heap_request *request, const struct uf_summary_report *figures,
                   struct uf_answer *ret)
{
    const struct uf_report_form form = {
        .width = request->width, .color = request->color, .quiet = request->quiet};
    struct uf_text text = {0};
    if (request->json)
        uf_summary_json(&text, figures);
    else
        uf_summary_text(&text, figures, &form);
    uf_answer_finish(ret, &text, UF_EXIT_DONE);
}

static void summarize(struct uf_opened *heap, struct uf_summary_report *figures,
                      struct uf_answer *ret)
{
    struct uf_summary summary;
    struct uf_error err = {0};
    if (!uf_opened_reach(heap, ret) || !uf_opened_dominators(heap, ret) ||
        !uf_answer_step(heap->request, "summing up", ret))
        return;
    if (uf_summary_build(&summary, &heap->view, &heap->dominators, figures->order,
                         figures->other_rows, &err)) {
        uf_answer_error(ret, heap->path, &err);
        return;
    }
    figures->summary = &summary;
    figures->strings = &heap->view.graph->strings;
    figures->view = &heap->view;
    figures->heap = uf_opened_figures(heap);
    report(heap->request, figures, ret);
    uf_summary_release(&summary);
}

/* As text it is a report of its own, and the summary of the heap is not made. */
static void with_balance(struct uf_opened *heap, struct uf_summary_report *figures,
                         struct uf_answer *ret)
{
    struct uf_balance balance;
    if (!uf_rss_balance(heap, &balance, ret))
        return;
    figures->balance = &balance;
    if (heap->request->json)
        summarize(heap, figures, ret);
    else
        uf_rss_report(heap, &balance, ret);
    uf_balance_release(&balance);
}

void uf_summary(const struct uf_heap_request *request, struct uf_answer *ret)
{
    struct uf_opened heap;
    struct uf_summary_report figures = {
        .order = order_of(request),
        .rows = request->rows ? request->rows : ROWS_USUAL,
        .other_rows = request->rows ? request->rows : OTHER_ROWS_USUAL,
    };
    if (request->rss && !uf_rss_asked_well(request, ret))
        return;
    if (!request->file) {
        uf_summary_many(request, &figures, report, ret);
        return;
    }
    if (uf_opened_init(&heap, request, request->file, UF_LOAD_ALL, ret)) {
        if (request->rss)
            with_balance(&heap, &figures, ret);
        else
            summarize(&heap, &figures, ret);
    }
    uf_opened_release(&heap);
}
