/* resources_tasks.c - asyncio tasks and timers that are still to be done, on the graph. */
#include "cpython/attribute_of.h"
#include "cpython/stacks.h"
#include "pyext/resources.h"

#include <stdio.h>
#include <string.h>

#define FOLLOW_MAX 128 /* nodes between a timer and the task that it wakes */

enum { TYPE_TASK = 1, TYPE_TIMER = 2, TYPE_LINK = 4 };

/* What stands between a loop and a task: Lib/asyncio/futures.py, events.py; Modules/_asynciomodule.c */
static bool is_link(struct uf_heap *heap, uint64_t type, const char *name)
{
    static const char *const names[] = {"tuple",
                                        "list",
                                        "method",
                                        "builtin_function_or_method",
                                        "builtin_method",
                                        "functools.partial",
                                        "TaskStepMethWrapper",
                                        "TaskWakeupMethWrapper",
                                        "_asyncio.TaskStepMethWrapper",
                                        "_asyncio.FutureIter"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return uf_type_derives(heap, type, "_asyncio.Future") ||
           uf_type_derives(heap, type, "asyncio.futures.Future") ||
           uf_type_derives(heap, type, "asyncio.events.Handle");
}

static bool is_task(struct uf_heap *heap, uint64_t type)
{
    return uf_type_derives(heap, type, "_asyncio.Task") ||
           uf_type_derives(heap, type, "asyncio.tasks.Task");
}

/* By type of the graph: the flags above; NULL when memory is out. */
static uint8_t *sort_types(const struct uf_capture *capture, bool links)
{
    const struct uf_graph *graph = &capture->graph;
    uint8_t *ret = uf_mem_zalloc(graph->type_count + 1);
    for (uint32_t t = 0; ret && t < graph->type_count; t++) {
        uint64_t type = graph->types[t].address;
        const char *name = uf_strings_get(&graph->strings, graph->types[t].name);
        if (is_task(capture->heap, type))
            ret[t] |= TYPE_TASK;
        else if (uf_type_derives(capture->heap, type, "asyncio.events.TimerHandle"))
            ret[t] |= TYPE_TIMER;
        if (links && is_link(capture->heap, type, name))
            ret[t] |= TYPE_LINK;
    }
    return ret;
}

struct follower {
    uf_node queue[FOLLOW_MAX];
    size_t len;
};

static void follow(struct follower *f, uf_node node)
{
    for (size_t i = 0; i < f->len; i++)
        if (f->queue[i] == node)
            return;
    if (f->len < FOLLOW_MAX)
        f->queue[f->len++] = node;
}

static uf_node follow_links(const struct uf_graph *graph, const uint8_t *types, uf_node node,
                            uf_node_test is, void *context)
{
    struct follower f = {.len = 0};
    follow(&f, node);
    for (size_t i = 0; i < f.len; i++) {
        uf_node at = f.queue[i];
        if (is(context, at))
            return at;
        if (i > 0 && !(types[graph->type[at]] & TYPE_LINK))
            continue;
        for (uint32_t e = graph->edge_start[at]; e < graph->edge_start[at + 1]; e++)
            follow(&f, graph->edge_target[e]);
    }
    return UF_NODE_NONE;
}

uf_node uf_follow_callbacks(const struct uf_capture *capture, uf_node node, uf_node_test is,
                            void *context)
{
    uint8_t *types = sort_types(capture, true);
    uf_node found = UF_NODE_NONE;
    if (types)
        found = follow_links(&capture->graph, types, node, is, context);
    uf_mem_free(types);
    return found;
}

struct finder {
    struct uf_capture *capture;
    uint8_t *types;
    uint8_t *pending; /* by node: a pending task */
    char sort[320];
};

/* The coroutine of a task: a field of the C task, an attribute of the Python one. */
static uint64_t coroutine_of(struct uf_heap *heap, uint64_t task)
{
    uint64_t coroutine = uf_attribute_of(heap, task, "_coro");
    return coroutine ? coroutine : uf_attribute_of(heap, task, "coroutine");
}

static int take_module(void *context, const struct uf_stack_entry *entry)
{
    (void)snprintf(context, 100, "%s", entry->module);
    return 0; /* the outermost comes last */
}

static void name_task(struct finder *f, uint64_t coroutine)
{
    char module[100] = "", name[200] = "";
    uf_stack_of_coroutine(f->capture->heap, coroutine, take_module, module);
    if (!uf_coroutine_name(f->capture->heap, coroutine, name, sizeof name))
        uf_callable_name(f->capture->heap, coroutine, name, sizeof name);
    (void)snprintf(f->sort, sizeof f->sort, "%s%s%s", module, module[0] ? "." : "",
                   name[0] ? name : "task");
}

/* Does a task still have something to do? Its coroutine tells, whatever the layout of the task. */
static bool task_is_pending(struct uf_heap *heap, uint64_t coroutine)
{
    if (!coroutine)
        return false;
    return !uf_is_coroutine(heap, coroutine) || uf_coroutine_is_pending(heap, coroutine);
}

static bool is_pending_task(void *context, uf_node node)
{
    return ((const struct finder *)context)->pending[node] != 0;
}

/* A timer that has fired or was cancelled has its mark taken away (Lib/asyncio/events.py, TimerHandle). */
static bool timer_is_pending(struct uf_heap *heap, uint64_t timer)
{
    int64_t scheduled = 0, cancelled = 1;
    return uf_int_of(heap, uf_attribute_of(heap, timer, "_scheduled"), &scheduled) && scheduled &&
           uf_int_of(heap, uf_attribute_of(heap, timer, "_cancelled"), &cancelled) && !cancelled;
}

static enum uf_code visit_task(struct finder *f, uf_node node, uf_pending_visit visit,
                               void *context)
{
    uint64_t coroutine = coroutine_of(f->capture->heap, f->capture->graph.address[node]);
    if (!task_is_pending(f->capture->heap, coroutine))
        return UF_OK;
    f->pending[node] = 1;
    name_task(f, coroutine);
    struct uf_pending pending = {.node = node, .coroutine = coroutine, .sort = f->sort};
    return visit(context, &pending);
}

static enum uf_code visit_timer(struct finder *f, uf_node node, uf_pending_visit visit,
                                void *context)
{
    struct uf_heap *heap = f->capture->heap;
    uint64_t timer = f->capture->graph.address[node];
    if (!timer_is_pending(heap, timer) ||
        follow_links(&f->capture->graph, f->types, node, is_pending_task, f) != UF_NODE_NONE)
        return UF_OK;
    size_t len = (size_t)snprintf(f->sort, sizeof f->sort, "timer for ");
    uf_callable_name(heap, uf_attribute_of(heap, timer, "_callback"), f->sort + len,
                     sizeof f->sort - len);
    struct uf_pending pending = {.node = node, .timer = true, .sort = f->sort};
    return visit(context, &pending);
}

enum uf_code uf_pending_each(struct uf_capture *capture, uf_pending_visit visit, void *context,
                             struct uf_error *err)
{
    const struct uf_graph *graph = &capture->graph;
    struct finder f = {.capture = capture, .types = sort_types(capture, false)};
    uint8_t all = 0;
    enum uf_code code = f.types ? UF_OK : uf_error_nomem(err);
    for (uint32_t t = 0; t < graph->type_count && !code; t++)
        all |= f.types[t];
    if (!code && (all & (TYPE_TASK | TYPE_TIMER))) {
        uf_mem_free(f.types);
        f.types = sort_types(capture, true);
        f.pending = uf_mem_zalloc((size_t)graph->node_count + 1);
        if (!f.types || !f.pending)
            code = uf_error_nomem(err);
        for (uf_node n = 0; n < graph->node_count && !code; n++)
            if (f.types[graph->type[n]] & TYPE_TASK)
                code = visit_task(&f, n, visit, context);
        for (uf_node n = 0; n < graph->node_count && !code; n++)
            if (f.types[graph->type[n]] & TYPE_TIMER)
                code = visit_timer(&f, n, visit, context);
    }
    uf_mem_free(f.types);
    uf_mem_free(f.pending);
    return code;
}
