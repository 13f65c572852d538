/* findings.c - which groups become findings. */
#include "analysis/finding_bound.h"
#include "analysis/findings_private.h"

#include <math.h>
#include <string.h>

/* What settled is worth telling when it grew by this much after warm-up. */
#define NOTABLE_OBJECTS 8
#define NOTABLE_BYTES 1024
#define FEW_OBJECTS 2 /* ... and this many where a bound is known */
#define FINDINGS_MAX 40
#define BOUNDED_MAX 8

static bool is_trend(const struct uf_growth *growth)
{
    return growth->kind == UF_GROWTH_TREND;
}

static bool is_steady(const struct uf_growth *growth)
{
    return growth->kind == UF_GROWTH_FLAT || growth->kind == UF_GROWTH_SETTLED;
}

static bool grew(const struct uf_group *group, int figure, uint64_t notable)
{
    const struct uf_group_point *first = &group->points.at[0],
                                *last = &group->points.at[group->points.len - 1];
    uint64_t from = figure == 0 ? first->objects : figure == 1 ? first->bytes : first->length;
    uint64_t to = figure == 0 ? last->objects : figure == 1 ? last->bytes : last->length;
    return to > from && to - from >= notable;
}

static void classify(const struct uf_group *group, struct uf_candidate *candidate)
{
    const struct uf_group_growth *growth = &candidate->growth;
    if (is_trend(&growth->objects))
        candidate->trend = UF_BY_OBJECTS;
    else if (is_steady(&growth->objects) && (is_trend(&growth->bytes) || is_trend(&growth->length)))
        candidate->trend = UF_INSIDE;
    else if (growth->objects.kind == UF_GROWTH_SETTLED &&
             (grew(group, 0, NOTABLE_OBJECTS) ||
              (grew(group, 0, 1) && is_steady(&growth->bytes) && grew(group, 1, NOTABLE_BYTES))))
        candidate->settled = UF_BY_OBJECTS;
    else if (is_steady(&growth->objects) && !grew(group, 0, 1) && is_steady(&growth->bytes) &&
             is_steady(&growth->length) &&
             (group->has_length ? grew(group, 2, NOTABLE_OBJECTS) : grew(group, 1, NOTABLE_BYTES)))
        candidate->settled = UF_INSIDE;
}

/* Does it lie in a container with a bound, at whatever depth? Parents come before their children. */
static enum uf_code find_bounded(const struct uf_search *search, uint32_t index, bool *ret,
                                 struct uf_error *err)
{
    const struct uf_group *group = uf_groups_get(search->groups, index);
    struct uf_path path = {0};
    struct uf_bound bound;
    *ret = false;
    for (uint32_t g = group->parent; g != UF_GROUP_NONE && !*ret;
         g = uf_groups_get(search->groups, g)->parent)
        *ret = search->candidates[g].bounded;
    if (*ret || group->example == UF_NODE_NONE)
        return UF_OK;
    enum uf_code code = uf_path_to(&path, search->view.reach, group->example, err);
    size_t last = path.nodes.len - 1;
    const struct uf_growth *objects = &search->candidates[index].growth.objects;
    if (!code && is_steady(objects) && objects->rose == 0) { /* it is what holds more and more */
        *ret = uf_bound_find(&search->view, &path, last, &bound);
    } else if (!code && last > 0) {
        size_t holder = last - 1;
        if (holder > 0 && uf_path_is_dict_hop(&search->view, &path, holder))
            holder--;
        *ret = uf_bound_find(&search->view, &path, holder, &bound);
    }
    uf_path_release(&path);
    return code;
}

static bool undecided(const struct uf_group_growth *growth)
{
    return growth->objects.kind == UF_GROWTH_UNDECIDED ||
           growth->bytes.kind == UF_GROWTH_UNDECIDED || growth->length.kind == UF_GROWTH_UNDECIDED;
}

/* The judgement that the group's place in the summary rests on. */
static const struct uf_growth *leading(const struct uf_candidate *candidate)
{
    const struct uf_group_growth *growth = &candidate->growth;
    if (candidate->trend == UF_INSIDE)
        return is_trend(&growth->length) ? &growth->length : &growth->bytes;
    return &growth->objects;
}

static void sum_up(const struct uf_group *group, const struct uf_candidate *candidate,
                   struct uf_growth_summary *summary)
{
    const struct uf_growth *growth = leading(candidate);
    summary->groups++;
    if (group->not_from_call || group->bounded_root || candidate->bounded)
        return;
    bool first_trend = candidate->trend && summary->trends == 0;
    summary->trends += candidate->trend != UF_STILL;
    if (!candidate->trend && summary->trends > 0)
        return;
    if (first_trend || isnan(summary->confidence) || growth->confidence < summary->confidence) {
        summary->confidence = growth->confidence;
        summary->windows = growth->windows;
        summary->window_calls = growth->window_calls;
    }
}

static bool keeps_to_bound(const struct uf_search *search, uf_node node)
{
    const struct uf_names *names = search->view.names;
    int64_t bound = names->bound(names->context, node);
    return bound >= 0 && names->length(names->context, node) <= bound;
}

/* Has it a bound, or does its number go with that of the entries of something that has one? Then
 * it cannot go on growing, however it looks. */
static bool is_bounded(const struct uf_search *search, uint32_t group)
{
    const struct uf_graph *graph = search->view.graph;
    const uf_node *parent = search->view.reach->parent;
    uf_node entry = uf_groups_get(search->groups, group)->example;
    if (entry == UF_NODE_NONE)
        return false;
    bool cache = parent[entry] != UF_NODE_NONE &&
                 strstr(uf_graph_type_name(graph, parent[entry]), "lru_cache") != NULL;
    if (keeps_to_bound(search, entry) || (cache && keeps_to_bound(search, parent[entry])))
        return true;
    if (search->candidates[group].growth.objects.kind == UF_GROWTH_FLAT)
        return false;
    for (; parent[entry] != UF_NODE_NONE; entry = parent[entry]) {
        uint32_t entries = uf_groups_of(search->groups, entry);
        if (entries < search->count && keeps_to_bound(search, parent[entry]) &&
            search->candidates[entries].growth.objects.kind != UF_GROWTH_FLAT)
            return true;
    }
    return false;
}

/* The table of a type's subclasses (tp_subclasses): entries leave it with their class. */
static bool is_subclass_table(const struct uf_search *search, uint32_t group)
{
    const struct uf_group *at = uf_groups_get(search->groups, group);
    if (strcmp(uf_groups_text(search->groups, at->edge), "subclasses") == 0)
        return true;
    return at->parent != UF_GROUP_NONE &&
           strcmp(uf_groups_text(search->groups, uf_groups_get(search->groups, at->parent)->edge),
                  "subclasses") == 0;
}

/* What may be a leak, and may not. */
static void sum_up_undecided(const struct uf_search *search, struct uf_growth_summary *summary)
{
    for (uint32_t g = 0; g < search->count; g++) {
        const struct uf_group *group = uf_groups_get(search->groups, g);
        const struct uf_candidate *candidate = &search->candidates[g];
        if (group->points.len > 0 && !candidate->trend && !group->not_from_call &&
            !group->bounded_root && !candidate->bounded && undecided(&candidate->growth) &&
            !is_subclass_table(search, g) && !is_bounded(search, g))
            summary->undecided++;
    }
}

/* Entries of a full cache that are too few and too small to be told, but keep much alive. */
static enum uf_code settle_heavy_entries(struct uf_search *search, struct uf_error *err)
{
    const uf_node *parent = search->view.reach->parent;
    for (uint32_t g = 0; g < search->count; g++) {
        const struct uf_group *group = uf_groups_get(search->groups, g);
        struct uf_candidate *candidate = &search->candidates[g];
        if (group->points.len == 0 || candidate->trend || candidate->settled ||
            candidate->growth.objects.kind != UF_GROWTH_SETTLED || !grew(group, 0, 1) ||
            group->example == UF_NODE_NONE || parent[group->example] == UF_NODE_NONE ||
            !keeps_to_bound(search, parent[group->example]))
            continue;
        uint64_t weight = 0, gained = group->points.at[group->points.len - 1].objects -
                                      group->points.at[0].objects;
        enum uf_code code = uf_group_weigh(search, g, &weight, err);
        if (code)
            return code;
        if (weight * gained >= NOTABLE_BYTES)
            candidate->settled = UF_BY_OBJECTS;
    }
    return UF_OK;
}

static enum uf_code judge_all(struct uf_search *search, struct uf_growth_summary *summary,
                              struct uf_error *err)
{
    for (uint32_t g = 0; g < search->count; g++) {
        const struct uf_group *group = uf_groups_get(search->groups, g);
        struct uf_candidate *candidate = &search->candidates[g];
        candidate->dict = UF_GROUP_NONE;
        candidate->told_by = UF_GROUP_NONE;
        if (group->attribute_dict && group->parent != UF_GROUP_NONE)
            search->candidates[group->parent].dict = g;
        if (group->points.len == 0)
            continue;
        enum uf_code code = uf_groups_judge(search->groups, g, &candidate->growth, err);
        if (code)
            return code;
        classify(group, candidate);
        /* flat: it was full before the windows that are judged began */
        bool few = is_steady(&candidate->growth.objects) && grew(group, 0, FEW_OBJECTS);
        if (candidate->trend || few || undecided(&candidate->growth)) {
            code = find_bounded(search, g, &candidate->bounded, err);
            if (code)
                return code;
        }
        /* of a small cache a few entries are all that there can be */
        if (few && candidate->bounded && !candidate->settled)
            candidate->settled = UF_BY_OBJECTS;
        sum_up(group, candidate, summary);
    }
    sum_up_undecided(search, summary);
    return settle_heavy_entries(search, err);
}

/* Entries that the largest of the growing groups that were told has by now. */
static void sum_up_bounds(const struct uf_search *search, struct uf_growth_summary *summary)
{
    for (uint32_t g = 0; g < search->count; g++) {
        const struct uf_candidate *candidate = &search->candidates[g];
        const struct uf_group *group = uf_groups_get(search->groups, g);
        if (!candidate->trend || candidate->subsumed || group->not_from_call ||
            group->bounded_root || candidate->bounded)
            continue;
        const struct uf_group_point *last = &group->points.at[group->points.len - 1];
        double entries = (double)(candidate->trend == UF_INSIDE ? last->length : last->objects);
        if (!(summary->largest_bound >= entries))
            summary->largest_bound = entries;
    }
}

enum uf_code uf_findings_push(struct uf_check_result *result, struct uf_finding *finding,
                              struct uf_error *err)
{
    if (uf_vec_push(&result->findings, *finding) == 0)
        return UF_OK;
    uf_finding_release(finding);
    return uf_error_nomem(err);
}

/* "gc.garbage" and what nothing reaches are not holders: findings_cycles.c tells them. */
static bool is_unreachable(const struct uf_search *search, uint32_t group)
{
    uint32_t g = group;
    while (uf_groups_get(search->groups, g)->parent != UF_GROUP_NONE)
        g = uf_groups_get(search->groups, g)->parent;
    return strcmp(uf_groups_text(search->groups, uf_groups_get(search->groups, g)->root),
                  "nothing") == 0;
}

/* Held from C and itself holding what another finding tells (a thread's start function and its
 * Thread): the same thing once more. */
static bool is_told(const struct uf_search *search, uint32_t group)
{
    const struct uf_graph *graph = search->view.graph;
    uf_node example = uf_groups_get(search->groups, group)->example;
    for (uint32_t e = graph->edge_start[example]; e < graph->edge_start[example + 1]; e++)
        if (search->claimed[graph->edge_target[e]])
            return true;
    return false;
}

static enum uf_code tell_one(struct uf_search *search, uint32_t group, struct uf_error *err)
{
    struct uf_finding finding;
    uf_finding_init(&finding);
    enum uf_code code = uf_finding_fill(search, group, &finding, err);
    if (!code)
        return uf_findings_push(search->result, &finding, err);
    uf_finding_release(&finding);
    return code;
}

/* Every program adds to the interpreter's cache of attribute names: only a full one tells something. */
static bool is_scarcely_filled(const struct uf_search *search, uint32_t group)
{
    const struct uf_group *at = uf_groups_get(search->groups, group);
    return at->bounded_root &&
           at->points.at[at->points.len - 1].objects < UF_TYPE_CACHE_ENTRIES / 2;
}

/* When a group is told: things first, then texts, which may be their keys elsewhere, then what C
 * holds, then containers: telling one may take those of a later turn in. */
static int turn_of(const struct uf_search *search, uint32_t group)
{
    if (uf_candidate_grows(search, group) == UF_INSIDE)
        return 3;
    if (uf_group_is_at_root(search, group, "native code"))
        return 2;
    return uf_group_rank(search, group) >= UF_RANK_THING ? 0 : 1;
}

static enum uf_code tell(struct uf_search *search, size_t most, struct uf_error *err)
{
    size_t told = 0;
    enum uf_code code = UF_OK;
    for (int turn = 0; turn < 4; turn++)
        for (uint32_t g = 0; g < search->count && told < most && !code; g++) {
            if (uf_candidate_grows(search, g) == UF_STILL || search->candidates[g].subsumed ||
                turn_of(search, g) != turn ||
                uf_groups_get(search->groups, g)->example == UF_NODE_NONE ||
                is_scarcely_filled(search, g) || is_unreachable(search, g) ||
                (turn == 2 && is_told(search, g)))
                continue;
            code = tell_one(search, g, err);
            told++;
        }
    return code;
}

static enum uf_code one_round(struct uf_search *search, bool settled, size_t most,
                              struct uf_error *err)
{
    search->settled = settled;
    enum uf_code code = uf_search_settle(search, err);
    return code ? code : tell(search, most, err);
}

enum uf_code uf_findings_from_groups(struct uf_check_result *result, struct uf_groups *groups,
                                     const struct uf_graph *graph, const struct uf_reach *reach,
                                     const struct uf_names *names, const struct uf_births *births,
                                     struct uf_growth_summary *summary, struct uf_error *err)
{
    struct uf_search search = {
        .view = {graph, reach, names, births},
        .groups = groups,
        .result = result,
        .count = uf_groups_count(groups),
    };
    *summary = (struct uf_growth_summary){.confidence = UF_UNKNOWN, .largest_bound = UF_UNKNOWN};
    search.candidates = uf_mem_zalloc((search.count + 1) * sizeof *search.candidates);
    search.claimed = uf_mem_zalloc((size_t)graph->node_count + 1);
    enum uf_code code = UF_OK;
    if (!search.candidates || !search.claimed)
        code = uf_error_nomem(err);
    if (!code)
        code = judge_all(&search, summary, err);
    if (!code)
        code = one_round(&search, false, FINDINGS_MAX, err);
    if (!code)
        sum_up_bounds(&search, summary);
    if (!code)
        code = uf_findings_from_unreachable(&search, err);
    if (!code)
        code = one_round(&search, true, BOUNDED_MAX, err);
    uf_findings_sort(result);
    if (search.has_dominators)
        uf_dominators_release(&search.dominators);
    uf_mem_free(search.candidates);
    uf_mem_free(search.claimed);
    return code;
}

/* Bytes a call, for sorting: what is not known counts as nothing. */
static double weight_of(const struct uf_finding *finding)
{
    double weight = finding->retained_bytes_per_call;
    if (isnan(weight))
        weight = finding->bytes_per_call;
    return isnan(weight) ? 0 : weight;
}

static bool is_worse(const struct uf_finding *a, const struct uf_finding *b)
{
    bool aside_a = a->not_from_call != NULL, aside_b = b->not_from_call != NULL;
    if (aside_a != aside_b)
        return aside_b;
    if (a->severity != b->severity)
        return a->severity < b->severity;
    return weight_of(a) > weight_of(b);
}

void uf_findings_sort(struct uf_check_result *result)
{
    /* Insertion sort: few, and equal ones keep their order. */
    for (size_t i = 1; i < result->findings.len; i++) {
        struct uf_finding finding = result->findings.at[i];
        size_t k = i;
        for (; k > 0 && is_worse(&finding, &result->findings.at[k - 1]); k--)
            result->findings.at[k] = result->findings.at[k - 1];
        result->findings.at[k] = finding;
    }
}
