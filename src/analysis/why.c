#include "analysis/why.h"

#include "analysis/edges.h"
#include "analysis/findings.h"
#include "analysis/keepers.h"
#include "analysis/preference.h"
#include "analysis/referrers.h"
#include "analysis/signatures.h"
#include "analysis/weight.h"
#include "base/order.h"

#include <string.h>

#define SINGLES_MOST 3

/* The text as memory of its own; NULL when memory is out. */
static char *take_text(struct uf_text *text)
{
    char *ret = text->failed ? NULL : uf_mem_strdup(text->at ? text->at : "");
    uf_text_release(text);
    return ret;
}

/* "shop.STORE._sessions['9f3c']": the path to what holds the reference, and the reference. */
static char *cut_expression(const struct uf_view *view, const struct uf_keepers_cut *cut)
{
    const struct uf_graph *graph = view->graph;
    struct uf_path path = {.root = UINT32_MAX};
    struct uf_text text = {0};
    bool failed;
    if (cut->edge != UINT32_MAX) {
        failed = uf_path_to(&path, view->reach, uf_edges_source(graph, cut->edge), NULL) ||
                 uf_vec_push(&path.nodes, graph->edge_target[cut->edge]) ||
                 uf_vec_push(&path.edges, cut->edge);
    } else {
        failed = uf_vec_push(&path.nodes, graph->roots[cut->root].node) ||
                 uf_vec_push(&path.edges, UINT32_MAX);
        path.root = cut->root;
    }
    if (!failed)
        uf_path_expression(view, &path, path.nodes.len, &text);
    text.failed |= failed;
    uf_path_release(&path);
    return take_text(&text);
}

/* The place on the path of the first reference that is enough alone; SIZE_MAX: none is on it. */
static size_t place_of_cut(const struct uf_keepers *keepers, const struct uf_path *path)
{
    for (size_t s = 0; s < keepers->singles.len; s++) {
        const struct uf_keepers_cut *cut = &keepers->singles.at[s].cut;
        if (cut->edge == UINT32_MAX && cut->root == path->root)
            return 0;
        for (size_t i = 1; i < path->edges.len; i++)
            if (path->edges.at[i] == cut->edge)
                return i;
    }
    for (size_t s = 0; s < keepers->together.len; s++)
        for (size_t i = 1; i < path->edges.len; i++)
            if (path->edges.at[i] == keepers->together.at[s].edge)
                return i;
    return SIZE_MAX;
}

static enum uf_code fill_path(struct uf_why *why, const struct uf_view *view,
                              const struct uf_keepers *keepers, const struct uf_keepers_path *from,
                              struct uf_error *err)
{
    struct uf_why_path path = {.by_cache = from->by_cache};
    struct uf_text root = {0}, expression = {0};
    uf_finding_init(&path.way);
    if (from->path.root != UINT32_MAX) {
        path.root_kind = view->graph->roots[from->path.root].kind;
        path.surplus = view->graph->roots[from->path.root].surplus;
    }
    uf_path_start_text(view, &from->path, &root);
    uf_path_expression(view, &from->path, from->path.nodes.len, &expression);
    path.way.path_root = take_text(&root);
    path.way.holder = take_text(&expression);
    enum uf_code code = path.way.path_root && path.way.holder ? UF_OK : uf_error_nomem(err);
    if (!code)
        code = uf_path_steps(view, &from->path, place_of_cut(keepers, &from->path), &path.way, err);
    if (!code && uf_vec_push(&why->paths, path))
        code = uf_error_nomem(err);
    if (code)
        uf_finding_release(&path.way);
    return code;
}

static enum uf_code fill_cuts(struct uf_why *why, const struct uf_view *view,
                              const struct uf_keepers *keepers, struct uf_error *err)
{
    bool failed = uf_vec_reserve(&why->singles, keepers->singles.len) ||
                  uf_vec_reserve(&why->together, keepers->together.len);
    for (size_t i = 0; i < keepers->singles.len && !failed; i++) {
        const struct uf_keepers_single *single = &keepers->singles.at[i];
        if (i > 0 && single->cut.rank > UF_PREFERENCE_CHANGEABLE)
            continue; /* nobody can cut it: a module's __dict__, ... */
        struct uf_why_cut cut = {.expression = cut_expression(view, &single->cut),
                                 .freed_objects = single->freed_objects,
                                 .freed_bytes = single->freed_bytes};
        failed = !cut.expression;
        (void)uf_vec_push(&why->singles, cut); /* there is room */
    }
    for (size_t i = 0; i < keepers->together.len && !failed; i++) {
        struct uf_why_cut cut = {.expression = cut_expression(view, &keepers->together.at[i])};
        failed = !cut.expression;
        (void)uf_vec_push(&why->together, cut);
    }
    if (!failed && keepers->fixed_root != UINT32_MAX) {
        const struct uf_graph_root *root = &view->graph->roots[keepers->fixed_root];
        struct uf_path path = {.root = keepers->fixed_root};
        struct uf_text text = {0};
        failed = uf_vec_push(&path.nodes, root->node) || uf_vec_push(&path.edges, UINT32_MAX);
        if (!failed)
            uf_path_start_text(view, &path, &text);
        uf_path_release(&path);
        why->fixed_root = take_text(&text);
        failed = failed || !why->fixed_root;
    }
    return failed ? uf_error_nomem(err) : UF_OK;
}

static enum uf_code explain(struct uf_why *why, const struct uf_view *view, const uf_node *members,
                            size_t count, uint32_t paths, struct uf_error *err)
{
    const struct uf_keepers_limits limits = {
        .paths = paths, .singles = SINGLES_MOST, .together = UF_KEEPERS_TOGETHER_MAX};
    struct uf_keepers keepers;
    enum uf_code code = uf_keepers_build(&keepers, view, members, count, &limits, err);
    if (code)
        return code;
    why->alive = keepers.alive;
    why->explained = count;
    why->holders = keepers.holders;
    why->single_count = keepers.single_count;
    why->freed_objects = keepers.freed_objects;
    why->freed_bytes = keepers.freed_bytes;
    why->too_many = keepers.too_many;
    for (size_t i = 0; i < keepers.paths.len && !code; i++)
        code = fill_path(why, view, &keepers, &keepers.paths.at[i], err);
    if (keepers.paths.len > 0) /* the member that is easiest to get at */
        why->example = keepers.paths.at[0].path.nodes.at[keepers.paths.at[0].path.nodes.len - 1];
    if (!code)
        code = fill_cuts(why, view, &keepers, err);
    uf_keepers_release(&keepers);
    return code;
}

static bool is_garbage(const struct uf_view *view, uf_node node)
{
    return !view->reach->reached[node] && !(view->graph->flags[node] & UF_NODE_OWN);
}

/* Marks the garbage that leads to `node`: what keeps it from being freed by counts. */
static enum uf_code mark_above(const struct uf_view *view, uf_node node, uint8_t *member,
                               struct uf_error *err)
{
    struct uf_referrers referrers;
    UF_VEC(uf_node) queue = {0};
    enum uf_code code = uf_referrers_build(&referrers, view->graph, err);
    if (code)
        return code;
    member[node] = 1;
    bool failed = uf_vec_push(&queue, node) != 0;
    for (size_t i = 0; i < queue.len && !failed; i++) {
        uf_node at = queue.at[i];
        for (uint32_t r = referrers.start[at]; r < referrers.start[at + 1] && !failed; r++) {
            uf_node source = referrers.at[r].source;
            if (member[source] || !is_garbage(view, source))
                continue;
            member[source] = 1;
            failed = uf_vec_push(&queue, source) != 0;
        }
    }
    uf_vec_release(&queue);
    uf_referrers_release(&referrers);
    return failed ? uf_error_nomem(err) : UF_OK;
}

static enum uf_code explain_garbage(struct uf_why *why, const struct uf_view *view,
                                    struct uf_error *err)
{
    uint8_t *member = uf_mem_zalloc((size_t)view->graph->node_count + 1);
    if (!member)
        return uf_error_nomem(err);
    enum uf_code code = mark_above(view, why->example, member, err);
    if (!code)
        code = uf_findings_from_garbage(&why->cycles, view->graph, member, view->names, NULL, err);
    why->frozen = (view->graph->flags[why->example] & UF_NODE_FROZEN) != 0;
    uf_mem_free(member);
    return code;
}

/* The members by group: `at` holds them group by group, group i those from start[i] on. */
struct parts {
    uint32_t *group; /* signature, by part */
    uint32_t *start;
    uf_node *at;
    uint32_t count;
};

static void release_parts(struct parts *parts)
{
    uf_mem_free(parts->group);
    uf_mem_free(parts->start);
    uf_mem_free(parts->at);
}

/* Sorts the members into parts of one signature each, numbered as they are met. */
static enum uf_code split(struct parts *parts, const struct uf_lookup *asked,
                          const struct uf_signatures *all, struct uf_error *err)
{
    size_t count = asked->members.len;
    struct uf_map part_of = {0};
    parts->group = uf_mem_alloc((count + 1) * sizeof *parts->group);
    parts->start = uf_mem_zalloc((count + 2) * sizeof *parts->start);
    parts->at = uf_mem_alloc((count + 1) * sizeof *parts->at);
    bool failed = !parts->group || !parts->start || !parts->at;
    for (size_t i = 0; i < count && !failed; i++) {
        uint32_t group = all->of[asked->members.at[i]];
        uint32_t part = uf_map_get(&part_of, group + 1ull);
        if (part == UF_MAP_NONE) {
            part = parts->count++;
            parts->group[part] = group;
            failed = uf_map_set(&part_of, group + 1ull, part) != 0;
        }
        parts->start[part]++;
    }
    for (uint32_t p = 1; p < parts->count && !failed; p++)
        parts->start[p] += parts->start[p - 1];
    if (!failed && parts->count > 0)
        parts->start[parts->count] = (uint32_t)count;
    for (size_t i = count; i-- > 0 && !failed;) {
        uf_node node = asked->members.at[i];
        parts->at[--parts->start[uf_map_get(&part_of, all->of[node] + 1ull)]] = node;
    }
    uf_map_release(&part_of);
    return failed ? uf_error_nomem(err) : UF_OK;
}

static enum uf_code fill_group(struct uf_why *why, const struct uf_view *view,
                               const struct uf_signatures *all,
                               const struct uf_dominators *dominators, const struct parts *parts,
                               uint32_t part, struct uf_error *err)
{
    const uf_node *nodes = &parts->at[parts->start[part]];
    size_t count = parts->start[part + 1] - parts->start[part];
    struct uf_why_group group = {
        .objects = count, .example = nodes[0], .garbage = !view->reach->reached[nodes[0]]};
    struct uf_text path = {0};
    uint64_t objects;
    for (size_t i = 0; i < count; i++)
        group.bytes += uf_edges_size(view->graph, nodes[i]);
    enum uf_code code =
        uf_retained_of_set(dominators, nodes, count, &group.retained_bytes, &objects, err);
    if (code)
        return code;
    uf_signatures_path_text(all, parts->group[part], &path);
    group.path = take_text(&path);
    if (!group.path || uf_vec_push(&why->groups, group)) {
        uf_mem_free(group.path);
        return uf_error_nomem(err);
    }
    return UF_OK;
}

static enum uf_code group_type(struct uf_why *why, const struct uf_view *view,
                               const struct uf_lookup *asked,
                               const struct uf_dominators *dominators, uint32_t paths,
                               struct uf_error *err)
{
    struct uf_signatures all = {0};
    struct parts parts = {0};
    uint32_t *order = NULL;
    uint64_t *keys = NULL, objects;
    enum uf_code code = uf_signatures_build(&all, view, err);
    if (!code)
        code = split(&parts, asked, &all, err);
    if (!code) {
        order = uf_mem_alloc(((size_t)parts.count + 1) * sizeof *order);
        keys = uf_mem_alloc(((size_t)parts.count + 1) * sizeof *keys);
        code = order && keys ? UF_OK : uf_error_nomem(err);
    }
    if (!code) {
        for (uint32_t p = 0; p < parts.count; p++)
            keys[p] = parts.start[p + 1] - parts.start[p];
        uf_order_all_descending(order, parts.count, keys);
    }
    bool explained = false;
    for (uint32_t i = 0; i < parts.count && !code; i++) {
        uint32_t part = order[i];
        const uf_node *nodes = &parts.at[parts.start[part]];
        code = fill_group(why, view, &all, dominators, &parts, part, err);
        if (code || explained || !view->reach->reached[nodes[0]])
            continue;
        explained = true;
        why->example = nodes[0];
        code = explain(why, view, nodes, parts.start[part + 1] - parts.start[part], paths, err);
    }
    if (!code)
        code = uf_retained_of_set(dominators, asked->members.at, asked->members.len,
                                  &why->retained_bytes, &objects, err);
    uf_mem_free(order);
    uf_mem_free(keys);
    release_parts(&parts);
    uf_signatures_release(&all);
    return code;
}

enum uf_code uf_why_build(struct uf_why *why, const struct uf_view *view,
                          const struct uf_lookup *asked, const struct uf_dominators *dominators,
                          uint32_t paths, struct uf_error *err)
{
    const struct uf_graph *graph = view->graph;
    *why = (struct uf_why){.by_type = asked->by_type, .example = asked->members.at[0]};
    why->type = graph->types[graph->type[why->example]].name;
    why->objects = asked->members.len;
    uf_check_result_init(&why->cycles);
    why->cycles.function = uf_mem_strdup(""); /* a part of ids, which are not shown */
    for (size_t i = 0; i < asked->members.len; i++) {
        why->bytes += uf_edges_size(graph, asked->members.at[i]);
        why->garbage_objects += is_garbage(view, asked->members.at[i]);
    }
    enum uf_code code = why->cycles.function ? UF_OK : uf_error_nomem(err);
    if (!code && asked->by_type)
        code = group_type(why, view, asked, dominators, paths, err);
    else if (!code && !is_garbage(view, why->example))
        code = explain(why, view, &why->example, 1, paths, err);
    if (!code && why->garbage_objects == why->objects)
        code = explain_garbage(why, view, err);
    if (code)
        uf_why_release(why);
    return code;
}

static void release_cuts(struct uf_why_cut *cuts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        uf_mem_free(cuts[i].expression);
}

void uf_why_release(struct uf_why *why)
{
    for (size_t i = 0; i < why->groups.len; i++)
        uf_mem_free(why->groups.at[i].path);
    for (size_t i = 0; i < why->paths.len; i++)
        uf_finding_release(&why->paths.at[i].way);
    release_cuts(why->singles.at, why->singles.len);
    release_cuts(why->together.at, why->together.len);
    uf_vec_release(&why->groups);
    uf_vec_release(&why->paths);
    uf_vec_release(&why->singles);
    uf_vec_release(&why->together);
    uf_mem_free(why->fixed_root);
    uf_check_result_release(&why->cycles);
    *why = (struct uf_why){0};
}
