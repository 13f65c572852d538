/* runner.c - the order of things: warm-up, measured calls, windows, idle, findings, the collector. */
#include "analysis/findings.h"
#include "pyext/native_pass.h"
#include "pyext/readings.h"
#include "pyext/session.h"

#define WARMUP_CALLS 2
#define FINE_CALLS 12        /* measured one by one, with every reading */
#define CAPTURES_SECONDS 0.3 /* what captures may cost in the fine phase beyond the fewest */
#define WINDOWS 8            /* windows of equal length that follow */
#define WINDOW_CALLS 60   /* longer than the rarest leak that must be found: one every 50th call */
#define SURE_CALLS 2100   /* growth goes on for so long: past the bounds that caches usually have */
#define ROUNDS 6          /* of windows, at the most */
#define QUIET_SHARE 0.5   /* of the budget, for windows while nothing grows */
#define GROWTH_SHARE 0.85 /* of the budget, for windows when something does */
#define IDLE_SECONDS_MAX 0.3
#define IDLE_WINDOWS 2

static int warm_up(struct uf_session *session)
{
    double started = uf_now_seconds();
    session->warmup_calls = WARMUP_CALLS;
    struct uf_capture before = {0};
    uf_channel_set_state(session->channel, UF_STATE_WARMUP);
    if (uf_measure_clear(session))
        return -1;
    session->collected_total = 0;
    enum uf_code code = uf_capture_heap(&before, &session->heap, &session->own, &session->error);
    UF_VEC(uint64_t) addresses = {0};
    for (uf_node n = 0; n < before.graph.node_count && !code; n++)
        if (uf_vec_push(&addresses, before.graph.address[n]))
            code = uf_error_nomem(&session->error);
    uf_capture_release(&before);
    int status = code ? uf_session_fault(session) : 0;
    session->rss_start = session->result.rss.before_bytes = uf_read_rss_bytes();
    /* both are observed: what changes already here is grouped before the measured calls */
    for (int i = 0; i < WARMUP_CALLS && !status; i++)
        status = uf_measure_call(session,
                                 &(struct uf_measure){.phase = UF_PHASE_WARMUP, .observe = true});
    session->result.calls_warmup = session->calls;
    if (!status &&
        uf_findings_warmup(&session->result, &session->capture.graph, &session->reach,
                           &session->capture.names, addresses.at, addresses.len, &session->error))
        status = uf_session_fault(session);
    uf_vec_release(&addresses);
    if (!status && uf_resources_mark(&session->resources, session->capture.heap, &session->error))
        status = uf_session_fault(session);
    if (!status) {
        uf_groups_seal(session->groups);
        uf_surpluses_seal(session->surpluses);
    }
    return status ? status : uf_session_note_pass(session, "warmup", WARMUP_CALLS, started);
}

/* What stands at the end of every window, however many calls it has. */
static double look_seconds(const struct uf_session *session)
{
    return session->collect_seconds + session->capture_seconds;
}

static double seconds_until(const struct uf_session *session, double share)
{
    return session->started + (session->deadline - session->started) * share - uf_now_seconds();
}

/* On a heap of millions of objects a look takes as long as thousands of calls. Where all the usual single
 * calls and windows do not fit, but the fewest single calls and the fewest windows do, those see more. */
static bool looks_are_dear(const struct uf_session *session)
{
    const struct uf_check_result *result = &session->result;
    double look = look_seconds(session);
    double call = result->samples.at[result->samples.len - 1].seconds; /* of the warm-up */
    double usual = FINE_CALLS * (session->collect_seconds + call) + WINDOWS * look +
                   UF_GROWTH_MIN_WINDOWS * session->capture_seconds;
    double fewest = UF_GROWTH_MIN_WINDOWS * (session->collect_seconds + call) +
                    session->capture_seconds +
                    UF_GROWTH_MIN_WINDOWS * (look + 1.5 * WINDOW_CALLS * call);
    return !session->request->calls && usual > seconds_until(session, QUIET_SHARE) &&
           fewest < seconds_until(session, GROWTH_SHARE);
}

/* After which measured calls the heap is captured: after each where that is cheap, else at the ends
 * of as many windows as a verdict needs. */
static uint32_t capture_every(const struct uf_session *session, uint32_t calls)
{
    double affordable = CAPTURES_SECONDS / (session->capture_seconds + 1e-6);
    uint32_t least = UF_GROWTH_MIN_WINDOWS;
    uint32_t captures = affordable > calls ? calls : (uint32_t)affordable;
    if (captures < least)
        captures = least;
    return calls > captures ? calls / captures : 1;
}

static bool time_is_over(struct uf_session *session, double seconds_needed, double share)
{
    double until = session->started + (session->deadline - session->started) * share;
    return uf_now_seconds() + seconds_needed > until;
}

/* `dear`: as few calls as may be, and one look at their end. */
static int measure_one_by_one(struct uf_session *session, bool dear)
{
    uint32_t calls = session->request->calls ? session->request->calls : FINE_CALLS;
    if (dear)
        calls = UF_GROWTH_MIN_WINDOWS;
    uint32_t every = dear ? calls : capture_every(session, calls), made = 0;
    double started = uf_now_seconds();
    int status = 0;
    uf_channel_set_state(session->channel, UF_STATE_MEASURING);
    session->window_calls = every;
    while (made < calls && !status) {
        bool file = session->target.form == UF_TARGET_FILE;
        struct uf_measure how = {
            .phase = UF_PHASE_MEASURED,
            .observe = (made + 1) % every == 0,
            /* three looks at what waits, spread over the calls */
            .look_at_garbage = session->suspects_garbage && (made + 1) % 4 == (file ? 0 : 1) &&
                               session->garbage_captures < 3,
        };
        if (!session->request->calls && made >= UF_GROWTH_MIN_WINDOWS * every &&
            time_is_over(session, session->call_seconds, 1)) {
            session->stop = UF_STOP_BUDGET;
            break;
        }
        status = uf_measure_call(session, &how);
        made += status == 0;
    }
    session->result.calls_measured = made;
    if (!status && made == session->request->calls)
        session->stop = UF_STOP_CALLS;
    int noted = uf_session_note_pass(session, "measure", made, started);
    return status ? status : noted;
}

/* What more calls could still change, over all series; and whether anything rises steadily by now. */
static enum uf_growth_wish wish_of(const struct uf_session *session, bool *trend)
{
    const uf_series *series[] = {&session->native_bytes, &session->mapped_bytes,
                                 &session->descriptors, &session->threads, &session->garbage};
    enum uf_growth_wish wish = uf_groups_wish(session->groups);
    bool surplus;
    enum uf_growth_wish other = uf_surpluses_wish(session->surpluses, &surplus);
    if (other > wish)
        wish = other;
    *trend = uf_groups_calls_to_show(session->groups) > 0 || surplus;
    for (size_t i = 0; i < sizeof series / sizeof *series; i++) {
        struct uf_growth growth = uf_growth_judge(series[i]->at, series[i]->len);
        if (growth.wish > wish)
            wish = growth.wish;
        *trend |= series[i] != &session->garbage && growth.kind == UF_GROWTH_TREND;
    }
    return wish;
}

/* Windows of plain calls. Their length is what the time allows, at most `calls`. `dear`: the fewest windows,
 * and as many calls in each as take no longer than the look at its end. */
static int measure_windows(struct uf_session *session, uint32_t calls, double share, bool dear)
{
    double started = uf_now_seconds();
    int windows = dear ? UF_GROWTH_MIN_WINDOWS : WINDOWS;
    if (dear) {
        double free_of_cost = look_seconds(session) / (session->call_seconds + 1e-7);
        uint32_t most = SURE_CALLS / UF_GROWTH_MIN_WINDOWS;
        uint32_t more = free_of_cost < most ? (uint32_t)free_of_cost : most;
        calls += calls / 2; /* the shortest of windows of varied length still has enough */
        if (more > calls)
            calls = uf_growth_window_calls(more);
    }
    double left = seconds_until(session, share) - windows * look_seconds(session);
    double fitting = left / (windows * (session->call_seconds + 1e-7));
    uint32_t length = fitting < calls ? (fitting > 0 ? (uint32_t)fitting : 0) : calls, made = 0;
    uint32_t room = uf_measure_calls_with_room(session) / (uint32_t)windows;
    if (length > room)
        length = room > 0 ? room : 1;
    if (length == 0) {
        session->stop = UF_STOP_BUDGET;
        return 0;
    }
    int status = 0;
    for (int i = 0; i < windows && !status && session->stop == UF_STOP_NOT; i++) {
        if (time_is_over(session, 0, share + 0.1)) {
            session->stop = share < GROWTH_SHARE ? UF_STOP_CERTAIN : UF_STOP_BUDGET;
            break;
        }
        uint32_t this_long = dear ? uf_growth_varied_calls(length, (uint32_t)i) : length;
        status = uf_measure_window(session, this_long);
        made += status == 0 ? this_long : 0;
    }
    int noted = uf_session_note_pass(session, "endurance", made, started);
    return status ? status : noted;
}

static int measure_idle(struct uf_session *session, double window_seconds)
{
    double started = uf_now_seconds();
    double seconds = window_seconds < IDLE_SECONDS_MAX ? window_seconds : IDLE_SECONDS_MAX;
    uf_groups_begin_idle(session->groups);
    int status = 0;
    enum uf_stop stop = session->stop; /* why the calls ended does not end this */
    session->stop = UF_STOP_NOT;
    for (int i = 0; i < IDLE_WINDOWS && !status; i++)
        status = uf_measure_idle(session, seconds);
    uf_groups_end_idle(session->groups, IDLE_WINDOWS, seconds > 0 ? window_seconds / seconds : 1,
                       session->window_calls);
    int noted = uf_session_note_pass(session, "idle", 0, started);
    if (session->stop == UF_STOP_NOT)
        session->stop = stop;
    return status ? status : noted;
}

/* Interrupted or at the end of its means, a run still has something to say. */
static bool has_something_to_say(const struct uf_session *session)
{
    switch (session->stop) {
    case UF_STOP_FAILED:
    case UF_STOP_USAGE:
    case UF_STOP_FORKED:
    case UF_STOP_FAULT:
        return false;
    default:
        return true;
    }
}

/* What the first pass found is looked at more closely, unless the user wants an end. */
static int trace(struct uf_session *session, bool trend)
{
    bool garbage = uf_garbage_is_steady(session);
    bool asked = session->stop == UF_STOP_INTERRUPTED || session->stop == UF_STOP_ASKED ||
                 session->stop == UF_STOP_MEMORY;
    bool wanted = session->request->profile != 0;
    if (asked && wanted)
        uf_session_warn(session,
                        "no profile was written: the run ended before allocations were watched");
    if (asked || (!wanted && !trend && !garbage && !uf_orphans_suspected(session)))
        return 0;
    enum uf_stop stop = session->stop; /* why the calls ended does not end this */
    session->stop = UF_STOP_NOT;
    int status = uf_births_pass(session, garbage);
    if (session->stop == UF_STOP_NOT)
        session->stop = stop;
    return status;
}

static int measure_all(struct uf_session *session)
{
    if (warm_up(session))
        return -1;
    bool dear = looks_are_dear(session);
    if (measure_one_by_one(session, dear))
        return -1;
    uint32_t length = uf_growth_window_calls(WINDOW_CALLS);
    bool trend;
    wish_of(session, &trend);
    double share = trend || dear ? GROWTH_SHARE : QUIET_SHARE;
    for (int round = 0; round < ROUNDS && session->stop == UF_STOP_NOT; round++) {
        if (measure_windows(session, length, share, dear))
            return -1;
        enum uf_growth_wish wish = wish_of(session, &trend);
        if (session->stop != UF_STOP_NOT)
            break;
        if (trend ? session->calls >= SURE_CALLS : wish == UF_GROWTH_ENOUGH)
            session->stop = UF_STOP_CERTAIN;
        else if (trend)
            length = uf_growth_window_calls((SURE_CALLS - session->calls) / WINDOWS + 1);
        else if (wish == UF_GROWTH_WIDER)
            length = uf_growth_window_calls(session->window_calls * 2);
        share = GROWTH_SHARE;
    }
    wish_of(session, &trend);
    if (trend && measure_idle(session, session->call_seconds * session->window_calls))
        return -1;
    if (uf_native_pass(session))
        return -1;
    return trace(session, trend);
}

int uf_runner_run(struct uf_session *session)
{
    session->started = uf_now_seconds();
    session->deadline = session->started + session->request->budget_seconds;
    uf_channel_progress(session->channel)->seconds_limit = session->request->budget_seconds;
    if (uf_groups_create(&session->groups, &session->error) ||
        uf_surpluses_create(&session->surpluses, &session->error))
        return uf_session_fault(session);
    int status = measure_all(session);
    session->result.rss.after_bytes = uf_read_rss_bytes();
    if (!has_something_to_say(session))
        return -1;
    if (status == 0 && session->stop == UF_STOP_NOT)
        session->stop = UF_STOP_CERTAIN;
    uf_channel_set_state(session->channel, UF_STATE_ANALYSING);
    if (uf_verdict_reach(session))
        return -1;
    uf_births_drop(session);
    bool ended_early = session->stop == UF_STOP_INTERRUPTED || session->stop == UF_STOP_ASKED;
    if (!ended_early && uf_waiting_measure(session) && !has_something_to_say(session))
        return -1;
    session->result.seconds = uf_now_seconds() - session->started;
    return 0;
}
