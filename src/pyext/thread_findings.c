/* thread_findings.c - threads that pile up: which, and where they stand. */
#include "cpython/attribute_of.h"
#include "cpython/read.h"
#include "cpython/str.h"
#include "cpython/threads.h"
#include "pyext/kind_findings.h"
#include "pyext/native_findings.h"
#include "pyext/readings.h"

#include <stdio.h>
#include <string.h>

/* What goes with a thread wherever it waits: its Thread, the lock it waits for, its entry in
 * Lib/threading.py's tables. */
static const char *const faces_of_threads[] = {
    "threading.Thread", "weakref.ReferenceType",      "_thread.lock", "_thread._ThreadHandle",
    "method",           "builtin_function_or_method",
};

struct gathered {
    struct uf_session *session;
    const char *sort;
    struct uf_thread_state newest;
    bool has_newest;
    uint64_t object; /* its threading.Thread */
    uint8_t *marks;  /* by node */
    uf_node newest_node;
    size_t count;
    bool
        only_sort; /* no other sort of thread grows: what the native pass found is about this one */
};

static bool was_there(const struct uf_session *session, uint64_t ident)
{
    const struct uf_resources *resources = &session->resources;
    for (size_t i = 0; i < resources->threads_before.len; i++)
        if (resources->threads_before.at[i] == ident)
            return true;
    return false;
}

static enum uf_code take_thread(void *context, const struct uf_thread_state *thread,
                                const char *sort)
{
    struct gathered *g = context;
    if (!thread || strcmp(sort, g->sort) != 0 || was_there(g->session, thread->ident))
        return UF_OK;
    g->count++;
    if (!g->has_newest) /* they are listed newest first */
        g->newest = *thread;
    g->has_newest = true;
    return UF_OK;
}

/* Marks the Thread objects of all threads of the sort. They are in one table: their idents tell. */
static void mark_objects(struct gathered *g)
{
    struct uf_heap *heap = g->session->capture.heap;
    const struct uf_graph *graph = &g->session->capture.graph;
    uint8_t *types = uf_mem_zalloc(graph->type_count + 1);
    for (uint32_t t = 0; types && t < graph->type_count; t++)
        types[t] = uf_type_derives(heap, graph->types[t].address, "threading.Thread");
    for (uf_node n = 0; types && n < graph->node_count; n++) {
        int64_t ident;
        if (!types[graph->type[n]] ||
            !uf_int_of(heap, uf_attribute_of(heap, graph->address[n], "_ident"), &ident) ||
            was_there(g->session, (uint64_t)ident))
            continue;
        g->marks[n] = 1;
        if (graph->address[n] == g->object)
            g->newest_node = n;
    }
    uf_mem_free(types);
}

static bool is_face(const struct uf_faces *faces, uf_node node)
{
    const struct uf_reach *reach = &faces->session->reach;
    for (size_t i = 0; i < sizeof faces_of_threads / sizeof *faces_of_threads; i++)
        if (uf_node_derives(faces->session, node, faces_of_threads[i]))
            return true;
    /* what only its stack or its Thread holds */
    uf_node at = node;
    while (reach->parent[at] != UF_NODE_NONE && !faces->node_is_new[at])
        at = reach->parent[at];
    return faces->node_is_new[at] != 0;
}

/* The name of the function that its maker gave it; else that of the code where it begins. */
static void name_target(const struct gathered *g, char *ret, size_t size)
{
    struct uf_heap *heap = g->session->capture.heap;
    uint64_t target = g->object ? uf_attribute_of(heap, g->object, "_target") : 0;
    const char *dot = strrchr(g->sort, '.');
    if (target && uf_callable_name(heap, target, ret, size) && strcmp(ret, "NoneType()") != 0)
        return;
    (void)snprintf(ret, size, "%s", g->sort);
    /* before 3.11 a function does not know its class: of `run` the thread's type tells it */
    if (g->object && dot && strcmp(dot, ".run") == 0) {
        uint64_t type = uf_source_word(heap->source, g->object + heap->objects->object.type);
        uint32_t index = uf_heap_type(heap, type);
        if (index != UINT32_MAX)
            (void)snprintf(ret, size, "%s.run", uf_heap_type_name(heap, index));
    }
}

static int tell(struct gathered *g, const struct uf_growth *growth, double count)
{
    struct uf_session *session = g->session;
    struct uf_heap *heap = session->capture.heap;
    char target[320] = "", name[128] = "", root[140] = "";
    if (uf_threads_each(heap, take_thread, g, &session->error))
        return uf_session_fault(session);
    if (g->has_newest) {
        g->object = uf_thread_object(heap, g->newest.ident);
        uf_thread_name(heap, g->newest.ident, name, sizeof name);
        (void)snprintf(root, sizeof root, "thread %s", name);
        mark_objects(g);
    }
    bool native = strcmp(g->sort, UF_THREAD_OF_C) == 0;
    name_target(g, target, sizeof target);
    const char *type = "thread";
    if (g->newest_node != UF_NODE_NONE)
        type = uf_graph_type_name(&session->capture.graph, g->newest_node);
    struct uf_faces faces = {
        .session = session,
        .kind = UF_KIND_THREAD,
        .growth = growth,
        .count = count,
        .sort = target,
        .type = native ? UF_THREAD_OF_C : type,
        .node_is_new = native ? NULL : g->marks,
        .newest = g->newest_node,
        .is_face = is_face,
        .root = root[0] ? root : NULL,
        .context = g,
    };
    struct uf_finding *finding = uf_faces_tell(&faces);
    if (!finding)
        return -1;
    uf_set_text(&finding->thread_name, name);
    uf_set_text(&finding->thread_target, native ? NULL : target);
    uf_stack_frames_release(&finding->thread_stack);
    if (g->has_newest)
        uf_stack_of_thread(heap, &g->newest, uf_take_frame, &finding->thread_stack);
    uf_set_text(&finding->fix_advice,
                native
                    ? "C code starts a thread in each call and does not end it: close or shut down "
                      "the object that starts it, or share one"
                    : "end and join() the threads that the call starts, or share one pool");
    return g->only_sort ? uf_native_fill_site(session, finding, UF_NATIVE_THREAD) : 0;
}

int uf_thread_findings(struct uf_session *session)
{
    struct uf_tally *tally = &session->resources.threads;
    struct uf_growth total = uf_growth_judge(session->threads.at, session->threads.len);
    if (!session->has_capture || total.kind != UF_GROWTH_TREND)
        return 0;
    size_t nodes = session->capture.graph.node_count, largest = SIZE_MAX, growing = 0;
    uint8_t *marks = uf_mem_alloc(nodes + 1);
    if (!marks) {
        uf_error_nomem(&session->error);
        return uf_session_fault(session);
    }
    for (size_t i = 0; i < tally->sorts.len; i++) {
        growing += uf_tally_judge(tally, i).kind == UF_GROWTH_TREND;
        if (largest == SIZE_MAX || uf_tally_gain(tally, i) > uf_tally_gain(tally, largest))
            largest = i;
    }
    int status = 0;
    for (size_t i = 0; i < tally->sorts.len && status == 0; i++) {
        struct uf_growth growth = uf_tally_judge(tally, i);
        if (growing == 0 && i == largest)
            growth = total; /* many sorts, none of which grows by itself */
        if (growth.kind != UF_GROWTH_TREND)
            continue;
        struct gathered g = {.session = session,
                             .sort = uf_tally_name(tally, i),
                             .marks = marks,
                             .newest_node = UF_NODE_NONE,
                             .only_sort = growing <= 1};
        memset(marks, 0, nodes);
        status = tell(&g, &growth, uf_tally_gain(tally, i));
    }
    uf_mem_free(marks);
    return status;
}
