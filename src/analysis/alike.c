#include "analysis/alike.h"

#include "analysis/preference.h"

#include <stdio.h>

/* So many references are asked for their names; so many steps are spent on trying names. */
#define NAMES_MAX 65536
#define TRY_STEPS_MAX 50000000

struct group {
    struct uf_preference preference;
    uint32_t edges;
    uint32_t targets; /* how many different nodes they lead to */
};

struct sorter {
    struct uf_piece *piece;
    const struct uf_graph *graph;
    const struct uf_names *names;
    uint8_t *of_instance; /* by node of the core: 1 = the attribute dictionary of another one */
    uint32_t *seen;       /* by node of the core: the last group counted that leads to it */
    uint32_t *group;      /* by reference of the core; 0: none */
    struct uf_strings keys;
    UF_VEC(struct group) groups; /* by number of its key */
    uint64_t steps;
};

static void name_of(const struct sorter *s, uf_node source, uint32_t edge, struct uf_ref_name *ret)
{
    uf_node node = s->piece->nodes.at[source];
    uint32_t ordinal = s->piece->edge[edge] - s->graph->edge_start[node];
    s->names->name(s->names->context, node, ordinal, ret);
}

static void find_dicts(struct sorter *s)
{
    const struct uf_graph *core = &s->piece->core;
    for (uf_node n = 0; n < s->piece->core_count; n++) {
        for (uint32_t e = core->edge_start[n]; e < core->edge_start[n + 1]; e++) {
            struct uf_ref_name name;
            name_of(s, n, e, &name);
            if (name.kind == UF_REF_DICT)
                s->of_instance[core->edge_target[e]] = 1;
        }
    }
}

/* What is alike is written in one place of the program; entries of containers are not, and nobody writes
 * an internal reference. Only the former get a group. */
static int enter(struct sorter *s, uf_node source, uint32_t edge)
{
    static const struct uf_ref_name dict = {.kind = UF_REF_DICT};
    struct uf_ref_name name;
    char key[512];
    name_of(s, source, edge, &name);
    bool attribute = s->of_instance[source] && name.kind == UF_REF_ITEM;
    struct uf_preference preference = uf_preference_of(&name, attribute ? &dict : NULL, NULL);
    s->group[edge] = 0;
    if (preference.rank == UF_PREFERENCE_LAST)
        return 0;
    if (attribute)
        snprintf(key, sizeof key, "%s", name.text);
    else if (name.kind == UF_REF_ATTR)
        snprintf(key, sizeof key, "%s", name.generic);
    else if (name.kind == UF_REF_LOCAL || name.kind == UF_REF_CLOSURE)
        snprintf(key, sizeof key, "%s %s", uf_graph_type_name(s->graph, s->piece->nodes.at[source]),
                 name.generic);
    else
        return 0;
    uint32_t number = uf_strings_add_z(&s->keys, key);
    if (number == UF_STRING_NONE)
        return -1;
    while (s->groups.len <= number) { /* number 0 is the empty text: no group */
        struct group none = {0};
        if (uf_vec_push(&s->groups, none))
            return -1;
    }
    if (s->groups.at[number].edges++ == 0)
        s->groups.at[number].preference = preference;
    s->group[edge] = number;
    return 0;
}

static int sort_edges(struct sorter *s)
{
    const struct uf_graph *core = &s->piece->core;
    find_dicts(s);
    for (uf_node n = 0; n < s->piece->core_count; n++) {
        for (uint32_t e = core->edge_start[n]; e < core->edge_start[n + 1]; e++) {
            if (enter(s, n, e))
                return -1;
        }
    }
    return 0;
}

/* Whether no cycle is left without the group. */
static enum uf_code is_enough(struct sorter *s, uint32_t group, bool *enough, struct uf_error *err)
{
    struct uf_components left;
    size_t kept = s->piece->removed.len;
    s->steps += s->piece->core.node_count + s->piece->core.edge_count;
    for (uint32_t e = 0; e < s->piece->core.edge_count; e++) {
        if (s->group[e] == group && uf_piece_remove(s->piece, e)) {
            uf_piece_restore(s->piece, kept);
            return uf_error_nomem(err);
        }
    }
    enum uf_code code = uf_components_build(&left, &s->piece->core, s->piece->member, err);
    uf_piece_restore(s->piece, kept);
    *enough = code == UF_OK && left.count == 0;
    if (code == UF_OK)
        uf_components_release(&left);
    return code;
}

static void count_targets(struct sorter *s, uint32_t number)
{
    s->steps += s->piece->core.edge_count;
    for (uint32_t e = 0; e < s->piece->core.edge_count; e++) {
        uf_node target = s->piece->core.edge_target[e];
        if (s->group[e] == number && s->seen[target] != number) {
            s->seen[target] = number;
            s->groups.at[number].targets++;
        }
    }
}

static bool is_better(const struct group *a, const struct group *b)
{
    if (a->preference.points_back != b->preference.points_back)
        return a->preference.points_back;
    uint64_t shared_a = (uint64_t)a->edges * b->targets, shared_b = (uint64_t)b->edges * a->targets;
    if (shared_a != shared_b)
        return shared_a > shared_b;
    return uf_preference_compare(&a->preference, &b->preference) < 0;
}

/* Number of the best group that is enough; 0: none. What only one reference bears was tried before. */
static enum uf_code choose(struct sorter *s, uint32_t *best, struct uf_error *err)
{
    *best = 0;
    for (unsigned rank = 1; rank < UF_PREFERENCE_LAST && *best == 0; rank++) {
        for (uint32_t g = 1; g < s->groups.len && s->steps < TRY_STEPS_MAX; g++) {
            const struct group *group = &s->groups.at[g];
            bool enough = false;
            if (group->preference.rank != rank || group->edges < 2)
                continue;
            count_targets(s, g);
            if (*best && !is_better(group, &s->groups.at[*best]))
                continue;
            enum uf_code code = is_enough(s, g, &enough, err);
            if (code != UF_OK)
                return code;
            if (enough)
                *best = g;
        }
    }
    return UF_OK;
}

static enum uf_code find(struct sorter *s, uf_edge_vec *ret, struct uf_error *err)
{
    size_t nodes = s->piece->core.node_count, edges = s->piece->core.edge_count;
    uint32_t best;
    s->of_instance = uf_mem_zalloc(nodes);
    s->seen = uf_mem_zalloc(nodes * sizeof *s->seen);
    s->group = uf_mem_alloc(edges * sizeof *s->group);
    if (!s->of_instance || !s->seen || !s->group || sort_edges(s))
        return uf_error_nomem(err);
    enum uf_code code = choose(s, &best, err);
    for (uint32_t e = 0; e < edges && best && code == UF_OK; e++) {
        if (s->group[e] == best && uf_vec_push(ret, e))
            code = uf_error_nomem(err);
    }
    return code;
}

enum uf_code uf_alike_find(uf_edge_vec *ret, struct uf_piece *piece, const struct uf_graph *graph,
                           const struct uf_names *names, struct uf_error *err)
{
    struct sorter sorter = {.piece = piece, .graph = graph, .names = names};
    if (piece->core.edge_count > NAMES_MAX)
        return UF_OK;
    enum uf_code code = find(&sorter, ret, err);
    uf_mem_free(sorter.of_instance);
    uf_mem_free(sorter.seen);
    uf_mem_free(sorter.group);
    uf_strings_release(&sorter.keys);
    uf_vec_release(&sorter.groups);
    return code;
}
