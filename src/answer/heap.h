/* heap.h - opening a heap for a command, and ending the command well or badly.
 *
 * A heap is a snapshot file, a core file or a live process; what an analysis
 * sees of it is the same (a view and a meta).
 *
 *     struct uf_opened heap;
 *     struct uf_text text = {0};
 *     if (!uf_opened_init(&heap, request, request->file, UF_LOAD_ALL, answer) ||
 *         !uf_opened_dominators(&heap, answer)) {
 *         uf_opened_release(&heap);
 *         return;                              (answer holds exit code and error)
 *     }
 *     ... heap.view.graph, heap.view.names, heap.meta, heap.dominators ...
 *     uf_opened_release(&heap);
 *     uf_answer_finish(answer, &text, UF_EXIT_DONE);
 *
 * When uf_opened_init() has returned true no byte of a snapshot is unchecked, so
 * nothing is ever said of a file that is damaged; a process runs on, and what is
 * seen is how it was at one instant. Every function here that
 * returns false has filled in the answer: one line, "FILE: WHAT (what to do)".
 */
#ifndef UF_ANSWER_HEAP_H
#define UF_ANSWER_HEAP_H

#include "analysis/dominators.h"
#include "analysis/steps.h"
#include "answer/remote.h"
#include "report/heap.h"
#include "snapshot/snapshot.h"
#include "unfreed.h"

/* Not to be moved once it is open. */
struct uf_opened {
    const struct uf_heap_request *request;
    const char *path;             /* as it was named */
    struct uf_snapshot *snapshot; /* NULL: a process or a core */
    struct uf_remote remote;      /* {0}: of a snapshot */
    char process[16];             /* path of a process that was named by its number */
    const struct uf_meta *meta;
    struct uf_view view; /* reach: after uf_opened_reach(); names: when they were loaded */
    struct uf_reach reach;
    struct uf_dominators dominators; /* after uf_opened_dominators() */
};

/* Opens, loads `parts` (enum uf_snapshot_parts), verifies every byte. A process or a core is read whole. */
bool uf_opened_init(struct uf_opened *heap, const struct uf_heap_request *request, const char *path,
                    unsigned parts, struct uf_answer *answer);
/* The process of this number, whatever files there are. */
bool uf_opened_process(struct uf_opened *heap, const struct uf_heap_request *request, int pid,
                       struct uf_answer *answer);
/* No name is asked for any more: of a process or a core its memory is given back, and view.names is NULL. */
void uf_opened_settle(struct uf_opened *heap);
/* Nothing is asked for any more but what uf_opened_origin() says. */
void uf_opened_empty(struct uf_opened *heap);
/* Once is enough; a second call does nothing. */
bool uf_opened_reach(struct uf_opened *heap, struct uf_answer *answer);
bool uf_opened_dominators(struct uf_opened *heap, struct uf_answer *answer);
/* Where the heap is from and of what program, for a report; without any count. */
struct uf_report_heap uf_opened_origin(const struct uf_opened *heap);
/* What a report says of the heap: where it is from, program, and counts without unfreed's own objects. */
struct uf_report_heap uf_opened_figures(const struct uf_opened *heap);
void uf_opened_release(struct uf_opened *heap); /* after a failure too */

/* Says what is being done; false: the user has interrupted, and the answer says so. */
bool uf_answer_step(const struct uf_heap_request *request, const char *doing,
                    struct uf_answer *answer);

/* Ends the command with `text`, which is empty afterwards; without memory for it, with an error. */
void uf_answer_finish(struct uf_answer *answer, struct uf_text *text, int exit_code);
/* Ends it with one line, cut at the answer's size. Returns false. */
bool uf_answer_fail(struct uf_answer *answer, int exit_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Ends it with "PATH: WHAT (what to do)"; of a long path the middle goes. Returns false. */
bool uf_answer_fail_at(struct uf_answer *answer, int exit_code, const char *path, const char *what,
                       const char *to_do);
/* Ends it because OBJECT cannot be found in `path`; err is of uf_lookup_find() (wrong usage), or another's. */
bool uf_answer_not_found(struct uf_answer *answer, const char *path, const struct uf_error *err);
/* Ends it with what an analysis or the reader of `path` (NULL: none is meant) reported. Returns false. */
bool uf_answer_error(struct uf_answer *answer, const char *path, const struct uf_error *err);

#endif
