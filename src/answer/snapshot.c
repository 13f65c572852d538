/* `unfreed snapshot PID|CORE`: the heap of a process or a core into a snapshot file. */
#include "answer/heap.h"

#include "base/sink.h"
#include "cpython/shapes.h"
#include "report/json.h"
#include "report/units.h"
#include "snapshot/write.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct job {
    const struct uf_heap_request *request;
    struct uf_answer *answer;
    struct uf_opened heap;
    double started;
    uint64_t file_bytes;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* "snapshot: WHY (what to do)" for a file that cannot be written. */
static bool cannot_write(struct job *job, const struct uf_error *err)
{
    bool full = err->os_errno == ENOSPC || err->os_errno == EDQUOT || err->os_errno == EFBIG;
    if (err->code != UF_EIO)
        return uf_answer_error(job->answer, job->request->file, err);
    return uf_answer_fail(job->answer, UF_EXIT_INPUT, "snapshot: %s (%s)", err->message,
                          full ? "make room, or name a file elsewhere with -o"
                               : "name another file with -o");
}

/* What can be known before the process is stopped. */
static bool check_request(struct job *job)
{
    const struct uf_heap_request *request = job->request;
    struct stat in, out;
    struct uf_sink sink;
    struct uf_error err = {0};
    bool same = stat(request->file, &in) == 0 && stat(request->out, &out) == 0 &&
                in.st_dev == out.st_dev && in.st_ino == out.st_ino;
    if (same && !uf_remote_is_process(request->file))
        return uf_answer_fail(job->answer, UF_EXIT_USAGE,
                              "snapshot: -o names the core itself (name another file)");
    if (uf_sink_open(&sink, request->out, &err))
        return cannot_write(job, &err);
    uf_sink_release(&sink); /* without a commit: nothing was changed */
    return true;
}

static bool write_file(struct job *job)
{
    struct uf_remote *remote = &job->heap.remote;
    struct uf_capture *capture = &remote->target.capture;
    struct uf_heap_shapes *own = NULL;
    struct uf_shapes shapes;
    struct uf_error err = {0};
    remote->meta.redacted = job->request->redact;
    if (job->request->redact)
        remote->meta.command_line = NULL; /* as the file: arguments hold passwords */
    const struct uf_snapshot_content content = {.graph = &capture->graph,
                                                .shapes = &shapes,
                                                .meta = &remote->meta,
                                                .redact = job->request->redact};
    enum uf_code code =
        uf_heap_shapes_create(&own, capture->heap, &capture->graph, &capture->names, &shapes, &err);
    if (!code)
        code = uf_snapshot_write(job->request->out, &content, &job->file_bytes, &err);
    uf_heap_shapes_destroy(own);
    return code ? cannot_write(job, &err) : true;
}

static void report_json(const struct job *job, const struct uf_report_heap *heap,
                        struct uf_text *text)
{
    struct uf_json json;
    uf_json_begin(&json, text);
    uf_json_open_object(&json, NULL, UF_JSON_LINES);
    uf_json_text(&json, "schema", "unfreed.snapshot/1");
    uf_json_text(&json, "out", job->request->out);
    uf_json_number(&json, "out_bytes", (double)job->file_bytes);
    uf_report_heap_json(&json, "heap", heap);
    uf_json_number(&json, "seconds", now() - job->started);
    uf_json_close(&json);
    uf_json_end(&json);
}

/* "wrote  app.snapshot: 1,234,567 objects, 92 MiB; the process stood still for 24 ms (3 tries, ...)" */
static void report_text(const struct job *job, const struct uf_report_heap *heap,
                        struct uf_text *text)
{
    uf_text_printf(text, "wrote  %s: ", job->request->out);
    uf_units_plural(text, (double)heap->objects, "object", "objects");
    uf_text_add_z(text, ", ");
    uf_units_bytes(text, (double)heap->bytes);
    if (!heap->outside->core && heap->meta->pause_ns != UF_META_UNKNOWN) {
        uf_text_add_z(text, "; the process stood still for ");
        uf_report_heap_pause(text, heap);
    }
    uf_text_add_z(text, "\n");
    for (size_t i = 0; i < heap->outside->missing_count; i++)
        uf_text_printf(text, "note   missing file: %s\n", heap->outside->missing[i]);
    uf_text_printf(text, "look   unfreed summary %s\n", job->request->out);
}

static void finish(struct job *job)
{
    const struct uf_report_heap heap = uf_opened_figures(&job->heap);
    struct uf_text text = {0};
    if (job->request->json)
        report_json(job, &heap, &text);
    else if (!job->request->quiet)
        report_text(job, &heap, &text);
    else
        uf_text_add_z(&text, "");
    uf_answer_finish(job->answer, &text, UF_EXIT_DONE);
    if (!job->request->redact)
        (void)snprintf(
            job->answer->note, sizeof job->answer->note,
            "a heap holds secrets, and so does this file (--redact leaves contents out)");
}

void uf_take_snapshot(const struct uf_heap_request *request, struct uf_answer *ret)
{
    struct job job = {.request = request, .answer = ret, .started = now()};
    *ret = (struct uf_answer){0};
    if (!check_request(&job))
        return;
    if (uf_opened_init(&job.heap, request, request->file, UF_LOAD_ALL, ret)) {
        if (job.heap.snapshot)
            uf_answer_fail_at(ret, UF_EXIT_USAGE, request->file, "a snapshot already",
                              "name a process id or a core file");
        else if (uf_answer_step(request, "writing", ret) && write_file(&job))
            finish(&job);
    }
    uf_opened_release(&job.heap);
}
