#include "answer/heap.h"

#include "analysis/edges.h"
#include "report/columns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_COLUMNS 160 /* of a longer path the middle goes: the line has to keep what to do */

#define HOW_TO_MAKE                                                                                \
    "make one with unfreed.snapshot(path) in the program, or unfreed run --snapshot-on SIGUSR2"

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
static bool fail_at(struct uf_answer *answer, int exit_code, const char *path, const char *what,
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
    if (!path)
        path = "the heap";
    switch (err->code) {
    case UF_ECORRUPT:
        return fail_at(answer, UF_EXIT_INPUT, path, err->message,
                       "copy the file again, or take a new snapshot");
    case UF_EUNSUPPORTED:
        return fail_at(answer, UF_EXIT_INPUT, path, err->message,
                       "unfreed " UNFREED_VERSION " reads snapshot files of its own format");
    case UF_EIO:
        return fail_at(answer, UF_EXIT_INPUT, path, err->message,
                       err->os_errno == EACCES || err->os_errno == EPERM
                           ? "ask its owner, or run as that user"
                       : err->os_errno == ENOENT ? HOW_TO_MAKE
                                                 : "see that the file can be read");
    case UF_ELIMIT:
        return fail_at(answer, UF_EXIT_INPUT, path, err->message, "the heap is too large");
    case UF_ETARGET: /* says itself what to do */
        return uf_answer_fail(answer, UF_EXIT_INPUT, "%s: %s", path, err->message);
    case UF_ENOMEM:
        return fail_at(answer, UF_EXIT_FAULT, path, "out of memory",
                       "about 100 bytes for each of its objects are needed");
    default:
        return fail_at(answer, UF_EXIT_FAULT, path, err->message,
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

/* What a person may take for a snapshot and is none; else true. */
static bool may_be_snapshot(const char *path, struct uf_answer *answer)
{
    static const char only_files[] = "only snapshot files are read: " HOW_TO_MAKE;
    char start[4] = "";
    struct stat is;
    if (!path[0])
        return fail_at(answer, UF_EXIT_INPUT, "''", "no file name", only_files);
    if (stat(path, &is)) {
        if (errno == ENOENT && path[strspn(path, "0123456789")] == '\0')
            return fail_at(answer, UF_EXIT_INPUT, path,
                           "no such file, and a process cannot be read", only_files);
        return fail_at(answer, UF_EXIT_INPUT, path, strerror(errno),
                       errno == ENOENT ? HOW_TO_MAKE : "see that the path can be reached");
    }
    if (S_ISDIR(is.st_mode))
        return fail_at(answer, UF_EXIT_INPUT, path, "a folder, not a file", only_files);
    if (!S_ISREG(is.st_mode))
        return fail_at(answer, UF_EXIT_INPUT, path, "not a regular file",
                       "save it to a file first: a snapshot is read mapped");
    if (is.st_size == 0)
        return fail_at(answer, UF_EXIT_INPUT, path, "an empty file", only_files);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true; /* uf_snapshot_open() says why */
    ssize_t len = read(fd, start, sizeof start);
    close(fd);
    if (len == sizeof start && memcmp(start, "\177ELF", sizeof start) == 0)
        return fail_at(answer, UF_EXIT_INPUT, path, "a core file or program, not a snapshot",
                       only_files);
    return true;
}

bool uf_opened_init(struct uf_opened *heap, const struct uf_heap_request *request, const char *path,
                    unsigned parts, struct uf_answer *answer)
{
    struct uf_error err = {0};
    *heap = (struct uf_opened){.request = request, .path = path};
    if (!may_be_snapshot(path, answer) || !uf_answer_step(request, "reading", answer))
        return false;
    if (uf_snapshot_open(&heap->snapshot, path, &err) ||
        uf_snapshot_load(heap->snapshot, parts, &err))
        return uf_answer_error(answer, path, &err);
    if (!uf_answer_step(request, "verifying", answer))
        return false;
    if (uf_snapshot_verify(heap->snapshot, &err))
        return uf_answer_error(answer, path, &err);
    heap->meta = uf_snapshot_meta(heap->snapshot);
    heap->view.graph = uf_snapshot_graph(heap->snapshot);
    heap->view.names = parts & UF_LOAD_NAMES ? uf_snapshot_names(heap->snapshot) : NULL;
    return true;
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

struct uf_report_heap uf_opened_figures(const struct uf_opened *heap)
{
    const struct uf_graph *graph = heap->view.graph;
    struct uf_report_heap ret = {
        .file = heap->path,
        .file_bytes = uf_snapshot_bytes(heap->snapshot),
        .meta = heap->meta,
    };
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
    *heap = (struct uf_opened){0};
}
