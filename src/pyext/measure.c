/* measure.c - one measured call, one window of plain calls, one observation of the heap. */
#include "pyext/native_preload.h"
#include "pyext/readings.h"
#include "pyext/session.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SETTLE_SECONDS 0.05
#define SETTLE_STEP_US 1000

/* Threads that are ending are still listed for a moment: wait until no more are there than before
 * the calls, but not for long. The lock is given up so that they can end. */
static void settle(double threads_before)
{
    double until = uf_now_seconds() + SETTLE_SECONDS;
    while (uf_read_threads() > threads_before && uf_now_seconds() < until) {
        Py_BEGIN_ALLOW_THREADS usleep(SETTLE_STEP_US);
        Py_END_ALLOW_THREADS
    }
}

int uf_session_fault(struct uf_session *session)
{
    session->stop = UF_STOP_FAULT;
    return -1;
}

int uf_session_note_pass(struct uf_session *session, const char *kind, uint32_t calls,
                         double started)
{
    struct uf_pass pass = {
        .kind = uf_mem_strdup(kind), .calls = calls, .seconds = uf_now_seconds() - started};
    if (pass.kind && !uf_vec_push(&session->result.passes, pass))
        return 0;
    uf_mem_free(pass.kind);
    uf_error_nomem(&session->error);
    return uf_session_fault(session);
}

void uf_session_warn(struct uf_session *session, const char *format, ...)
{
    char line[400];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    for (size_t i = 0; i < session->result.warnings.len; i++)
        if (strcmp(session->result.warnings.at[i], line) == 0)
            return;
    char *copy = uf_mem_strdup(line);
    if (copy && uf_vec_push(&session->result.warnings, copy))
        uf_mem_free(copy);
}

int uf_session_take(struct uf_session *session, enum uf_outcome outcome)
{
    switch (outcome) {
    case UF_CALL_RETURNED:
        return 0;
    case UF_CALL_RAISED:
        uf_show_exception();
        session->stop = UF_STOP_FAILED;
        break;
    case UF_CALL_INTERRUPTED:
        session->stop = uf_channel_stop_asked(session->channel) == UF_ASKED_BY_TIMEOUT
                            ? UF_STOP_ASKED
                            : UF_STOP_INTERRUPTED;
        break;
    case UF_CALL_FORKED:
        session->stop = UF_STOP_FORKED;
        break;
    case UF_CALL_BAD_ARGUMENTS:
        session->stop = UF_STOP_USAGE;
        break;
    }
    return -1;
}

/* The target may grow by a quarter of what the machine could give, and at least by 256 MiB. */
static bool grown_too_much(struct uf_session *session)
{
    double limit = uf_read_available_bytes() / 4;
    if (!(limit > 256e6))
        limit = 256e6;
    return uf_read_rss_bytes() - session->rss_start > limit;
}

uint32_t uf_measure_calls_with_room(const struct uf_session *session)
{
    const uf_series *open = &session->descriptors;
    struct rlimit limit;
    if (open->len < 2 || getrlimit(RLIMIT_NOFILE, &limit))
        return UINT32_MAX;
    const struct uf_growth_point *first = &open->at[0], *last = &open->at[open->len - 1];
    double per_call = (last->value - first->value) / (double)(last->calls - first->calls);
    if (!(per_call > 0))
        return UINT32_MAX;
    double fitting = ((double)limit.rlim_cur - uf_read_descriptors()) / 2 / per_call;
    return fitting < 1 ? 1 : fitting < UINT32_MAX ? (uint32_t)fitting : UINT32_MAX;
}

bool uf_session_must_stop(struct uf_session *session)
{
    if (session->stop != UF_STOP_NOT)
        return true;
    if (PyErr_CheckSignals() < 0) {
        if (!PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) {
            uf_session_take(session, UF_CALL_RAISED); /* a signal handler of the target raised */
            return true;
        }
        uf_session_take(session, UF_CALL_INTERRUPTED);
        PyErr_Clear();
        return true;
    }
    enum uf_asked asked = uf_channel_stop_asked(session->channel);
    if (asked)
        session->stop = asked == UF_ASKED_BY_TIMEOUT ? UF_STOP_ASKED : UF_STOP_INTERRUPTED;
    return session->stop != UF_STOP_NOT;
}

void uf_session_drop_capture(struct uf_session *session)
{
    if (!session->has_capture)
        return;
    uf_reach_release(&session->reach);
    uf_capture_release(&session->capture);
    session->has_capture = false;
}

int uf_count_tracked(struct uf_session *session, double *ret)
{
    uint64_t tracked, frozen;
    if (uf_capture_count_tracked(&session->heap, &session->own, &tracked, &frozen, &session->error))
        return uf_session_fault(session);
    *ret = (double)tracked;
    uf_collector_watch(&session->collector, frozen);
    return 0;
}

static uint32_t steady_calls(const struct uf_session *session)
{
    return session->calls > session->warmup_calls ? session->calls - session->warmup_calls : 0;
}

/* Groups begin anew when they are sealed at the end of the warm-up; until then they count its calls. */
static uint32_t group_calls(const struct uf_session *session)
{
    return session->calls > session->warmup_calls ? steady_calls(session) : session->calls;
}

static int add_point(struct uf_session *session, uf_series *series, double value)
{
    if (value != value) /* not measured */
        return 0;
    struct uf_growth_point point = {.calls = steady_calls(session), .value = value};
    if (series->len > 0 && series->at[series->len - 1].calls == point.calls)
        series->len--; /* the warm-up ends in one point */
    if (uf_vec_push(series, point)) {
        uf_error_nomem(&session->error);
        return uf_session_fault(session);
    }
    return 0;
}

/* Captures the heap, enters it into the groups and series, and keeps it for findings. */
static int observe(struct uf_session *session, bool idle, double *python_bytes,
                   double *native_bytes)
{
    double started = uf_now_seconds();
    uf_session_drop_capture(session);
    struct uf_capture *capture = &session->capture;
    if (uf_capture_heap(capture, &session->heap, &session->own, &session->error))
        return uf_session_fault(session);
    if (uf_reach_build(&session->reach, &capture->graph, &session->error)) {
        uf_capture_release(capture);
        return uf_session_fault(session);
    }
    session->has_capture = true;
    enum uf_code code = idle
                            ? uf_groups_add_idle(session->groups, &capture->graph, &session->reach,
                                                 &capture->names, &session->error)
                            : uf_groups_add(session->groups, &capture->graph, &session->reach,
                                            &capture->names, group_calls(session), &session->error);
    if (!code && !idle)
        code = uf_surpluses_add(session->surpluses, &capture->graph, group_calls(session),
                                &session->error);
    if (code)
        return uf_session_fault(session);
    *python_bytes = (double)capture->python_bytes;
    /* where Python's own blocks come from malloc too, the two cannot be told apart */
    *native_bytes = session->heap.glibc_blocks
                        ? uf_read_malloc_bytes() - (double)capture->malloced_bytes
                        : UF_UNKNOWN;
    session->capture_seconds = uf_now_seconds() - started;
    if (idle)
        return 0;
    if (uf_resources_read(&session->resources, capture, steady_calls(session), &session->error))
        return uf_session_fault(session);
    double nodes = (double)(capture->graph.node_count - session->own.own_count);
    if (add_point(session, &session->nodes, nodes) ||
        add_point(session, &session->python_bytes, *python_bytes) ||
        add_point(session, &session->native_bytes, *native_bytes) ||
        add_point(session, &session->mapped_bytes, uf_native_mapped_bytes()) ||
        add_point(session, &session->python_blocks, uf_native_python_blocks()) ||
        add_point(session, &session->descriptors, uf_read_descriptors()) ||
        add_point(session, &session->threads, uf_read_threads()) ||
        add_point(session, &session->tasks, session->resources.pending_tasks) ||
        add_point(session, &session->garbage, session->collected_total))
        return -1;
    return 0;
}

struct collected {
    double objects;  /* freed, or found uncollectable, in all rounds */
    unsigned rounds; /* that freed something */
};

/* Full collections until two in a row free nothing, at most UF_COLLECT_ROUNDS_MAX. `tracked`: objects
 * before; after it on return.
 *
 * gc.collect() does not count what finalizers took apart (handle_resurrected_objects,
 * Modules/gcmodule.c), and fewer tracked objects may mean that tuples and dicts were untracked. So the
 * difference counts only once a look at the graph has shown garbage of which collect() said nothing. */
static int collect(struct uf_session *session, double *tracked, struct collected *ret)
{
    unsigned idle = 0;
    double started = uf_now_seconds();
    session->suspects_garbage = false;
    *ret = (struct collected){0};
    for (unsigned round = 0; round < UF_COLLECT_ROUNDS_MAX && idle < 2; round++) {
        long said = uf_collector_round(&session->collector);
        if (said < 0) {
            bool interrupted = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt);
            if (interrupted)
                PyErr_Clear();
            return uf_session_take(session, interrupted ? UF_CALL_INTERRUPTED : UF_CALL_RAISED);
        }
        double freed = (double)said, left = *tracked;
        session->finalizers_uncounted |= round == 0 && freed == 0 && session->garbage_seen > 0;
        if (session->finalizers_uncounted) {
            if (uf_count_tracked(session, &left))
                return -1;
            freed = *tracked - left > freed ? *tracked - left : freed;
        }
        session->suspects_garbage |= freed > 0;
        *tracked = left;
        ret->objects += freed;
        ret->rounds += freed > 0;
        idle = freed > 0 ? 0 : idle + 1;
    }
    double left;
    if (uf_count_tracked(session, &left))
        return -1;
    session->suspects_garbage |= left < *tracked;
    *tracked = left;
    session->garbage_seen = 0;
    session->endless_garbage |= idle == 0;
    session->collected_total += ret->objects;
    session->collect_seconds = uf_now_seconds() - started;
    return 0;
}

int uf_measure_clear(struct uf_session *session)
{
    double tracked;
    struct collected collected;
    return uf_count_tracked(session, &tracked) || collect(session, &tracked, &collected) ? -1 : 0;
}

int uf_measure_plain_call(struct uf_session *session, bool collector_on, double *seconds)
{
    struct uf_progress *progress = uf_channel_progress(session->channel);
    if (uf_session_must_stop(session))
        return -1;
    session->tracked_known = false;
    uf_session_drop_capture(session); /* names of the last one end with the heap that it shows */
    if (collector_on)
        uf_collector_let_go(&session->collector);
    else
        uf_collector_hold(&session->collector);
    double started = uf_now_seconds();
    progress->call_started = started;
    enum uf_outcome outcome = uf_check_target_invoke(&session->target, &session->module_dict);
    if (outcome == UF_CALL_FORKED) /* the channel belongs to the process that forked */
        return uf_session_take(session, outcome);
    *seconds = uf_now_seconds() - started;
    progress->call_started = 0;
    if (!collector_on)
        uf_collector_hold(&session->collector);
    if (uf_session_take(session, outcome) < 0)
        return -1;
    progress->calls = ++session->calls;
    return 0;
}

int uf_measure_call(struct uf_session *session, const struct uf_measure *how)
{
    struct uf_sample sample = {.call = session->calls + 1, .phase = how->phase};
    sample.python_bytes = sample.native_bytes = UF_UNKNOWN;
    struct collected collected;
    double threads = uf_read_threads();
    /* with one thread nothing has run since the last call was read */
    bool known = session->tracked_known && threads == 1;
    sample.objects_before = session->tracked;
    if ((!known && uf_count_tracked(session, &sample.objects_before)) ||
        uf_measure_plain_call(session, session->request->collector_on, &sample.seconds))
        return -1;
    uf_collector_hold(&session->collector);
    settle(threads);
    if (uf_count_tracked(session, &sample.objects_after))
        return -1;
    if (how->look_at_garbage && uf_garbage_look(session))
        return -1;
    sample.objects_after_collect = sample.objects_after;
    if (collect(session, &sample.objects_after_collect, &collected))
        return -1;
    session->tracked = sample.objects_after_collect;
    session->tracked_known = true;
    sample.collected = collected.objects;
    sample.garbage_rounds = collected.rounds;
    if (how->observe && observe(session, false, &sample.python_bytes, &sample.native_bytes))
        return -1;
    sample.rss_bytes = uf_read_rss_bytes();
    sample.descriptors = uf_read_descriptors();
    sample.threads = uf_read_threads();
    if (how->phase == UF_PHASE_MEASURED &&
        (session->call_seconds == 0 || sample.seconds < session->call_seconds))
        session->call_seconds = sample.seconds;
    if (uf_vec_push(&session->result.samples, sample)) {
        uf_error_nomem(&session->error);
        return uf_session_fault(session);
    }
    return 0;
}

int uf_measure_window(struct uf_session *session, uint32_t calls)
{
    double seconds, threads = uf_read_threads();
    session->window_calls = calls;
    for (uint32_t i = 0; i < calls; i++)
        if (uf_measure_plain_call(session, session->request->collector_on, &seconds))
            return -1;
    return uf_measure_window_end(session, threads);
}

int uf_measure_window_end(struct uf_session *session, double threads)
{
    double tracked, python_bytes, native_bytes;
    struct collected collected;
    uf_collector_hold(&session->collector);
    settle(threads);
    if (uf_count_tracked(session, &tracked) || collect(session, &tracked, &collected) ||
        observe(session, false, &python_bytes, &native_bytes))
        return -1;
    if (grown_too_much(session))
        session->stop = UF_STOP_MEMORY;
    return 0;
}

int uf_measure_again(struct uf_session *session)
{
    double tracked, python_bytes, native_bytes;
    struct collected collected;
    const uf_series *nodes = &session->nodes;
    bool no_calls = nodes->len > 0 && nodes->at[nodes->len - 1].calls == steady_calls(session);
    return uf_count_tracked(session, &tracked) || collect(session, &tracked, &collected) ||
                   observe(session, no_calls, &python_bytes, &native_bytes)
               ? -1
               : 0;
}

int uf_measure_idle(struct uf_session *session, double seconds)
{
    double until = uf_now_seconds() + seconds;
    uf_session_drop_capture(session);
    do {
        if (uf_session_must_stop(session))
            return -1;
        Py_BEGIN_ALLOW_THREADS usleep(SETTLE_STEP_US);
        Py_END_ALLOW_THREADS
    } while (uf_now_seconds() < until);
    return uf_measure_again(session);
}
