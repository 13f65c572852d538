#include "memory/process.h"
#include "memory/procfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct link {
    int pid, parent;
};

static int parent_of(int pid, struct uf_text *text)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    return uf_procfs_read(path, text) ? 0 : (int)uf_procfs_stat(text->at, 4);
}

static int by_pid(const void *a, const void *b)
{
    const struct link *x = a, *y = b;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

static struct link *find(struct link *links, size_t count, int pid)
{
    struct link key = {.pid = pid};
    return count ? bsearch(&key, links, count, sizeof *links, by_pid) : NULL;
}

/* Whether the way up from `link` leads to `pid`; no longer than there are processes: what is read piece by piece may
 * close a circle. */
static bool leads_to(struct link *links, size_t count, const struct link *link, int pid)
{
    for (size_t steps = 0; link && steps <= count; steps++) {
        if (link->parent == pid)
            return true;
        link = find(links, count, link->parent);
    }
    return false;
}

enum uf_code uf_process_children(int pid, int *ret, size_t most, size_t *count,
                                 struct uf_error *err)
{
    struct uf_procfs_numbers pids = {0};
    struct uf_text text = {0};
    UF_VEC(struct link) links = {0};
    enum uf_code code = UF_OK;
    *count = 0;
    int failed = uf_procfs_numbers("/proc", &pids);
    if (failed)
        code = failed == ENOMEM ? uf_error_nomem(err)
                                : uf_error_os(err, failed, "cannot list /proc");
    for (size_t i = 0; i < pids.list.len && !code; i++) {
        struct link link = {pids.list.at[i], parent_of(pids.list.at[i], &text)};
        if (uf_vec_push(&links, link))
            code = uf_error_nomem(err);
    }
    if (!code && links.len)
        qsort(links.at, links.len, sizeof *links.at, by_pid);
    for (size_t i = 0; i < links.len && !code && *count < most; i++)
        if (leads_to(links.at, links.len, &links.at[i], pid))
            ret[(*count)++] = links.at[i].pid;
    uf_vec_release(&links);
    uf_text_release(&text);
    uf_vec_release(&pids.list);
    return code;
}
