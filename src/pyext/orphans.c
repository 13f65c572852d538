/* orphans.c - findings of what only C code can hold: is it held, or lost? */
#include "analysis/orphans.h"
#include "capture/outside.h"
#include "pyext/session.h"

#include <string.h>

/* Where the objects of one finding stand among those looked for. */
static void sum_up(const struct uf_outside *outside, size_t first, size_t count,
                   struct uf_holding *ret)
{
    size_t held = 0, by_library = 0;
    const struct uf_outside_object *last = NULL;
    for (size_t i = first; i < first + count; i++) {
        const struct uf_outside_object *object = &outside->objects.at[i];
        if (!uf_outside_holds(object))
            continue;
        held++;
        if (object->in_data > 0) {
            by_library++;
            last = object;
        }
    }
    ret->share = count ? (double)held / (double)count : 1;
    ret->library = 2 * by_library >= held && last ? uf_strings_get(&outside->names, last->library)
                                                  : NULL;
}

/* The orphan whose lost objects hold those of a finding, as far as their holders were born while watched;
 * NULL: none, or most have others. */
static struct uf_finding *lost_holder(struct uf_session *session, const struct uf_outside *outside,
                                      size_t first, size_t count)
{
    struct uf_finding *orphan = NULL;
    size_t watched = 0, lost = 0;
    for (size_t i = first; i < first + count; i++) {
        bool is_watched = false, is_lost = false;
        for (int p = 0; p < UF_OUTSIDE_PLACES && outside->objects.at[i].at[p] && !is_lost; p++) {
            bool in_watched;
            struct uf_finding *finding =
                uf_losses_finding(session, outside->objects.at[i].at[p], &in_watched);
            is_watched |= in_watched;
            is_lost = finding != NULL;
            orphan = finding ? finding : orphan;
        }
        watched += is_watched;
        lost += is_lost;
    }
    return 2 * lost >= watched ? orphan : NULL;
}

/* What an orphan holds goes with it: it is no finding of its own. */
static void take_in(struct uf_finding *orphan, const struct uf_finding *held)
{
    double bytes = held->retained_bytes_per_call;
    if (!(bytes > 0))
        bytes = held->bytes_per_call;
    if (bytes > 0)
        orphan->retained_bytes_per_call += bytes;
}

static void drop_taken_in(struct uf_check_result *result, const bool *taken)
{
    size_t kept = 0;
    for (size_t f = 0; f < result->findings.len; f++)
        if (taken[f])
            uf_finding_release(&result->findings.at[f]);
        else
            result->findings.at[kept++] = result->findings.at[f];
    result->findings.len = kept;
}

static enum uf_code list_objects(const struct uf_check_result *result, struct uf_outside *outside,
                                 struct uf_error *err)
{
    for (size_t f = 0; f < result->findings.len; f++) {
        const struct uf_finding *finding = &result->findings.at[f];
        for (size_t i = 0; i < finding->unheld.len; i++) {
            struct uf_outside_object object = {.address = finding->unheld.at[i]};
            if (outside->objects.len < UF_OUTSIDE_OBJECTS_MAX &&
                uf_vec_push(&outside->objects, object))
                return uf_error_nomem(err);
        }
    }
    return UF_OK;
}

bool uf_objects_pile_up(const struct uf_check_result *result)
{
    for (size_t f = 0; f < result->findings.len; f++) {
        const struct uf_finding *finding = &result->findings.at[f];
        bool memory = finding->kind == UF_KIND_NATIVE && strcmp(finding->type, "malloc") == 0;
        if (finding->severity == UF_SEVERITY_LEAK && !finding->not_from_call && !memory)
            return true;
    }
    return false;
}

static bool has_leak(const struct uf_session *session)
{
    for (size_t f = 0; f < session->result.findings.len; f++)
        if (session->result.findings.at[f].severity == UF_SEVERITY_LEAK)
            return true;
    return false;
}

int uf_orphans_tell_surpluses(struct uf_session *session)
{
    struct uf_view view = {.graph = &session->capture.graph,
                           .reach = &session->reach,
                           .names = &session->capture.names};
    if (!session->has_capture || uf_objects_pile_up(&session->result))
        return 0;
    size_t before = session->result.findings.len;
    if (uf_surpluses_tell(session->surpluses, &view, &session->result, &session->error))
        return uf_session_fault(session);
    if (session->blocks_pile_up && session->result.findings.len == before && !has_leak(session))
        uf_session_warn(session,
                        "blocks of Python's memory become more with each call, and neither what "
                        "holds them nor what lost them was found");
    return 0;
}

int uf_orphans_judge(struct uf_session *session)
{
    struct uf_check_result *result = &session->result;
    struct uf_outside outside = {0};
    enum uf_code code = list_objects(result, &outside, &session->error);
    /* where Python's own blocks come from malloc too, its memory cannot be told apart */
    if (!code && outside.objects.len > 0 && session->heap.glibc_blocks)
        code = uf_outside_look(&outside, &session->capture.graph, &session->heap, &session->error);
    bool *taken = uf_mem_zalloc(result->findings.len + 1);
    if (!taken)
        code = uf_error_nomem(&session->error);
    size_t first = 0;
    for (size_t f = 0; f < result->findings.len && outside.complete && !code; f++) {
        struct uf_finding *finding = &result->findings.at[f];
        size_t count = finding->unheld.len;
        struct uf_holding holding;
        if (count == 0 || first + count > outside.objects.len)
            continue;
        struct uf_finding *orphan = lost_holder(session, &outside, first, count);
        if (orphan)
            take_in(orphan, finding);
        taken[f] = orphan != NULL;
        sum_up(&outside, first, count, &holding);
        code = uf_orphans_settle(finding, &holding, result->function, &session->error);
        first += count;
    }
    if (taken && !code)
        drop_taken_in(result, taken);
    uf_mem_free(taken);
    uf_losses_drop(session);
    uf_outside_release(&outside);
    return code ? uf_session_fault(session) : 0;
}
