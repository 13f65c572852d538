#include "analysis/holders.h"

#include <string.h>

/* Held by more than so many references from outside each, cutting them all is no advice. */
#define HOLDERS_MAX 3

static bool is_outside(const struct uf_search *search, const struct uf_load *load, uf_node node)
{
    return search->view.reach->reached[node] && load->mark[node] != UF_MARK_MEMBER &&
           !(search->view.graph->flags[node] & UF_NODE_OWN);
}

/* All references to members from what is no member. With `freed`: only from what is not in it. */
static enum uf_code collect_holders(const struct uf_load *load, const struct uf_search *search,
                                    const uint8_t *freed, uf_edge_vec *ret, struct uf_error *err)
{
    const struct uf_graph *graph = search->view.graph;
    ret->len = 0;
    for (uf_node n = 0; n < graph->node_count; n++) {
        if (!is_outside(search, load, n) || (freed && freed[n]))
            continue;
        for (uint32_t e = graph->edge_start[n]; e < graph->edge_start[n + 1]; e++)
            if (load->mark[graph->edge_target[e]] == UF_MARK_MEMBER && uf_vec_push(ret, e))
                return uf_error_nomem(err);
    }
    return UF_OK;
}

static bool frees_members(const struct uf_load *load, const uint8_t *freed)
{
    for (size_t i = 0; i < load->members.len; i++)
        if (!freed[load->members.at[i]])
            return false;
    return true;
}

enum uf_code uf_holders_cut_all(const struct uf_load *load, const struct uf_search *search,
                                uf_edge_vec *cuts, uint8_t *freed, uint64_t *objects,
                                uint64_t *bytes, bool *enough, struct uf_error *err)
{
    uf_edge_vec holders = {0};
    uint64_t now_objects, now_bytes;
    const struct uf_graph *graph = search->view.graph;
    uint8_t *now_freed = uf_mem_zalloc((size_t)graph->node_count + 1);
    enum uf_code code = now_freed ? UF_OK : uf_error_nomem(err);
    *enough = false;
    if (!code)
        code = collect_holders(load, search, NULL, &holders, err);
    if (!code)
        code = uf_reach_without(graph, holders.at, holders.len, now_freed, &now_objects, &now_bytes,
                                err);
    if (!code)
        code = collect_holders(load, search, now_freed, &holders, err);
    if (!code && holders.len <= HOLDERS_MAX * load->members.len) {
        memset(now_freed, 0, graph->node_count);
        code = uf_reach_without(graph, holders.at, holders.len, now_freed, &now_objects, &now_bytes,
                                err);
        *enough = !code && frees_members(load, now_freed);
    }
    if (*enough) {
        memcpy(freed, now_freed, graph->node_count);
        *objects = now_objects;
        *bytes = now_bytes;
        uf_vec_release(cuts);
        *cuts = holders;
        holders = (uf_edge_vec){0};
    }
    uf_vec_release(&holders);
    uf_mem_free(now_freed);
    return code;
}

/* "app.BY_NAME['x'][0]" */
static enum uf_code edge_text(const struct uf_view *view, uint32_t edge, struct uf_text *ret,
                              struct uf_error *err)
{
    struct uf_path path = {0};
    struct uf_ref_name name;
    uf_node source = uf_edges_source(view->graph, edge);
    enum uf_code code = uf_path_to(&path, view->reach, source, err);
    if (!code) {
        size_t last = path.nodes.len - 1;
        bool in_dict = last > 0 && uf_path_is_dict_hop(view, &path, last);
        uf_path_expression(view, &path, path.nodes.len - in_dict, ret);
        uf_step_name(view, source, edge, in_dict, &name);
        uf_step_append(ret, name.text);
    }
    uf_path_release(&path);
    return code;
}

/* The member that most references hold. */
static uf_node most_held(const struct uf_load *load, const struct uf_graph *graph,
                         const uf_edge_vec *cuts, struct uf_error *err)
{
    struct uf_map counts = {0};
    uf_node ret = UF_NODE_NONE;
    uint32_t most = 0;
    for (size_t i = 0; i < cuts->len; i++) {
        uf_node node = graph->edge_target[cuts->at[i]];
        uint32_t count = uf_map_get(&counts, (uint64_t)node + 1);
        count = count == UF_MAP_NONE ? 1 : count + 1;
        if (load->mark[node] != UF_MARK_MEMBER)
            continue;
        if (count > most) {
            most = count;
            ret = node;
        }
        if (uf_map_set(&counts, (uint64_t)node + 1, count)) {
            uf_error_nomem(err);
            ret = UF_NODE_NONE;
            break;
        }
    }
    uf_map_release(&counts);
    return ret;
}

static enum uf_code add_to_advice(struct uf_finding *finding, const struct uf_text *also,
                                  struct uf_error *err)
{
    if (also->failed)
        return uf_error_nomem(err);
    if (also->len == 0 || !finding->fix_advice)
        return UF_OK;
    char *advice = uf_mem_printf("%s; %s must let go of it, too", finding->fix_advice, also->at);
    if (!advice)
        return uf_error_nomem(err);
    uf_mem_free(finding->fix_advice);
    finding->fix_advice = advice;
    return UF_OK;
}

enum uf_code uf_holders_tell(const struct uf_load *load, const struct uf_search *search,
                             const uf_edge_vec *cuts, struct uf_finding *finding,
                             struct uf_error *err)
{
    const struct uf_view *view = &search->view;
    struct uf_text also = {0};
    uf_node example = most_held(load, view->graph, cuts, err);
    if (example == UF_NODE_NONE)
        return uf_error_nomem(err);
    enum uf_code code = uf_finding_add_candidate(finding, finding->fix_edge, false, err);
    for (size_t i = 0; i < cuts->len && !code; i++) {
        struct uf_text edge = {0};
        if (view->graph->edge_target[cuts->at[i]] != example ||
            view->reach->parent_edge[example] == cuts->at[i])
            continue;
        code = edge_text(view, cuts->at[i], &edge, err);
        if (!code && edge.failed)
            code = uf_error_nomem(err);
        if (!code && edge.at) {
            uf_text_add_z(&also, also.len ? " and " : "");
            uf_text_add_z(&also, edge.at);
            code = uf_finding_add_candidate(finding, edge.at, false, err);
        }
        uf_text_release(&edge);
    }
    if (!code)
        code = add_to_advice(finding, &also, err);
    uf_text_release(&also);
    return code;
}
