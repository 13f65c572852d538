#include "answer/diff_many.h"

#include "analysis/signatures_join.h"
#include "answer/comparison.h"
#include "answer/family.h"

#include <stdio.h>
#include <string.h>

/* One look at one process. */
struct look {
    struct uf_opened heap;
    struct uf_signatures signatures;
    uint32_t *numbers; /* by group: its number among those of all processes */
    struct uf_report_heap figures;
};

struct seen {
    int pid;
    struct look look[2]; /* indexed by enum uf_diff_heap */
    bool twice;
};

struct many {
    const struct uf_heap_request *request;
    struct uf_answer *answer;
    struct uf_family family; /* at the first look */
    struct seen *seen;       /* of each of the family, in its order */
    struct seen *most;       /* that has grown most so far */
    struct uf_after after;
    struct uf_diff_processes told;
    UF_VEC(struct uf_absent) absent;
    struct uf_signatures_join join[2];
    char doing[64];
};

static bool nomem(struct many *many)
{
    struct uf_error err = {0};
    uf_error_nomem(&err);
    return uf_answer_error(many->answer, NULL, &err);
}

static bool push_absent(struct many *many, struct uf_absent *absent)
{
    if (uf_vec_push(&many->absent, *absent) == 0)
        return true;
    uf_mem_free(absent->why);
    return nomem(many);
}

static bool add_absent(struct many *many, int pid, enum uf_absence how)
{
    struct uf_absent absent = {.pid = pid, .how = how};
    return push_absent(many, &absent);
}

static bool leave_out(struct many *many, int pid, bool gone)
{
    struct uf_absent absent;
    return uf_family_leave_out(&many->family, pid, gone, &absent, many->answer) &&
           push_absent(many, &absent);
}

/* Keeps groups and figures, and gives back what goes with the number of objects. */
static void drop_nodes(struct look *look)
{
    uf_mem_free(look->signatures.of);
    look->signatures.of = NULL;
    uf_opened_empty(&look->heap);
}

static bool take(struct many *many, struct look *look, int pid)
{
    const struct uf_heap_request *request = many->request;
    struct uf_error err = {0};
    (void)snprintf(many->doing, sizeof many->doing, "reading process %d", pid);
    if (!uf_answer_step(request, many->doing, many->answer) ||
        !uf_opened_process(&look->heap, request, pid, many->answer) ||
        !uf_opened_reach(&look->heap, many->answer) ||
        !uf_answer_step(request, "grouping objects by who holds them", many->answer))
        return false;
    if (uf_signatures_build(&look->signatures, &look->heap.view, &err))
        return uf_answer_error(many->answer, look->heap.path, &err);
    look->figures = uf_opened_figures(&look->heap);
    return true;
}

static bool look_first(struct many *many)
{
    size_t read = 0;
    many->seen = uf_mem_zalloc((many->family.count + 1) * sizeof *many->seen);
    if (!many->seen)
        return nomem(many);
    for (size_t i = 0; i < many->family.count; i++) {
        struct seen *seen = &many->seen[i];
        struct look *look = &seen->look[UF_DIFF_OLD];
        seen->pid = many->family.pids[i];
        if (take(many, look, seen->pid)) {
            drop_nodes(look);
            read++;
        } else {
            bool child = many->family.master && seen->pid != many->family.master;
            if (!leave_out(many, seen->pid, child && !uf_after_runs(seen->pid)))
                return false;
        }
    }
    return read > 0;
}

/* Only of the process that has grown most the whole heap is kept. */
static void keep_most(struct many *many, struct seen *seen)
{
    struct look *look = seen->look;
    struct look *most = many->most ? many->most->look : NULL;
    int64_t grown = (int64_t)look[1].figures.bytes - (int64_t)look[0].figures.bytes;
    if (most && (int64_t)most[1].figures.bytes - (int64_t)most[0].figures.bytes >= grown) {
        drop_nodes(&look[1]);
        return;
    }
    if (most)
        drop_nodes(&most[1]);
    many->most = seen;
}

static bool look_again_at(struct many *many, const struct uf_family *now, struct seen *seen)
{
    struct look *look = seen->look;
    if (!look[UF_DIFF_OLD].heap.meta)
        return true; /* it could not be read before */
    if (!uf_family_has(now, seen->pid) || !uf_after_runs(seen->pid))
        return add_absent(many, seen->pid, UF_PROCESS_WENT);
    if (!take(many, &look[UF_DIFF_NEW], seen->pid))
        return leave_out(many, seen->pid, !uf_after_runs(seen->pid));
    seen->twice = uf_comparison_same_process(look[0].heap.meta, look[1].heap.meta);
    if (seen->twice) {
        keep_most(many, seen);
        return true;
    }
    drop_nodes(&look[UF_DIFF_NEW]);
    return add_absent(many, seen->pid, UF_PROCESS_WENT) &&
           add_absent(many, seen->pid, UF_PROCESS_CAME);
}

/* With --children those that have come since are found, too. */
static bool look_again(struct many *many)
{
    struct uf_family now = {0};
    bool fine = true;
    if (many->family.master && !uf_after_runs(many->family.master)) {
        char path[16];
        (void)snprintf(path, sizeof path, "%d", many->family.master);
        return uf_answer_fail_at(many->answer, UF_EXIT_INPUT, path,
                                 "the process has ended before the second look",
                                 "take a shorter --after");
    }
    fine = uf_family_find(&now, many->request, many->answer);
    for (size_t i = 0; i < many->family.count && fine; i++)
        fine = look_again_at(many, &now, &many->seen[i]);
    for (size_t i = 0; i < now.count && fine; i++)
        if (!uf_family_has(&many->family, now.pids[i]) && uf_after_runs(now.pids[i]))
            fine = add_absent(many, now.pids[i], UF_PROCESS_CAME);
    uf_family_release(&now);
    return fine && (many->most ||
                    uf_answer_fail(many->answer, UF_EXIT_INPUT,
                                   "diff: all of the processes have ended before the second look "
                                   "(take a shorter --after)"));
}

/* One set of groups for all, and what is told of each. */
static bool join(struct many *many)
{
    struct uf_error err = {0};
    struct uf_diff_processes *told = &many->told;
    told->at = uf_mem_zalloc((many->family.count + 1) * sizeof *told->at);
    enum uf_code code = told->at ? UF_OK : uf_error_nomem(&err);
    for (size_t i = 0; i < many->family.count && !code; i++) {
        struct seen *seen = &many->seen[i];
        for (int heap = 0; heap < 2 && seen->twice && !code; heap++)
            code = uf_signatures_join_add(&many->join[heap], &seen->look[heap].signatures,
                                          &seen->look[heap].numbers, &err);
        if (seen->twice)
            told->at[told->count++] = (struct uf_diff_process){
                .pid = seen->pid,
                .master = seen->pid == many->family.master,
                .old = seen->look[UF_DIFF_OLD].figures,
                .new = seen->look[UF_DIFF_NEW].figures,
            };
    }
    const struct look *most = &many->most->look[UF_DIFF_NEW];
    if (!code)
        code = uf_signatures_join_nodes(&many->join[UF_DIFF_NEW], &most->signatures, most->numbers,
                                        &err);
    told->example_pid = many->most->pid;
    told->absent = many->absent.at;
    told->absent_count = many->absent.len;
    return code ? uf_answer_error(many->answer, NULL, &err) : true;
}

/* What each entry that is told is in each process. */
static enum uf_code fill_parts(struct uf_comparison *c, struct uf_error *err)
{
    struct many *many = c->fill_context;
    struct uf_diff_processes *told = &many->told;
    told->parts = uf_mem_zalloc((c->looked_at * told->count + 1) * sizeof *told->parts);
    if (!told->parts)
        return uf_error_nomem(err);
    told->part_entries = c->looked_at;
    for (size_t i = 0, p = 0; i < many->family.count; i++) {
        if (!many->seen[i].twice)
            continue;
        for (int heap = 0; heap < 2; heap++) {
            const struct look *look = &many->seen[i].look[heap];
            for (uint32_t s = 0; s < look->signatures.count; s++) {
                const struct uf_signature *one = &look->signatures.at[s];
                uint32_t number = c->diff.group_of[heap][look->numbers[s]];
                const struct uf_diff_group *group = &c->diff.groups.at[number];
                if (group->shrunk || group->entry >= c->looked_at)
                    continue;
                struct uf_diff_part *part = &told->parts[group->entry * told->count + p];
                part->bytes += heap == UF_DIFF_NEW ? (int64_t)one->bytes : -(int64_t)one->bytes;
                if (number == c->diff.grown.at[group->entry].main) {
                    part->heap[heap].objects += one->objects;
                    part->heap[heap].bytes += one->bytes;
                }
            }
        }
        p++;
    }
    return UF_OK;
}

static void compare(struct many *many)
{
    struct uf_comparison comparison = {
        .request = many->request,
        .answer = many->answer,
        .heap = {[UF_DIFF_NEW] = &many->most->look[UF_DIFF_NEW].heap},
        .signatures = {&many->join[UF_DIFF_OLD].all, &many->join[UF_DIFF_NEW].all},
        .processes = &many->told,
        .after = many->after,
        .fill = fill_parts,
        .fill_context = many,
    };
    uf_comparison_end(&comparison);
    uf_comparison_release(&comparison);
}

static void release(struct many *many)
{
    for (size_t i = 0; many->seen && i < many->family.count; i++)
        for (int heap = 0; heap < 2; heap++) {
            struct look *look = &many->seen[i].look[heap];
            uf_mem_free(look->numbers);
            uf_signatures_release(&look->signatures);
            uf_opened_release(&look->heap);
        }
    uf_mem_free(many->seen);
    uf_mem_free(many->told.at);
    uf_mem_free(many->told.parts);
    for (size_t i = 0; i < many->absent.len; i++)
        uf_mem_free(many->absent.at[i].why);
    uf_vec_release(&many->absent);
    uf_signatures_join_release(&many->join[0]);
    uf_signatures_join_release(&many->join[1]);
    uf_family_release(&many->family);
}

void uf_diff_many(const struct uf_heap_request *request, struct uf_answer *ret)
{
    struct many many = {.request = request, .answer = ret};
    if (uf_family_find(&many.family, request, ret) && look_first(&many) &&
        uf_answer_step(request, "waiting", ret)) {
        uf_mem_trim();
        many.after = uf_after_wait(request, many.family.pids, many.family.count);
        if (look_again(&many) && join(&many))
            compare(&many);
    }
    release(&many);
}
