/* groups_path.c - the group of a node: its path from the root, generalised. */
#include "analysis/groups_private.h"

#include "analysis/generalise.h"

#include <string.h>

/* No program's changes that can be understood fall into so many; what comes below then joins its
 * holder. */
#define GROUPS_MAX 250000

/* One reference, generalised. */
struct hop {
    uint32_t edge; /* text */
    bool attribute, attribute_dict, key;
};

/* The reference to `node`, which `parent` (of group `holder`) holds. Text UF_STRING_NONE: memory
 * is out. */
static struct hop hop_to(struct uf_groups *groups, const struct uf_view *view, uf_node node,
                         uf_node parent, const struct uf_group *holder)
{
    uint32_t parent_type = groups->type_text[view->graph->type[parent]];
    if (parent_type == groups->list_text || parent_type == groups->tuple_text)
        return (struct hop){.edge = groups->any_item}; /* there is no need to ask */

    struct uf_ref_name ref;
    uint32_t ordinal = view->reach->parent_edge[node] - view->graph->edge_start[parent];
    view->names->name(view->names->context, parent, ordinal, &ref);
    struct uf_generalised found = uf_generalise_reference(
        &ref, holder->attribute_dict, uf_strings_get(&groups->strings, parent_type));
    return (struct hop){uf_strings_add_z(&groups->strings, found.text), found.attribute,
                        found.attribute_dict, found.key};
}

static uint32_t step_of(struct uf_groups *groups, uint32_t edge, uint32_t type)
{
    uint64_t key = uf_pair_key(edge, type);
    uint32_t step = uf_map_get(&groups->steps, key);
    if (step != UF_MAP_NONE)
        return step;
    step = groups->step_count;
    if (uf_map_set(&groups->steps, key, step))
        return UF_MAP_NONE;
    groups->step_count++;
    return step;
}

/* Where a step that occurred often above leads back to; UF_GROUP_NONE: it did not. */
static uint32_t fold(const struct uf_groups *groups, uint32_t holder, uint32_t edge, uint32_t type)
{
    struct uf_fold fold = UF_FOLD_EMPTY;
    for (uint32_t g = holder; g != UF_GROUP_NONE; g = groups->cells.at[g].group.parent) {
        const struct uf_group *group = &groups->cells.at[g].group;
        uf_fold_above(&fold, g, group->parent == UF_GROUP_NONE, group->type == type,
                      group->edge == edge);
    }
    return uf_fold_end(&fold, uf_strings_get(&groups->strings, type));
}

static uint32_t new_cell(struct uf_groups *groups, const struct uf_group *group)
{
    struct uf_cell cell = {.group = *group};
    cell.group.example = UF_NODE_NONE;
    if (uf_vec_push(&groups->cells, cell))
        return UF_GROUP_NONE;
    return (uint32_t)(groups->cells.len - 1);
}

/* Did `node`, of a group not seen before, come up after the seal? Only when all of its kinship was
 * looked at in an earlier capture: otherwise it may be old and only now looked at. */
static bool came_late(const struct uf_groups *groups, uf_node node)
{
    uint32_t k = groups->node_kin[node];
    if (!groups->sealed || k == UF_KIN_NONE)
        return false;
    const struct uf_kin *kin = &groups->kins.at[k];
    return kin->since != UF_KIN_NONE && !kin->fresh;
}

/* The second late name at one holder is any name. */
static uint32_t generalise_late(struct uf_groups *groups, uint32_t holder, uint32_t type,
                                uint32_t edge, uint32_t any)
{
    uint64_t key = uf_pair_key(holder, type);
    uint32_t first = uf_map_get(&groups->late, key);
    if (first != UF_MAP_NONE)
        return first == edge ? edge : any;
    return uf_map_set(&groups->late, key, edge) ? UF_STRING_NONE : edge;
}

/* The group below `wanted->parent` by `key_edge`, if there is one, and its key. False: memory is out. */
static bool look_up(struct uf_groups *groups, const struct uf_group *wanted, uint32_t key_edge,
                    uint64_t *key, uint32_t *found)
{
    uint32_t step = step_of(groups, key_edge, wanted->type);
    if (step == UF_MAP_NONE)
        return false;
    *key = uf_pair_key(wanted->parent, step);
    *found = uf_map_get(&groups->children, *key);
    return true;
}

/* A group that is not in the table yet: one above where the path repeats itself, or a new one. */
static uint32_t make(struct uf_groups *groups, const struct uf_group *wanted)
{
    if (wanted->parent == UF_GROUP_NONE)
        return new_cell(groups, wanted);
    uint32_t found = fold(groups, wanted->parent, wanted->edge, wanted->type);
    if (found != UF_GROUP_NONE) {
        groups->cells.at[found].group.folded = true;
        return found;
    }
    return groups->cells.len >= GROUPS_MAX ? wanted->parent : new_cell(groups, wanted);
}

/* The group below `wanted->parent` by `wanted->edge`; made, folded or generalised if it is new.
 * `key_edge` stands for the edge in the table (roots: root text and label together); `any`
 * replaces it when late. */
static uint32_t find_or_make(struct uf_groups *groups, struct uf_group *wanted, uint32_t key_edge,
                             uint32_t any, bool late)
{
    uint64_t key, any_key = 0;
    uint32_t found, edge = key_edge;
    if (!look_up(groups, wanted, key_edge, &key, &found))
        return UF_GROUP_NONE;
    if (found != UF_GROUP_NONE)
        return found;
    if (late && any != 0)
        edge = generalise_late(groups, wanted->parent, wanted->type, key_edge, any);
    if (edge == UF_STRING_NONE)
        return UF_GROUP_NONE;
    if (edge != key_edge) {
        if (wanted->parent == UF_GROUP_NONE)
            wanted->root = any;
        else
            wanted->edge = any;
        if (!look_up(groups, wanted, any, &any_key, &found))
            return UF_GROUP_NONE;
    }
    if (found == UF_GROUP_NONE)
        found = make(groups, wanted);
    if (found == UF_GROUP_NONE || uf_map_set(&groups->children, key, found) ||
        (any_key != 0 && uf_map_set(&groups->children, any_key, found)))
        return UF_GROUP_NONE;
    return found;
}

static uint32_t place_root(struct uf_groups *groups, const struct uf_view *view, uf_node node)
{
    struct uf_text text = {0};
    struct uf_group wanted = {.parent = UF_GROUP_NONE,
                              .type = groups->type_text[view->graph->type[node]]};
    uint32_t r = view->reach->reached[node] ? view->reach->root[node] : UINT32_MAX, any = 0;
    if (r == UINT32_MAX) {
        uf_text_add_z(&text, UF_ROOT_TEXT_NOTHING);
    } else {
        const struct uf_graph_root *root = &view->graph->roots[r];
        uf_generalise_root(view->graph, root, true, &text);
        const char *label = uf_strings_get(&view->graph->strings, root->label);
        wanted.edge = uf_strings_add(&groups->strings, label, uf_generalise_label(label));
        wanted.bounded_root =
            root->kind == UF_ROOT_CACHE &&
            strcmp(uf_strings_get(&view->graph->strings, root->name), "type cache") == 0;
        if (root->kind == UF_ROOT_MODULE)
            any = uf_strings_add_z(&groups->strings, UF_ANY_MODULE);
    }
    wanted.root = text.failed ? UF_STRING_NONE
                              : uf_strings_add(&groups->strings, text.at, text.len);
    uint32_t key_edge = wanted.root;
    if (wanted.edge != 0 && wanted.edge != UF_STRING_NONE && !text.failed) {
        uf_text_add_z(&text, "\n");
        uf_text_add_z(&text, uf_strings_get(&groups->strings, wanted.edge));
        key_edge = text.failed ? UF_STRING_NONE
                               : uf_strings_add(&groups->strings, text.at, text.len);
    }
    uf_text_release(&text);
    if (wanted.root == UF_STRING_NONE || wanted.edge == UF_STRING_NONE ||
        key_edge == UF_STRING_NONE || any == UF_STRING_NONE)
        return UF_GROUP_NONE;
    return find_or_make(groups, &wanted, key_edge, any, came_late(groups, node));
}

static uint32_t place_below(struct uf_groups *groups, const struct uf_view *view, uf_node node,
                            uint32_t parent_group)
{
    uf_node parent = view->reach->parent[node];
    struct uf_group above = groups->cells.at[parent_group].group; /* a copy: cells may move */
    struct hop hop = hop_to(groups, view, node, parent, &above);
    if (hop.edge == UF_STRING_NONE)
        return UF_GROUP_NONE;
    struct uf_group wanted = {
        .parent = above.attribute_dict ? above.parent : parent_group,
        .edge = hop.edge,
        .type = groups->type_text[view->graph->type[node]],
        .key = hop.key,
        .attribute_dict = hop.attribute_dict,
    };
    return find_or_make(groups, &wanted, hop.edge, hop.attribute ? groups->any_attribute : 0,
                        hop.attribute && came_late(groups, node));
}

uint32_t uf_groups_place(struct uf_groups *groups, const struct uf_view *view, uf_node node,
                         struct uf_error *err)
{
    /* Up to the first node whose group is known, then down again; chains may be 100,000s long. */
    uf_node at = node;
    groups->climb.len = 0;
    while (groups->node_group[at] == UF_GROUP_NONE) {
        if (uf_vec_push(&groups->climb, at)) {
            uf_error_nomem(err);
            return UF_GROUP_NONE;
        }
        if (view->reach->parent[at] == UF_NODE_NONE)
            break;
        at = view->reach->parent[at];
    }
    uint32_t group = groups->node_group[at];
    while (groups->climb.len > 0) {
        at = groups->climb.at[--groups->climb.len];
        group = view->reach->parent[at] == UF_NODE_NONE ? place_root(groups, view, at)
                                                        : place_below(groups, view, at, group);
        if (group == UF_GROUP_NONE) {
            uf_error_nomem(err);
            return UF_GROUP_NONE;
        }
        groups->node_group[at] = group;
    }
    return group;
}
