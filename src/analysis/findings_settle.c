/* findings_settle.c - which of the growing groups are told by another's finding. */
#include "analysis/findings_private.h"

#include <math.h>
#include <string.h>

static bool is_trend(const struct uf_growth *growth)
{
    return growth->kind == UF_GROWTH_TREND;
}

bool uf_group_is_at_root(const struct uf_search *search, uint32_t group, const char *root)
{
    const struct uf_group *at = uf_groups_get(search->groups, group);
    return at->parent == UF_GROUP_NONE &&
           strncmp(uf_groups_text(search->groups, at->root), root, strlen(root)) == 0;
}

static bool is_one_of(const char *type, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(type, names[i]) == 0)
            return true;
    return false;
}

/* As an entry a number is part of the container's growth, not a thing of its own. */
static bool is_number(const char *type)
{
    static const char *const names[] = {"int", "float", "complex", "bool", "NoneType"};
    return is_one_of(type, names, sizeof names / sizeof *names);
}

static bool is_text(const char *type)
{
    static const char *const names[] = {"str", "bytes"};
    return is_one_of(type, names, sizeof names / sizeof *names);
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

uint32_t uf_group_container(const struct uf_search *search, uint32_t group)
{
    uint32_t parent = uf_groups_get(search->groups, group)->parent;
    if (parent == UF_GROUP_NONE)
        return UF_GROUP_NONE;
    if (uf_candidate_grows(search, parent) == UF_INSIDE)
        return parent;
    uint32_t dict = search->candidates[parent].dict;
    return dict != UF_GROUP_NONE && uf_candidate_grows(search, dict) == UF_INSIDE ? dict
                                                                                  : UF_GROUP_NONE;
}

int uf_group_rank(const struct uf_search *search, uint32_t group)
{
    const struct uf_group *entry = uf_groups_get(search->groups, group);
    const char *type = uf_groups_text(search->groups, entry->type);
    if (is_number(type))
        return 0;
    return (is_text(type) ? 1 : 3) + (entry->key ? 0 : 1);
}

/* Siblings have one holder: a group's, or a field of the interpreter (whose parts are one thing:
 * a callback and its arguments). Returns 0 for what has no siblings. */
static uint64_t holder_key(const struct uf_search *search, uint32_t group)
{
    const struct uf_group *entry = uf_groups_get(search->groups, group);
    if (uf_candidate_grows(search, group) != UF_BY_OBJECTS || search->candidates[group].subsumed)
        return 0;
    if (entry->parent != UF_GROUP_NONE)
        return (uint64_t)entry->parent + 1;
    if (strncmp(uf_groups_text(search->groups, entry->root), "interpreter: ", 13) == 0)
        return ((uint64_t)1 << 32) + entry->root;
    return 0;
}

/* By holder: the sibling of the best rank, the first of several. */
static enum uf_code find_best(const struct uf_search *search, struct uf_map *best,
                              struct uf_error *err)
{
    for (uint32_t g = 0; g < search->count; g++) {
        uint64_t key = holder_key(search, g);
        if (key == 0)
            continue;
        uint32_t known = uf_map_get(best, key);
        if ((known == UF_MAP_NONE || uf_group_rank(search, g) > uf_group_rank(search, known)) &&
            uf_map_set(best, key, g))
            return uf_error_nomem(err);
    }
    return UF_OK;
}

/* A key that keeps much more alive than its value is the thing to name: what a cache holds by its
 * arguments. */
static enum uf_code prefer_heavy_keys(struct uf_search *search, struct uf_map *best,
                                      struct uf_error *err)
{
    for (uint32_t g = 0; g < search->count; g++) {
        uint64_t key = holder_key(search, g), own = 0, value = 0;
        if (key == 0 || !uf_groups_get(search->groups, g)->key ||
            uf_group_rank(search, g) < UF_RANK_THING)
            continue;
        uint32_t leader = uf_map_get(best, key);
        if (leader == g || uf_groups_get(search->groups, leader)->key)
            continue;
        enum uf_code code = uf_group_weigh(search, g, &own, err);
        if (!code)
            code = uf_group_weigh(search, leader, &value, err);
        if (code)
            return code;
        if (own > UF_MUCH_HEAVIER * value && uf_map_set(best, key, g))
            return uf_error_nomem(err);
    }
    return UF_OK;
}

/* Of the groups that grow at one holder, the ones of the leader's rank are told; keys and lesser
 * values go with them. Where a container grows by nothing but numbers, the container is what is
 * told. */
static enum uf_code settle_siblings(struct uf_search *search, struct uf_error *err)
{
    struct uf_map best = {0};
    enum uf_code code = find_best(search, &best, err);
    if (!code)
        code = prefer_heavy_keys(search, &best, err);
    for (uint32_t g = 0; g < search->count && !code; g++) {
        struct uf_candidate *candidate = &search->candidates[g];
        uint64_t key = holder_key(search, g);
        if (key == 0)
            continue;
        uint32_t leader = uf_map_get(&best, key), container = uf_group_container(search, g);
        int best_rank = uf_group_rank(search, leader);
        bool at_root = uf_groups_get(search->groups, g)->parent == UF_GROUP_NONE;
        if (container != UF_GROUP_NONE && best_rank == 0) {
            candidate->told_by = container;
            search->candidates[container].has_entries = true;
        } else if (uf_group_rank(search, g) != best_rank || (at_root && g != leader)) {
            candidate->told_by = leader;
        }
        if (container != UF_GROUP_NONE && best_rank > 0)
            search->candidates[container].subsumed = true;
    }
    for (uint32_t g = 0; g < search->count && !code; g++)
        if (search->candidates[g].told_by != UF_GROUP_NONE)
            search->candidates[g].subsumed = true;
    uf_map_release(&best);
    return code;
}

static bool grow_alike(const struct uf_growth *a, const struct uf_growth *b)
{
    return is_trend(a) && is_trend(b) && fabs(a->per_call - b->per_call) < 1e-9;
}

/* A holder inside of which another grows alike (a cache and its dictionary): one of them is
 * told, the upper one unless the entries are. */
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

static bool same_rate(const struct uf_search *search, uint32_t a, uint32_t b)
{
    double rate = search->candidates[a].growth.objects.per_call;
    return fabs(search->candidates[b].growth.objects.per_call - rate) <= 0.01 * rate;
}

static bool is_weak(const struct uf_search *search, uint32_t group)
{
    const char *type = uf_groups_text(search->groups, uf_groups_get(search->groups, group)->type);
    return strncmp(type, "weakref.", 8) == 0;
}

static bool is_thread_type(const char *type)
{
    size_t len = strlen(type);
    return len >= 6 && strcmp(type + len - 6, "Thread") == 0;
}

/* More and more threads: what each has on its stack is along with its Thread, or with the first
 * of them. */
static void settle_threads(struct uf_search *search)
{
    for (uint32_t g = 0; g < search->count; g++) {
        if (uf_candidate_grows(search, g) != UF_BY_OBJECTS || search->candidates[g].subsumed ||
            !uf_group_is_at_root(search, g, "thread ") ||
            !strchr(uf_groups_text(search->groups, uf_groups_get(search->groups, g)->root), '*'))
            continue;
        for (uint32_t other = 0; other < search->count && !search->candidates[g].subsumed;
             other++) {
            if (other == g || uf_candidate_grows(search, other) != UF_BY_OBJECTS ||
                search->candidates[other].subsumed || !same_rate(search, g, other))
                continue;
            const char *type =
                uf_groups_text(search->groups, uf_groups_get(search->groups, other)->type);
            search->candidates[g].subsumed =
                is_thread_type(type) ||
                (other < g && uf_group_is_at_root(search, other, "thread "));
        }
    }
}

/* Whether entries leave the holder of `entry` by themselves when what they refer to dies: a weak
 * container, a type's table of subclasses, the finalizers that wait for their objects. */
static bool is_pruned(const struct uf_search *search, const struct uf_group *entry)
{
    const struct uf_group *table = uf_groups_get(search->groups, entry->parent);
    const char *edge = uf_groups_text(search->groups, table->edge);
    if (strcmp(edge, "subclasses") == 0)
        return true;
    if (strcmp(edge, "._registry") == 0)
        return strcmp(uf_groups_text(search->groups, entry->type), "weakref.finalize._Info") == 0;
    if (table->parent == UF_GROUP_NONE)
        return false;
    const char *owner =
        uf_groups_text(search->groups, uf_groups_get(search->groups, table->parent)->type);
    return strncmp(owner, "_weakrefset.Weak", 16) == 0 || strncmp(owner, "weakref.Weak", 12) == 0;
}

/* A callback is dropped when it is called (CPython 3.12 Objects/weakrefobject.c): what has one
 * refers to something that lives. */
static bool has_callback(const struct uf_search *search, const struct uf_group *entry)
{
    const struct uf_graph *graph = search->view.graph;
    if (entry->example == UF_NODE_NONE)
        return false;
    for (uint32_t e = graph->edge_start[entry->example]; e < graph->edge_start[entry->example + 1];
         e++)
        if (!(graph->flags[graph->edge_target[e]] & UF_NODE_TYPE))
            return true;
    return false;
}

/* What prunes itself piles up because what it refers to does. So does most likely what has a
 * callback, if something else grows just as fast. */
static void leave_weak_entries(struct uf_search *search)
{
    for (uint32_t g = 0; g < search->count; g++) {
        const struct uf_group *entry = uf_groups_get(search->groups, g);
        if (uf_candidate_grows(search, g) != UF_BY_OBJECTS || entry->parent == UF_GROUP_NONE ||
            search->candidates[g].subsumed || !is_weak(search, g))
            continue;
        bool pruned = is_pruned(search, entry), callback = has_callback(search, entry);
        for (uint32_t other = 0; other < search->count && (pruned || callback); other++)
            if (uf_candidate_grows(search, other) == UF_BY_OBJECTS &&
                !search->candidates[other].subsumed && !is_weak(search, other) &&
                (pruned || same_rate(search, g, other)))
                search->candidates[g].subsumed = true;
    }
}

/* The group right below `group` through which a path leads from one of its members down to another;
 * UF_GROUP_NONE: they hold each other at once, as the links of a list do. */
static enum uf_code group_between(struct uf_search *search, uint32_t group, uint32_t *ret,
                                  struct uf_error *err)
{
    const struct uf_view *view = &search->view;
    uf_node_list members = {0};
    uint32_t below = UF_GROUP_NONE;
    *ret = UF_GROUP_NONE;
    enum uf_code code = uf_groups_members(search->groups, view->graph, view->reach, view->names,
                                          group, &members, err);
    uf_node at = code || members.len == 0 ? UF_NODE_NONE
                                          : view->reach->parent[members.at[members.len - 1]];
    for (; at != UF_NODE_NONE; at = view->reach->parent[at]) {
        uint32_t g = uf_groups_of(search->groups, at);
        if (g == group) {
            *ret = below;
            break;
        }
        if (g != UF_GROUP_NONE && !uf_groups_get(search->groups, g)->attribute_dict)
            below = g;
    }
    uf_vec_release(&members);
    return code;
}

/* Paths fold where they repeat themselves (groups.h): an inner table of what a table holds may fall into
 * the group of the outer one, which then seems to grow by itself. What it holds is told instead. */
static enum uf_code leave_folded_tables(struct uf_search *search, struct uf_error *err)
{
    static const char *const tables[] = {"dict", "list", "tuple", "set"};
    enum uf_code code = UF_OK;
    for (uint32_t g = 0; g < search->count && !code; g++) {
        const struct uf_group *group = uf_groups_get(search->groups, g);
        uint32_t between;
        if (!group->folded || uf_candidate_grows(search, g) != UF_BY_OBJECTS ||
            !is_one_of(uf_groups_text(search->groups, group->type), tables,
                       sizeof tables / sizeof *tables))
            continue;
        code = group_between(search, g, &between, err);
        if (!code && between < search->count &&
            uf_candidate_grows(search, between) == UF_BY_OBJECTS)
            search->candidates[g].trend = UF_STILL;
    }
    return code;
}

enum uf_code uf_search_settle(struct uf_search *search, struct uf_error *err)
{
    if (!search->settled) {
        enum uf_code failed = leave_folded_tables(search, err);
        if (failed)
            return failed;
    }
    for (uint32_t g = 0; g < search->count; g++)
        if (uf_candidate_grows(search, g) != UF_STILL)
            search->candidates[g].subsumed = is_along(search, g);
    enum uf_code code = settle_siblings(search, err);
    if (code)
        return code;
    settle_containers(search);
    settle_threads(search);
    leave_weak_entries(search);
    return UF_OK;
}
