/* finding_fill.c - one group told as a finding: figures, path, holder, bound, fix. */
#include "analysis/advice.h"
#include "analysis/finding_bound.h"
#include "analysis/findings_private.h"
#include "analysis/orphans.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A path with the places on it that matter. */
struct located {
    struct uf_path path;
    size_t entry;  /* place of the first object that grows in number, or of the growing object */
    size_t holder; /* place of what holds it; == entry at a root or where the object itself grows */
    bool in_dict;  /* it is held by the holder's attribute dictionary */
    uint32_t shown; /* group of what is named: what a wrapper holds, or the group that is told */
};

static char *take_text(struct uf_text *text)
{
    char *ret = text->failed || !text->at ? NULL : uf_mem_strdup(text->at);
    uf_text_release(text);
    return ret;
}

/* Types that stand for what they hold. */
static bool is_wrapper(const char *type)
{
    static const char *const names[] = {"tuple", "functools._lru_list_elem", "functools._HashedSeq",
                                        "weakref.finalize._Info"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(type, names[i]) == 0)
            return true;
    return false;
}

/* A class of some module, but not of those that wrap. */
static bool is_things_type(const char *type)
{
    return strchr(type, '.') && strncmp(type, "weakref.", 8) != 0 &&
           strncmp(type, "functools.", 10) != 0;
}

/* Does `inner` lie one or two steps below `group`, and grow with it? */
static bool is_inside_of(const struct uf_search *search, uint32_t inner, uint32_t group)
{
    const struct uf_group *at = uf_groups_get(search->groups, inner);
    double rate = search->candidates[group].growth.objects.per_call;
    double inner_rate = search->candidates[inner].growth.objects.per_call;
    uint32_t up = at->parent;
    if (up != group && up != UF_GROUP_NONE)
        up = uf_groups_get(search->groups, up)->parent;
    bool settled = search->settled && inner < search->count && at->points.len > 0 &&
                   search->candidates[inner].growth.objects.kind == UF_GROWTH_SETTLED;
    return up == group && (settled || uf_candidate_grows(search, inner) == UF_BY_OBJECTS) &&
           at->example != UF_NODE_NONE && fabs(inner_rate - rate) <= 0.01 * rate;
}

/* The key of a cached call is a tuple, its result lies behind a link: neither is a thing to a
 * person. What they hold is, if it grows with them: that group is shown, or what is much heavier
 * beside it; else `group` itself. */
static enum uf_code see_through(struct uf_search *search, uint32_t group, uint32_t *ret,
                                struct uf_error *err)
{
    uint32_t thing = UF_GROUP_NONE, heaviest = UF_GROUP_NONE;
    uint64_t weight = 0, most = 0;
    *ret = group;
    if (!is_wrapper(uf_groups_text(search->groups, uf_groups_get(search->groups, group)->type)))
        return UF_OK;
    for (uint32_t g = 0; g < search->count; g++) {
        const char *type = uf_groups_text(search->groups, uf_groups_get(search->groups, g)->type);
        if (is_wrapper(type) || !is_inside_of(search, g, group))
            continue;
        uint64_t own = 0;
        enum uf_code code = uf_group_weigh(search, g, &own, err);
        if (code)
            return code;
        if (thing == UF_GROUP_NONE && is_things_type(type)) {
            thing = g;
            weight = own;
        }
        if (heaviest == UF_GROUP_NONE || own > most) {
            heaviest = g;
            most = own;
        }
    }
    if (thing != UF_GROUP_NONE)
        *ret = most > UF_MUCH_HEAVIER * weight ? heaviest : thing;
    return UF_OK;
}

/* Of objects that hold more and more, the one that holds most. */
static enum uf_code find_largest(struct uf_search *search, uint32_t group, uf_node *ret,
                                 struct uf_error *err)
{
    const struct uf_view *view = &search->view;
    uf_node_list members = {0};
    bool has_length = uf_groups_get(search->groups, group)->has_length;
    enum uf_code code = uf_groups_members(search->groups, view->graph, view->reach, view->names,
                                          group, &members, err);
    int64_t largest = -1;
    for (size_t i = 0; i < members.len && !code; i++) {
        int64_t size = has_length ? view->names->length(view->names->context, members.at[i])
                                  : (int64_t)uf_graph_size(view->graph, members.at[i]);
        if (size > largest) {
            largest = size;
            *ret = members.at[i];
        }
    }
    uf_vec_release(&members);
    return code;
}

/* The path of the example of `shown`; on it the first object of the group that is told. */
static enum uf_code locate(struct uf_search *search, uint32_t group, uint32_t shown,
                           struct located *ret, struct uf_error *err)
{
    const struct uf_view *view = &search->view;
    uf_node example = uf_groups_get(search->groups, shown)->example;
    enum uf_code code = UF_OK;
    if (uf_candidate_grows(search, group) == UF_INSIDE)
        code = find_largest(search, group, &example, err);
    if (!code)
        code = uf_path_to(&ret->path, view->reach, example, err);
    if (code)
        return code;
    size_t entry = 0;
    while (entry + 1 < ret->path.nodes.len &&
           uf_groups_of(search->groups, ret->path.nodes.at[entry]) != group)
        entry++;
    ret->entry = ret->holder = entry;
    if (uf_candidate_grows(search, group) == UF_INSIDE || entry == 0)
        return UF_OK;
    ret->holder = entry - 1;
    ret->in_dict = uf_path_is_dict_hop(view, &ret->path, entry - 1);
    if (ret->in_dict)
        ret->holder = entry - 2;
    return UF_OK;
}

static double finish_slope(const struct uf_growth *growth, double objects_per_call, double mean)
{
    return growth->kind == UF_GROWTH_TREND ? growth->per_call : objects_per_call * mean;
}

/* Growth from point to point where they lie one call apart. */
static enum uf_code fill_growth(const struct uf_search *search, const struct uf_group *group,
                                int figure, struct uf_finding *finding, struct uf_error *err)
{
    uint32_t measured = search->result->calls_measured;
    while (finding->growth_by_call.len < measured)
        if (uf_vec_push(&finding->growth_by_call, UF_UNKNOWN))
            return uf_error_nomem(err);
    for (size_t i = 1; i < group->points.len; i++) {
        const struct uf_group_point *point = &group->points.at[i], *before = point - 1;
        if (point->calls - before->calls != 1 || point->calls > measured)
            continue;
        double now = (double)(figure == 0   ? point->objects
                              : figure == 1 ? point->bytes
                                            : point->length);
        double then = (double)(figure == 0   ? before->objects
                               : figure == 1 ? before->bytes
                                             : before->length);
        finding->growth_by_call.at[point->calls - 1] = now - then;
    }
    return UF_OK;
}

static void fill_figures(struct uf_search *search, uint32_t index, struct uf_finding *finding)
{
    const struct uf_group *group = uf_groups_get(search->groups, index);
    const struct uf_candidate *candidate = &search->candidates[index];
    const struct uf_group_growth *growth = &candidate->growth;
    const struct uf_group_point *last = &group->points.at[group->points.len - 1];
    double mean = last->objects ? (double)last->bytes / (double)last->objects : 0;
    finding->objects = (double)last->objects;
    finding->bytes = (double)last->bytes;
    if (search->settled) {
        finding->objects_per_call = finding->bytes_per_call = finding->retained_bytes_per_call = 0;
        finding->confidence = growth->objects.confidence;
        return;
    }
    if (candidate->trend == UF_BY_OBJECTS) {
        finding->objects_per_call = growth->objects.per_call;
        finding->bytes_per_call = finish_slope(&growth->bytes, growth->objects.per_call, mean);
        finding->confidence = growth->objects.confidence;
        return;
    }
    bool by_length = growth->length.kind == UF_GROWTH_TREND;
    finding->confidence = by_length ? growth->length.confidence : growth->bytes.confidence;
    finding->objects_per_call = 0;
    /* Allocated bytes go in steps: over all windows, rather than by their median. */
    const struct uf_group_point *first = &group->points.at[0];
    finding->bytes_per_call = growth->bytes.kind == UF_GROWTH_TREND
                                  ? growth->bytes.per_call
                                  : ((double)last->bytes - (double)first->bytes) /
                                        (double)(last->calls - first->calls);
    finding->entries_per_call = by_length ? growth->length.per_call : UF_UNKNOWN;
    finding->retained_bytes_per_call = finding->bytes_per_call;
    for (uint32_t g = 0; g < search->count; g++) {
        const struct uf_candidate *entry = &search->candidates[g];
        if (!entry->subsumed || entry->told_by != index || entry->trend != UF_BY_OBJECTS)
            continue;
        const struct uf_group *entries = uf_groups_get(search->groups, g);
        const struct uf_group_point *end = &entries->points.at[entries->points.len - 1];
        double size = end->objects ? (double)end->bytes / (double)end->objects : 0;
        finding->objects_per_call += entry->growth.objects.per_call;
        finding->retained_bytes_per_call +=
            finish_slope(&entry->growth.bytes, entry->growth.objects.per_call, size);
    }
}

/* Does the path lead through a class to the holder, as to a cached method? */
static bool is_on_class(const struct uf_search *search, const struct located *located)
{
    for (size_t up = 1; up <= 3 && up <= located->holder; up++) {
        uf_node node = located->path.nodes.at[located->holder - up];
        if (search->view.graph->flags[node] & UF_NODE_TYPE)
            return true;
        const char *type = uf_graph_type_name(search->view.graph, node);
        if (strcmp(type, "dict") != 0 && strcmp(type, "staticmethod") != 0 &&
            strcmp(type, "classmethod") != 0)
            return false;
    }
    return false;
}

static enum uf_code fill_advice(struct uf_search *search, uint32_t index,
                                const struct located *located, struct uf_finding *finding,
                                struct uf_error *err)
{
    const struct uf_view *view = &search->view;
    struct located named = *located;
    struct uf_text path = {0};
    struct uf_ref_name name = {.kind = UF_REF_UNKNOWN};
    bool inside = finding->kind == UF_KIND_GROWING, at_root = located->entry == 0;
    uf_node entry = located->path.nodes.at[located->entry];
    if (!inside && !at_root) {
        while (named.holder > 0 &&
               uf_bound_is_part_of_cache(view->graph, &named.path, named.holder))
            named.holder--;
        uf_step_name(view, located->path.nodes.at[located->entry - 1],
                     view->reach->parent_edge[entry], located->in_dict, &name);
    }
    uf_groups_path_text(search->groups, index, &path);
    if (path.failed) {
        uf_text_release(&path);
        return uf_error_nomem(err);
    }
    const struct uf_group *group = uf_groups_get(search->groups, index);
    struct uf_leak_facts facts = {
        .view = view,
        .example = entry,
        .holder = inside || at_root ? UF_NODE_NONE : located->path.nodes.at[named.holder],
        .type = finding->type,
        .holder_type = inside || at_root
                           ? ""
                           : uf_graph_type_name(view->graph, located->path.nodes.at[named.holder]),
        .holder_text = finding->holder,
        .root = finding->path_root,
        .path = path.at,
        .reference = name.kind,
        .inside = inside,
        .on_class = is_on_class(search, &named),
        .settled = search->settled,
        .known_bound = !isnan(finding->bound_limit),
        .chain = group->folded,
        .many_names = !inside && strcmp(uf_groups_text(search->groups, group->edge), ".*") == 0,
    };
    finding->fix_advice = uf_advice_for_leak(&facts);
    uf_text_release(&path);

    struct uf_text edge = {0};
    uf_text_add_z(&edge, finding->holder);
    if (!inside && !at_root)
        uf_step_append(&edge, name.text);
    finding->fix_edge = take_text(&edge);
    return finding->fix_advice && finding->fix_edge ? UF_OK : uf_error_nomem(err);
}

static bool is_module_root(const struct uf_search *search, const struct located *located)
{
    uint32_t root = search->view.reach->root[located->path.nodes.at[0]];
    return root != UINT32_MAX && search->view.graph->roots[root].kind == UF_ROOT_MODULE;
}

static enum uf_code fill_texts(struct uf_search *search, uint32_t index,
                               const struct located *located, struct uf_finding *finding,
                               struct uf_error *err)
{
    const struct uf_view *view = &search->view;
    const struct uf_group *group = uf_groups_get(search->groups, index);
    struct uf_text text = {0}, root = {0}, id = {0};
    finding->type = uf_mem_strdup(uf_groups_text(search->groups, group->type));

    if (located->entry == 0 && finding->kind != UF_KIND_GROWING && is_module_root(search, located))
        uf_text_add_z(&text, "sys.modules");
    else if (located->entry == 0 && finding->kind != UF_KIND_GROWING)
        uf_path_root_text(view, located->path.nodes.at[0], &text);
    else
        uf_path_expression(view, &located->path, located->holder + 1, &text);
    finding->holder = take_text(&text);
    if (!finding->holder)
        return uf_error_nomem(err);
    if (strcmp(finding->holder, "gc.garbage") == 0) {
        finding->kind = UF_KIND_CYCLE;
        finding->collectable_why =
            uf_mem_strdup("the collector found it and put it into gc.garbage instead of "
                          "freeing it (gc.DEBUG_SAVEALL, or a finalizer of C code)");
    }
    uf_text_printf(&id, "%s:%s:", uf_kind_name(finding->kind),
                   uf_groups_text(search->groups, group->type));
    uf_groups_path_text(search->groups, index, &id);
    uf_text_printf(&id, ":%s", search->result->function ? search->result->function : "");
    finding->id = take_text(&id);

    uf_path_root_text(view, located->path.nodes.at[0], &root);
    finding->path_root = take_text(&root);
    if (!finding->type || !finding->id || !finding->path_root)
        return uf_error_nomem(err);
    return UF_OK;
}

/* The place of the path to mark: the reference to the container that grows; where there is none
 * to show (the holder is a module), the entry itself. */
static size_t suspect_of(const struct uf_search *search, const struct located *located)
{
    const struct uf_graph *graph = search->view.graph;
    uint32_t root = search->view.reach->root[located->path.nodes.at[0]];
    bool shown = located->holder > 0 || (root != UINT32_MAX && graph->roots[root].label != 0);
    return shown ? located->holder : located->entry;
}

static enum uf_code fill_bound(struct uf_search *search, uint32_t index,
                               const struct located *located, struct uf_finding *finding,
                               struct uf_error *err)
{
    struct uf_bound bound;
    bool bounded = uf_bound_find(&search->view, &located->path, located->holder, &bound);
    const struct uf_group *group = uf_groups_get(search->groups, index);
    finding->severity = UF_SEVERITY_LEAK;
    if (group->bounded_root) {
        bounded = true;
        bound = (struct uf_bound){.limit = UF_TYPE_CACHE_ENTRIES, .fill = finding->objects};
    }
    if (search->settled || bounded) {
        finding->severity = UF_SEVERITY_BOUNDED;
        finding->bound_limit = bound.limit;
        finding->bound_fill = isnan(bound.fill) ? finding->objects : bound.fill;
        if (bound.by[0] && !(finding->bound_by = uf_mem_strdup(bound.by)))
            return uf_error_nomem(err);
        if (isnan(finding->retained_bytes_per_call))
            finding->retained_bytes_per_call = finding->bytes_per_call;
    }
    if (group->not_from_call) {
        finding->not_from_call = uf_mem_strdup(
            "it grew as fast while no call was made: a thread or timer of its own does it");
        if (!finding->not_from_call)
            return uf_error_nomem(err);
    }
    return UF_OK;
}

static enum uf_code fill_located(struct uf_search *search, uint32_t index, struct located *located,
                                 struct uf_finding *finding, struct uf_error *err)
{
    enum uf_code code = see_through(search, index, &located->shown, err);
    if (!code)
        code = locate(search, index, located->shown, located, err);
    if (!code)
        finding->example = located->path.nodes.at[located->entry];
    if (!code)
        code = fill_texts(search, located->shown, located, finding, err);
    if (!code)
        code = fill_bound(search, index, located, finding, err);
    if (!code)
        code =
            uf_path_steps(&search->view, &located->path, suspect_of(search, located), finding, err);
    if (!code)
        code = fill_advice(search, index, located, finding, err);
    return code;
}

/* A container that is told only by what piles up in it. */
static bool holder_grows(const struct uf_search *search, uint32_t index)
{
    const struct uf_group *group = uf_groups_get(search->groups, index);
    uint32_t parent = group->parent;
    if (parent == UF_GROUP_NONE || search->settled)
        return false;
    if (uf_candidate_grows(search, parent) == UF_INSIDE)
        return true;
    uint32_t dict = search->candidates[parent].dict;
    return dict != UF_GROUP_NONE && uf_candidate_grows(search, dict) == UF_INSIDE;
}

static enum uf_code fill_births(struct uf_search *search, uint32_t index, uint32_t shown,
                                const struct uf_load *load, struct uf_finding *finding,
                                struct uf_error *err)
{
    const struct uf_view *view = &search->view;
    uf_node_list nodes = {0};
    enum uf_code code = UF_OK;
    if (!view->births)
        return UF_OK;
    if (shown != index)
        code = uf_groups_members(search->groups, view->graph, view->reach, view->names, shown,
                                 &nodes, err);
    if (!code)
        code = uf_load_fill_births(load, &nodes, view, finding, err);
    uf_vec_release(&nodes);
    return code;
}

enum uf_code uf_finding_fill(struct uf_search *search, uint32_t index, struct uf_finding *finding,
                             struct uf_error *err)
{
    struct located located = {0};
    struct uf_load load = {0};
    bool inside = uf_candidate_grows(search, index) == UF_INSIDE;
    finding->kind = inside ? UF_KIND_GROWING : UF_KIND_RETAINED;
    finding->holder_grows = inside ? false : holder_grows(search, index);
    fill_figures(search, index, finding);
    const struct uf_group_growth *growth = &search->candidates[index].growth;
    int figure = !inside ? 0 : growth->length.kind == UF_GROWTH_TREND ? 2 : 1;
    enum uf_code code =
        fill_growth(search, uf_groups_get(search->groups, index), figure, finding, err);
    if (!code)
        code = fill_located(search, index, &located, finding, err);
    if (!code && finding->severity == UF_SEVERITY_LEAK) {
        code = uf_load_collect(&load, search, index, err);
        if (!code) {
            if (!inside)
                finding->objects = (double)load.members.len;
            code = uf_load_try_fix(&load, search, finding, err);
            if (!code)
                code = fill_births(search, index, located.shown, &load, finding, err);
        }
        if (!code && !inside && uf_group_is_at_root(search, index, "native code"))
            code = uf_orphans_list(finding, search->view.graph, &load.members, err);
    }
    uf_load_release(&load);
    uf_path_release(&located.path);
    return code;
}
