#include "analysis/summary.h"

#include "analysis/edges.h"
#include "analysis/findings.h"
#include "base/order.h"

#include <string.h>

/* Rows of what is summed up by the name of the type: number of the name -> row. */
static uint32_t row_of_name(struct uf_map *rows, uint32_t name, uint32_t next)
{
    uint32_t found = uf_map_get(rows, (uint64_t)name + 1);
    if (found != UF_MAP_NONE)
        return found;
    return uf_map_set(rows, (uint64_t)name + 1, next) ? UF_MAP_NONE : next;
}

/* Puts `types` in the order of `keys`. 0, or -1 when memory is out. */
static int sort_types(struct uf_summary_type *types, size_t count, const uint64_t *keys)
{
    uint32_t *order = uf_mem_alloc((count + 1) * sizeof *order);
    struct uf_summary_type *sorted = uf_mem_alloc((count + 1) * sizeof *sorted);
    if (order && sorted) {
        uf_order_all_descending(order, count, keys);
        for (size_t i = 0; i < count; i++)
            sorted[i] = types[order[i]];
        memcpy(types, sorted, count * sizeof *types);
    }
    int failed = order && sorted ? 0 : -1;
    uf_mem_free(order);
    uf_mem_free(sorted);
    return failed;
}

static uint64_t key_of(const struct uf_type_figures *figures, enum uf_summary_order order)
{
    return order == UF_BY_COUNT      ? figures->objects
           : order == UF_BY_RETAINED ? figures->retained_bytes
                                     : figures->bytes;
}

static enum uf_code order_types(struct uf_summary *summary, enum uf_summary_order order,
                                struct uf_error *err)
{
    size_t count = summary->types.len, with_garbage = 0;
    uint64_t *keys = uf_mem_alloc((count + 1) * sizeof *keys);
    bool failed = !keys || uf_vec_reserve(&summary->garbage_types, count);
    for (size_t i = 0; i < count && !failed; i++) {
        const struct uf_summary_type *type = &summary->types.at[i];
        if (type->figures.garbage_objects > 0) {
            keys[with_garbage++] = type->figures.garbage_bytes;
            (void)uf_vec_push(&summary->garbage_types, *type); /* there is room */
        }
    }
    failed = failed || sort_types(summary->garbage_types.at, with_garbage, keys);
    /* Of type objects that only unfreed's own objects are of, there is nothing to say. */
    size_t kept = 0;
    for (size_t i = 0; i < count && !failed; i++) {
        if (summary->types.at[i].figures.objects == 0)
            continue;
        keys[kept] = key_of(&summary->types.at[i].figures, order);
        summary->types.at[kept++] = summary->types.at[i];
    }
    summary->types.len = kept;
    failed = failed || sort_types(summary->types.at, kept, keys);
    uf_mem_free(keys);
    return failed ? uf_error_nomem(err) : UF_OK;
}

static enum uf_code build_types(struct uf_summary *summary, const struct uf_graph *graph,
                                const struct uf_dominators *dominators, enum uf_summary_order order,
                                struct uf_error *err)
{
    struct uf_domtree tree = {0};
    struct uf_type_totals totals = {0};
    struct uf_map rows = {0};
    uint32_t *group_of = uf_mem_alloc(((size_t)graph->type_count + 1) * sizeof *group_of);
    enum uf_code code = group_of ? UF_OK : uf_error_nomem(err);
    for (uint32_t t = 0; t < graph->type_count && !code; t++) {
        uint32_t next = (uint32_t)summary->types.len, name = graph->types[t].name;
        group_of[t] = row_of_name(&rows, name, next);
        struct uf_summary_type fresh = {.name = name};
        if (group_of[t] == UF_MAP_NONE ||
            (group_of[t] == next && uf_vec_push(&summary->types, fresh)))
            code = uf_error_nomem(err);
        else
            summary->types.at[group_of[t]].types++;
    }
    if (!code)
        code = uf_domtree_build(&tree, dominators, err);
    if (!code)
        code = uf_type_totals_build_grouped(&totals, graph, group_of, (uint32_t)summary->types.len,
                                            dominators, &tree, err);
    if (!code) {
        summary->all = totals.all;
        for (size_t i = 0; i < summary->types.len; i++)
            summary->types.at[i].figures = totals.of[i];
        code = order_types(summary, order, err);
    }
    uf_type_totals_release(&totals);
    uf_domtree_release(&tree);
    uf_map_release(&rows);
    uf_mem_free(group_of);
    return code;
}

/* Static objects of 3.11 have this count, and never die (_PyObject_IMMORTAL_REFCNT, CPython 3.11
 * Include/internal/pycore_global_objects.h); what comes and goes changes it a little. */
#define STATIC_COUNT 999999999u

/* Does a native root stand for references of C code, or only for an object that never dies? */
static bool is_held(const struct uf_graph_root *root)
{
    return root->surplus > 0 && root->surplus < STATIC_COUNT / 2;
}

static bool is_own(const struct uf_graph *graph, uf_node node)
{
    return (graph->flags[node] & UF_NODE_OWN) != 0;
}

static void count_nodes(struct uf_summary *summary, const struct uf_view *view)
{
    const struct uf_graph *graph = view->graph;
    for (uf_node n = 0; n < graph->node_count; n++) {
        bool frozen = (graph->flags[n] & UF_NODE_FROZEN) != 0;
        if (is_own(graph, n))
            continue;
        summary->references += graph->edge_start[n + 1] - graph->edge_start[n];
        summary->frozen_objects += frozen;
        if (frozen && !view->reach->reached[n]) {
            summary->garbage_frozen_objects++;
            summary->garbage_frozen_bytes += uf_edges_size(graph, n);
        }
    }
}

/* The row of native holding that a root belongs to, made if it is new; UINT32_MAX: memory is out. */
static uint32_t native_row(struct uf_summary *summary, struct uf_map *rows,
                           const struct uf_graph *graph, const struct uf_graph_root *root)
{
    uint32_t name = graph->types[graph->type[root->node]].name;
    uint32_t next = (uint32_t)summary->native.len, row = row_of_name(rows, name, next);
    struct uf_summary_native fresh = {.name = name, .example = root->node};
    if (row == UF_MAP_NONE || (row == next && uf_vec_push(&summary->native, fresh)))
        return UINT32_MAX;
    if (!is_own(graph, root->node)) {
        summary->native.at[row].held++;
        summary->native.at[row].references += root->surplus;
    }
    return row;
}

static int sort_native(struct uf_summary *summary)
{
    size_t count = summary->native.len;
    uint32_t *order = uf_mem_alloc((count + 1) * sizeof *order);
    uint64_t *keys = uf_mem_alloc((count + 1) * sizeof *keys);
    struct uf_summary_native *sorted = uf_mem_alloc((count + 1) * sizeof *sorted);
    bool made = order && keys && sorted;
    for (size_t i = 0; i < count && made; i++)
        keys[i] = summary->native.at[i].bytes;
    if (made && count > 0) {
        uf_order_all_descending(order, count, keys);
        for (size_t i = 0; i < count; i++)
            sorted[i] = summary->native.at[order[i]];
        memcpy(summary->native.at, sorted, count * sizeof *sorted);
    }
    uf_mem_free(order);
    uf_mem_free(keys);
    uf_mem_free(sorted);
    return made ? 0 : -1;
}

/* Who holds what: each object belongs to the root that its path comes from. Parents come before what they
 * hold, so one pass tells all. */
static enum uf_code share_out(struct uf_summary *summary, const struct uf_view *view,
                              struct uf_error *err)
{
    enum { NATIVE_FIRST = UF_ROOT_NATIVE + 2, IMMORTAL = UF_ROOT_NATIVE + 1 };
    const struct uf_graph *graph = view->graph;
    const struct uf_reach *reach = view->reach;
    struct uf_map rows = {0};
    uint32_t *holder = uf_mem_alloc(((size_t)graph->node_count + 1) * sizeof *holder);
    bool failed = !holder;
    for (uf_node i = 0; i < reach->order_count && !failed; i++) {
        uf_node n = reach->order[i];
        const struct uf_graph_root *root =
            reach->root[n] == UINT32_MAX ? NULL : &graph->roots[reach->root[n]];
        if (root && root->kind == UF_ROOT_NATIVE && is_held(root)) {
            uint32_t row = native_row(summary, &rows, graph, root);
            failed = row == UINT32_MAX;
            holder[n] = NATIVE_FIRST + row;
        } else if (root) {
            holder[n] = root->kind == UF_ROOT_NATIVE ? IMMORTAL : root->kind;
        } else { /* entered as what only unfreed's own objects hold when it has no parent */
            holder[n] = reach->parent[n] == UF_NODE_NONE ? IMMORTAL : holder[reach->parent[n]];
        }
        if (failed || is_own(graph, n))
            continue;
        uint64_t bytes = uf_edges_size(graph, n);
        struct uf_summary_share *share =
            &summary->held[holder[n] < UF_ROOT_NATIVE ? holder[n] : UF_ROOT_NATIVE];
        share->objects++;
        share->bytes += bytes;
        if (holder[n] == IMMORTAL) {
            summary->immortal.objects++;
            summary->immortal.bytes += bytes;
        } else if (holder[n] >= NATIVE_FIRST) {
            summary->native.at[holder[n] - NATIVE_FIRST].objects++;
            summary->native.at[holder[n] - NATIVE_FIRST].bytes += bytes;
        }
    }
    uf_mem_free(holder);
    uf_map_release(&rows);
    return failed || sort_native(summary) ? uf_error_nomem(err) : UF_OK;
}

/* Keeps the `most` largest, in order: insertion, for `most` is small. */
static enum uf_code find_largest(struct uf_summary *summary, const struct uf_graph *graph,
                                 size_t most, struct uf_error *err)
{
    if (most > graph->node_count)
        most = graph->node_count;
    if (uf_vec_reserve(&summary->largest, most + 1))
        return uf_error_nomem(err);
    uint64_t least = 0;
    for (uf_node n = 0; n < graph->node_count && most > 0; n++) {
        uint64_t bytes = uf_edges_size(graph, n);
        if (is_own(graph, n) || (summary->largest.len == most && bytes <= least))
            continue;
        size_t at = summary->largest.len == most ? most - 1 : summary->largest.len++;
        for (; at > 0 && uf_edges_size(graph, summary->largest.at[at - 1]) < bytes; at--)
            summary->largest.at[at] = summary->largest.at[at - 1];
        summary->largest.at[at] = n;
        least = uf_edges_size(graph, summary->largest.at[summary->largest.len - 1]);
    }
    return UF_OK;
}

static enum uf_code find_cycles(struct uf_summary *summary, const struct uf_view *view,
                                struct uf_error *err)
{
    const struct uf_graph *graph = view->graph;
    if (summary->all.garbage_objects == 0)
        return UF_OK;
    uint8_t *member = uf_mem_alloc((size_t)graph->node_count + 1);
    if (!member)
        return uf_error_nomem(err);
    for (uf_node n = 0; n < graph->node_count; n++)
        member[n] = !view->reach->reached[n] && !is_own(graph, n);
    enum uf_code code =
        uf_findings_from_garbage(&summary->cycles, graph, member, view->names, NULL, err);
    summary->has_cycles = !code;
    uf_mem_free(member);
    return code;
}

enum uf_code uf_summary_order_rows(struct uf_summary *summary, enum uf_summary_order order,
                                   struct uf_error *err)
{
    enum uf_code code = order_types(summary, order, err);
    return code || sort_native(summary) == 0 ? code : uf_error_nomem(err);
}

enum uf_code uf_summary_build(struct uf_summary *summary, const struct uf_view *view,
                              const struct uf_dominators *dominators, enum uf_summary_order order,
                              size_t largest, struct uf_error *err)
{
    *summary = (struct uf_summary){0};
    uf_check_result_init(&summary->cycles);
    summary->cycles.function = uf_mem_strdup(""); /* a part of ids, which are not shown */
    enum uf_code code = summary->cycles.function ? UF_OK : uf_error_nomem(err);
    if (!code)
        code = build_types(summary, view->graph, dominators, order, err);
    count_nodes(summary, view);
    if (!code)
        code = share_out(summary, view, err);
    if (!code)
        code = find_largest(summary, view->graph, largest, err);
    if (!code)
        code = find_cycles(summary, view, err);
    if (code)
        uf_summary_release(summary);
    return code;
}

void uf_summary_release(struct uf_summary *summary)
{
    uf_vec_release(&summary->types);
    uf_vec_release(&summary->garbage_types);
    uf_vec_release(&summary->native);
    uf_vec_release(&summary->largest);
    uf_check_result_release(&summary->cycles);
    *summary = (struct uf_summary){0};
}
