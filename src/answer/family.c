#include "answer/family.h"

#include "answer/heap.h"

#include <stdio.h>
#include <string.h>

#define FAMILY_MOST 10000

bool uf_family_find(struct uf_family *ret, const struct uf_heap_request *request,
                    struct uf_answer *answer)
{
    struct uf_error err = {0};
    size_t room = request->children ? FAMILY_MOST : request->pid_count, descendants = 0;
    *ret = (struct uf_family){.pids = uf_mem_alloc(room * sizeof *ret->pids)};
    if (!ret->pids) {
        uf_error_nomem(&err);
        return uf_answer_error(answer, NULL, &err);
    }
    if (!request->children) {
        memcpy(ret->pids, request->pids, request->pid_count * sizeof *ret->pids);
        ret->count = request->pid_count;
        return true;
    }
    ret->master = ret->pids[0] = request->children;
    if (uf_process_children(request->children, ret->pids + 1, room - 1, &descendants, &err)) {
        char path[16];
        (void)snprintf(path, sizeof path, "%d", request->children);
        return uf_answer_error(answer, path, &err);
    }
    ret->count = 1 + descendants;
    return true;
}

bool uf_family_has(const struct uf_family *family, int pid)
{
    for (size_t i = 0; i < family->count; i++)
        if (family->pids[i] == pid)
            return true;
    return false;
}

bool uf_family_leave_out(const struct uf_family *family, int pid, bool gone, struct uf_absent *ret,
                         struct uf_answer *answer)
{
    bool named = !family->master || pid == family->master;
    const char *why = strstr(answer->error, ": ");
    struct uf_error err = {0};
    if (answer->exit_code != UF_EXIT_INPUT || (named && !gone))
        return false;
    *ret = (struct uf_absent){.pid = pid, .how = gone ? UF_PROCESS_WENT : UF_PROCESS_UNREAD};
    if (!gone && !(ret->why = uf_mem_strdup(why ? why + 2 : answer->error))) {
        uf_error_nomem(&err);
        return uf_answer_error(answer, NULL, &err);
    }
    uf_answer_release(answer);
    return true;
}

void uf_family_release(struct uf_family *family)
{
    uf_mem_free(family->pids);
    *family = (struct uf_family){0};
}
