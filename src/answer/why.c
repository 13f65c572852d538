/* `unfreed why FILE OBJECT`: what keeps an object, or all of a type, alive. */
#include "report/why.h"

#include "answer/heap.h"

#define PATHS_OF_OBJECT 3
#define PATHS_OF_TYPE 1
#define GROUPS_USUAL 10

static void report(const struct uf_opened *heap, const struct uf_why *why, struct uf_answer *ret)
{
    const struct uf_heap_request *request = heap->request;
    const struct uf_why_report figures = {
        .why = why,
        .view = &heap->view,
        .heap = uf_opened_figures(heap),
        .rows = request->rows ? request->rows : GROUPS_USUAL,
    };
    const struct uf_report_form form = {
        .width = request->width, .color = request->color, .quiet = request->quiet};
    struct uf_text text = {0};
    if (request->json)
        uf_why_json(&text, &figures);
    else
        uf_why_text(&text, &figures, &form);
    uf_answer_finish(ret, &text, UF_EXIT_DONE);
}

static void answer(struct uf_opened *heap, struct uf_lookup *asked, struct uf_answer *ret)
{
    const struct uf_heap_request *request = heap->request;
    struct uf_why why;
    struct uf_error err = {0};
    if (uf_lookup_find(asked, heap->view.graph, request->object, &err)) {
        uf_answer_not_found(ret, heap->path, &err);
        return;
    }
    uint32_t paths = asked->members.len > 1 ? PATHS_OF_TYPE
                     : request->rows        ? request->rows
                                            : PATHS_OF_OBJECT;
    /* retained sizes are for groups only: they cost more than all the rest */
    if (!uf_opened_reach(heap, ret) || (asked->by_type && !uf_opened_dominators(heap, ret)) ||
        !uf_answer_step(request, "following references", ret))
        return;
    if (uf_why_build(&why, &heap->view, asked, &heap->dominators, paths, &err)) {
        uf_answer_error(ret, heap->path, &err);
        return;
    }
    report(heap, &why, ret);
    uf_why_release(&why);
}

void uf_why(const struct uf_heap_request *request, struct uf_answer *ret)
{
    struct uf_opened heap;
    struct uf_lookup asked = {0};
    if (uf_opened_init(&heap, request, request->file, UF_LOAD_ALL, ret))
        answer(&heap, &asked, ret);
    uf_lookup_release(&asked);
    uf_opened_release(&heap);
}
