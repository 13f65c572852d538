/* session.h - one `unfreed check` inside the interpreter: all that its phases share.
 *
 * Flow: uf_runner_run() calls the phases in order; each reads and writes the
 * session. Nothing in here is a Python object but what target and collector hold.
 */
#ifndef UF_PYEXT_SESSION_H
#define UF_PYEXT_SESSION_H

#include "analysis/findings.h"
#include "analysis/groups.h"
#include "analysis/reach.h"
#include "analysis/result.h"
#include "analysis/surplus.h"
#include "capture/capture.h"
#include "pyext/collector.h"
#include "pyext/invoke.h"
#include "pyext/resources.h"
#include "pyext/target.h"

#define UF_COLLECT_ROUNDS_MAX 5

typedef UF_VEC(struct uf_growth_point) uf_series;

enum uf_stop {
    UF_STOP_NOT,
    UF_STOP_CALLS,       /* --calls were made */
    UF_STOP_CERTAIN,     /* more calls would not change the verdict */
    UF_STOP_BUDGET,      /* the time is over */
    UF_STOP_MEMORY,      /* the target has grown so much that going on would harm the machine */
    UF_STOP_INTERRUPTED, /* Ctrl-C */
    UF_STOP_ASKED,       /* --timeout */
    UF_STOP_FAILED,      /* the target raised; its traceback was shown */
    UF_STOP_USAGE,       /* the target could not be called with what was given; told */
    UF_STOP_FORKED,      /* this is a copy that the target forked: it must end silently */
    UF_STOP_FAULT,       /* unfreed's own; told through `error` */
};

struct uf_session {
    struct uf_channel *channel;
    const struct uf_check_request *request;
    struct uf_heap_config heap;
    struct uf_capture_options own;
    UF_VEC(uint64_t) own_addresses;
    struct uf_collector collector;
    struct uf_check_target target;
    struct uf_check_result result;
    struct uf_error error;

    /* the last capture that was observed, for findings; empty in between */
    struct uf_capture capture;
    struct uf_reach reach;
    bool has_capture;
    struct uf_groups *groups;
    struct uf_surpluses *surpluses;

    /* one point per observation, by calls made since the warm-up */
    uf_series nodes, python_bytes, native_bytes, mapped_bytes, python_blocks, descriptors, threads,
        tasks;
    struct uf_resources resources; /* descriptors, threads, tasks by sort */
    uf_series
        garbage; /* collected objects, summed up over all calls so far (FILE: without reload) */

    uint32_t calls;        /* made so far, all phases */
    uint32_t warmup_calls; /* of them, before the series begin */
    uint32_t window_calls; /* calls of the window that is under way or was the last */
    double started, deadline;
    double call_seconds; /* of one plain call: the smallest seen in steady state */
    double collect_seconds, capture_seconds;
    double collected_total;
    double rss_start;
    uint64_t module_dict;             /* of the last call, form FILE */
    struct uf_growth_summary summary; /* of the groups, for the evidence */
    struct uf_tracing *tracing;       /* what the births pass recorded; NULL without one */
    struct uf_births births;          /* of it */
    uint32_t births_calls;            /* watched by it, numbered from 2 */
    bool profile_written;             /* of --pprof */
    bool blocks_pile_up;              /* uf_orphans_suspected() when it began */
    struct uf_losses *losses;         /* what of it was lost; NULL before */
    double lost_malloc_bytes;         /* per call, of lost objects that came from malloc */
    double tracked;                   /* objects after the last collection ... */
    bool tracked_known;               /* ... and no call was made since */
    bool endless_garbage;
    /* the last collection freed something, or untracked it: fewer are tracked */
    bool suspects_garbage;
    /* collections free garbage here without counting it, see collect() */
    bool finalizers_uncounted;
    double garbage_seen; /* tracked garbage found on the graph in this call; 0: none, or no look */
    uint32_t garbage_captures;     /* in which garbage of its own (not reload) was looked for ... */
    uint32_t garbage_captures_hit; /* ... and found */
    double waiting_bytes_per_object;
    enum uf_stop stop;
    struct uf_native *native; /* native_pass.h; NULL: not run */
};

/* Finds unfreed's own objects in a fresh interpreter, before the target is loaded. */
enum uf_code uf_own_find(struct uf_session *session);

/* measure.c */
struct uf_measure {
    uint8_t phase;        /* enum uf_phase */
    bool observe;         /* capture at the end and enter it into the series */
    bool look_at_garbage; /* capture between the call and the collection, and explain its cycles */
};
/* One measured call in the order that docs/growth-test.md gives; appends a sample. */
int uf_measure_call(struct uf_session *session, const struct uf_measure *how);
/* `calls` plain calls, then settle, one collection and one observation. */
int uf_measure_window(struct uf_session *session, uint32_t calls);
/* What follows the calls of a window: settle, one collection and one observation. `threads`: before. */
int uf_measure_window_end(struct uf_session *session, double threads);
/* Calls that fit before half of the descriptors that the process may still open are used up, as they have
 * piled up so far: a target that loses them must not run out of them for being measured. At least 1. */
uint32_t uf_measure_calls_with_room(const struct uf_session *session);
/* A window without calls, as long as `seconds`: what grows here does not come from the call. */
int uf_measure_idle(struct uf_session *session, double seconds);
/* Collects what was there before the first call: garbage of imports is not the target's. */
int uf_measure_clear(struct uf_session *session);
/* One call and nothing else, with automatic collection on or off. */
int uf_measure_plain_call(struct uf_session *session, bool collector_on, double *seconds);
/* len(gc.get_objects()) without unfreed's own. */
int uf_count_tracked(struct uf_session *session, double *ret);
/* One collection and one observation now, whether calls were made since the last or not. */
int uf_measure_again(struct uf_session *session);
/* Releases the kept capture. */
void uf_session_drop_capture(struct uf_session *session);
/* Sets session->stop by what came out of a call; 0 to go on, -1 to stop. */
int uf_session_take(struct uf_session *session, enum uf_outcome outcome);
/* Whether time, an interrupt or memory says stop; sets session->stop. */
bool uf_session_must_stop(struct uf_session *session);
int uf_session_fault(struct uf_session *session);
/* Enters a pass that began at `started` into the result. 0, or -1 when memory is out. */
int uf_session_note_pass(struct uf_session *session, const char *kind, uint32_t calls,
                         double started);
void uf_session_warn(struct uf_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* garbage.c: what waits for the collector now. */
struct uf_garbage {
    struct uf_capture capture;
    uint8_t *member; /* by node */
    double objects, tracked, bytes;
};
/* Fills `garbage` ({0}), to be released in any case. 0, or -1 with session->stop set. */
int uf_garbage_find(struct uf_session *session, struct uf_garbage *garbage);
void uf_garbage_release(struct uf_garbage *garbage);
/* Explains it. */
int uf_garbage_look(struct uf_session *session);
/* births_pass.c: some calls with every allocation watched; then the kept capture is of the heap after
 * them. `garbage`: one of them to see what waits for the collector. */
int uf_births_pass(struct uf_session *session, bool garbage);
/* Where what is in the kept capture was allocated; NULL when that was not watched. */
const struct uf_births *uf_births_of(struct uf_session *session);
/* births_profile.c: writes what the births pass recorded where --pprof says, before more Python runs; or
 * warns. */
void uf_births_write_profile(struct uf_session *session);
void uf_births_drop(struct uf_session *session);
/* waiting.c: how the collector fares with this call under the present thresholds. */
int uf_waiting_measure(struct uf_session *session);
/* orphans.c: of what only its count keeps alive, tells what C code holds from what it has lost. */
int uf_orphans_judge(struct uf_session *session);
/* Does the first pass show blocks of memory that pile up? Then calls should be watched, so many at
 * least: 0 = none. */
bool uf_orphans_suspected(const struct uf_session *session);
double uf_orphans_calls_to_show(const struct uf_session *session);
/* lost_blocks.c: adds what the births pass saw lost and no graph shows. */
int uf_orphans_tell_blocks(struct uf_session *session);
/* The finding that tells the lost block which holds the byte at `address`, NULL: none. *watched: it lies
 * in a block that was born in the births pass. */
struct uf_finding *uf_losses_finding(struct uf_session *session, uint64_t address, bool *watched);
/* Is something told whose objects may be what refers to others unseen? */
bool uf_objects_pile_up(const struct uf_check_result *result);
void uf_losses_drop(struct uf_session *session);
/* ... and adds objects that are counted more often with each call. The last of the findings. */
int uf_orphans_tell_surpluses(struct uf_session *session);
/* process_findings.c: adds what grows by descriptors, threads or native bytes. */
int uf_process_findings(struct uf_session *session);
/* set_aside.c: takes out of the result what --ignore and --baseline name. */
void uf_set_findings_aside(struct uf_session *session);
/* verdict.c: whether each call left garbage that only the collector freed */
bool uf_garbage_is_steady(const struct uf_session *session);
/* verdict.c: figures per call, findings, verdict, evidence. */
int uf_verdict_reach(struct uf_session *session);

/* runner.c: all phases. Fills session->result. */
int uf_runner_run(struct uf_session *session);

#endif
