#include "capture/own.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"

#include <string.h>

#define CANDIDATES_MAX                                                                             \
    100000 /* an extension that is linked to half the heap: then only modules are ours */

struct candidate {
    uf_node node;
    uint32_t inside; /* references from other candidates */
    bool fixed;      /* ours, whoever else holds it */
    bool foreign;
};

struct search {
    struct uf_graph *graph;
    UF_VEC(struct candidate) list;
    struct uf_map place; /* node + 1 -> index in list */
};

static bool is_own_name(const char *name)
{
    return strcmp(name, "unfreed") == 0 || strncmp(name, "unfreed.", 8) == 0;
}

static int add(struct search *s, uf_node node, bool fixed)
{
    uint32_t known = uf_map_get(&s->place, (uint64_t)node + 1);
    if (known != UF_MAP_NONE) {
        s->list.at[known].fixed |= fixed;
        return 0;
    }
    struct candidate one = {.node = node, .fixed = fixed};
    return uf_map_set(&s->place, (uint64_t)node + 1, (uint32_t)s->list.len) ||
                   uf_vec_push(&s->list, one)
               ? -1
               : 0;
}

/* Does the search end here? Types made by a class statement are looked through. */
static bool ends_at(const struct uf_graph *graph, uf_node node, const uint8_t *other_modules)
{
    return graph->refcount[node] == UF_COUNT_IMMORTAL || (graph->flags[node] & UF_NODE_STATIC) ||
           other_modules[node / 8] >> node % 8 & 1;
}

static int spread(struct search *s, const uint8_t *other_modules)
{
    const struct uf_graph *graph = s->graph;
    for (size_t i = 0; i < s->list.len && i < CANDIDATES_MAX; i++) {
        uf_node node = s->list.at[i].node;
        for (uint32_t e = graph->edge_start[node]; e < graph->edge_start[node + 1]; e++) {
            uf_node target = graph->edge_target[e];
            if (!ends_at(graph, target, other_modules) && add(s, target, false))
                return -1;
        }
    }
    return 0;
}

static void count_inside(struct search *s)
{
    const struct uf_graph *graph = s->graph;
    for (size_t i = 0; i < s->list.len; i++) {
        uf_node node = s->list.at[i].node;
        for (uint32_t e = graph->edge_start[node]; e < graph->edge_start[node + 1]; e++) {
            uint32_t place = uf_map_get(&s->place, (uint64_t)graph->edge_target[e] + 1);
            if (place != UF_MAP_NONE)
                s->list.at[place].inside++;
        }
    }
}

static int drop_foreign(struct search *s)
{
    const struct uf_graph *graph = s->graph;
    UF_VEC(uint32_t) queue = {0};
    int status = 0;
    for (uint32_t i = 0; i < s->list.len && !status; i++) {
        struct candidate *one = &s->list.at[i];
        if (!one->fixed && graph->refcount[one->node] > one->inside) {
            one->foreign = true;
            status = uf_vec_push(&queue, i);
        }
    }
    while (queue.len && !status) {
        uf_node node = s->list.at[queue.at[--queue.len]].node;
        for (uint32_t e = graph->edge_start[node]; e < graph->edge_start[node + 1] && !status;
             e++) {
            uint32_t place = uf_map_get(&s->place, (uint64_t)graph->edge_target[e] + 1);
            if (place == UF_MAP_NONE || s->list.at[place].fixed || s->list.at[place].foreign)
                continue;
            s->list.at[place].foreign = true;
            status = uf_vec_push(&queue, place);
        }
    }
    uf_vec_release(&queue);
    return status;
}

/* The modules, their dicts, which are the first reference of a module, and our types: what a program keeps
 * of ours (a result of snapshot()) does not make the type its own. */
static int begin(struct search *s, uint8_t *other_modules)
{
    const struct uf_graph *graph = s->graph;
    for (uint32_t i = 0; i < graph->root_count; i++) {
        const struct uf_graph_root *root = &graph->roots[i];
        if (root->kind != UF_ROOT_MODULE)
            continue;
        if (!is_own_name(uf_strings_get(&graph->strings, root->name))) {
            other_modules[root->node / 8] |= (uint8_t)(1 << root->node % 8);
            continue;
        }
        uint32_t first = graph->edge_start[root->node];
        if (add(s, root->node, true) ||
            (first < graph->edge_start[root->node + 1] && add(s, graph->edge_target[first], true)))
            return -1;
    }
    for (uint32_t i = 0; i < graph->type_count; i++)
        if (graph->types[i].node != UF_NODE_NONE &&
            is_own_name(uf_strings_get(&graph->strings, graph->types[i].name)) &&
            add(s, graph->types[i].node, true))
            return -1;
    return 0;
}

enum uf_code uf_own_mark(struct uf_graph *graph, uint64_t *tracked, uint64_t *frozen,
                         struct uf_error *err)
{
    struct search s = {.graph = graph};
    uint8_t *other_modules = uf_mem_zalloc((size_t)graph->node_count / 8 + 1);
    bool failed = !other_modules || begin(&s, other_modules) || spread(&s, other_modules);
    if (!failed && s.list.len < CANDIDATES_MAX) {
        count_inside(&s);
        failed = drop_foreign(&s) != 0;
    }
    *tracked = *frozen = 0;
    for (size_t i = 0; i < s.list.len && !failed; i++) {
        const struct candidate *one = &s.list.at[i];
        if (one->foreign || (s.list.len >= CANDIDATES_MAX && !one->fixed))
            continue;
        uint8_t *flags = &graph->flags[one->node];
        *flags |= UF_NODE_OWN;
        *frozen += (*flags & UF_NODE_FROZEN) != 0;
        *tracked += (*flags & (UF_NODE_TRACKED | UF_NODE_FROZEN)) == UF_NODE_TRACKED;
    }
    uf_mem_free(other_modules);
    uf_map_release(&s.place);
    uf_vec_release(&s.list);
    return failed ? uf_error_nomem(err) : UF_OK;
}
