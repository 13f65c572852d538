/* export.c - `unfreed export`: a snapshot in a format that others open. */
#include "answer/heap.h"
#include "export/formats.h"
#include "report/json.h"
#include "report/units.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct job {
    const struct uf_heap_request *request;
    const struct uf_export_format *format;
    struct uf_answer *answer;
    bool to_stdout;
    double started;
    struct uf_opened heap;
    struct uf_sink sink;
    struct uf_text also; /* further files, a name to a line */
    uint64_t objects, references, bytes;
};

const char *uf_export_format_name(size_t number, const char **description)
{
    if (number >= uf_export_format_count)
        return NULL;
    if (description)
        *description = uf_export_formats[number].description;
    return uf_export_formats[number].name;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* "-", or a name of what standard output is, unless that is a file. */
static bool is_stdout(const char *out)
{
    struct stat named, standard;
    if (strcmp(out, "-") == 0)
        return true;
    return stat(out, &named) == 0 && fstat(STDOUT_FILENO, &standard) == 0 &&
           !S_ISREG(named.st_mode) && !S_ISCHR(named.st_mode) && named.st_dev == standard.st_dev &&
           named.st_ino == standard.st_ino;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat of_a, of_b;
    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
           of_a.st_ino == of_b.st_ino;
}

/* What is wrong with the request, before anything is opened. */
static bool check_request(struct job *job)
{
    const struct uf_heap_request *request = job->request;
    if (!job->format) {
        struct uf_text names = {0};
        uf_export_format_list(&names);
        uf_answer_fail(job->answer, UF_EXIT_USAGE, "export: %.40s: unknown format (there are %s)",
                       request->format, names.at ? names.at : "?");
        uf_text_release(&names);
        return false;
    }
    if (job->to_stdout && !job->format->streams)
        return uf_answer_fail(job->answer, UF_EXIT_USAGE,
                              "export: %s is not written to standard output (name a file: -o FILE)",
                              job->format->name);
    if (job->to_stdout && request->json)
        return uf_answer_fail(job->answer, UF_EXIT_USAGE,
                              "export: --json and the heap cannot both go to standard output (name "
                              "a file: -o FILE)");
    if (is_same_file(request->file, request->out))
        return uf_answer_fail(job->answer, UF_EXIT_USAGE,
                              "export: -o names the snapshot itself (name another file)");
    return true;
}

static bool analyse(struct job *job)
{
    return (!(job->format->needs & UF_EXPORT_REACH) || uf_opened_reach(&job->heap, job->answer)) &&
           (!(job->format->needs & UF_EXPORT_DOMINATORS) ||
            uf_opened_dominators(&job->heap, job->answer));
}

/* "OUT: WHY (what to do)". */
static bool cannot_write(struct job *job, const struct uf_error *err)
{
    if (err->code != UF_EIO)
        return uf_answer_error(job->answer, job->request->file, err);
    const char *to_do = err->os_errno == ENOSPC || err->os_errno == EDQUOT || err->os_errno == EFBIG
                            ? "make room, or name a file elsewhere with -o"
                            : "name another file with -o";
    return uf_answer_fail(job->answer, UF_EXIT_INPUT, "export: %s (%s)", err->message, to_do);
}

static bool go_on(void *context)
{
    struct job *job = context;
    return job->answer->error[0] == '\0' && uf_answer_step(job->request, "writing", job->answer);
}

static bool write_heap(struct job *job)
{
    struct uf_error err = {0};
    const struct uf_report_heap origin = uf_opened_origin(&job->heap);
    const struct uf_export_input input = {
        .graph = job->heap.view.graph,
        .names = job->heap.view.names,
        .meta = job->heap.meta,
        .file = job->request->file,
        .file_bytes = origin.file_bytes,
        .outside = origin.outside,
        .reach = job->heap.view.reach,
        .dominators = job->heap.dominators.idom ? &job->heap.dominators : NULL,
        .path = job->to_stdout ? NULL : job->request->out,
        .also = &job->also,
        .go_on = go_on,
        .go_on_context = job,
    };
    if (!go_on(job))
        return false;
    enum uf_code code = job->format->write(&input, &job->sink, &err);
    if (job->answer->error[0])
        return false; /* interrupted */
    if (!code)
        code = uf_sink_commit(&job->sink, &err);
    job->bytes = uf_sink_offset(&job->sink);
    if (code == UF_EIO && err.os_errno == EPIPE && job->to_stdout)
        return true; /* the reader has what it wanted (head): as other tools, without a word */
    return code ? cannot_write(job, &err) : true;
}

static void count(struct job *job)
{
    const struct uf_graph *graph = job->heap.view.graph;
    for (uf_node n = 0; n < graph->node_count; n++) {
        if (graph->flags[n] & UF_NODE_OWN)
            continue;
        job->objects++;
        for (uint32_t e = graph->edge_start[n]; e < graph->edge_start[n + 1]; e++)
            job->references += !(graph->flags[graph->edge_target[e]] & UF_NODE_OWN);
    }
}

static void report_json(const struct job *job, struct uf_text *text)
{
    struct uf_json json;
    uf_json_begin(&json, text);
    uf_json_open_object(&json, NULL, UF_JSON_LINES);
    uf_json_text(&json, "schema", "unfreed.export/1");
    uf_json_text(&json, "format", job->format->name);
    uf_json_text(&json, "out", job->request->out);
    uf_json_open_array(&json, "also", UF_JSON_INLINE);
    for (char *at = job->also.at, *end; at && (end = strchr(at, '\n')); at = end + 1) {
        *end = '\0';
        uf_json_text(&json, NULL, at);
        *end = '\n';
    }
    uf_json_close(&json);
    uf_json_number(&json, "bytes", (double)job->bytes);
    uf_json_number(&json, "objects", (double)job->objects);
    uf_json_number(&json, "references", (double)job->references);
    uf_json_bool(&json, "redacted", job->heap.meta->redacted);
    uf_json_number(&json, "seconds", now() - job->started);
    uf_json_close(&json);
    uf_json_end(&json);
}

static void report_text(const struct job *job, struct uf_text *text)
{
    uf_text_printf(text, "wrote  %s: ", job->request->out);
    uf_units_bytes(text, (double)job->bytes);
    uf_text_add_z(text, ", ");
    uf_units_plural(text, (double)job->objects, "object", "objects");
    uf_text_add_z(text, ", ");
    uf_units_plural(text, (double)job->references, "reference", "references");
    uf_text_add_z(text, ", in ");
    uf_units_seconds(text, now() - job->started);
    uf_text_add_z(text, "\n");
    for (char *at = job->also.at, *end; at && (end = strchr(at, '\n')); at = end + 1)
        uf_text_printf(text, "       %.*s\n", (int)(end - at), at);
    if (job->format->look)
        uf_text_printf(text, "look   %s %s\n", job->format->look, job->request->out);
    if (job->format->where)
        uf_text_printf(text, "look   %s\n", job->format->where);
}

static void finish(struct job *job)
{
    struct uf_text text = {0};
    count(job);
    if (job->request->json)
        report_json(job, &text);
    else if (!job->to_stdout && !job->request->quiet)
        report_text(job, &text);
    else
        uf_text_add_z(&text, "");
    text.failed |= job->also.failed;
    uf_answer_finish(job->answer, &text, UF_EXIT_DONE);
    if (job->format->contents && !job->heap.meta->redacted)
        snprintf(job->answer->note, sizeof job->answer->note,
                 "a heap holds secrets, and so does this file (unfreed snapshot --redact leaves "
                 "contents out)");
}

void uf_export(const struct uf_heap_request *request, struct uf_answer *ret)
{
    struct job job = {.request = request,
                      .format = uf_export_format_find(request->format),
                      .answer = ret,
                      .to_stdout = is_stdout(request->out),
                      .started = now()};
    struct uf_error err = {0};
    *ret = (struct uf_answer){0};
    if (!check_request(&job))
        return;
    bool fine = uf_opened_init(&job.heap, request, request->file, UF_LOAD_ALL, ret);
    if (fine && (job.to_stdout ? uf_sink_open_fd(&job.sink, STDOUT_FILENO, "standard output", &err)
                               : uf_sink_open(&job.sink, request->out, &err)))
        fine = cannot_write(&job, &err); /* known before the analyses, which take longest */
    if (fine && analyse(&job) && write_heap(&job))
        finish(&job);
    uf_sink_release(&job.sink);
    uf_text_release(&job.also);
    uf_opened_release(&job.heap);
}
