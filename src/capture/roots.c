#include "capture/roots.h"

#include "capture/guess.h"
#include "cpython/sound.h"

#define AHEAD 32 /* references between prefetching a counter and using it */

typedef UF_VEC(struct uf_graph_root) root_list;

static const uint8_t kinds[] = {
    [UF_FROM_MODULE] = UF_ROOT_MODULE,
    [UF_FROM_THREAD] = UF_ROOT_THREAD,
    [UF_FROM_INTERPRETER] = UF_ROOT_INTERPRETER,
    [UF_FROM_STATIC_TYPE] = UF_ROOT_STATIC_TYPE,
    [UF_FROM_CACHE] = UF_ROOT_CACHE,
};

/* Static types are not among them: those that were met as types of objects join them below. */
static int add_named(root_list *list, const struct uf_builder *builder,
                     const struct uf_roots *roots, bool caches)
{
    for (size_t i = 0; i < roots->list.len; i++) {
        const struct uf_root *root = &roots->list.at[i];
        struct uf_graph_root entry = {.node = uf_builder_node_of(builder, root->object),
                                      .name = root->name,
                                      .label = root->label,
                                      .kind = kinds[root->source]};
        if (entry.node == UF_NODE_NONE || root->source == UF_FROM_STATIC_TYPE ||
            caches != (root->source == UF_FROM_CACHE))
            continue;
        if (uf_vec_push(list, entry))
            return -1;
    }
    return 0;
}

static int add_static_types(root_list *list, struct uf_graph *graph, struct uf_heap *heap)
{
    const uint8_t wanted = UF_NODE_TYPE | UF_NODE_STATIC;

    for (uf_node node = 0; node < graph->node_count; node++) {
        if ((graph->flags[node] & wanted) != wanted)
            continue;
        uint32_t type = uf_heap_type(heap, graph->address[node]);
        if (type == UINT32_MAX && uf_is_spent(heap))
            continue; /* the capture will fail, for that reason */
        if (type == UINT32_MAX)
            return -1;
        struct uf_graph_root entry = {.node = node, .kind = UF_ROOT_STATIC_TYPE};
        entry.name = uf_strings_add_z(&graph->strings, uf_heap_type_name(heap, type));
        if (entry.name == UF_STRING_NONE || uf_vec_push(list, entry))
            return -1;
    }
    return 0;
}

/* By node: references found. */
static uint32_t *count_references(const struct uf_graph *graph, const struct uf_builder *builder,
                                  const struct uf_roots *roots)
{
    uint32_t *found = uf_mem_zalloc(((size_t)graph->node_count + 1) * sizeof *found);
    const uf_node *target = graph->edge_target;
    uint32_t count = graph->edge_count, body = count > AHEAD ? count - AHEAD : 0;

    if (found == NULL)
        return NULL;
    for (uint32_t i = 0; i < body; i++) {
        __builtin_prefetch(&found[target[i + AHEAD]], 1);
        found[target[i]]++;
    }
    for (uint32_t i = body; i < count; i++)
        found[target[i]]++;
    for (size_t dict = 0; dict < roots->interned.len; dict++) {
        uf_node node = uf_builder_node_of(builder, roots->interned.at[dict]);
        if (node != UF_NODE_NONE)
            for (uint32_t i = graph->edge_start[node]; i < graph->edge_start[node + 1]; i++)
                found[target[i]]--;
    }
    for (size_t i = 0; i < roots->list.len; i++) {
        uf_node node = uf_builder_node_of(builder, roots->list.at[i].object);
        if (node != UF_NODE_NONE && roots->list.at[i].counted)
            found[node]++;
    }
    return found;
}

static int add_native(root_list *list, const struct uf_graph *graph, const uint32_t *found)
{
    for (uf_node node = 0; node < graph->node_count; node++) {
        /* UF_COUNT_IMMORTAL is more than can be found */
        if (graph->refcount[node] <= found[node] && !(graph->flags[node] & UF_NODE_STATIC))
            continue;
        bool lasting = graph->refcount[node] == UF_COUNT_IMMORTAL ||
                       graph->refcount[node] <= found[node];
        struct uf_graph_root entry = {.node = node,
                                      .kind = UF_ROOT_NATIVE,
                                      .surplus = lasting ? 0 : graph->refcount[node] - found[node]};
        if (uf_vec_push(list, entry))
            return -1;
    }
    return 0;
}

enum uf_code uf_capture_roots(struct uf_graph *graph, struct uf_heap *heap,
                              const struct uf_builder *builder, const struct uf_roots *roots,
                              const struct uf_unknown *unknown, struct uf_error *err)
{
    root_list list = {0};
    uint32_t *found = count_references(graph, builder, roots);

    enum uf_code code = found ? uf_capture_guess(graph, heap, builder, unknown, found, err)
                              : uf_error_nomem(err);
    if (code) {
        uf_mem_free(found);
        return code;
    }
    if (add_named(&list, builder, roots, false) || add_static_types(&list, graph, heap) ||
        add_named(&list, builder, roots, true) || add_native(&list, graph, found)) {
        uf_mem_free(found);
        uf_vec_release(&list);
        return uf_error_nomem(err);
    }
    uf_mem_free(found);
    if (list.len > UINT32_MAX) {
        uf_vec_release(&list);
        return uf_error_set(err, UF_ELIMIT, "more than 2^32-1 roots");
    }
    graph->roots = list.at;
    graph->root_count = (uint32_t)list.len;
    return UF_OK;
}
