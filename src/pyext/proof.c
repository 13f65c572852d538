#include "pyext/proof.h"

#include "pyext/proof_copy.h"
#include "pyext/readings.h"

#include <string.h>

/* For all copies, at the most, and of the budget; but at least two copies' time: the descriptors of a
 * finding take as many. */
#define ALL_SECONDS 3.0
#define ALL_SHARE 0.2
#define COPY_LOOKS 4 /* one looks at the heap so often, at the most */
#if defined __SANITIZE_ADDRESS__
#define COPY_SECONDS 6.0 /* all but the captures, which are measured, takes several times as long */
#else
#define COPY_SECONDS 1.0 /* for one, besides its looks at the heap */
#endif

struct proof {
    struct uf_session *session;
    struct uf_proof_filter filter;
    double started, until;
    uint32_t copies;
    /* of the fixes tried so far the one that closed most of the new descriptors */
    const struct uf_finding *closes_most;
};

static double copy_seconds(const struct uf_session *session)
{
    return COPY_SECONDS + COPY_LOOKS * session->capture_seconds;
}

static void begin(struct proof *proof, struct uf_session *session)
{
    double seconds = session->request->budget_seconds * ALL_SHARE;
    double least = 2 * copy_seconds(session);
    seconds = seconds > ALL_SECONDS ? ALL_SECONDS : seconds;
    seconds = seconds < least ? least : seconds;
    *proof = (struct proof){.session = session, .started = uf_now_seconds()};
    proof->until = proof->started + seconds;
}

static int end(struct proof *proof, uint32_t calls)
{
    uf_proof_filter_release(&proof->filter);
    if (proof->copies == 0 && calls == 0)
        return 0;
    return uf_session_note_pass(proof->session, "proof", calls, proof->started);
}

static void say_why_not(struct uf_finding *finding, char *text)
{
    uf_mem_free(finding->fix_why_not);
    finding->fix_why_not = text; /* NULL when memory is out: nothing is said */
}

static void enter_descriptors(struct uf_finding *finding, double closed, double all)
{
    finding->fix_closes = closed;
    finding->fix_of_closes = all;
    if (finding->kind != UF_KIND_DESCRIPTOR || closed >= finding->objects)
        return;
    finding->fix_verified = false;
    say_why_not(finding,
                uf_mem_printf("in a copy of the process %.0f of %.0f descriptors stayed open",
                              all - closed, all));
}

static void enter_done(struct uf_finding *finding, const struct uf_proof_answer *answer)
{
    bool by_members = answer->members > 0;
    finding->fix_how = UF_FIX_COPY;
    finding->fix_of_objects = (double)answer->objects;
    finding->fix_of_members = (double)answer->members;
    finding->fix_frees_objects = (double)answer->freed_objects;
    finding->fix_frees_bytes = (double)answer->freed_bytes;
    finding->fix_verified = by_members ? answer->freed_members == answer->members
                                       : answer->freed_objects == answer->objects;
    if (finding->fix_verified)
        say_why_not(finding, NULL);
    else
        say_why_not(finding,
                    uf_mem_printf("in a copy of the process %llu of %llu objects stayed (%s)",
                                  (unsigned long long)(answer->objects - answer->freed_objects),
                                  (unsigned long long)answer->objects, answer->kept));
    if (answer->descriptors_closed > 0 || finding->kind == UF_KIND_DESCRIPTOR)
        enter_descriptors(finding, (double)answer->descriptors_closed, (double)answer->descriptors);
}

static void enter(struct uf_finding *finding, const struct uf_proof_answer *answer)
{
    if (answer->end == UF_PROOF_DONE && answer->objects > 0) {
        enter_done(finding, answer);
    } else if (answer->end == UF_PROOF_DONE) {
        say_why_not(finding, uf_mem_strdup("not tried in a copy of the process: there its objects "
                                           "go with the threads that hold them"));
    } else if (answer->end == UF_PROOF_NO_SANDBOX) {
        finding->fix_verified = false;
        say_why_not(finding, uf_mem_printf("no copy of the process could be kept from the world: "
                                           "%s",
                                           answer->why));
    } else {
        say_why_not(finding, uf_mem_printf("not done in a copy of the process: %s", answer->why));
    }
}

/* False: there was no time, which the finding says. */
static bool ask_copy(struct proof *proof, struct uf_finding *finding,
                     const struct uf_capture *capture, const struct uf_cuts *cuts,
                     struct uf_proof_answer *ret)
{
    struct uf_error err = {0};
    double left = proof->until - uf_now_seconds();
    double seconds = copy_seconds(proof->session);
    if (left <= 0.01) {
        say_why_not(finding, uf_mem_strdup("the time for copies of the process was over"));
        return false;
    }
    if (!proof->filter.code && uf_proof_filter_build(&proof->filter, &err)) {
        *ret = (struct uf_proof_answer){.end = UF_PROOF_NO_SANDBOX};
        (void)snprintf(ret->why, sizeof ret->why, "%.150s", err.message);
        return true;
    }
    struct uf_proof_task task = {.session = proof->session,
                                 .filter = &proof->filter,
                                 .graph = &capture->graph,
                                 .names = &capture->names,
                                 .cuts = cuts,
                                 .seconds = left < seconds ? left : seconds,
                                 .most_seconds = left};
    uf_proof_try(&task, ret);
    proof->copies++;
    return true;
}

static void try_one(struct proof *proof, struct uf_finding *finding,
                    const struct uf_capture *capture, const struct uf_cuts *cuts)
{
    struct uf_proof_answer answer = {.end = UF_PROOF_FAILED};
    if (!finding->fix_verified || cuts->references.len == 0 ||
        !ask_copy(proof, finding, capture, cuts, &answer))
        return;
    enter(finding, &answer);
    if (finding->fix_closes > 0 &&
        (!proof->closes_most || finding->fix_closes > proof->closes_most->fix_closes))
        proof->closes_most = finding;
}

static void set_edge(struct uf_finding *finding, const char *edge)
{
    uf_mem_free(finding->fix_edge);
    finding->fix_edge = edge ? uf_mem_strdup(edge) : NULL;
}

/* Closing is the fix, and no reference is cut. */
static void forget_cut(struct uf_finding *finding)
{
    set_edge(finding, NULL);
    for (size_t i = 0; i < finding->candidates.len; i++)
        uf_mem_free(finding->candidates.at[i].edge);
    finding->candidates.len = 0;
    finding->fix_frees_objects = finding->fix_frees_bytes = UF_UNKNOWN;
    finding->fix_of_objects = finding->fix_of_members = UF_UNKNOWN;
}

/* Descriptors that are closed when what holds their objects lets go need no other fix; the rest is
 * closed as the advice says. */
static void try_descriptors(struct proof *proof, struct uf_finding *finding)
{
    const struct uf_finding *other = proof->closes_most;
    struct uf_proof_answer answer = {.end = UF_PROOF_FAILED};
    if (finding->fix_how == UF_FIX_COPY && finding->fix_verified)
        return;
    if (other && other->fix_closes >= finding->objects) {
        finding->fix_how = UF_FIX_COPY;
        finding->fix_verified = true;
        say_why_not(finding, NULL);
        set_edge(finding, other->fix_edge);
        enter_descriptors(finding, other->fix_closes, other->fix_of_closes);
        return;
    }
    if (!proof->session->has_capture ||
        !ask_copy(proof, finding, &proof->session->capture, NULL, &answer))
        return;
    if (answer.end == UF_PROOF_DONE) {
        finding->fix_how = UF_FIX_COPY;
        finding->fix_verified = true;
        say_why_not(finding, NULL);
        forget_cut(finding);
        enter_descriptors(finding, (double)answer.descriptors_closed, (double)answer.descriptors);
    } else {
        enter(finding, &answer);
    }
}

/* What there is nothing to cut for. */
static void explain(struct uf_finding *finding)
{
    const char *why = NULL;
    if (finding->kind == UF_KIND_THREAD)
        why = "no thread goes on in a copy of the process";
    else if (finding->kind == UF_KIND_NATIVE || finding->kind == UF_KIND_ORPHAN)
        why = "C code has lost it: there is no reference to cut";
    if (why && finding->fix_how == UF_FIX_NOT_TRIED && !finding->fix_why_not)
        say_why_not(finding, uf_mem_strdup(why));
}

int uf_proof_leaks(struct uf_session *session)
{
    struct uf_check_result *result = &session->result;
    struct proof proof;
    begin(&proof, session);
    for (size_t i = 0; i < result->findings.len; i++) {
        struct uf_finding *finding = &result->findings.at[i];
        if (session->has_capture && finding->severity == UF_SEVERITY_LEAK)
            try_one(&proof, finding, &session->capture, &finding->cuts);
        uf_cuts_release(&finding->cuts);
        explain(finding);
    }
    for (size_t i = 0; i < result->findings.len; i++)
        if (result->findings.at[i].kind == UF_KIND_DESCRIPTOR &&
            result->findings.at[i].severity == UF_SEVERITY_LEAK)
            try_descriptors(&proof, &result->findings.at[i]);
    return end(&proof, 0);
}

static bool has_delayed(const struct uf_check_result *result)
{
    for (size_t i = 0; i < result->findings.len; i++)
        if (result->findings.at[i].severity == UF_SEVERITY_DELAYED)
            return true;
    return false;
}

/* The garbage that lies there now, explained again; the findings it belongs to by their ids. */
static void try_garbage(struct proof *proof, const struct uf_garbage *garbage)
{
    struct uf_check_result *result = &proof->session->result, now;
    uf_check_result_init(&now);
    now.function = uf_mem_strdup(result->function);
    if (now.function &&
        uf_findings_from_garbage(&now, &garbage->capture.graph, garbage->member,
                                 &garbage->capture.names, NULL, &proof->session->error) == UF_OK)
        for (size_t i = 0; i < result->findings.len; i++)
            for (size_t k = 0; k < now.findings.len; k++)
                if (result->findings.at[i].severity == UF_SEVERITY_DELAYED &&
                    strcmp(result->findings.at[i].id, now.findings.at[k].id) == 0)
                    try_one(proof, &result->findings.at[i], &garbage->capture,
                            &now.findings.at[k].cuts);
    uf_check_result_release(&now);
}

int uf_proof_delayed(struct uf_session *session)
{
    struct uf_garbage garbage = {0};
    struct proof proof;
    double seconds;
    if (!has_delayed(&session->result))
        return 0;
    enum uf_stop stop = session->stop; /* why the measured calls ended does not end this */
    session->stop = UF_STOP_NOT;
    begin(&proof, session);
    int status = uf_measure_plain_call(session, false, &seconds);
    if (status && (session->stop == UF_STOP_INTERRUPTED || session->stop == UF_STOP_ASKED))
        return end(&proof, 0); /* what the graph said stands */
    uf_collector_hold(&session->collector);
    if (!status)
        status = uf_garbage_find(session, &garbage);
    if (!status)
        try_garbage(&proof, &garbage);
    uf_garbage_release(&garbage);
    if (!status)
        status = uf_measure_clear(session);
    if (!status)
        status = end(&proof, 1);
    if (session->stop == UF_STOP_NOT)
        session->stop = stop;
    return status;
}
