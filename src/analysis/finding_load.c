/* finding_load.c - the objects of a finding, who holds them, and what dies when their holders
 * let go. */
#include "analysis/findings_private.h"

#include "analysis/edges.h"
#include "analysis/holders.h"
#include "analysis/weight.h"

#include <string.h>

/* A check on the graph walks all of it: only for so many findings. */
#define CUTS_TRIED_MAX 12

enum { MARK_MEMBER = UF_MARK_MEMBER, MARK_COMPANION = UF_MARK_COMPANION };

static enum uf_code list_members(struct uf_search *search, uint32_t group, uf_node_list *ret,
                                 struct uf_error *err)
{
    const struct uf_view *view = &search->view;
    ret->len = 0;
    return uf_groups_members(search->groups, view->graph, view->reach, view->names, group, ret,
                             err);
}

/* Marks keys and plain values that go with the group's entries. */
static enum uf_code mark_companions(struct uf_load *load, struct uf_search *search, uint32_t group,
                                    struct uf_error *err)
{
    uf_node_list companions = {0};
    enum uf_code code = UF_OK;
    for (uint32_t g = 0; g < search->count && !code; g++) {
        if (!search->candidates[g].subsumed || search->candidates[g].told_by != group)
            continue;
        code = list_members(search, g, &companions, err);
        for (size_t i = 0; i < companions.len && !code; i++)
            if (load->mark[companions.at[i]] == 0)
                load->mark[companions.at[i]] = MARK_COMPANION;
    }
    uf_vec_release(&companions);
    return code;
}

static size_t count_held(const struct uf_load *load, const struct uf_graph *graph,
                         const uf_node_list *holders)
{
    size_t count = 0;
    for (size_t i = 0; i < holders->len; i++) {
        uf_node holder = holders->at[i];
        for (uint32_t e = graph->edge_start[holder]; e < graph->edge_start[holder + 1]; e++)
            count += load->mark[graph->edge_target[e]] != 0;
    }
    return count;
}

/* The interpreter's own tables (interned texts) hold what passes by: no fix of the program's
 * empties them. */
static bool is_cache_root(const struct uf_view *view, uf_node node)
{
    uint32_t root = view->reach->root[node];
    return root != UINT32_MAX && view->graph->roots[root].kind == UF_ROOT_CACHE;
}

static bool is_entry_of(const struct uf_search *search, uint32_t entry, uint32_t container)
{
    return uf_candidate_grows(search, entry) == UF_BY_OBJECTS &&
           uf_group_container(search, entry) == container;
}

/* Does the container grow by things of its own, and not only by keys, texts and numbers? */
static bool has_things(const struct uf_search *search, uint32_t container)
{
    for (uint32_t g = 0; g < search->count; g++)
        if (is_entry_of(search, g, container) && uf_group_rank(search, g) >= UF_RANK_THING)
            return true;
    return false;
}

/* Another container that grows because it holds the same members, or their keys, is part of this
 * finding. */
static enum uf_code find_co_holders(struct uf_load *load, struct uf_search *search, uint32_t group,
                                    struct uf_error *err)
{
    uf_node_list nodes = {0};
    enum uf_code code = UF_OK;
    uint32_t own = uf_group_container(search, group);
    for (uint32_t g = 0; g < search->count && !code; g++) {
        if (search->candidates[g].trend != UF_INSIDE || g == own || has_things(search, g))
            continue;
        code = list_members(search, g, &nodes, err);
        if (code || 2 * count_held(load, search->view.graph, &nodes) < load->members.len)
            continue;
        search->candidates[g].subsumed = true;
        for (uint32_t entry = 0; entry < search->count; entry++)
            if (is_entry_of(search, entry, g)) {
                search->candidates[entry].subsumed = true;
                search->candidates[entry].told_by = group;
            }
        for (size_t i = 0; i < nodes.len && !code; i++)
            if (!is_cache_root(&search->view, nodes.at[i]) &&
                uf_vec_push(&load->co_holders, nodes.at[i]))
                code = uf_error_nomem(err);
    }
    uf_vec_release(&nodes);
    return code;
}

enum uf_code uf_load_collect(struct uf_load *load, struct uf_search *search, uint32_t group,
                             struct uf_error *err)
{
    load->mark = uf_mem_zalloc((size_t)search->view.graph->node_count + 1);
    if (!load->mark)
        return uf_error_nomem(err);
    enum uf_code code = list_members(search, group, &load->members, err);
    for (size_t i = 0; i < load->members.len; i++) {
        load->mark[load->members.at[i]] = MARK_MEMBER;
        search->claimed[load->members.at[i]] = 1;
    }
    if (!code)
        code = mark_companions(load, search, group, err);
    if (code || uf_candidate_grows(search, group) != UF_BY_OBJECTS)
        return code;
    code = find_co_holders(load, search, group, err);
    if (!code && load->co_holders.len > 0)
        code = mark_companions(load, search, group, err); /* their keys are this finding's now */
    return code;
}

void uf_load_release(struct uf_load *load)
{
    uf_vec_release(&load->members);
    uf_vec_release(&load->co_holders);
    uf_mem_free(load->mark);
    load->mark = NULL;
}

/* The references to cut, ascending: of each holder all that lead to marked objects. A holder
 * that is a member itself (a list or tree) goes with what holds it. Of a growing object its
 * entries are cut. */
static enum uf_code collect_cuts(const struct uf_load *load, const struct uf_search *search,
                                 bool inside, uf_edge_vec *cuts, struct uf_error *err)
{
    const struct uf_graph *graph = search->view.graph;
    uint8_t *holds = uf_mem_zalloc((size_t)graph->node_count + 1);
    if (!holds)
        return uf_error_nomem(err);
    const uf_node *parent = search->view.reach->parent;
    for (size_t i = 0; i < load->members.len && !inside; i++) {
        uf_node holder = parent[load->members.at[i]];
        if (holder != UF_NODE_NONE && load->mark[holder] != MARK_MEMBER)
            holds[holder] = 1;
    }
    for (size_t i = 0; i < load->co_holders.len; i++)
        if (load->mark[load->co_holders.at[i]] != MARK_MEMBER)
            holds[load->co_holders.at[i]] = 1;
    for (uf_node n = 0; n < graph->node_count && inside; n++)
        if (load->mark[n] == MARK_COMPANION && parent[n] != UF_NODE_NONE)
            holds[parent[n]] = 1;
    enum uf_code code = UF_OK;
    for (uf_node n = 0; n < graph->node_count && !code; n++) {
        if (!holds[n])
            continue;
        for (uint32_t e = graph->edge_start[n]; e < graph->edge_start[n + 1] && !code; e++) {
            uint8_t mark = load->mark[graph->edge_target[e]];
            if (mark && !(inside && mark == MARK_MEMBER) && uf_vec_push(cuts, e))
                code = uf_error_nomem(err);
        }
    }
    uf_mem_free(holds);
    return code;
}

/* Why the fix frees less than it should; UF_ENOMEM where `why` is NULL. */
static enum uf_code set_why_not(struct uf_finding *finding, char *why, struct uf_error *err)
{
    finding->fix_why_not = why;
    return why ? UF_OK : uf_error_nomem(err);
}

/* "also held by app.OTHERS.a.kept": by the reference `edge` of `source`. */
static char *other_holder_text(const struct uf_view *view, uf_node source, uint32_t edge)
{
    struct uf_path path = {0};
    struct uf_text text = {0};
    struct uf_ref_name name;
    char *ret = NULL;
    uf_step_name(view, source, edge, false, &name);
    if (uf_path_to(&path, view->reach, source, NULL) == UF_OK) {
        uf_text_add_z(&text, "also held by ");
        uf_path_expression(view, &path, path.nodes.len, &text);
        uf_step_append(&text, name.text);
        ret = text.failed ? NULL : uf_mem_strdup(text.at);
    }
    uf_text_release(&text);
    uf_path_release(&path);
    return ret;
}

/* Who else holds `node`: the first reference from something that stays. */
static enum uf_code find_other_holder(const struct uf_search *search, const struct uf_load *load,
                                      uf_node node, const uf_edge_vec *cuts, const uint8_t *freed,
                                      struct uf_finding *finding, struct uf_error *err)
{
    const struct uf_view *view = &search->view;
    const struct uf_graph *graph = view->graph;
    if (view->reach->root[node] != UINT32_MAX) {
        struct uf_text root = {0};
        uf_path_root_text(view, node, &root);
        char *why = root.failed ? NULL : uf_mem_printf("it is a root itself: %s", root.at);
        uf_text_release(&root);
        return set_why_not(finding, why, err);
    }
    for (uf_node n = 0; n < graph->node_count; n++) {
        if (!view->reach->reached[n] || freed[n] || load->mark[n] == MARK_MEMBER ||
            (graph->flags[n] & UF_NODE_OWN))
            continue;
        for (uint32_t e = graph->edge_start[n]; e < graph->edge_start[n + 1]; e++)
            if (graph->edge_target[e] == node && !uf_edges_among(cuts->at, cuts->len, e))
                return set_why_not(finding, other_holder_text(view, n, e), err);
    }
    return set_why_not(
        finding,
        uf_mem_strdup("cutting the references found does not free it: it is also held from C"),
        err);
}

static enum uf_code need_dominators(struct uf_search *search, struct uf_error *err)
{
    if (search->has_dominators)
        return UF_OK;
    enum uf_code code = uf_dominators_build(&search->dominators, search->view.graph, err);
    search->has_dominators = code == UF_OK;
    return code;
}

enum uf_code uf_group_weigh(struct uf_search *search, uint32_t group, uint64_t *bytes,
                            struct uf_error *err)
{
    uf_node example = uf_groups_get(search->groups, group)->example;
    enum uf_code code = need_dominators(search, err);
    *bytes = !code && example != UF_NODE_NONE ? search->dominators.retained[example] : 0;
    return code;
}

/* By dominators: what the members alone keep alive, whoever holds them. */
static enum uf_code weigh(struct uf_search *search, const struct uf_load *load, uint64_t *bytes,
                          struct uf_error *err)
{
    uint64_t objects;
    enum uf_code code = need_dominators(search, err);
    if (code)
        return code;
    return uf_retained_of_set(&search->dominators, load->members.at, load->members.len, bytes,
                              &objects, err);
}

static size_t count_freed(const struct uf_load *load, const uint8_t *freed, uf_node *kept)
{
    size_t count = 0;
    for (size_t i = 0; i < load->members.len; i++) {
        if (freed[load->members.at[i]])
            count++;
        else
            *kept = load->members.at[i];
    }
    return count;
}

/* Figures of one call from figures of all: in proportion to the entries. */
static double per_call(const struct uf_finding *finding, uint64_t bytes, size_t members)
{
    return members ? (double)bytes / (double)members * finding->objects_per_call : UF_UNKNOWN;
}

/* When the references that were found do not free all members: all that hold them from outside. */
static enum uf_code try_more(struct uf_load *load, struct uf_search *search, uf_edge_vec *cuts,
                             uint8_t *freed, struct uf_finding *finding, struct uf_error *err)
{
    uint64_t objects = 0, bytes = 0;
    bool enough = false;
    enum uf_code code =
        uf_holders_cut_all(load, search, cuts, freed, &objects, &bytes, &enough, err);
    if (code || !enough)
        return code;
    finding->fix_frees_objects = (double)objects;
    finding->fix_frees_bytes = (double)bytes;
    finding->fix_verified = true;
    return uf_holders_tell(load, search, cuts, finding, err);
}

/* What grows inside the object itself (a str, the table of a list of shared ints) goes with it: the
 * references by which its holders hold it. */
static enum uf_code cut_whole(const struct uf_load *load, const struct uf_search *search,
                              uf_edge_vec *cuts, struct uf_error *err)
{
    const struct uf_reach *reach = search->view.reach;
    for (size_t i = 0; i < load->members.len; i++) {
        uint32_t edge = reach->parent_edge[load->members.at[i]];
        size_t at = cuts->len;
        if (edge == UINT32_MAX)
            continue;
        if (uf_vec_push(cuts, edge))
            return uf_error_nomem(err);
        for (; at > 0 && cuts->at[at - 1] > edge; at--) { /* few: one or two objects grow */
            cuts->at[at] = cuts->at[at - 1];
            cuts->at[at - 1] = edge;
        }
    }
    return UF_OK;
}

/* `inside`: entries are cut, and what grows stays. */
static enum uf_code try_cut(struct uf_load *load, struct uf_search *search, uf_edge_vec *cuts,
                            bool inside, uint8_t *freed, struct uf_finding *finding,
                            struct uf_error *err)
{
    uint64_t objects = 0, bytes = 0;
    uf_node kept = UF_NODE_NONE;
    if (cuts->len == 0 || search->cuts_tried >= CUTS_TRIED_MAX)
        return set_why_not(
            finding,
            uf_mem_strdup(
                cuts->len > 0
                    ? "only the worst findings are checked"
                    : "what holds it is a root: there is no reference between objects to cut"),
            err);
    search->cuts_tried++;
    enum uf_code code =
        uf_reach_without(search->view.graph, cuts->at, cuts->len, freed, &objects, &bytes, err);
    if (code)
        return code;
    size_t died = inside ? objects : count_freed(load, freed, &kept);
    finding->fix_frees_objects = (double)objects;
    finding->fix_frees_bytes = (double)bytes;
    finding->fix_how = UF_FIX_GRAPH;
    finding->fix_verified = inside ? objects > 0 : died == load->members.len;
    if (!finding->fix_verified && !inside)
        code = try_more(load, search, cuts, freed, finding, err);
    if (code)
        return code;
    if (finding->fix_verified && finding->kind != UF_KIND_GROWING)
        finding->retained_bytes_per_call =
            per_call(finding, (uint64_t)finding->fix_frees_bytes, load->members.len);
    if (finding->fix_verified)
        return uf_cuts_fill(&finding->cuts, search->view.graph, cuts->at, cuts->len, freed,
                            load->members.at, inside ? 0 : load->members.len, err);
    if (inside && objects == 0)
        return set_why_not(finding, uf_mem_strdup("its entries are shared with other holders"),
                           err);
    return find_other_holder(search, load, kept, cuts, freed, finding, err);
}

enum uf_code uf_load_try_fix(struct uf_load *load, struct uf_search *search,
                             struct uf_finding *finding, struct uf_error *err)
{
    uf_edge_vec cuts = {0};
    uint8_t *freed = uf_mem_zalloc((size_t)search->view.graph->node_count + 1);
    if (!freed)
        return uf_error_nomem(err);
    bool inside = finding->kind == UF_KIND_GROWING;
    enum uf_code code = collect_cuts(load, search, inside, &cuts, err);
    if (!code && (!inside || cuts.len > 0))
        code = try_cut(load, search, &cuts, inside, freed, finding, err);
    if (!code && inside && !finding->fix_verified) {
        cuts.len = 0;
        uf_mem_free(finding->fix_why_not);
        finding->fix_why_not = NULL;
        code = cut_whole(load, search, &cuts, err);
        if (!code)
            code = try_cut(load, search, &cuts, false, freed, finding, err);
    }
    if (!code && finding->fix_verified && finding->candidates.len == 0)
        code = uf_finding_add_candidate(finding, finding->fix_edge, true, err);
    if (!code && !finding->fix_verified && finding->kind != UF_KIND_GROWING) {
        uint64_t bytes = 0;
        code = weigh(search, load, &bytes, err);
        if (!code)
            finding->retained_bytes_per_call = per_call(finding, bytes, load->members.len);
    }
    uf_vec_release(&cuts);
    uf_mem_free(freed);
    return code;
}
