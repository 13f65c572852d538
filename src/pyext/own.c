/* own.c - which objects are unfreed's own: those that only its modules keep alive. */
#include "pyext/session.h"

#include <stdlib.h>
#include <string.h>

static bool is_own_module(const struct uf_graph *graph, const struct uf_graph_root *root)
{
    const char *name = uf_strings_get(&graph->strings, root->name);
    return root->kind == UF_ROOT_MODULE &&
           (strcmp(name, "unfreed") == 0 || strncmp(name, "unfreed.", 8) == 0);
}

struct walk {
    uint8_t *seen; /* by node: 1 = reached by others, 2 = own */
    UF_VEC(uf_node) queue;
};

static int walk_from(struct walk *walk, const struct uf_graph *graph, uf_node start, uint8_t mark)
{
    if (walk->seen[start])
        return 0;
    walk->seen[start] = mark;
    walk->queue.len = 0;
    if (uf_vec_push(&walk->queue, start))
        return -1;
    while (walk->queue.len > 0) {
        uf_node node = walk->queue.at[--walk->queue.len];
        for (uint32_t e = graph->edge_start[node]; e < graph->edge_start[node + 1]; e++) {
            uf_node target = graph->edge_target[e];
            if (walk->seen[target])
                continue;
            walk->seen[target] = mark;
            if (uf_vec_push(&walk->queue, target))
                return -1;
        }
    }
    return 0;
}

/* The import system keeps a finder per folder that it looked into; the package's folder is ours. */
static void forget_folder(void)
{
    PyObject *cache = PySys_GetObject("path_importer_cache");
    PyObject *package = PyImport_AddModule("unfreed");
    PyObject *path = package ? PyObject_GetAttrString(package, "__path__") : NULL;
    PyObject *folder = path ? PySequence_GetItem(path, 0) : NULL;
    if (folder && cache && PyDict_DelItem(cache, folder) < 0)
        PyErr_Clear();
    Py_XDECREF(folder);
    Py_XDECREF(path);
    PyErr_Clear();
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

enum uf_code uf_own_find(struct uf_session *session)
{
    forget_folder();
    struct uf_capture capture = {0};
    enum uf_code code =
        uf_capture_heap(&capture, &session->heap, &(struct uf_capture_options){0}, &session->error);
    if (code)
        return code;
    const struct uf_graph *graph = &capture.graph;
    struct walk walk = {.seen = uf_mem_zalloc(graph->node_count + 1)};
    if (!walk.seen) {
        code = uf_error_nomem(&session->error);
        goto out;
    }
    for (uint32_t i = 0; i < graph->root_count; i++) /* our modules stop the walk of the others */
        if (is_own_module(graph, &graph->roots[i]))
            walk.seen[graph->roots[i].node] = 3;
    for (uint32_t i = 0; i < graph->root_count && !code; i++)
        if (graph->roots[i].kind != UF_ROOT_NATIVE && !is_own_module(graph, &graph->roots[i]) &&
            walk_from(&walk, graph, graph->roots[i].node, 1))
            code = uf_error_nomem(&session->error);
    for (uint32_t i = 0; i < graph->root_count && !code; i++) {
        uf_node node = graph->roots[i].node;
        if (!is_own_module(graph, &graph->roots[i]))
            continue;
        walk.seen[node] = 0;
        if (walk_from(&walk, graph, node, 2))
            code = uf_error_nomem(&session->error);
    }
    for (uf_node n = 0; n < graph->node_count && !code; n++)
        if (walk.seen[n] == 2 && uf_vec_push(&session->own_addresses, graph->address[n]))
            code = uf_error_nomem(&session->error);
    if (session->own_addresses.len > 1)
        qsort(session->own_addresses.at, session->own_addresses.len, sizeof(uint64_t), ascending);
    session->own.own = session->own_addresses.at;
    session->own.own_count = session->own_addresses.len;
out:
    uf_vec_release(&walk.queue);
    uf_mem_free(walk.seen);
    uf_capture_release(&capture);
    return code;
}
