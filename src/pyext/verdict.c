/* verdict.c - from what was read to what is said: figures per call, findings, verdict, evidence. */
#include "analysis/findings.h"
#include "cpython/roots.h"
#include "pyext/proof.h"
#include "pyext/session.h"
#include "report/units.h"

#include <stdlib.h>

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
            values[count++] = sample->collected;
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
    /* a look at the garbage sees what the collector has left before, too */
    if (result->per_call.garbage_objects > 0 && session->waiting_bytes_per_object > 0)
        result->per_call.garbage_bytes = result->per_call.garbage_objects *
                                         session->waiting_bytes_per_object;
    if (result->per_call.garbage_objects == 0)
        result->per_call.garbage_bytes = 0;
}

/* Share of the windows in which the collector found something, judged on the sum of all it found. */
static struct uf_growth judge_garbage(const struct uf_session *session)
{
    return uf_growth_judge(session->garbage.at, session->garbage.len);
}

bool uf_garbage_is_steady(const struct uf_session *session)
{
    if (session->garbage_captures == 0 || session->garbage_captures_hit < session->garbage_captures)
        return false;
    /* A sum of what was found cannot rise by noise: garbage in every window is garbage in every window,
     * however uneven (threads that end late add theirs to a later call). */
    struct uf_growth growth = judge_garbage(session);
    return growth.kind == UF_GROWTH_TREND ||
           (growth.windows >= UF_GROWTH_MIN_WINDOWS && growth.rose == growth.windows);
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

/* The bounded finding that still grows, the one with the most room: NULL when all have come to rest. */
static const struct uf_finding *still_filling(const struct uf_check_result *result)
{
    const struct uf_finding *found = NULL;
    for (size_t i = 0; i < result->findings.len; i++) {
        const struct uf_finding *finding = &result->findings.at[i];
        bool grows = finding->objects_per_call > 0 || finding->entries_per_call > 0;
        if (finding->severity == UF_SEVERITY_BOUNDED && grows && finding->bound_limit > 0 &&
            (!found || finding->bound_limit > found->bound_limit))
            found = finding;
    }
    return found;
}

/* "app.CACHE rose, and is bounded: 312 of at most 1,000 entries (app.Cache.maxsize); " */
static void add_filling(struct uf_text *ret, const struct uf_check_result *result)
{
    const struct uf_finding *finding = still_filling(result);
    if (!finding)
        return;
    uf_text_printf(ret, "%s rose, and is bounded: ", finding->holder ? finding->holder : "a cache");
    uf_units_count(ret, finding->bound_fill);
    uf_text_add_z(ret, " of at most ");
    uf_units_count(ret, finding->bound_limit);
    uf_text_add_z(ret, " entries");
    if (finding->bound_by)
        uf_text_printf(ret, ", as %s says", finding->bound_by);
    uf_text_add_z(ret, "; ");
}

/* What the verdict rests on and cannot exclude, in one sentence. */
static char *evidence_of(const struct uf_session *session, const struct uf_finding *worst)
{
    const struct uf_check_result *result = &session->result;
    struct uf_text text = {0};
    struct uf_growth total = uf_growth_judge(session->nodes.at, session->nodes.len);
    struct uf_growth garbage = judge_garbage(session);
    double bound = session->summary.largest_bound;
    /* a leak on each k-th call shows where a window, or a fifth of the run, has k calls */
    uint32_t rarest = session->calls / UF_GROWTH_MIN_WINDOWS;
    if (rarest < session->window_calls)
        rarest = session->window_calls;
    switch (result->verdict) {
    case UF_LEAK:
        uf_text_printf(&text, "%s rose in %.0f %% of the windows, up to call ", worst->type,
                       worst->confidence * 100);
        uf_units_count(&text, session->calls);
        uf_text_add_z(&text, "; a cache with a bound of more than ");
        uf_units_count(&text, bound > 0 ? bound : session->calls);
        uf_text_add_z(&text, " entries cannot be excluded");
        break;
    case UF_DELAYED:
        uf_text_printf(&text,
                       "in %u of %u windows the collector freed what reference counting had not, "
                       "and nothing was left after it; ",
                       garbage.rose, garbage.windows);
        break;
    default:
        add_filling(&text, result);
        uf_text_printf(&text, "nothing %skept rising over %u windows, ",
                       text.len > 0 ? "else " : "", total.windows);
        uf_units_count(&text, session->calls);
        uf_text_add_z(&text, " calls in all; ");
    }
    if (result->verdict != UF_LEAK) {
        uf_text_add_z(&text, "a leak on fewer than one call in ");
        uf_units_count(&text, rarest);
        uf_text_add_z(&text, " cannot be excluded");
    }
    return text.at;
}

static bool ended_early(const struct uf_session *session)
{
    return session->stop == UF_STOP_INTERRUPTED || session->stop == UF_STOP_ASKED;
}

static void decide(struct uf_session *session)
{
    struct uf_check_result *result = &session->result;
    const struct uf_finding *worst = NULL;
    struct uf_growth total = uf_growth_judge(session->nodes.at, session->nodes.len);
    if (result->calls_measured < UF_GROWTH_MIN_WINDOWS ||
        session->nodes.len <= UF_GROWTH_MIN_WINDOWS) {
        result->verdict = UF_UNDECIDED;
        result->evidence = uf_mem_printf(
            "only %u measured call%s fitted, a verdict needs %d (give more time with --budget, or "
            "--calls %d)",
            result->calls_measured, result->calls_measured == 1 ? "" : "s", UF_GROWTH_MIN_WINDOWS,
            UF_GROWTH_MIN_WINDOWS);
    } else if (has_finding(result, UF_SEVERITY_LEAK, &worst)) {
        result->verdict = UF_LEAK;
        result->confidence = worst->confidence;
    } else if (session->summary.undecided > 0) {
        result->verdict = UF_UNDECIDED;
        result->evidence = uf_mem_printf(
            "something rose now and then in %u calls, too seldom to call it a trend and too often "
            "to rule one out (give more time with --budget, or more --calls)",
            session->calls);
    } else if (ended_early(session)) {
        result->verdict = UF_UNDECIDED;
        result->evidence = uf_mem_printf("stopped at call %u, before the growth test was complete",
                                         session->calls);
    } else if (has_finding(result, UF_SEVERITY_DELAYED, &worst)) {
        result->verdict = UF_DELAYED;
        result->confidence = judge_garbage(session).confidence;
    } else {
        result->verdict = UF_CLEAN;
        /* while a cache is filling the total rises: what else there is did not */
        if (still_filling(result))
            result->confidence = 1;
        else
            result->confidence = 1 - (double)total.rose / (total.windows ? total.windows : 1);
    }
    if (!result->evidence)
        result->evidence = evidence_of(session, worst);
    result->partial = ended_early(session);
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
    uint32_t others = uf_roots_other_interpreters(&session->heap);
    if (others > 0)
        uf_session_warn(session, "%u other interpreter%s of this process %s not looked at", others,
                        others == 1 ? "" : "s", others == 1 ? "was" : "were");
    if (session->endless_garbage)
        uf_session_warn(
            session,
            "each round of collection makes new garbage (a __del__ that builds cycles?): "
            "%d rounds were not enough",
            UF_COLLECT_ROUNDS_MAX);
}

/* After an interrupt the last capture shows a heap that is gone: look once more. */
static int refresh_capture(struct uf_session *session)
{
    if (session->has_capture || session->nodes.len == 0)
        return 0;
    enum uf_stop stop = session->stop;
    session->stop = UF_STOP_NOT;
    int status = uf_measure_again(session);
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
    if (!uf_garbage_is_steady(session))
        drop_delayed_findings(result);
    if (session->has_capture &&
        uf_findings_from_groups(result, session->groups, &session->capture.graph, &session->reach,
                                &session->capture.names, uf_births_of(session), &session->summary,
                                &session->error))
        return uf_session_fault(session);
    if (uf_orphans_tell_blocks(session) || uf_orphans_judge(session))
        return -1;
    if (uf_process_findings(session) || uf_orphans_tell_surpluses(session))
        return -1;
    uf_set_findings_aside(session);
    uf_findings_sort(result);
    if (!ended_early(session) && (uf_proof_leaks(session) || uf_proof_delayed(session)))
        return -1;
    result->stopped_because = uf_mem_strdup(stop_text(session->stop));
    decide(session);
    return 0;
}
