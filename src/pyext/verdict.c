/* verdict.c - from what was read to what is said: figures per call, findings, verdict, evidence. */
#include "analysis/findings.h"
#include "pyext/readings.h"
#include "pyext/session.h"

#include <stdlib.h>
#include <string.h>

#define NATIVE_LEAST_BYTES 48   /* per call; one small block of malloc with its header */
#define NATIVE_LEAST_SHARE 0.05 /* of what grows on the Python side beside it */

static double slope(const uf_series *series)
{
    if (series->len < 2)
        return UF_UNKNOWN;
    struct uf_growth growth = uf_growth_judge(series->at, series->len);
    return growth.kind == UF_GROWTH_UNDECIDED ? UF_UNKNOWN : growth.per_call;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Middle value of what the measured calls left for the collector. */
static double garbage_per_call(const struct uf_check_result *result)
{
    double values[256];
    size_t count = 0;
    for (size_t i = 0; i < result->samples.len && count < 256; i++) {
        const struct uf_sample *sample = &result->samples.at[i];
        if (sample->phase == UF_PHASE_MEASURED)
            values[count++] = sample->objects_after - sample->objects_after_collect;
    }
    if (count == 0)
        return UF_UNKNOWN;
    qsort(values, count, sizeof *values, compare_doubles);
    return values[count / 2] > 0 ? values[count / 2] : 0;
}

static void fill_per_call(struct uf_session *session)
{
    struct uf_check_result *result = &session->result;
    result->per_call.objects = slope(&session->nodes);
    result->per_call.python_bytes = slope(&session->python_bytes);
    result->per_call.native_bytes = slope(&session->native_bytes);
    result->per_call.descriptors = slope(&session->descriptors);
    result->per_call.threads = slope(&session->threads);
    result->per_call.tasks = slope(&session->tasks);
    /* of a file's garbage only a look at the graph tells what is not the reload */
    if (session->target.form == UF_TARGET_FUNCTION)
        result->per_call.garbage_objects = garbage_per_call(result);
    else if (session->garbage_captures == 0)
        result->per_call.garbage_objects = 0;
    result->collector.would_free_objects = result->per_call.garbage_objects;
    if (result->per_call.garbage_objects == 0)
        result->per_call.garbage_bytes = 0;
}

/* Share of the windows in which the collector found something, judged on the sum of all it found. */
static struct uf_growth judge_garbage(const struct uf_session *session)
{
    return uf_growth_judge(session->garbage.at, session->garbage.len);
}

static bool is_delayed(const struct uf_session *session)
{
    if (session->garbage_captures == 0 || session->garbage_captures_hit < session->garbage_captures)
        return false;
    return judge_garbage(session).kind == UF_GROWTH_TREND;
}

static struct uf_finding *add_finding(struct uf_session *session, enum uf_finding_kind kind,
                                      const struct uf_growth *growth, const char *type)
{
    struct uf_finding finding;
    uf_finding_init(&finding);
    finding.kind = kind;
    finding.severity = UF_SEVERITY_LEAK;
    finding.type = uf_mem_strdup(type);
    finding.confidence = growth->confidence;
    finding.id = uf_mem_printf("%s:%s::%s", uf_kind_name(kind), type, session->target.function);
    if (!finding.type || !finding.id || uf_vec_push(&session->result.findings, finding)) {
        uf_finding_release(&finding);
        uf_error_nomem(&session->error);
        uf_session_fault(session);
        return NULL;
    }
    return &session->result.findings.at[session->result.findings.len - 1];
}

/* Growth of a figure of the process: descriptors, threads, native bytes. NULL: none, or memory is out. */
static struct uf_finding *find_process_growth(struct uf_session *session, const uf_series *series,
                                              enum uf_finding_kind kind, const char *type)
{
    if (series->len < 2)
        return NULL;
    struct uf_growth growth = uf_growth_judge(series->at, series->len);
    if (growth.kind != UF_GROWTH_TREND)
        return NULL;
    struct uf_finding *finding = add_finding(session, kind, &growth, type);
    if (!finding)
        return NULL;
    double total = series->at[series->len - 1].value - series->at[0].value;
    if (kind == UF_KIND_NATIVE) {
        finding->bytes_per_call = growth.per_call;
        finding->bytes = total;
    } else {
        finding->objects_per_call = growth.per_call;
        finding->objects = total;
    }
    return finding;
}

static bool native_growth_is_its_own(const struct uf_session *session)
{
    double native = session->result.per_call.native_bytes;
    double python = session->result.per_call.python_bytes;
    return native >= NATIVE_LEAST_BYTES && (!(python > 0) || native >= python * NATIVE_LEAST_SHARE);
}

static int find_process_findings(struct uf_session *session)
{
    struct uf_finding *finding =
        find_process_growth(session, &session->descriptors, UF_KIND_DESCRIPTOR, "descriptor");
    if (finding) {
        char target[200];
        finding->descriptor_fd = uf_find_new_descriptor(session->descriptors_before,
                                                        UF_DESCRIPTOR_BITS, target, sizeof target);
        finding->descriptor_target = uf_mem_strdup(target);
        finding->fix_advice = uf_mem_strdup("close it: use a with statement, or close() in finally");
    }
    finding = find_process_growth(session, &session->threads, UF_KIND_THREAD, "thread");
    if (finding)
        finding->fix_advice = uf_mem_strdup("end and join the threads that the call starts, or share one pool");
    if (native_growth_is_its_own(session)) {
        finding = find_process_growth(session, &session->native_bytes, UF_KIND_NATIVE, "malloc");
        if (finding)
            finding->fix_advice = uf_mem_strdup(
                "memory that C code took from malloc and did not give back: look at the extension modules that the call uses");
    }
    return session->stop == UF_STOP_FAULT ? -1 : 0;
}

/* `*` stands for any text and `?` for one character; brackets stand for themselves, since ids hold [*]. */
static bool matches(const char *pattern, const char *id)
{
    const char *star = NULL, *retry = NULL;
    while (*id) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = id;
        } else if (*pattern == *id || *pattern == '?') {
            pattern++;
            id++;
        } else if (star) {
            pattern = star;
            id = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

/* --ignore gives patterns; --baseline holds whole ids. */
static bool is_set_aside(const struct uf_session *session, const char *id)
{
    const struct uf_check_request *request = session->request;
    const char *text = request->ignore_count ? uf_channel_text(session->channel, request->ignores) : NULL;
    for (uint32_t i = 0; i < request->ignore_count; i++, text += strlen(text) + 1)
        if (matches(text, id))
            return true;
    text = request->baseline_count ? uf_channel_text(session->channel, request->baseline) : NULL;
    for (uint32_t i = 0; i < request->baseline_count; i++, text += strlen(text) + 1)
        if (strcmp(text, id) == 0)
            return true;
    return false;
}

static void set_findings_aside(struct uf_session *session)
{
    struct uf_check_result *result = &session->result;
    size_t kept = 0;
    for (size_t i = 0; i < result->findings.len; i++) {
        struct uf_finding *finding = &result->findings.at[i];
        if (is_set_aside(session, finding->id)) {
            uf_finding_release(finding);
            result->findings_ignored++;
        } else {
            result->findings.at[kept++] = *finding;
        }
    }
    result->findings.len = kept;
}

static bool has_finding(const struct uf_check_result *result, enum uf_severity severity,
                        const struct uf_finding **worst)
{
    for (size_t i = 0; i < result->findings.len; i++)
        if (result->findings.at[i].severity == severity && !result->findings.at[i].not_from_call) {
            *worst = &result->findings.at[i];
            return true;
        }
    return false;
}

static void drop_delayed_findings(struct uf_check_result *result)
{
    size_t kept = 0;
    for (size_t i = 0; i < result->findings.len; i++)
        if (result->findings.at[i].severity == UF_SEVERITY_DELAYED)
            uf_finding_release(&result->findings.at[i]);
        else
            result->findings.at[kept++] = result->findings.at[i];
    result->findings.len = kept;
}

static void decide(struct uf_session *session)
{
    struct uf_check_result *result = &session->result;
    const struct uf_finding *worst = NULL;
    struct uf_growth total = uf_growth_judge(session->nodes.at, session->nodes.len);
    /* a leak on each k-th call shows where a window, or a fifth of the run, has k calls */
    uint32_t rarest = session->calls / UF_GROWTH_MIN_WINDOWS;
    if (rarest < session->window_calls)
        rarest = session->window_calls;
    bool ended_early = session->stop == UF_STOP_INTERRUPTED || session->stop == UF_STOP_ASKED;
    if (result->calls_measured < UF_GROWTH_MIN_WINDOWS || session->nodes.len <= UF_GROWTH_MIN_WINDOWS) {
        result->verdict = UF_UNDECIDED;
        result->evidence = uf_mem_printf(
            "only %u measured call%s fitted, a verdict needs %d (give more time with --budget, or "
            "--calls %d)",
            result->calls_measured, result->calls_measured == 1 ? "" : "s", UF_GROWTH_MIN_WINDOWS,
            UF_GROWTH_MIN_WINDOWS);
    } else if (has_finding(result, UF_SEVERITY_LEAK, &worst)) {
        result->verdict = UF_LEAK;
        result->confidence = worst->confidence;
        result->evidence = uf_mem_printf(
            "%s rose in %.0f %% of the windows, up to call %u; a cache with a bound of more than %u "
            "calls' worth of entries cannot be excluded",
            worst->type, worst->confidence * 100, session->calls, session->calls);
    } else if (session->summary.undecided > 0) {
        result->verdict = UF_UNDECIDED;
        result->evidence = uf_mem_printf(
            "something rose now and then in %u calls, too seldom to call it a trend and too often "
            "to rule one out (give more time with --budget, or more --calls)",
            session->calls);
    } else if (ended_early) {
        result->verdict = UF_UNDECIDED;
        result->evidence = uf_mem_printf("stopped at call %u, before the growth test was complete",
                                         session->calls);
    } else if (has_finding(result, UF_SEVERITY_DELAYED, &worst)) {
        struct uf_growth garbage = judge_garbage(session);
        result->verdict = UF_DELAYED;
        result->confidence = garbage.confidence;
        result->evidence = uf_mem_printf(
            "in %u of %u windows the collector freed what reference counting had not, and nothing "
            "was left after it; a leak on fewer than one call in %u cannot be excluded",
            garbage.rose, garbage.windows, rarest);
    } else {
        result->verdict = UF_CLEAN;
        result->confidence = 1 - (double)total.rose / (total.windows ? total.windows : 1);
        result->evidence = uf_mem_printf(
            "nothing kept rising over %u windows, %u calls in all; a leak on fewer than one call in "
            "%u cannot be excluded",
            total.windows, session->calls, rarest);
    }
    result->partial = ended_early;
}

static const char *stop_text(enum uf_stop stop)
{
    switch (stop) {
    case UF_STOP_CALLS:
        return "the calls asked for were made";
    case UF_STOP_BUDGET:
        return "the time budget was used up";
    case UF_STOP_MEMORY:
        return "the target's memory grew too much to go on";
    case UF_STOP_INTERRUPTED:
        return "interrupted";
    case UF_STOP_ASKED:
        return "the timeout ran out";
    default:
        return "more calls would not change the verdict";
    }
}

static void fill_collector(struct uf_session *session)
{
    struct uf_check_result *result = &session->result;
    const struct uf_collector *collector = &session->collector;
    result->collector.enabled = uf_collector_enabled(collector);
    result->collector.measured_on = session->request->collector_on;
    for (int g = 0; g < UF_GC_GENERATIONS; g++)
        result->collector.thresholds[g] = collector->thresholds[g];
    result->collector.freeze_count = (double)collector->frozen_seen;
    if (collector->target_switched)
        uf_session_warn(session, "the target switches the collector on or off during a call");
    if (collector->target_set_thresholds)
        uf_session_warn(session, "the target sets the collector's thresholds during a call");
    if (collector->target_set_debug)
        uf_session_warn(session, "the target sets the collector's debug flags during a call");
    if (session->endless_garbage)
        uf_session_warn(session, "each round of collection makes new garbage (a __del__ that builds cycles?): "
                                 "%d rounds were not enough", UF_COLLECT_ROUNDS_MAX);
}

/* After an interrupt the last capture shows a heap that is gone: look once more. */
static int refresh_capture(struct uf_session *session)
{
    if (session->has_capture || session->nodes.len == 0)
        return 0;
    enum uf_stop stop = session->stop;
    session->stop = UF_STOP_NOT;
    int status = uf_measure_window(session, 0);
    if (status == 0)
        session->stop = stop;
    return status;
}

int uf_verdict_reach(struct uf_session *session)
{
    struct uf_check_result *result = &session->result;
    if (refresh_capture(session))
        return -1;
    fill_per_call(session);
    fill_collector(session);
    if (!is_delayed(session))
        drop_delayed_findings(result);
    if (session->has_capture &&
        uf_findings_from_groups(result, session->groups, &session->capture.graph, &session->reach,
                                &session->capture.names, &session->summary, &session->error))
        return uf_session_fault(session);
    if (find_process_findings(session))
        return -1;
    set_findings_aside(session);
    uf_findings_sort(result);
    result->stopped_because = uf_mem_strdup(stop_text(session->stop));
    decide(session);
    return 0;
}
