/* `unfreed diff OLD NEW`: what is in NEW and not in OLD, by who holds it. */
#include "report/diff.h"
#include "answer/heap.h"

#include <string.h>

#define ROWS_USUAL 10
#define NOTES_MOST 8
#define SAME_START_NS 2000000000U
#define NS_PER_SECOND 1e9

struct comparison {
    const struct uf_heap_request *request;
    struct uf_opened heap[2]; /* indexed by enum uf_diff_heap */
    struct uf_signatures signatures[2];
    struct uf_diff diff;
    struct uf_diff_walk *walks;
    size_t looked_at;
    const char *notes[NOTES_MOST + 1];
    size_t note_count;
    struct uf_answer *answer;
};

static bool open_heap(struct comparison *c, int heap)
{
    const char *path = heap == UF_DIFF_OLD ? c->request->file : c->request->newer;
    struct uf_opened *opened = &c->heap[heap];
    struct uf_error err = {0};
    if (!uf_opened_init(opened, c->request, path, UF_LOAD_ALL, c->answer) ||
        !uf_opened_reach(opened, c->answer) ||
        !uf_answer_step(c->request, "grouping objects by who holds them", c->answer))
        return false;
    if (uf_signatures_build(&c->signatures[heap], &opened->view, &err))
        return uf_answer_error(c->answer, path, &err);
    return true;
}

static bool known(uint64_t figure)
{
    return figure != UF_META_UNKNOWN;
}

/* When a process began is worked out from the clock, which may have been set in between (memory/proc.h). */
static bool is_same_process(const struct comparison *c)
{
    const struct uf_meta *old = c->heap[0].meta, *new = c->heap[1].meta;
    uint64_t a = old->process_started_ns, b = new->process_started_ns;
    return known(old->pid) && old->pid == new->pid && known(a) && known(b) &&
           (a > b ? a - b : b - a) <= SAME_START_NS;
}

static double seconds_between(const struct comparison *c)
{
    uint64_t old = c->heap[0].meta->taken_ns, new = c->heap[1].meta->taken_ns;
    if (!known(old) || !known(new))
        return UF_UNKNOWN;
    return new >= old ? (double)(new - old) / NS_PER_SECOND : -(double)(old - new) / NS_PER_SECOND;
}

static bool differs(const char *a, const char *b)
{
    return a && b && strcmp(a, b) != 0;
}

static void note(struct comparison *c, const char *text)
{
    if (c->note_count < NOTES_MOST)
        c->notes[c->note_count++] = text;
}

static void take_notes(struct comparison *c)
{
    const struct uf_meta *old = c->heap[0].meta, *new = c->heap[1].meta;
    if (is_same_process(c) && seconds_between(c) < 0)
        note(c, "OLD was taken after NEW: are the two in the wrong order?");
    if (is_same_process(c) && old->taken_ns == new->taken_ns && known(old->taken_ns))
        note(c, "OLD and NEW are the same snapshot");
    if (!is_same_process(c))
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

/* Where on the path to an example the place of its entry is. */
static size_t place_on(const struct uf_view *view, const struct uf_path *path,
                       const struct uf_diff_entry *entry)
{
    size_t last = path->nodes.len - 1;
    if (entry->main == entry->place || last == 0)
        return last;
    return last > 1 && uf_path_is_dict_hop(view, path, last - 1) ? last - 2 : last - 1;
}

static enum uf_code find_walk(struct comparison *c, size_t index, struct uf_error *err)
{
    const struct uf_diff_entry *entry = &c->diff.grown.at[index];
    const struct uf_view *view = &c->heap[UF_DIFF_NEW].view;
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

static bool weigh(struct comparison *c, enum uf_diff_heap heap)
{
    struct uf_error err = {0};
    if (!uf_opened_dominators(&c->heap[heap], c->answer))
        return false;
    if (uf_diff_weigh(&c->diff, heap, &c->heap[heap].dominators, c->looked_at, &err))
        return uf_answer_error(c->answer, c->heap[heap].path, &err);
    uf_dominators_release(&c->heap[heap].dominators); /* of two heaps at a time is too much */
    return true;
}

/* Retained sizes, examples and walks of what is told. */
static bool look_closer(struct comparison *c, size_t rows)
{
    struct uf_error err = {0};
    c->looked_at = rows < c->diff.grown.len ? rows : c->diff.grown.len;
    if (c->looked_at == 0)
        return true;
    if (!weigh(c, UF_DIFF_OLD) || !weigh(c, UF_DIFF_NEW) ||
        !uf_answer_step(c->request, "looking for what is new", c->answer))
        return false;
    c->walks = uf_mem_zalloc(c->looked_at * sizeof *c->walks);
    enum uf_code code = c->walks ? UF_OK : uf_error_nomem(&err);
    if (!code)
        code = uf_diff_look(&c->diff, is_same_process(c), c->looked_at, &err);
    for (size_t i = 0; i < c->looked_at && !code; i++)
        code = find_walk(c, i, &err);
    return code ? uf_answer_error(c->answer, NULL, &err) : true;
}

static struct uf_report_heap heap_of(const struct comparison *c, int heap)
{
    return (struct uf_report_heap){
        .file = c->heap[heap].path,
        .file_bytes = uf_snapshot_bytes(c->heap[heap].snapshot),
        .meta = c->heap[heap].meta,
        .objects = c->diff.heap[heap].objects,
        .references = c->heap[heap].view.graph->edge_count,
        .bytes = c->diff.heap[heap].bytes,
    };
}

static void report(struct comparison *c, size_t rows)
{
    const struct uf_heap_request *request = c->request;
    take_notes(c);
    const struct uf_diff_report figures = {
        .diff = &c->diff,
        .old = heap_of(c, UF_DIFF_OLD),
        .new = heap_of(c, UF_DIFF_NEW),
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
                     uf_diff_over_limit(&figures) ? UF_EXIT_FINDING : UF_EXIT_DONE);
}

static void release(struct comparison *c)
{
    for (size_t i = 0; c->walks && i < c->looked_at; i++) {
        if (c->walks[i].steps)
            uf_finding_release(c->walks[i].steps);
        uf_mem_free(c->walks[i].steps);
        uf_mem_free(c->walks[i].root);
    }
    uf_mem_free(c->walks);
    uf_diff_release(&c->diff);
    for (int heap = 0; heap < 2; heap++) {
        uf_signatures_release(&c->signatures[heap]);
        uf_opened_release(&c->heap[heap]);
    }
}

void uf_diff(const struct uf_heap_request *request, struct uf_answer *ret)
{
    struct comparison c = {.request = request, .answer = ret};
    size_t rows = request->rows ? request->rows : ROWS_USUAL;
    struct uf_error err = {0};
    if (open_heap(&c, UF_DIFF_OLD) && open_heap(&c, UF_DIFF_NEW) &&
        uf_answer_step(request, "comparing", ret)) {
        const struct uf_diff_side old = {&c.heap[0].view, &c.signatures[0]};
        const struct uf_diff_side new = {&c.heap[1].view, &c.signatures[1]};
        if (uf_diff_build(&c.diff, &old, &new, &err))
            uf_answer_error(ret, NULL, &err);
        else if (look_closer(&c, rows))
            report(&c, rows);
    }
    release(&c);
}
