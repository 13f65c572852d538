#include "analysis/tree.h"

#include "analysis/edges.h"
#include "analysis/tree_names.h"
#include "analysis/weight.h"
#include "base/queue.h"

#include <string.h>

/* An object that retains 1 / ALONE_SHARE of what the row above does stands by itself. */
#define ALONE_SHARE 10
/* Rows of one name and type, one below the other, before the rest joins the last of them. */
#define FOLD_LEVELS 3

/* A row that may come to be shown. */
struct set {
    struct uf_tree_row row;
    UF_VEC(uf_node) nodes; /* given up once what is below them was made */
    uint32_t name;         /* in builder.names.texts */
    bool in_dict;          /* held through the attribute dictionary of the object above */
    bool shown;
    uint32_t first_below, last_below, next; /* sets shown; UINT32_MAX: none */
};

struct builder {
    const struct uf_view *view;
    const struct uf_dominators *dominators;
    struct uf_domtree below;
    uint32_t *edge_of; /* by node: a reference by which its dominator holds it; UINT32_MAX */
    struct uf_tree_names names; /* its `failed` is that of the whole: memory is out */
    UF_VEC(struct set) sets;
    struct uf_queue waiting; /* sets, by what they retain */
    struct uf_map like;      /* while one set is taken apart: name and type -> set */
};

static struct set *add_set(struct builder *b, const struct set *set)
{
    if (uf_vec_push(&b->sets, *set)) {
        b->names.failed = true;
        return NULL;
    }
    return &b->sets.at[b->sets.len - 1];
}

static void enter(struct builder *b, struct set *set, uf_node node)
{
    const struct uf_dominators *d = b->dominators;
    bool own = b->view->graph->flags[node] & UF_NODE_OWN;
    if (uf_vec_push(&set->nodes, node)) {
        b->names.failed = true;
        return;
    }
    set->row.objects++;
    set->row.bytes += own ? 0 : uf_edges_size(b->view->graph, node);
    set->row.retained_objects += d->retained_objects[node];
    set->row.retained_bytes += d->retained[node];
    if (set->row.objects == 1 || d->retained[node] > d->retained[set->row.example])
        set->row.example = node;
}

/* Has the same been met so many times on the way down that one more tells nothing new? */
static bool is_repeated(const struct builder *b, uint32_t above, uint32_t type, uint32_t name)
{
    for (int level = 0; level < FOLD_LEVELS; level++) {
        if (above == UINT32_MAX)
            return false;
        const struct set *set = &b->sets.at[above];
        if (set->row.held != UF_TREE_DIRECT || set->row.type != type || set->name != name)
            return false;
        above = set->row.parent;
    }
    return true;
}

/* `node` joins the set that is being taken apart, and is taken apart with it. */
static void fold(struct builder *b, struct set *set, uf_node node)
{
    set->row.folded = true;
    set->row.objects++;
    set->row.bytes += uf_edges_size(b->view->graph, node);
    b->names.failed |= uf_vec_push(&set->nodes, node) != 0;
}

/* Enters `node` into the set of its like below `above`. */
static void place(struct builder *b, uint32_t above, uf_node node, enum uf_tree_held held,
                  uint32_t name, bool in_dict)
{
    const struct uf_graph *graph = b->view->graph;
    uint32_t type = graph->types[graph->type[node]].name;
    /* a name that is no text cannot be another's: several and none are kept apart by `held` */
    if (held == UF_TREE_DIRECT && is_repeated(b, above, type, name)) {
        fold(b, &b->sets.at[above], node);
        return;
    }
    uint64_t key = ((uint64_t)name << 33 | (uint64_t)(held == UF_TREE_SEVERAL) << 32 | type) + 1;
    uint32_t found = uf_map_get(&b->like, key);
    if (found == UF_MAP_NONE) {
        struct set fresh = {
            .row = {.parent = above,
                    .depth = above == UINT32_MAX ? 0 : b->sets.at[above].row.depth + 1,
                    .held = held,
                    .type = type},
            .name = name,
            .in_dict = in_dict,
            .first_below = UINT32_MAX,
            .last_below = UINT32_MAX,
            .next = UINT32_MAX,
        };
        found = (uint32_t)b->sets.len;
        b->names.failed |= uf_map_set(&b->like, key, found) != 0;
        if (b->names.failed || !add_set(b, &fresh))
            return;
    }
    enter(b, &b->sets.at[found], node);
}

static bool is_attribute_dict(struct builder *b, uf_node holder, uint32_t edge)
{
    struct uf_ref_name name;
    uf_node target = b->view->graph->edge_target[edge];
    if (strcmp(uf_graph_type_name(b->view->graph, target), "dict") != 0)
        return false;
    uf_step_name(b->view, holder, edge, false, &name);
    return name.kind == UF_REF_DICT;
}

/* What hangs directly below `holder`, but for its attribute dictionary: that is returned, or
 * UF_NODE_NONE. `in_dict`: the holder is one. */
static uf_node place_held(struct builder *b, uint32_t above, uf_node holder, bool in_dict)
{
    uf_node dict = UF_NODE_NONE;
    const struct uf_graph *graph = b->view->graph;
    uint32_t from = b->below.start[holder], end = b->below.start[holder + 1];
    uint32_t last_edge = from < end ? graph->edge_start[holder + 1] : 0;
    for (uint32_t e = graph->edge_start[holder]; e < last_edge; e++) {
        uf_node target = graph->edge_target[e];
        if (b->dominators->idom[target] == holder && b->edge_of[target] == UINT32_MAX)
            b->edge_of[target] = e;
    }
    for (uint32_t i = from; i < end && !b->names.failed; i++) {
        uf_node node = b->below.child[i];
        uint32_t edge = b->edge_of[node];
        if (edge == UINT32_MAX)
            place(b, above, node, UF_TREE_SEVERAL, 0, false);
        else if (!in_dict && is_attribute_dict(b, holder, edge))
            dict = node;
        else
            place(b, above, node, UF_TREE_DIRECT,
                  uf_tree_name_of_edge(&b->names, holder, edge, in_dict), in_dict);
    }
    return dict;
}

/* All that hangs directly below `holder`; what its attribute dictionary holds are its attributes. */
static void place_below(struct builder *b, uint32_t above, uf_node holder)
{
    uf_node dict = place_held(b, above, holder, false);
    if (dict != UF_NODE_NONE)
        (void)place_held(b, above, dict, true);
}

static void place_at_top(struct builder *b)
{
    uf_node root = UF_DOMTREE_ROOT(&b->below);
    for (uint32_t i = b->below.start[root]; i < b->below.start[root + 1] && !b->names.failed; i++) {
        uf_node node = b->below.child[i];
        if (uf_tree_is_root(&b->names, node))
            place(b, UINT32_MAX, node, UF_TREE_ROOT, uf_tree_name_of_root(&b->names, node), false);
        else
            place(b, UINT32_MAX, node, UF_TREE_SEVERAL, 0, false);
    }
}

/* Objects of the set that are large enough get sets of their own. */
static void part(struct builder *b, uint32_t index, uint64_t large)
{
    struct set rest = b->sets.at[index];
    size_t count = rest.nodes.len, kept = 0;
    for (size_t i = 0; i < count && !b->names.failed; i++) {
        uf_node node = rest.nodes.at[i];
        if (b->dominators->retained[node] < large) {
            rest.nodes.at[kept++] = node;
            continue;
        }
        struct set alone = rest;
        memset(&alone.nodes, 0, sizeof alone.nodes);
        alone.row.objects = alone.row.bytes = 0;
        alone.row.retained_objects = alone.row.retained_bytes = 0;
        struct set *made = add_set(b, &alone);
        if (made)
            enter(b, made, node);
    }
    if (b->names.failed)
        return;
    struct set *set = &b->sets.at[index];
    set->nodes.len = 0;
    set->row.objects = set->row.bytes = 0;
    set->row.retained_objects = set->row.retained_bytes = 0;
    for (size_t i = 0; i < kept; i++)
        enter(b, set, set->nodes.at[i]); /* writes where it has read */
}

/* Makes what is below a set, or at the top. */
static void take_apart(struct builder *b, uint32_t above, uint64_t retained)
{
    size_t first = b->sets.len;
    uf_map_clear(&b->like);
    if (above == UINT32_MAX) {
        place_at_top(b);
    } else {
        for (size_t i = 0; i < b->sets.at[above].nodes.len && !b->names.failed;
             i++) /* may get more */
            place_below(b, above, b->sets.at[above].nodes.at[i]);
        uf_vec_release(&b->sets.at[above].nodes);
    }
    size_t end = b->sets.len;
    uint64_t large = retained / ALONE_SHARE + 1;
    for (size_t i = first; i < end && !b->names.failed; i++) {
        const struct set *set = &b->sets.at[i];
        if (set->nodes.len > 1 && b->dominators->retained[set->row.example] >= large)
            part(b, (uint32_t)i, large);
    }
    for (size_t i = first; i < b->sets.len && !b->names.failed; i++)
        if (b->sets.at[i].nodes.len > 0)
            b->names.failed |=
                uf_queue_push(&b->waiting, b->sets.at[i].row.retained_bytes, (uint32_t)i) != 0;
}

static void show(struct builder *b, uint32_t index)
{
    uint32_t parent = b->sets.at[index].row.parent;
    b->sets.at[index].shown = true;
    if (parent == UINT32_MAX)
        return;
    struct set *above = &b->sets.at[parent];
    if (above->first_below == UINT32_MAX)
        above->first_below = index;
    else
        b->sets.at[above->last_below].next = index;
    above->last_below = index;
}

static void count_rest(struct builder *b, struct uf_tree *tree)
{
    for (size_t i = 0; i < b->sets.len; i++) {
        const struct uf_tree_row *row = &b->sets.at[i].row;
        struct uf_tree_row *above = row->parent == UINT32_MAX ? NULL : &b->sets.at[row->parent].row;
        if (b->sets.at[i].shown || row->objects == 0)
            continue;
        *(above ? &above->more_rows : &tree->more_rows) += 1;
        *(above ? &above->more_objects : &tree->more_objects) += row->retained_objects;
        *(above ? &above->more_bytes : &tree->more_bytes) += row->retained_bytes;
    }
}

/* The row of `index` and those below it, which stand behind it. `from`: sets at the top in their order. */
static void hand_over(struct builder *b, struct uf_tree *tree, const uint32_t *top, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t at = top[i];
        while (at != UINT32_MAX && !b->names.failed) {
            struct set *set = &b->sets.at[at];
            struct uf_tree_row row = set->row;
            row.name = uf_tree_final_name(
                &b->names, &row,
                &(struct uf_tree_place){set->name, b->edge_of[row.example], set->in_dict});
            row.parent = row.parent == UINT32_MAX ? UINT32_MAX : b->sets.at[row.parent].name;
            if (uf_vec_push(&tree->rows, row)) {
                uf_mem_free(row.name);
                b->names.failed = true;
                return;
            }
            set->name = (uint32_t)tree->rows.len - 1; /* from now on: its row */
            uint32_t next = set->first_below;
            while (next == UINT32_MAX && at != UINT32_MAX) {
                next = b->sets.at[at].row.parent == UINT32_MAX ? UINT32_MAX : b->sets.at[at].next;
                if (next == UINT32_MAX)
                    at = b->sets.at[at].row.parent;
            }
            at = next;
        }
    }
}

static void grow(struct builder *b, struct uf_tree *tree, const struct uf_tree_limits *limits)
{
    UF_VEC(uint32_t) top = {0};
    size_t shown = 0;
    while (b->waiting.items.len > 0 && shown < limits->rows && !b->names.failed) {
        uint32_t index = uf_queue_pop(&b->waiting);
        show(b, index);
        shown++;
        if (b->sets.at[index].row.parent == UINT32_MAX && uf_vec_push(&top, index))
            b->names.failed = true;
        if (b->sets.at[index].row.depth + 1 < limits->depth && !b->names.failed)
            take_apart(b, index, b->sets.at[index].row.retained_bytes);
    }
    if (!b->names.failed) {
        count_rest(b, tree);
        hand_over(b, tree, top.at, top.len);
    }
    uf_vec_release(&top);
}

static enum uf_code begin_at(struct builder *b, struct uf_tree *tree, const uf_node *start,
                             size_t count, struct uf_error *err)
{
    const struct uf_graph *graph = b->view->graph;
    struct set set = {
        .row = {.parent = UINT32_MAX,
                .held = UF_TREE_START,
                .type = graph->types[graph->type[start[0]]].name},
        .first_below = UINT32_MAX,
        .last_below = UINT32_MAX,
        .next = UINT32_MAX,
    };
    for (size_t i = 0; i < count && !b->names.failed; i++)
        enter(b, &set, start[i]);
    enum uf_code code = b->names.failed
                            ? uf_error_nomem(err)
                            : uf_topmost_of_set(b->dominators, set.nodes.at, &set.nodes.len, err);
    set.row.retained_objects = set.row.retained_bytes = 0;
    for (size_t i = 0; i < set.nodes.len && !code; i++) {
        set.row.retained_objects += b->dominators->retained_objects[set.nodes.at[i]];
        set.row.retained_bytes += b->dominators->retained[set.nodes.at[i]];
    }
    tree->retained_objects = set.row.retained_objects;
    tree->retained_bytes = set.row.retained_bytes;
    if (code || !add_set(b, &set)) {
        uf_vec_release(&set.nodes);
        return code ? code : uf_error_nomem(err);
    }
    return uf_queue_push(&b->waiting, 0, 0) ? uf_error_nomem(err) : UF_OK;
}

static void begin_at_roots(struct builder *b, struct uf_tree *tree)
{
    uf_node root = UF_DOMTREE_ROOT(&b->below);
    uf_tree_names_roots(&b->names);
    for (uint32_t i = b->below.start[root]; i < b->below.start[root + 1]; i++) {
        tree->retained_objects += b->dominators->retained_objects[b->below.child[i]];
        tree->retained_bytes += b->dominators->retained[b->below.child[i]];
    }
    if (!b->names.failed)
        take_apart(b, UINT32_MAX, tree->retained_bytes);
}

static void release_builder(struct builder *b)
{
    for (size_t i = 0; i < b->sets.len; i++)
        uf_vec_release(&b->sets.at[i].nodes);
    uf_vec_release(&b->sets);
    uf_queue_release(&b->waiting);
    uf_domtree_release(&b->below);
    uf_mem_free(b->edge_of);
    uf_map_release(&b->like);
    uf_tree_names_release(&b->names);
}

enum uf_code uf_tree_build(struct uf_tree *tree, const struct uf_view *view,
                           const struct uf_dominators *dominators, const uf_node *start,
                           size_t count, const struct uf_tree_limits *limits, struct uf_error *err)
{
    struct builder b = {.view = view, .dominators = dominators, .names = {.view = view}};
    size_t edge_bytes = ((size_t)view->graph->node_count + 1) * sizeof *b.edge_of;
    *tree = (struct uf_tree){0};
    enum uf_code code = uf_domtree_build(&b.below, dominators, err);
    if (!code) {
        b.edge_of = uf_mem_alloc(edge_bytes);
        code = b.edge_of ? UF_OK : uf_error_nomem(err);
    }
    if (!code)
        memset(b.edge_of, 0xff, edge_bytes);
    if (!code && count > 0)
        code = begin_at(&b, tree, start, count, err);
    else if (!code)
        begin_at_roots(&b, tree);
    if (!code && !b.names.failed)
        grow(&b, tree, limits);
    if (!code && b.names.failed)
        code = uf_error_nomem(err);
    release_builder(&b);
    if (code)
        uf_tree_release(tree);
    return code;
}

void uf_tree_release(struct uf_tree *tree)
{
    for (size_t i = 0; i < tree->rows.len; i++)
        uf_mem_free(tree->rows.at[i].name);
    uf_vec_release(&tree->rows);
    *tree = (struct uf_tree){0};
}
