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

/* Does something pile up whose objects may be what refers to others unseen? */
static bool objects_pile_up(const struct uf_check_result *result)
{
    for (size_t f = 0; f < result->findings.len; f++) {
        const struct uf_finding *finding = &result->findings.at[f];
        bool memory = finding->kind == UF_KIND_NATIVE && strcmp(finding->type, "malloc") == 0;
        if (finding->severity == UF_SEVERITY_LEAK && !finding->not_from_call && !memory)
            return true;
    }
    return false;
}

int uf_orphans_tell_surpluses(struct uf_session *session)
{
    struct uf_view view = {&session->capture.graph, &session->reach, &session->capture.names};
    if (!session->has_capture || objects_pile_up(&session->result))
        return 0;
    return uf_surpluses_tell(session->surpluses, &view, &session->result, &session->error)
               ? uf_session_fault(session)
               : 0;
}

int uf_orphans_judge(struct uf_session *session)
{
    struct uf_check_result *result = &session->result;
    struct uf_outside outside = {0};
    enum uf_code code = list_objects(result, &outside, &session->error);
    /* where Python's own blocks come from malloc too, its memory cannot be told apart */
    if (!code && outside.objects.len > 0 && session->heap.glibc_blocks)
        code = uf_outside_look(&outside, &session->capture.graph, &session->heap, &session->error);
    size_t first = 0;
    for (size_t f = 0; f < result->findings.len && outside.complete && !code; f++) {
        struct uf_finding *finding = &result->findings.at[f];
        size_t count = finding->unheld.len;
        struct uf_holding holding;
        if (count == 0 || first + count > outside.objects.len)
            continue;
        sum_up(&outside, first, count, &holding);
        code = uf_orphans_settle(finding, &holding, result->function, &session->error);
        first += count;
    }
    uf_outside_release(&outside);
    return code ? uf_session_fault(session) : 0;
}
