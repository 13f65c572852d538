/* task_findings.c - asyncio tasks and timers that are never done: which, and where they wait. */
#include "cpython/attribute_of.h"
#include "cpython/str.h"
#include "pyext/kind_findings.h"

#include <stdio.h>
#include <string.h>

/* What asyncio puts around a task, and what a task is made of. */
static const char *const faces_of_tasks[] = {
    "_asyncio.Task",
    "_asyncio.Future",
    "asyncio.tasks.Task",
    "asyncio.futures.Future",
    "asyncio.events.Handle",
    "coroutine",
    "generator",
    "async_generator",
    "_contextvars.Context",
    "weakref.ReferenceType",
    "tuple",
    "list",
    "method",
    "builtin_function_or_method",
    "functools.partial",
    "TaskStepMethWrapper",
    "_asyncio.TaskStepMethWrapper",
    "_asyncio.FutureIter",
};

struct gathered {
    struct uf_session *session;
    const char *sort;
    uint8_t *marks; /* by node */
    struct uf_pending newest;
    bool has_newest;
};

/* The newest one has the highest node number of its generation: good enough, any of them serves. */
static enum uf_code take(void *context, const struct uf_pending *pending)
{
    struct gathered *g = context;
    if (strcmp(pending->sort, g->sort) != 0)
        return UF_OK;
    g->marks[pending->node] = 1;
    g->newest = *pending;
    g->has_newest = true;
    return UF_OK;
}

static bool is_face(const struct uf_faces *faces, uf_node node)
{
    for (size_t i = 0; i < sizeof faces_of_tasks / sizeof *faces_of_tasks; i++)
        if (uf_node_derives(faces->session, node, faces_of_tasks[i]))
            return true;
    return false;
}

/* 3.13 keeps the number of a task without a name of its own, and makes "Task-7" of it when asked. */
static void name_of(struct uf_heap *heap, uint64_t task, char *ret, size_t size)
{
    int64_t number;
    uint64_t name = uf_attribute_of(heap, task, "task's name");
    if (!name)
        name = uf_attribute_of(heap, task, "_name");
    ret[0] = '\0';
    if (uf_int_of(heap, name, &number))
        (void)snprintf(ret, size, "Task-%lld", (long long)number);
    else if (name)
        uf_str_copy(heap, name, ret, size);
}

static int tell(struct gathered *g, const struct uf_growth *growth, double count)
{
    struct uf_session *session = g->session;
    struct uf_heap *heap = session->capture.heap;
    if (uf_pending_each(&session->capture, take, g, &session->error))
        return uf_session_fault(session);
    if (!g->has_newest)
        return 0;
    struct uf_faces faces = {
        .session = session,
        .kind = UF_KIND_TASK,
        .growth = growth,
        .count = count,
        .sort = g->sort,
        .type = uf_graph_type_name(&session->capture.graph, g->newest.node),
        .node_is_new = g->marks,
        .newest = g->newest.node,
        .is_face = is_face,
        .context = g,
    };
    struct uf_finding *finding = uf_faces_tell(&faces);
    if (!finding)
        return -1;
    char name[128] = "";
    if (!g->newest.timer)
        name_of(heap, session->capture.graph.address[g->newest.node], name, sizeof name);
    uf_set_text(&finding->task_name, name);
    uf_set_text(&finding->task_coroutine, g->sort);
    uf_stack_frames_release(&finding->task_stack);
    if (g->newest.coroutine)
        uf_stack_of_coroutine(heap, g->newest.coroutine, uf_take_frame, &finding->task_stack);
    uf_set_text(
        &finding->fix_advice,
        g->newest.timer
            ? "cancel() the handle that call_later() or call_at() gave when its work is no "
              "longer wanted"
            : "the task never ends: await it, cancel it when its result is not wanted, or give "
              "it a timeout");
    return 0;
}

int uf_task_findings(struct uf_session *session)
{
    struct uf_tally *tally = &session->resources.tasks;
    if (!session->has_capture || tally->sorts.len == 0)
        return 0;
    size_t nodes = session->capture.graph.node_count;
    uint8_t *marks = uf_mem_alloc(nodes + 1);
    if (!marks) {
        uf_error_nomem(&session->error);
        return uf_session_fault(session);
    }
    int status = 0;
    for (size_t i = 0; i < tally->sorts.len && status == 0; i++) {
        struct uf_growth growth = uf_tally_judge(tally, i);
        if (growth.kind != UF_GROWTH_TREND)
            continue;
        struct gathered g = {.session = session, .sort = uf_tally_name(tally, i), .marks = marks};
        memset(marks, 0, nodes);
        status = tell(&g, &growth, uf_tally_gain(tally, i));
    }
    uf_mem_free(marks);
    return status;
}
