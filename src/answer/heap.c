#include "answer/heap.h"

#include "analysis/edges.h"
#include "report/columns.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_COLUMNS 160 /* of a longer path the middle goes: the line has to keep what to do */

#define HOW_TO_MAKE                                                                                \
    "name a process id, a core file, or a snapshot: unfreed snapshot PID -o FILE makes one"

void uf_answer_release(struct uf_answer *answer)
{
    uf_mem_free(answer->text);
    *answer = (struct uf_answer){0};
}

bool uf_answer_fail(struct uf_answer *answer, int exit_code, const char *format, ...)
{
    va_list args;
    uf_answer_release(answer);
    answer->exit_code = exit_code;
    va_start(args, format);
    vsnprintf(answer->error, sizeof answer->error, format, args);
    va_end(args);
    return false;
}

void uf_answer_finish(struct uf_answer *answer, struct uf_text *text, int exit_code)
{
    if (text->failed) {
        uf_text_release(text);
        uf_answer_fail(answer, UF_EXIT_FAULT, "out of memory while writing the report");
        return;
    }
    uf_answer_release(answer);
    answer->text = text->at;
    answer->len = text->len;
    answer->exit_code = exit_code;
    *text = (struct uf_text){0};
}

/* "FILE: WHAT (what to do)", with a path that leaves room for the rest. */
bool uf_answer_fail_at(struct uf_answer *answer, int exit_code, const char *path, const char *what,
                       const char *to_do)
{
    struct uf_text shown = {0};
    uf_columns_cut_middle(&shown, path, PATH_COLUMNS);
    uf_answer_fail(answer, exit_code, "%s: %s (%s)", shown.at ? shown.at : "?", what, to_do);
    uf_text_release(&shown);
    return false;
}

bool uf_answer_error(struct uf_answer *answer, const char *path, const struct uf_error *err)
{
    struct uf_text shown = {0};
    if (!path)
        path = "the heap";
    switch (err->code) {
    case UF_ECORRUPT:
        return uf_answer_fail_at(answer, UF_EXIT_INPUT, path, err->message,
                                 "copy the file again, or take a new snapshot");
    case UF_EUNSUPPORTED:
        return uf_answer_fail_at(answer, UF_EXIT_INPUT, path, err->message,
                                 "unfreed " UNFREED_VERSION
                                 " reads snapshot files of its own format");
    case UF_EIO:
        return uf_answer_fail_at(answer, UF_EXIT_INPUT, path, err->message,
                                 err->os_errno == EACCES || err->os_errno == EPERM
                                     ? "ask its owner, or run as that user"
                                 : err->os_errno == ENOENT ? HOW_TO_MAKE
                                                           : "see that the file can be read");
    case UF_ELIMIT:
        return uf_answer_fail_at(answer, UF_EXIT_INPUT, path, err->message,
                                 "the heap is too large");
    case UF_ETARGET: /* says itself what to do */
        uf_columns_cut_middle(&shown, path, PATH_COLUMNS);
        uf_answer_fail(answer, UF_EXIT_INPUT, "%s: %s", shown.at ? shown.at : "?", err->message);
        uf_text_release(&shown);
        return false;
    case UF_ENOMEM:
        return uf_answer_fail_at(answer, UF_EXIT_FAULT, path, "out of memory",
                                 "about 100 bytes for each of its objects are needed");
    default:
        return uf_answer_fail_at(answer, UF_EXIT_FAULT, path, err->message,
                                 "a fault of unfreed's own: please report it");
    }
}

bool uf_answer_not_found(struct uf_answer *answer, const char *path, const struct uf_error *err)
{
    struct uf_text shown = {0};
    if (err->code != UF_EINVAL)
        return uf_answer_error(answer, path, err);
    uf_columns_cut_middle(&shown, path, PATH_COLUMNS);
    uf_answer_fail(answer, UF_EXIT_USAGE, "%s: %s", shown.at ? shown.at : "?", err->message);
    uf_text_release(&shown);
    return false;
}

bool uf_answer_step(const struct uf_heap_request *request, const char *doing,
                    struct uf_answer *answer)
{
    if (!request->progress || request->progress(request->progress_context, doing))
        return true;
    return uf_answer_fail(answer, UF_EXIT_INTERRUPTED, "interrupted");
}

/* Whether the file is a core, and not a snapshot; false with the answer filled in: it is neither. */
static bool know_file(const char *path, bool *core, struct uf_answer *answer)
{
    struct stat is;
    *core = false;
    if (!path[0])
        return uf_answer_fail_at(answer, UF_EXIT_INPUT, "''", "no file name", HOW_TO_MAKE);
    if (stat(path, &is))
        return uf_answer_fail_at(answer, UF_EXIT_INPUT, path, strerror(errno),
                                 errno == ENOENT ? HOW_TO_MAKE
                                                 : "see that the path can be reached");
    if (S_ISDIR(is.st_mode))
        return uf_answer_fail_at(answer, UF_EXIT_INPUT, path, "a folder, not a file", HOW_TO_MAKE);
    if (!S_ISREG(is.st_mode))
        return uf_answer_fail_at(answer, UF_EXIT_INPUT, path, "not a regular file",
                                 "save it to a file first: it is read mapped");
    if (is.st_size == 0)
        return uf_answer_fail_at(answer, UF_EXIT_INPUT, path, "an empty file", HOW_TO_MAKE);
    enum uf_elf_kind kind = uf_remote_elf_kind(path);
    *core = kind == UF_ELF_CORE;
    if (kind == UF_ELF_PROGRAM)
        return uf_answer_fail_at(answer, UF_EXIT_INPUT, path,
                                 "a program or library, neither a core file nor a snapshot",
                                 HOW_TO_MAKE);
    return true;
}

static bool open_file(struct uf_opened *heap, unsigned parts, struct uf_answer *answer)
{
    struct uf_error err = {0};
    if (!uf_answer_step(heap->request, "reading", answer))
        return false;
    if (uf_snapshot_open(&heap->snapshot, heap->path, &err) ||
        uf_snapshot_load(heap->snapshot, parts, &err))
        return uf_answer_error(answer, heap->path, &err);
    if (!uf_answer_step(heap->request, "verifying", answer))
        return false;
    if (uf_snapshot_verify(heap->snapshot, &err))
        return uf_answer_error(answer, heap->path, &err);
    heap->meta = uf_snapshot_meta(heap->snapshot);
    heap->view.graph = uf_snapshot_graph(heap->snapshot);
    heap->view.names = parts & UF_LOAD_NAMES ? uf_snapshot_names(heap->snapshot) : NULL;
    return true;
}

static bool open_remote(struct uf_opened *heap, int pid, struct uf_answer *answer)
{
    if (!uf_remote_take(&heap->remote, heap->request, heap->path, pid, answer))
        return false;
    heap->meta = &heap->remote.meta;
    heap->view.graph = &heap->remote.target.capture.graph;
    heap->view.names = &heap->remote.target.capture.names;
    return true;
}

bool uf_opened_process(struct uf_opened *heap, const struct uf_heap_request *request, int pid,
                       struct uf_answer *answer)
{
    *heap = (struct uf_opened){.request = request};
    (void)snprintf(heap->process, sizeof heap->process, "%d", pid);
    heap->path = heap->process;
    return open_remote(heap, pid, answer);
}

bool uf_opened_init(struct uf_opened *heap, const struct uf_heap_request *request, const char *path,
                    unsigned parts, struct uf_answer *answer)
{
    bool core;
    *heap = (struct uf_opened){.request = request, .path = path};
    if (uf_remote_is_process(path)) {
        int pid = uf_remote_pid(path);
        return pid ? open_remote(heap, pid, answer)
                   : uf_answer_fail_at(answer, UF_EXIT_INPUT, path, "no process has this number",
                                       "ps shows those that there are");
    }
    if (!know_file(path, &core, answer))
        return false;
    return core ? open_remote(heap, 0, answer) : open_file(heap, parts, answer);
}

void uf_opened_settle(struct uf_opened *heap)
{
    if (heap->snapshot)
        return;
    uf_remote_settle(&heap->remote);
    heap->view.graph = &heap->remote.graph;
    heap->view.names = NULL;
}

void uf_opened_empty(struct uf_opened *heap)
{
    uf_opened_settle(heap);
    uf_reach_release(&heap->reach);
    uf_dominators_release(&heap->dominators);
    uf_graph_release(&heap->remote.graph);
    heap->view = (struct uf_view){0};
}

bool uf_opened_reach(struct uf_opened *heap, struct uf_answer *answer)
{
    struct uf_error err = {0};
    if (heap->view.reach)
        return true;
    if (!uf_answer_step(heap->request, "finding what is alive", answer))
        return false;
    if (uf_reach_build(&heap->reach, heap->view.graph, &err))
        return uf_answer_error(answer, heap->path, &err);
    heap->view.reach = &heap->reach;
    return true;
}

bool uf_opened_dominators(struct uf_opened *heap, struct uf_answer *answer)
{
    struct uf_error err = {0};
    if (heap->dominators.idom)
        return true;
    if (!uf_answer_step(heap->request, "computing retained sizes", answer))
        return false;
    if (uf_dominators_build(&heap->dominators, heap->view.graph, &err))
        return uf_answer_error(answer, heap->path, &err);
    return true;
}

static uint64_t file_bytes(const struct uf_opened *heap)
{
    struct stat is;
    if (heap->snapshot)
        return uf_snapshot_bytes(heap->snapshot);
    bool known = heap->remote.told.core && stat(heap->path, &is) == 0 && is.st_size >= 0;
    return known ? (uint64_t)is.st_size : UF_META_UNKNOWN;
}

struct uf_report_heap uf_opened_origin(const struct uf_opened *heap)
{
    return (struct uf_report_heap){
        .file = heap->snapshot || heap->remote.told.core ? heap->path : NULL,
        .file_bytes = file_bytes(heap),
        .meta = heap->meta,
        .outside = heap->snapshot ? NULL : &heap->remote.told,
    };
}

struct uf_report_heap uf_opened_figures(const struct uf_opened *heap)
{
    const struct uf_graph *graph = heap->view.graph;
    struct uf_report_heap ret = uf_opened_origin(heap);
    for (uf_node n = 0; n < graph->node_count; n++) {
        if (graph->flags[n] & UF_NODE_OWN)
            continue;
        ret.objects++;
        ret.references += graph->edge_start[n + 1] - graph->edge_start[n];
        ret.bytes += uf_edges_size(graph, n);
    }
    return ret;
}

void uf_opened_release(struct uf_opened *heap)
{
    uf_reach_release(&heap->reach);
    uf_dominators_release(&heap->dominators);
    uf_snapshot_close(heap->snapshot);
    uf_remote_release(&heap->remote);
    *heap = (struct uf_opened){0};
}
