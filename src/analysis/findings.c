/* findings.c - which groups become findings. */
#include "analysis/findings_private.h"

#include <math.h>
#include <string.h>

/* What settled is worth telling when it grew by this much after warm-up. */
#define NOTABLE_OBJECTS 8
#define NOTABLE_BYTES 1024
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
    const struct uf_group_point *first = &group->points.at[0], *last = &group->points.at[group->points.len - 1];
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
    else if (growth->objects.kind == UF_GROWTH_SETTLED && grew(group, 0, NOTABLE_OBJECTS))
        candidate->settled = UF_BY_OBJECTS;
    else if (is_steady(&growth->objects) && is_steady(&growth->bytes) && is_steady(&growth->length) &&
             (grew(group, 1, NOTABLE_BYTES) || grew(group, 2, NOTABLE_OBJECTS)))
        candidate->settled = UF_INSIDE;
}

static bool undecided(const struct uf_group_growth *growth)
{
    return growth->objects.kind == UF_GROWTH_UNDECIDED || growth->bytes.kind == UF_GROWTH_UNDECIDED ||
           growth->length.kind == UF_GROWTH_UNDECIDED;
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
    if (group->not_from_call)
        return;
    summary->undecided += !candidate->trend && undecided(&candidate->growth);
    bool first_trend = candidate->trend && summary->trends == 0;
    summary->trends += candidate->trend != UF_STILL;
    if (candidate->trend) {
        const struct uf_group_point *last = &group->points.at[group->points.len - 1];
        double entries = (double)(candidate->trend == UF_INSIDE ? last->length : last->objects);
        if (!(summary->largest_bound >= entries))
            summary->largest_bound = entries;
    } else if (summary->trends > 0) {
        return;
    }
    if (first_trend || isnan(summary->confidence) || growth->confidence < summary->confidence) {
        summary->confidence = growth->confidence;
        summary->windows = growth->windows;
        summary->window_calls = growth->window_calls;
    }
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
        sum_up(group, candidate, summary);
    }
    return UF_OK;
}

/* What holds nothing else: as an entry it is part of the container's growth, not a thing of its own. */
static bool is_plain(const char *type)
{
    static const char *const names[] = {"int", "float", "complex", "bool", "str", "bytes", "NoneType"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(type, names[i]) == 0)
            return true;
    return false;
}

/* Does a group above it grow by objects? Then it is only along. */
static bool is_along(const struct uf_search *search, uint32_t group)
{
    for (uint32_t g = uf_groups_get(search->groups, group)->parent; g != UF_GROUP_NONE;
         g = uf_groups_get(search->groups, g)->parent)
        if (search->candidates[g].trend == UF_BY_OBJECTS ||
            (search->settled && search->candidates[g].settled == UF_BY_OBJECTS))
            return true;
    return false;
}

/* The growing container that directly holds the entries of `group`, or UF_GROUP_NONE. */
static uint32_t container_of(const struct uf_search *search, uint32_t group)
{
    uint32_t parent = uf_groups_get(search->groups, group)->parent;
    if (parent == UF_GROUP_NONE)
        return UF_GROUP_NONE;
    if (uf_candidate_grows(search, parent) == UF_INSIDE)
        return parent;
    uint32_t dict = search->candidates[parent].dict;
    return dict != UF_GROUP_NONE && uf_candidate_grows(search, dict) == UF_INSIDE ? dict : UF_GROUP_NONE;
}

/* Rank of an entry as the thing to name: a value with references of its own, a key with such, a plain one. */
static int rank_of(const struct uf_search *search, uint32_t group)
{
    const struct uf_group *entry = uf_groups_get(search->groups, group);
    if (is_plain(uf_groups_text(search->groups, entry->type)))
        return 0;
    return entry->key ? 1 : 2;
}

/* Of the groups that grow at one holder, the ones of the best rank are told; keys and plain values go with
 * them. Where a container grows by nothing but plain values, the container is what is told. */
static void settle_siblings(struct uf_search *search)
{
    /* by parent: best rank + 1, and a group that has it */
    struct {
        uint8_t rank;
        uint32_t group;
    } *best = uf_mem_zalloc((search->count + 1) * sizeof *best);
    if (!best)
        return; /* then keys get findings of their own: more is said than needed, nothing wrong */
    for (uint32_t g = 0; g < search->count; g++) {
        uint32_t parent = uf_groups_get(search->groups, g)->parent;
        if (uf_candidate_grows(search, g) != UF_BY_OBJECTS || search->candidates[g].subsumed ||
            parent == UF_GROUP_NONE)
            continue;
        uint8_t rank = (uint8_t)(rank_of(search, g) + 1);
        if (rank > best[parent].rank) {
            best[parent].rank = rank;
            best[parent].group = g;
        }
    }
    for (uint32_t g = 0; g < search->count; g++) {
        struct uf_candidate *candidate = &search->candidates[g];
        uint32_t parent = uf_groups_get(search->groups, g)->parent;
        if (uf_candidate_grows(search, g) != UF_BY_OBJECTS || candidate->subsumed ||
            parent == UF_GROUP_NONE)
            continue;
        uint32_t container = container_of(search, g);
        if (container != UF_GROUP_NONE && best[parent].rank == 1) {
            candidate->subsumed = true;
            candidate->told_by = container;
            search->candidates[container].has_entries = true;
        } else if (rank_of(search, g) + 1 < best[parent].rank) {
            candidate->subsumed = true;
            candidate->told_by = best[parent].group;
        }
        if (container != UF_GROUP_NONE && best[parent].rank > 1)
            search->candidates[container].subsumed = true;
    }
    uf_mem_free(best);
}

static bool grow_alike(const struct uf_growth *a, const struct uf_growth *b)
{
    return is_trend(a) && is_trend(b) && fabs(a->per_call - b->per_call) < 1e-9;
}

/* A holder inside of which another grows alike (a cache and its dictionary): one of them is told, the upper
 * one unless the entries are. */
static void settle_containers(struct uf_search *search)
{
    for (uint32_t g = 0; g < search->count; g++) {
        uint32_t parent = uf_groups_get(search->groups, g)->parent;
        struct uf_candidate *inner = &search->candidates[g];
        if (uf_candidate_grows(search, g) != UF_INSIDE || parent == UF_GROUP_NONE ||
            uf_candidate_grows(search, parent) != UF_INSIDE)
            continue;
        struct uf_candidate *outer = &search->candidates[parent];
        if (!search->settled && !grow_alike(&inner->growth.length, &outer->growth.length))
            continue;
        if (inner->subsumed) {
            outer->subsumed = true;
            continue;
        }
        inner->subsumed = true;
        outer->has_entries |= inner->has_entries;
        for (uint32_t entry = 0; entry < search->count; entry++)
            if (search->candidates[entry].subsumed && search->candidates[entry].told_by == g)
                search->candidates[entry].told_by = parent;
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
    return strcmp(uf_groups_text(search->groups, uf_groups_get(search->groups, g)->root), "nothing") == 0;
}

static enum uf_code tell(struct uf_search *search, size_t most, struct uf_error *err)
{
    size_t told = 0;
    for (uint32_t g = 0; g < search->count && told < most; g++) {
        if (uf_candidate_grows(search, g) == UF_STILL || search->candidates[g].subsumed ||
            uf_groups_get(search->groups, g)->example == UF_NODE_NONE || is_unreachable(search, g))
            continue;
        struct uf_finding finding;
        uf_finding_init(&finding);
        enum uf_code code = uf_finding_fill(search, g, &finding, err);
        if (code) {
            uf_finding_release(&finding);
            return code;
        }
        code = uf_findings_push(search->result, &finding, err);
        if (code)
            return code;
        told++;
    }
    return UF_OK;
}

static enum uf_code one_round(struct uf_search *search, bool settled, size_t most, struct uf_error *err)
{
    search->settled = settled;
    for (uint32_t g = 0; g < search->count; g++)
        if (uf_candidate_grows(search, g) != UF_STILL)
            search->candidates[g].subsumed = is_along(search, g);
    settle_siblings(search);
    settle_containers(search);
    return tell(search, most, err);
}

enum uf_code uf_findings_from_groups(struct uf_check_result *result, struct uf_groups *groups,
                                     const struct uf_graph *graph, const struct uf_reach *reach,
                                     const struct uf_names *names, struct uf_growth_summary *summary,
                                     struct uf_error *err)
{
    struct uf_search search = {
        .view = {graph, reach, names},
        .groups = groups,
        .result = result,
        .count = uf_groups_count(groups),
    };
    *summary = (struct uf_growth_summary){.confidence = UF_UNKNOWN, .largest_bound = UF_UNKNOWN};
    search.candidates = uf_mem_zalloc((search.count + 1) * sizeof *search.candidates);
    if (!search.candidates)
        return uf_error_nomem(err);
    enum uf_code code = judge_all(&search, summary, err);
    if (!code)
        code = one_round(&search, false, FINDINGS_MAX, err);
    if (!code)
        code = uf_findings_from_unreachable(&search, err);
    if (!code)
        code = one_round(&search, true, BOUNDED_MAX, err);
    uf_findings_sort(result);
    if (search.has_dominators)
        uf_dominators_release(&search.dominators);
    uf_mem_free(search.candidates);
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
