#include "analysis/kinds.h"

#include <stdio.h>
#include <string.h>

/* Of a node: the attribute dictionary of another; an exception. */
enum { OF_INSTANCE = 1, EXCEPTION = 2 };

struct sorter {
    const struct uf_piece *piece;
    const struct uf_graph *graph;
    const struct uf_names *names;
    struct uf_kinds *ret;
    uint8_t *role; /* by node of the core */
    struct uf_strings keys;
};

static void name_of(const struct sorter *s, uf_node source, uint32_t edge, struct uf_ref_name *ret)
{
    uf_node node = s->piece->nodes.at[source];
    uint32_t ordinal = s->piece->edge[edge] - s->graph->edge_start[node];
    s->names->name(s->names->context, node, ordinal, ret);
}

/* What the names of some references say about the nodes at their ends. */
static void find_roles(struct sorter *s)
{
    const struct uf_graph *core = &s->piece->core;
    for (uf_node n = 0; n < s->piece->core_count; n++) {
        for (uint32_t e = core->edge_start[n]; e < core->edge_start[n + 1]; e++) {
            struct uf_ref_name name;
            name_of(s, n, e, &name);
            if (name.kind == UF_REF_DICT)
                s->role[core->edge_target[e]] |= OF_INSTANCE;
            if (strstr(name.text, "__traceback__"))
                s->role[n] |= EXCEPTION;
        }
    }
}

static int enter(struct sorter *s, uf_node source, uint32_t edge)
{
    static const struct uf_ref_name dict = {.kind = UF_REF_DICT},
                                    traceback = {.kind = UF_REF_ATTR, .text = ".__traceback__"};
    struct uf_ref_name name;
    char key[512];
    name_of(s, source, edge, &name);
    uint8_t to = s->role[s->piece->core.edge_target[edge]];
    bool entry = s->role[source] & OF_INSTANCE && name.kind == UF_REF_ITEM;
    struct uf_kind kind = {.preference = uf_preference_of(&name, entry ? &dict : NULL,
                                                          to & EXCEPTION ? &traceback : NULL)};
    const char *source_type = uf_graph_type_name(s->graph, s->piece->nodes.at[source]);
    uf_preference_of_fixed(&kind.preference, source_type);
    bool attribute = entry || name.kind == UF_REF_ATTR;
    kind.one_place = kind.preference.rank < UF_PREFERENCE_LAST &&
                     (attribute || name.kind == UF_REF_LOCAL || name.kind == UF_REF_CLOSURE);
    const char *type = attribute ? "" : source_type;
    snprintf(key, sizeof key, "%u %s %s", kind.preference.rank, type, kind.preference.generic);
    uint32_t number = uf_strings_add_z(&s->keys, key); /* 0 is the empty text */
    if (number == UF_STRING_NONE)
        return -1;
    if (number > s->ret->kinds.len && uf_vec_push(&s->ret->kinds, kind))
        return -1;
    s->ret->kinds.at[number - 1].edges++;
    s->ret->kind_of[edge] = number - 1;
    return 0;
}

/* Puts the kinds in order. Shell sort of their numbers: qsort may call malloc. */
static int put_in_order(struct sorter *s)
{
    struct uf_kinds *kinds = s->ret;
    size_t count = kinds->kinds.len;
    uint32_t *order = uf_mem_alloc(count * sizeof *order),
             *place = uf_mem_alloc(count * sizeof *place);
    struct uf_kind *sorted = uf_mem_alloc(count * sizeof *sorted);
    int failed = order && place && sorted ? 0 : -1;
    for (uint32_t i = 0; i < count && !failed; i++)
        order[i] = i;
    for (size_t gap = count / 2; gap > 0 && !failed; gap /= 2) {
        for (size_t i = gap; i < count; i++) {
            uint32_t one = order[i];
            size_t j = i;
            for (; j >= gap; j -= gap) {
                int c = uf_preference_compare(&kinds->kinds.at[order[j - gap]].preference,
                                              &kinds->kinds.at[one].preference);
                if (c < 0 || (c == 0 && order[j - gap] < one))
                    break;
                order[j] = order[j - gap];
            }
            order[j] = one;
        }
    }
    for (uint32_t i = 0; i < count && !failed; i++) {
        sorted[i] = kinds->kinds.at[order[i]];
        place[order[i]] = i;
    }
    for (uint32_t i = 0; i < count && !failed; i++)
        kinds->kinds.at[i] = sorted[i];
    for (uint32_t e = 0; e < s->piece->core.edge_count && !failed; e++)
        kinds->kind_of[e] = place[kinds->kind_of[e]];
    uf_mem_free(order);
    uf_mem_free(place);
    uf_mem_free(sorted);
    return failed;
}

static int build(struct sorter *s)
{
    const struct uf_graph *core = &s->piece->core;
    s->role = uf_mem_zalloc(core->node_count);
    s->ret->kind_of = uf_mem_alloc((size_t)core->edge_count * sizeof *s->ret->kind_of);
    if (!s->role || !s->ret->kind_of)
        return -1;
    find_roles(s);
    for (uf_node n = 0; n < s->piece->core_count; n++) {
        for (uint32_t e = core->edge_start[n]; e < core->edge_start[n + 1]; e++) {
            if (enter(s, n, e))
                return -1;
        }
    }
    return put_in_order(s);
}

enum uf_code uf_kinds_build(struct uf_kinds *kinds, const struct uf_piece *piece,
                            const struct uf_graph *graph, const struct uf_names *names,
                            struct uf_error *err)
{
    *kinds = (struct uf_kinds){0};
    if (piece->core.edge_count > UF_KINDS_EDGES_MAX)
        return uf_error_set(err, UF_ELIMIT, "a cycle of more than %d references",
                            UF_KINDS_EDGES_MAX);
    struct sorter s = {.piece = piece, .graph = graph, .names = names, .ret = kinds};
    int failed = build(&s);
    uf_mem_free(s.role);
    uf_strings_release(&s.keys);
    if (failed) {
        uf_kinds_release(kinds);
        return uf_error_nomem(err);
    }
    return UF_OK;
}

void uf_kinds_release(struct uf_kinds *kinds)
{
    uf_mem_free(kinds->kind_of);
    uf_vec_release(&kinds->kinds);
    *kinds = (struct uf_kinds){0};
}
