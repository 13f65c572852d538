/* garbage.c - what waits for the collector after a call: which cycles, and what is only the reload of a file. */
#include "analysis/cycles.h"
#include "analysis/findings.h"
#include "pyext/readings.h"
#include "pyext/session.h"

#include <string.h>

/* What re-executing a module's body makes: its dictionary, and reached from there without leaving
 * definitions: functions, classes with their dictionaries and tables, descriptors, code, cells. */
struct reload {
    const struct uf_graph *graph;
    uint8_t *of_body; /* by node */
    UF_VEC(uf_node) queue;
};

static bool is_definition(const struct uf_graph *graph, uf_node node)
{
    static const char *const names[] = {
        "function",
        "code",
        "cell",
        "staticmethod",
        "classmethod",
        "property",
        "getset_descriptor",
        "member_descriptor",
        "wrapper_descriptor",
        "method_descriptor",
        "module",
        "_frozen_importlib_external.SourceFileLoader",
    };
    if (graph->flags[node] & UF_NODE_TYPE)
        return true;
    const char *type = uf_graph_type_name(graph, node);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(type, names[i]) == 0)
            return true;
    return false;
}

static bool is_table(const struct uf_graph *graph, uf_node node)
{
    const char *type = uf_graph_type_name(graph, node);
    return strcmp(type, "dict") == 0 || strcmp(type, "tuple") == 0;
}

static int enter(struct reload *reload, uf_node node)
{
    if (reload->of_body[node])
        return 0;
    reload->of_body[node] = 1;
    return uf_vec_push(&reload->queue, node);
}

/* Marks the body's objects among `member`. 0, or -1 when memory is out. */
static int mark_body(struct reload *reload, const uint8_t *member, uint64_t module_dict)
{
    const struct uf_graph *graph = reload->graph;
    for (uf_node n = 0; n < graph->node_count; n++)
        if (graph->address[n] == module_dict && member[n] && enter(reload, n))
            return -1;
    while (reload->queue.len > 0) {
        uf_node node = reload->queue.at[--reload->queue.len];
        bool from_definition = is_definition(graph, node);
        for (uint32_t e = graph->edge_start[node]; e < graph->edge_start[node + 1]; e++) {
            uf_node target = graph->edge_target[e];
            /* tables (a class's __dict__, __mro__, a function's __closure__) belong to definitions only */
            bool follow = is_definition(graph, target) ||
                          (from_definition && is_table(graph, target));
            if (member[target] && follow && enter(reload, target))
                return -1;
        }
    }
    return 0;
}

/* Of a file's garbage, takes away what the reload made and what hangs only on it. */
static enum uf_code set_reload_aside(struct uf_session *session, const struct uf_graph *graph,
                                     uint8_t *member)
{
    struct reload reload = {.graph = graph, .of_body = uf_mem_zalloc(graph->node_count + 1)};
    uint8_t *freed = uf_mem_zalloc(graph->node_count + 1);
    enum uf_code code = UF_OK;
    uint64_t objects, bytes;
    if (!reload.of_body || !freed || mark_body(&reload, member, session->module_dict)) {
        code = uf_error_nomem(&session->error);
        goto out;
    }
    double body_objects = 0, body_bytes = 0;
    for (uf_node n = 0; n < graph->node_count; n++)
        if (reload.of_body[n]) {
            member[n] = 0;
            body_objects++;
            body_bytes += (double)uf_graph_size(graph, n);
        }
    code = uf_cycles_cascade(graph, member, NULL, 0, freed, &objects, &bytes, &session->error);
    if (code)
        goto out;
    for (uf_node n = 0; n < graph->node_count; n++)
        if (freed[n])
            member[n] = 0;
    session->result.has_reload = true;
    session->result.reload.objects = body_objects;
    session->result.reload.bytes = body_bytes;
out:
    uf_vec_release(&reload.queue);
    uf_mem_free(reload.of_body);
    uf_mem_free(freed);
    return code;
}

void uf_garbage_release(struct uf_garbage *garbage)
{
    uf_mem_free(garbage->member);
    uf_capture_release(&garbage->capture);
    garbage->member = NULL;
}

int uf_garbage_find(struct uf_session *session, struct uf_garbage *garbage)
{
    struct uf_reach reach = {0};
    enum uf_code code =
        uf_capture_heap(&garbage->capture, &session->heap, &session->own, &session->error);
    if (code)
        return uf_session_fault(session);
    const struct uf_graph *graph = &garbage->capture.graph;
    code = uf_reach_build(&reach, graph, &session->error);
    if (code)
        goto out;
    garbage->member = uf_mem_zalloc(graph->node_count + 1);
    if (!garbage->member) {
        code = uf_error_nomem(&session->error);
        goto out;
    }
    for (uf_node n = 0; n < graph->node_count; n++) {
        bool lasting = graph->refcount[n] == UF_COUNT_IMMORTAL &&
                       !(graph->flags[n] & UF_NODE_TRACKED);
        garbage->member[n] = !reach.reached[n] && !lasting &&
                             !(graph->flags[n] & (UF_NODE_OWN | UF_NODE_FROZEN | UF_NODE_STATIC));
    }
    if (session->target.form == UF_TARGET_FILE)
        code = set_reload_aside(session, graph, garbage->member);
    for (uf_node n = 0; n < graph->node_count && !code; n++)
        if (garbage->member[n]) {
            garbage->objects++;
            garbage->tracked += graph->flags[n] & UF_NODE_TRACKED ? 1 : 0;
            garbage->bytes += (double)uf_graph_size(graph, n);
        }
out:
    uf_reach_release(&reach);
    return code ? uf_session_fault(session) : 0;
}

int uf_garbage_look(struct uf_session *session)
{
    struct uf_check_result *result = &session->result;
    struct uf_garbage garbage = {0};
    uf_session_drop_capture(session);
    int status = uf_garbage_find(session, &garbage);
    if (status)
        goto out;
    session->garbage_seen = garbage.tracked;
    session->garbage_captures++;
    session->garbage_captures_hit += garbage.objects > 0;
    result->per_call.garbage_objects = garbage.tracked;
    result->per_call.garbage_bytes = garbage.bytes;
    session->waiting_bytes_per_object = garbage.tracked > 0 ? garbage.bytes / garbage.tracked : 0;
    result->collector.would_free_objects = garbage.tracked;
    if (garbage.objects > 0 &&
        uf_findings_from_garbage(result, &garbage.capture.graph, garbage.member,
                                 &garbage.capture.names, uf_births_of(session), &session->error))
        status = uf_session_fault(session);
out:
    uf_garbage_release(&garbage);
    return status;
}
