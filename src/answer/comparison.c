#include "answer/comparison.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_USUAL 10
#define NS_PER_SECOND 1e9
#define SAME_START_NS                                                                              \
    2000000000 /* the kernel's idea of when it was booted moves (proc(5), btime) */

static bool known(uint64_t figure)
{
    return figure != UF_META_UNKNOWN;
}

/* When a process began is worked out from the clock, which may have been set in between (memory/proc.h). */
bool uf_comparison_same_process(const struct uf_meta *old, const struct uf_meta *new)
{
    return known(old->pid) && old->pid == new->pid && known(old->process_started_ns) &&
           known(new->process_started_ns) &&
           llabs((long long)(old->process_started_ns - new->process_started_ns)) < SAME_START_NS;
}

static bool is_same_process(const struct uf_comparison *c)
{
    return c->processes || uf_comparison_same_process(c->heap[0]->meta, c->heap[1]->meta);
}

static double seconds_from(const struct uf_meta *first, const struct uf_meta *second)
{
    uint64_t old = first->taken_ns, new = second->taken_ns;
    if (!known(old) || !known(new))
        return UF_UNKNOWN;
    return new >= old ? (double)(new - old) / NS_PER_SECOND : -(double)(old - new) / NS_PER_SECOND;
}

/* Of several processes the mean: while one is read, the others go on. */
static double seconds_between(const struct uf_comparison *c)
{
    double sum = 0;
    if (!c->processes)
        return seconds_from(c->heap[0]->meta, c->heap[1]->meta);
    for (size_t p = 0; p < c->processes->count; p++)
        sum += seconds_from(c->processes->at[p].old.meta, c->processes->at[p].new.meta);
    return sum / (double)c->processes->count;
}

static bool differs(const char *a, const char *b)
{
    return a && b && strcmp(a, b) != 0;
}

static void note(struct uf_comparison *c, const char *text)
{
    if (c->note_count < UF_COMPARISON_NOTES)
        c->notes[c->note_count++] = text;
}

static void take_notes_of_two(struct uf_comparison *c)
{
    const struct uf_meta *old = c->heap[0]->meta, *new = c->heap[1]->meta;
    bool same = is_same_process(c);
    if (same && seconds_between(c) < 0)
        note(c, "OLD was taken after NEW: are the two in the wrong order?");
    if (same && old->taken_ns == new->taken_ns && known(old->taken_ns))
        note(c, "OLD and NEW are the same snapshot");
    if (!same)
        note(
            c,
            "the two are of different processes: compared by who holds what, not object by object");
    if (differs(old->command_line, new->command_line) ||
        (differs(old->executable, new->executable) && !old->command_line))
        note(c,
             "the two are of different programs, or of one that was started with other arguments");
    if (differs(old->python, new->python))
        note(c, "the two are of different Python versions: objects of the same kind may differ in "
                "size");
    if (old->redacted != new->redacted)
        note(c, "one of the two was redacted: its keys and texts were left out");
    else if (old->redacted)
        note(c, "redacted: keys and texts were left out of both");
}

static void take_notes(struct uf_comparison *c)
{
    if (c->after.interrupted) {
        (void)snprintf(c->interrupted, sizeof c->interrupted,
                       "interrupted: after %.1f s instead of %.0f s", c->after.seconds,
                       c->request->after_seconds);
        note(c, c->interrupted);
    }
    if (!c->processes)
        take_notes_of_two(c);
}

/* Where on the path to an example the place of its entry is. */
static size_t place_on(const struct uf_view *view, const struct uf_path *path,
                       const struct uf_diff_entry *entry)
{
    size_t last = path->nodes.len - 1;
    if (entry->main == entry->place || last == 0)
        return last;
    return last > 1 && uf_path_is_dict_hop(view, path, last - 1) ? last - 2 : last - 1;
}

static enum uf_code find_walk(struct uf_comparison *c, size_t index, struct uf_error *err)
{
    const struct uf_diff_entry *entry = &c->diff.grown.at[index];
    const struct uf_view *view = &c->heap[UF_DIFF_NEW]->view;
    struct uf_diff_walk *walk = &c->walks[index];
    struct uf_path path = {0};
    struct uf_text root = {0};
    if (entry->example_count == 0)
        return UF_OK;
    walk->steps = uf_mem_zalloc(sizeof *walk->steps);
    if (!walk->steps)
        return uf_error_nomem(err);
    uf_finding_init(walk->steps);
    enum uf_code code = uf_path_to(&path, view->reach, entry->examples[0], err);
    if (!code) {
        code = uf_path_steps(view, &path, place_on(view, &path, entry), walk->steps, err);
        uf_path_root_text(view, path.nodes.at[0], &root);
        walk->root = root.failed ? NULL : uf_mem_strdup(root.at);
    }
    if (!code && !walk->root)
        code = uf_error_nomem(err);
    uf_text_release(&root);
    uf_path_release(&path);
    return code;
}

static bool weigh(struct uf_comparison *c, enum uf_diff_heap heap)
{
    struct uf_error err = {0};
    struct uf_opened *opened = c->heap[heap];
    if (!uf_opened_dominators(opened, c->answer))
        return false;
    if (uf_diff_weigh(&c->diff, heap, &opened->dominators, c->looked_at, &err))
        return uf_answer_error(c->answer, opened->path, &err);
    uf_dominators_release(&opened->dominators); /* of two heaps at a time is too much */
    return true;
}

/* Retained sizes, examples and walks of what is told. */
static bool look_closer(struct uf_comparison *c)
{
    struct uf_error err = {0};
    if (c->looked_at == 0)
        return true;
    /* what several processes retain cannot be said: each heap is only there for a while */
    bool weighed = c->processes || (weigh(c, UF_DIFF_OLD) && weigh(c, UF_DIFF_NEW));
    if (!weighed || !uf_answer_step(c->request, "looking for what is new", c->answer))
        return false;
    c->walks = uf_mem_zalloc(c->looked_at * sizeof *c->walks);
    enum uf_code code = c->walks ? UF_OK : uf_error_nomem(&err);
    if (!code)
        code = uf_diff_look(&c->diff, !c->processes && is_same_process(c), c->looked_at, &err);
    for (size_t i = 0; i < c->looked_at && !code; i++)
        code = find_walk(c, i, &err);
    return code ? uf_answer_error(c->answer, NULL, &err) : true;
}

static struct uf_report_heap heap_of(const struct uf_comparison *c, int heap)
{
    if (c->processes) /* each has its own */
        return (struct uf_report_heap){0};
    struct uf_report_heap ret = uf_opened_origin(c->heap[heap]);
    ret.objects = c->diff.heap[heap].objects;
    ret.references = c->heap[heap]->view.graph->edge_count;
    ret.bytes = c->diff.heap[heap].bytes;
    return ret;
}

static void report(struct uf_comparison *c, size_t rows)
{
    const struct uf_heap_request *request = c->request;
    take_notes(c);
    const struct uf_diff_report figures = {
        .diff = &c->diff,
        .old = heap_of(c, UF_DIFF_OLD),
        .new = heap_of(c, UF_DIFF_NEW),
        .processes = c->processes,
        .same_process = is_same_process(c),
        .seconds = seconds_between(c),
        .walks = c->walks,
        .looked_at = c->looked_at,
        .rows = rows,
        .notes = c->notes,
        .has_limit = request->has_growth_limit,
        .limit_bytes = request->growth_limit_bytes,
    };
    const struct uf_report_form form = {
        .width = request->width, .color = request->color, .quiet = request->quiet};
    struct uf_text text = {0};
    if (request->json)
        uf_diff_report_json(&text, &figures);
    else
        uf_diff_report_text(&text, &figures, &form);
    uf_answer_finish(c->answer, &text,
                     c->after.interrupted           ? UF_EXIT_INTERRUPTED
                     : uf_diff_over_limit(&figures) ? UF_EXIT_FINDING
                                                    : UF_EXIT_DONE);
}

void uf_comparison_end(struct uf_comparison *c)
{
    size_t rows = c->request->rows ? c->request->rows : ROWS_USUAL;
    struct uf_error err = {0};
    struct uf_diff_side side[2];
    if (!uf_answer_step(c->request, "comparing", c->answer))
        return;
    for (int heap = 0; heap < 2; heap++)
        side[heap] =
            (struct uf_diff_side){c->heap[heap] ? &c->heap[heap]->view : NULL, c->signatures[heap]};
    enum uf_code code = uf_diff_build(&c->diff, &side[UF_DIFF_OLD], &side[UF_DIFF_NEW], &err);
    c->looked_at = rows < c->diff.grown.len ? rows : c->diff.grown.len;
    if (!code && c->fill)
        code = c->fill(c, &err);
    if (code)
        uf_answer_error(c->answer, NULL, &err);
    else if (look_closer(c))
        report(c, rows);
}

void uf_comparison_release(struct uf_comparison *c)
{
    for (size_t i = 0; c->walks && i < c->looked_at; i++) {
        if (c->walks[i].steps)
            uf_finding_release(c->walks[i].steps);
        uf_mem_free(c->walks[i].steps);
        uf_mem_free(c->walks[i].root);
    }
    uf_mem_free(c->walks);
    uf_diff_release(&c->diff);
    *c = (struct uf_comparison){0};
}
