/* groups.c - the series of all groups: a point per capture. */
#include "analysis/groups_private.h"

#include "analysis/edges.h"
#include "analysis/generalise.h"

#include <string.h>

enum uf_code uf_groups_create(struct uf_groups **ret, struct uf_error *err)
{
    struct uf_groups *groups = uf_mem_zalloc(sizeof *groups);
    *ret = NULL;
    if (!groups)
        return uf_error_nomem(err);
    const struct {
        uint32_t *number;
        const char *text;
    } texts[] = {
        {&groups->list_text, "list"},
        {&groups->tuple_text, "tuple"},
        {&groups->any_item, UF_ANY_ITEM},
        {&groups->any_attribute, UF_ANY_ATTRIBUTE},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i].number = uf_strings_add_z(&groups->strings, texts[i].text);
        if (*texts[i].number == UF_STRING_NONE) {
            uf_groups_destroy(groups);
            return uf_error_nomem(err);
        }
    }
    *ret = groups;
    return UF_OK;
}

void uf_groups_destroy(struct uf_groups *groups)
{
    if (!groups)
        return;
    for (size_t g = 0; g < groups->cells.len; g++)
        uf_vec_release(&groups->cells.at[g].group.points);
    uf_vec_release(&groups->cells);
    uf_vec_release(&groups->kins);
    uf_vec_release(&groups->calls);
    uf_vec_release(&groups->climb);
    uf_vec_release(&groups->fresh);
    uf_map_release(&groups->kin_of_hash);
    uf_map_release(&groups->kin_below);
    uf_map_release(&groups->lengthy);
    uf_map_release(&groups->steps);
    uf_map_release(&groups->children);
    uf_map_release(&groups->late);
    uf_map_release(&groups->fresh_of);
    uf_strings_release(&groups->strings);
    uf_mem_free(groups->node_kin);
    uf_mem_free(groups->node_group);
    uf_mem_free(groups->type_text);
    uf_mem_free(groups);
}

void uf_groups_seal(struct uf_groups *groups)
{
    groups->sealed = true;
    if (groups->calls.len == 0)
        return;
    groups->calls.at[0] = 0;
    groups->calls.len = 1;
    for (size_t k = 0; k < groups->kins.len; k++) {
        struct uf_kin *kin = &groups->kins.at[k];
        kin->born = 0;
        if (kin->since != UF_KIN_NONE)
            kin->since = 0;
    }
    for (size_t g = 0; g < groups->cells.len; g++) {
        struct uf_group *group = &groups->cells.at[g].group;
        if (group->points.len > 1) {
            group->points.at[0] = group->points.at[group->points.len - 1];
            group->points.len = 1;
        }
        if (group->points.len > 0)
            group->points.at[0].calls = 0;
    }
}

static enum uf_code make_room(struct uf_groups *groups, uf_node node_count, struct uf_error *err)
{
    uint32_t *kin = uf_mem_resize(groups->node_kin, ((size_t)node_count + 1) * sizeof *kin);
    if (!kin)
        return uf_error_nomem(err);
    groups->node_kin = kin;
    uint32_t *group = uf_mem_resize(groups->node_group, ((size_t)node_count + 1) * sizeof *group);
    if (!group)
        return uf_error_nomem(err);
    groups->node_group = group;
    memset(group, 0xff, (size_t)node_count * sizeof *group); /* UF_GROUP_NONE */
    groups->node_count = node_count;
    groups->fresh.len = 0;
    uf_map_clear(&groups->fresh_of);
    return UF_OK;
}

static void add_to(uint64_t *totals, uint64_t bytes, int64_t length)
{
    totals[UF_TOTAL_OBJECTS]++;
    totals[UF_TOTAL_BYTES] += bytes;
    totals[UF_TOTAL_LENGTH] += length > 0 ? (uint64_t)length : 0;
}

/* Counts what of a fresh kinship falls into a group, for its past. */
static int count_fresh(struct uf_groups *groups, uint32_t kin, uint32_t cell, uint64_t bytes,
                       int64_t length)
{
    uint64_t key = uf_pair_key(kin, cell);
    uint32_t found = uf_map_get(&groups->fresh_of, key);
    if (found == UF_MAP_NONE) {
        struct uf_fresh fresh = {.kin = kin, .cell = cell};
        found = (uint32_t)groups->fresh.len;
        if (uf_vec_push(&groups->fresh, fresh) || uf_map_set(&groups->fresh_of, key, found))
            return -1;
    }
    add_to(groups->fresh.at[found].now, bytes, length);
    return 0;
}

static enum uf_code count_node(struct uf_groups *groups, const struct uf_view *view, uf_node node,
                               struct uf_error *err)
{
    uint32_t k = groups->node_kin[node];
    if (k == UF_KIN_NONE || groups->kins.at[k].since == UF_KIN_NONE)
        return UF_OK;
    uint32_t g = uf_groups_place(groups, view, node, err);
    if (g == UF_GROUP_NONE)
        return uf_error_nomem(err);
    struct uf_kin *kin = &groups->kins.at[k];
    struct uf_cell *cell = &groups->cells.at[g];
    if (kin->group != g) {
        kin->many |= kin->group != UF_GROUP_NONE;
        kin->group = g;
    }
    uint64_t bytes = uf_edges_size(view->graph, node);
    int64_t length = uf_groups_length(groups, view, node);
    if (kin->fresh && count_fresh(groups, k, g, bytes, length))
        return uf_error_nomem(err);
    if (cell->epoch != groups->epoch) {
        cell->epoch = groups->epoch;
        memset(cell->now, 0, sizeof cell->now);
        cell->group.example = UF_NODE_NONE;
    }
    add_to(cell->now, bytes, length);
    cell->group.has_length |= length >= 0;
    /* Entries come last where a holder keeps its order; of a list or tree, the nearest has the
     * shortest path. */
    uf_node parent = view->reach->parent[node];
    uint32_t ordinal = parent == UF_NODE_NONE
                           ? 0
                           : view->reach->parent_edge[node] - view->graph->edge_start[parent];
    if (cell->group.example == UF_NODE_NONE ||
        (!cell->group.folded && ordinal >= cell->example_ordinal)) {
        cell->group.example = node;
        cell->example_ordinal = ordinal;
    }
    return UF_OK;
}

static enum uf_code count_all(struct uf_groups *groups, const struct uf_view *view,
                              struct uf_error *err)
{
    enum uf_code code = UF_OK;
    for (uf_node i = 0; i < view->reach->order_count && !code; i++)
        code = count_node(groups, view, view->reach->order[i], err);
    for (uf_node n = 0; n < view->graph->node_count && !code; n++)
        if (!view->reach->reached[n])
            code = count_node(groups, view, n, err);
    return code;
}

/* A group not counted before had nothing in all points before `point`. */
static int fill_points(struct uf_groups *groups, struct uf_cell *cell, uint32_t point)
{
    if (cell->group.points.len > 0)
        return 0;
    for (uint32_t p = 0; p < point; p++) {
        struct uf_group_point zero = {.calls = groups->calls.at[p]};
        if (uf_vec_push(&cell->group.points, zero))
            return -1;
    }
    return 0;
}

/* The past of fresh kinships: their totals were constant since they were born. Where one group
 * holds all of a kinship, that was its share; where several do, each is taken to have had what
 * it has now: the change that made the kinship fresh is in no series then, one step less. */
static int reconstruct(struct uf_groups *groups, uint32_t point)
{
    for (size_t i = 0; i < groups->fresh.len; i++) {
        const struct uf_fresh *fresh = &groups->fresh.at[i];
        const struct uf_kin *kin = &groups->kins.at[fresh->kin];
        struct uf_cell *cell = &groups->cells.at[fresh->cell];
        const uint64_t *share = kin->many ? fresh->now : kin->before;
        if (fill_points(groups, cell, point))
            return -1;
        for (uint32_t p = kin->born; p < point; p++) {
            struct uf_group_point *past = &cell->group.points.at[p];
            past->objects += share[UF_TOTAL_OBJECTS];
            past->bytes += share[UF_TOTAL_BYTES];
            past->length += share[UF_TOTAL_LENGTH];
        }
    }
    return 0;
}

/* One point for every group that was ever counted. */
static int push_points(struct uf_groups *groups, uint32_t point, uint32_t calls)
{
    for (size_t g = 0; g < groups->cells.len; g++) {
        struct uf_cell *cell = &groups->cells.at[g];
        bool counted = cell->epoch == groups->epoch;
        if (!counted && cell->group.points.len == 0)
            continue;
        if (!counted) {
            memset(cell->now, 0, sizeof cell->now);
            cell->group.example = UF_NODE_NONE;
        }
        if (fill_points(groups, cell, point))
            return -1;
        struct uf_group_point now = {calls, cell->now[UF_TOTAL_OBJECTS], cell->now[UF_TOTAL_BYTES],
                                     cell->now[UF_TOTAL_LENGTH]};
        if (uf_vec_push(&cell->group.points, now))
            return -1;
    }
    return 0;
}

/* Surveys and counts one capture; `point`: the number of its point, or of the next one if it is
 * idle. */
static enum uf_code look(struct uf_groups *groups, const struct uf_view *view, uint32_t point,
                         struct uf_error *err)
{
    enum uf_code code = make_room(groups, view->graph->node_count, err);
    if (!code)
        code = uf_groups_survey(groups, view, point, err);
    groups->epoch++;
    if (!code)
        code = count_all(groups, view, err);
    if (!code && reconstruct(groups, point))
        code = uf_error_nomem(err);
    return code;
}

enum uf_code uf_groups_add(struct uf_groups *groups, const struct uf_graph *graph,
                           const struct uf_reach *reach, const struct uf_names *names,
                           uint32_t calls, struct uf_error *err)
{
    struct uf_view view = {graph, reach, names, NULL};
    uint32_t point = (uint32_t)groups->calls.len;
    if (point > 0 && calls <= groups->calls.at[point - 1])
        return uf_error_set(err, UF_EINVAL, "captures must be added in the order of their calls");
    enum uf_code code = look(groups, &view, point, err);
    if (!code && (push_points(groups, point, calls) || uf_vec_push(&groups->calls, calls)))
        code = uf_error_nomem(err);
    return code;
}

void uf_groups_begin_idle(struct uf_groups *groups)
{
    for (size_t g = 0; g < groups->cells.len; g++) {
        struct uf_cell *cell = &groups->cells.at[g];
        memcpy(cell->idle, cell->now, sizeof cell->now);
        memcpy(cell->idle_from, cell->now, sizeof cell->now);
        memset(cell->idle_rises, 0, sizeof cell->idle_rises);
    }
}

enum uf_code uf_groups_add_idle(struct uf_groups *groups, const struct uf_graph *graph,
                                const struct uf_reach *reach, const struct uf_names *names,
                                struct uf_error *err)
{
    struct uf_view view = {graph, reach, names, NULL};
    enum uf_code code = look(groups, &view, (uint32_t)groups->calls.len, err);
    if (code)
        return code;
    for (size_t g = 0; g < groups->cells.len; g++) {
        struct uf_cell *cell = &groups->cells.at[g];
        if (cell->epoch != groups->epoch) {
            memset(cell->now, 0, sizeof cell->now);
            cell->group.example = UF_NODE_NONE;
        }
        for (int t = 0; t < UF_TOTALS; t++)
            cell->idle_rises[t] += cell->now[t] > cell->idle[t];
        memcpy(cell->idle, cell->now, sizeof cell->now);
    }
    return UF_OK;
}

uint32_t uf_groups_count(const struct uf_groups *groups)
{
    return (uint32_t)groups->cells.len;
}

const struct uf_group *uf_groups_get(const struct uf_groups *groups, uint32_t index)
{
    return &groups->cells.at[index].group;
}

const char *uf_groups_text(const struct uf_groups *groups, uint32_t string)
{
    return uf_strings_get(&groups->strings, string);
}

void uf_groups_path_text(const struct uf_groups *groups, uint32_t index, struct uf_text *ret)
{
    /* Folding bounds the depth: no step occurs more than four times. The walk down is done by
     * counting, so that no memory is needed. */
    size_t depth = 0;
    for (uint32_t g = index; g != UF_GROUP_NONE; g = groups->cells.at[g].group.parent)
        depth++;
    for (size_t level = depth; level-- > 0;) {
        uint32_t at = index;
        for (size_t up = 0; up < level; up++)
            at = groups->cells.at[at].group.parent;
        const struct uf_group *group = &groups->cells.at[at].group;
        const char *edge = uf_groups_text(groups, group->edge);
        if (group->parent == UF_GROUP_NONE)
            uf_text_add_z(ret, uf_groups_text(groups, group->root));
        if (edge[0] != '\0' && edge[0] != '.' && edge[0] != '[')
            uf_text_add_z(ret, " ");
        uf_text_add_z(ret, edge);
    }
}

uint32_t uf_groups_of(const struct uf_groups *groups, uf_node node)
{
    return node < groups->node_count ? groups->node_group[node] : UF_GROUP_NONE;
}

enum uf_code uf_groups_members(struct uf_groups *groups, const struct uf_graph *graph,
                               const struct uf_reach *reach, const struct uf_names *names,
                               uint32_t index, uf_node_list *ret, struct uf_error *err)
{
    struct uf_view view = {graph, reach, names, NULL};
    if (graph->node_count != groups->node_count || index >= groups->cells.len)
        return uf_error_set(err, UF_EINVAL, "not the last capture, or no such group");
    uint32_t type = groups->cells.at[index].group.type;
    for (uf_node n = 0; n < graph->node_count; n++) {
        if (groups->type_text[graph->type[n]] != type || groups->node_kin[n] == UF_KIN_NONE)
            continue;
        uint32_t group = uf_groups_place(groups, &view, n, err);
        if (group == UF_GROUP_NONE)
            return UF_ENOMEM;
        if (group == index && uf_vec_push(ret, n))
            return uf_error_nomem(err);
    }
    return UF_OK;
}
