#include "answer/summary_many.h"

#include "analysis/summary_sum.h"
#include "answer/family.h"
#include "answer/heap.h"

#include <stdio.h>

struct many {
    const struct uf_heap_request *request;
    struct uf_answer *answer;
    enum uf_summary_order order;
    struct uf_family family;
    struct uf_opened *heaps; /* of each of the family; emptied once it was added */
    struct uf_summary_sum sum;
    struct uf_summary_processes told;
    UF_VEC(struct uf_absent) absent;
    char doing[64];
};

static bool nomem(struct many *many)
{
    struct uf_error err = {0};
    uf_error_nomem(&err);
    return uf_answer_error(many->answer, NULL, &err);
}

static bool leave_out(struct many *many, int pid)
{
    struct uf_absent absent;
    if (!uf_family_leave_out(&many->family, pid, false, &absent, many->answer))
        return false;
    if (uf_vec_push(&many->absent, absent) == 0)
        return true;
    uf_mem_free(absent.why);
    return nomem(many);
}

static bool open_heap(struct many *many, struct uf_opened *heap, int pid)
{
    (void)snprintf(many->doing, sizeof many->doing, "reading process %d", pid);
    return uf_answer_step(many->request, many->doing, many->answer) &&
           uf_opened_process(heap, many->request, pid, many->answer) &&
           uf_opened_reach(heap, many->answer) && uf_opened_dominators(heap, many->answer) &&
           uf_answer_step(many->request, "summing up", many->answer);
}

static bool add(struct many *many, struct uf_opened *heap, int pid)
{
    struct uf_summary summary;
    struct uf_error err = {0};
    enum uf_code code =
        uf_summary_build(&summary, &heap->view, &heap->dominators, many->order, 0, &err);
    if (code)
        return uf_answer_error(many->answer, heap->path, &err);
    many->told.at[many->told.count++] = (struct uf_summary_process){
        .pid = pid,
        .master = pid == many->family.master,
        .heap = uf_opened_figures(heap),
        .all = summary.all,
    };
    code = uf_summary_sum_add(&many->sum, &summary, heap->view.graph, &err);
    uf_summary_release(&summary);
    uf_opened_empty(heap);
    return code ? uf_answer_error(many->answer, heap->path, &err) : true;
}

static bool read_all(struct many *many)
{
    size_t count = many->family.count;
    struct uf_error err = {0};
    many->heaps = uf_mem_zalloc((count + 1) * sizeof *many->heaps);
    many->told.at = uf_mem_zalloc((count + 1) * sizeof *many->told.at);
    if (!many->heaps || !many->told.at)
        return nomem(many);
    for (size_t i = 0; i < count; i++) {
        int pid = many->family.pids[i];
        bool fine = open_heap(many, &many->heaps[i], pid) ? add(many, &many->heaps[i], pid)
                                                          : leave_out(many, pid);
        if (!fine)
            return false;
    }
    many->told.absent = many->absent.at;
    many->told.absent_count = many->absent.len;
    return uf_summary_sum_finish(&many->sum, many->order, &err)
               ? uf_answer_error(many->answer, NULL, &err)
               : true;
}

static void release(struct many *many)
{
    for (size_t i = 0; many->heaps && i < many->family.count; i++)
        uf_opened_release(&many->heaps[i]);
    uf_mem_free(many->heaps);
    uf_mem_free(many->told.at);
    for (size_t i = 0; i < many->absent.len; i++)
        uf_mem_free(many->absent.at[i].why);
    uf_vec_release(&many->absent);
    uf_summary_sum_release(&many->sum);
    uf_family_release(&many->family);
}

void uf_summary_many(const struct uf_heap_request *request, struct uf_summary_report *figures,
                     void (*report)(const struct uf_heap_request *,
                                    const struct uf_summary_report *, struct uf_answer *),
                     struct uf_answer *ret)
{
    struct many many = {.request = request, .answer = ret, .order = figures->order};
    if (uf_family_find(&many.family, request, ret) && read_all(&many)) {
        figures->summary = &many.sum.all;
        figures->strings = &many.sum.strings;
        figures->processes = &many.told;
        report(request, figures, ret);
    }
    release(&many);
}
