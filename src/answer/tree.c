/* `unfreed tree FILE [OBJECT]`: the dominator tree. */
#include "report/tree.h"
#include "analysis/lookup.h"
#include "answer/heap.h"

#define ROWS_USUAL 30
#define DEPTH_USUAL 10

/* Leaves in `found` what is alive; false: nothing is. */
static bool keep_alive(const struct uf_opened *heap, struct uf_lookup *found,
                       struct uf_answer *answer)
{
    const struct uf_graph *graph = heap->view.graph;
    size_t kept = 0;
    uf_node first = found->members.at[0];
    for (size_t i = 0; i < found->members.len; i++)
        if (heap->dominators.retained_objects[found->members.at[i]] > 0)
            found->members.at[kept++] = found->members.at[i];
    found->members.len = kept;
    if (kept > 0)
        return true;
    return uf_answer_fail(answer, UF_EXIT_USAGE,
                          "%s: %s is garbage: nothing keeps it alive (unfreed why shows its cycle: "
                          "0x%llx)",
                          heap->path, heap->request->object,
                          (unsigned long long)graph->address[first]);
}

static void report(const struct uf_opened *heap, const struct uf_tree *tree, struct uf_answer *ret)
{
    const struct uf_heap_request *request = heap->request;
    const struct uf_tree_report figures = {
        .tree = tree,
        .view = &heap->view,
        .heap = uf_opened_figures(heap),
        .from_object = request->object != NULL,
    };
    const struct uf_report_form form = {
        .width = request->width, .color = request->color, .quiet = request->quiet};
    struct uf_text text = {0};
    if (request->json)
        uf_tree_json(&text, &figures);
    else
        uf_tree_text(&text, &figures, &form);
    uf_answer_finish(ret, &text, UF_EXIT_DONE);
}

static void answer(struct uf_opened *heap, struct uf_lookup *found, struct uf_answer *ret)
{
    const struct uf_heap_request *request = heap->request;
    const struct uf_tree_limits limits = {
        .rows = request->rows ? request->rows : ROWS_USUAL,
        .depth = request->depth ? request->depth : DEPTH_USUAL,
    };
    struct uf_tree tree;
    struct uf_error err = {0};
    if (request->object && uf_lookup_find(found, heap->view.graph, request->object, &err)) {
        uf_answer_not_found(ret, heap->path, &err);
        return;
    }
    if (!uf_opened_reach(heap, ret) || !uf_opened_dominators(heap, ret) ||
        (request->object && !keep_alive(heap, found, ret)) ||
        !uf_answer_step(request, "drawing the tree", ret))
        return;
    if (uf_tree_build(&tree, &heap->view, &heap->dominators, found->members.at, found->members.len,
                      &limits, &err)) {
        uf_answer_error(ret, heap->path, &err);
        return;
    }
    report(heap, &tree, ret);
    uf_tree_release(&tree);
}

void uf_tree(const struct uf_heap_request *request, struct uf_answer *ret)
{
    struct uf_opened heap;
    struct uf_lookup found = {0};
    if (uf_opened_init(&heap, request, request->file, UF_LOAD_ALL, ret))
        answer(&heap, &found, ret);
    uf_lookup_release(&found);
    uf_opened_release(&heap);
}
