#include "analysis/tree.h"

#include "analysis/edges.h"
#include "analysis/generalise.h"
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
    uint32_t name;         /* in builder.names */
    bool in_dict;          /* held through the attribute dictionary of the object above */
    bool shown;
    uint32_t first_below, last_below, next; /* sets shown; UINT32_MAX: none */
};

struct builder {
    const struct uf_view *view;
    const struct uf_dominators *dominators;
    struct uf_domtree below;
    uint32_t *edge_of;     /* by node: a reference by which its dominator holds it; UINT32_MAX */
    struct uf_map root_of; /* node + 1 -> its first root */
    struct uf_strings names;
    struct uf_map name_of_number; /* of uf_names.generic, + 1 -> in names */
    UF_VEC(struct set) sets;
    struct uf_queue waiting; /* sets, by what they retain */
    struct uf_map like;      /* while one set is taken apart: name and type -> set */
    bool failed;             /* memory is out */
};

static uint32_t name_number(struct builder *b, const char *text)
{
    uint32_t number = uf_strings_add_z(&b->names, text);
    b->failed |= number == UF_STRING_NONE;
    return b->failed ? 0 : number;
}

/* The generalised name of the reference `edge` of `holder`. */
static uint32_t name_of_edge(struct builder *b, uf_node holder, uint32_t edge, bool in_dict)
{
    const struct uf_names *names = b->view->names;
    uint32_t ordinal = edge - b->view->graph->edge_start[holder];
    struct uf_ref_name name;
    if (uf_generalise_is_sequence(uf_graph_type_name(b->view->graph, holder)))
        return name_number(b, UF_ANY_ITEM);
    if (names->generic && names->generic_text) {
        uint32_t number = names->generic(names->context, holder, ordinal);
        uint32_t known = number == UINT32_MAX ? UF_MAP_NONE
                                              : uf_map_get(&b->name_of_number, number + 1ull);
        if (number != UINT32_MAX && known == UF_MAP_NONE) {
            known = name_number(b, names->generic_text(names->context, number));
            b->failed |= uf_map_set(&b->name_of_number, number + 1ull, known) != 0;
        }
        /* the entries of an attribute dictionary have names of their own */
        if (known != UF_MAP_NONE &&
            !(in_dict && strcmp(uf_strings_get(&b->names, known), UF_ANY_ITEM) == 0))
            return known;
    }
    uf_step_name(b->view, holder, edge, in_dict, &name);
    return name_number(
        b,
        uf_generalise_reference(&name, in_dict, uf_graph_type_name(b->view->graph, holder)).text);
}

/* A root in words: "module shop", "thread MainThread local 'y' of f()". */
static void root_words(const struct builder *b, uint32_t root_index, bool generic,
                       struct uf_text *ret)
{
    const struct uf_graph_root *root = &b->view->graph->roots[root_index];
    const char *label = uf_strings_get(&b->view->graph->strings, root->label);
    struct uf_text place = {0};
    if (root->kind == UF_ROOT_NATIVE && root->surplus == 0) {
        uf_text_add_z(ret, "nobody, never freed"); /* immortal, or static */
        return;
    }
    uf_generalise_root(b->view->graph, root, generic, ret);
    uf_text_add(&place, label, uf_generalise_label(label));
    if (place.len > 0)
        uf_step_append(ret, place.at);
    ret->failed |= place.failed;
    uf_text_release(&place);
}

static uint32_t name_of_root(struct builder *b, uint32_t root)
{
    struct uf_text text = {0};
    root_words(b, root, true, &text);
    b->failed |= text.failed;
    uint32_t number = b->failed ? 0 : name_number(b, text.at ? text.at : "");
    uf_text_release(&text);
    return number;
}

static struct set *add_set(struct builder *b, const struct set *set)
{
    if (uf_vec_push(&b->sets, *set)) {
        b->failed = true;
        return NULL;
    }
    return &b->sets.at[b->sets.len - 1];
}

static void enter(struct builder *b, struct set *set, uf_node node)
{
    const struct uf_dominators *d = b->dominators;
    bool own = b->view->graph->flags[node] & UF_NODE_OWN;
    if (uf_vec_push(&set->nodes, node)) {
        b->failed = true;
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
    b->failed |= uf_vec_push(&set->nodes, node) != 0;
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
        b->failed |= uf_map_set(&b->like, key, found) != 0;
        if (b->failed || !add_set(b, &fresh))
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
    for (uint32_t i = from; i < end && !b->failed; i++) {
        uf_node node = b->below.child[i];
        uint32_t edge = b->edge_of[node];
        if (edge == UINT32_MAX)
            place(b, above, node, UF_TREE_SEVERAL, 0, false);
        else if (!in_dict && is_attribute_dict(b, holder, edge))
            dict = node;
        else
            place(b, above, node, UF_TREE_DIRECT, name_of_edge(b, holder, edge, in_dict), in_dict);
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
    for (uint32_t i = b->below.start[root]; i < b->below.start[root + 1] && !b->failed; i++) {
        uf_node node = b->below.child[i];
        uint32_t of = uf_map_get(&b->root_of, node + 1ull);
        if (of == UF_MAP_NONE)
            place(b, UINT32_MAX, node, UF_TREE_SEVERAL, 0, false);
        else
            place(b, UINT32_MAX, node, UF_TREE_ROOT, name_of_root(b, of), false);
    }
}

/* Objects of the set that are large enough get sets of their own. */
static void part(struct builder *b, uint32_t index, uint64_t large)
{
    struct set rest = b->sets.at[index];
    size_t count = rest.nodes.len, kept = 0;
    for (size_t i = 0; i < count && !b->failed; i++) {
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
    if (b->failed)
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
        for (size_t i = 0; i < b->sets.at[above].nodes.len && !b->failed; i++) /* may get more */
            place_below(b, above, b->sets.at[above].nodes.at[i]);
        uf_vec_release(&b->sets.at[above].nodes);
    }
    size_t end = b->sets.len;
    uint64_t large = retained / ALONE_SHARE + 1;
    for (size_t i = first; i < end && !b->failed; i++) {
        const struct set *set = &b->sets.at[i];
        if (set->nodes.len > 1 && b->dominators->retained[set->row.example] >= large)
            part(b, (uint32_t)i, large);
    }
    for (size_t i = first; i < b->sets.len && !b->failed; i++)
        if (b->sets.at[i].nodes.len > 0)
            b->failed |=
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

/* The name of a single object's reference tells its key; that of many is general. */
static char *final_name(struct builder *b, const struct set *set)
{
    struct uf_text text = {0};
    struct uf_ref_name name;
    const struct uf_graph *graph = b->view->graph;
    if (set->row.held == UF_TREE_START ||
        (set->row.held == UF_TREE_SEVERAL && set->row.objects > 1))
        return NULL;
    /* a module's namespace is a thread's root as well: its best path says more */
    bool path_is_better = set->row.held == UF_TREE_ROOT && set->row.objects == 1 &&
                          b->view->reach->parent[set->row.example] != UF_NODE_NONE;
    if (set->row.held == UF_TREE_SEVERAL || path_is_better) {
        struct uf_path path = {0};
        b->failed |= uf_path_to(&path, b->view->reach, set->row.example, NULL) != UF_OK;
        if (!b->failed)
            uf_path_expression(b->view, &path, path.nodes.len, &text);
        uf_path_release(&path);
    } else if (set->row.objects > 1) {
        uf_text_add_z(&text, uf_strings_get(&b->names, set->name));
        uf_text_add_z(&text, set->row.folded ? "..." : "");
    } else if (set->row.held == UF_TREE_ROOT) {
        root_words(b, uf_map_get(&b->root_of, set->row.example + 1ull), false, &text);
    } else {
        uint32_t edge = b->edge_of[set->row.example];
        uf_step_name(b->view, uf_edges_source(graph, edge), edge, set->in_dict, &name);
        uf_text_add_z(&text, name.kind == UF_REF_DICT ? ".__dict__" : name.text);
    }
    if (text.len == 0)
        uf_text_add_z(&text, "(unnamed)");
    char *ret = text.failed ? NULL : uf_mem_strdup(text.at);
    b->failed |= !ret;
    uf_text_release(&text);
    return ret;
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
        while (at != UINT32_MAX && !b->failed) {
            struct set *set = &b->sets.at[at];
            struct uf_tree_row row = set->row;
            row.name = final_name(b, set);
            row.parent = row.parent == UINT32_MAX ? UINT32_MAX : b->sets.at[row.parent].name;
            if (uf_vec_push(&tree->rows, row)) {
                uf_mem_free(row.name);
                b->failed = true;
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
    while (b->waiting.items.len > 0 && shown < limits->rows && !b->failed) {
        uint32_t index = uf_queue_pop(&b->waiting);
        show(b, index);
        shown++;
        if (b->sets.at[index].row.parent == UINT32_MAX && uf_vec_push(&top, index))
            b->failed = true;
        if (b->sets.at[index].row.depth + 1 < limits->depth && !b->failed)
            take_apart(b, index, b->sets.at[index].row.retained_bytes);
    }
    if (!b->failed) {
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
    for (size_t i = 0; i < count && !b->failed; i++)
        enter(b, &set, start[i]);
    enum uf_code code = b->failed
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
    const struct uf_graph *graph = b->view->graph;
    uf_node root = UF_DOMTREE_ROOT(&b->below);
    for (uint32_t r = 0; r < graph->root_count && !b->failed; r++) {
        uint64_t key = graph->roots[r].node + 1ull;
        if (uf_map_get(&b->root_of, key) == UF_MAP_NONE)
            b->failed |= uf_map_set(&b->root_of, key, r) != 0;
    }
    for (uint32_t i = b->below.start[root]; i < b->below.start[root + 1]; i++) {
        tree->retained_objects += b->dominators->retained_objects[b->below.child[i]];
        tree->retained_bytes += b->dominators->retained[b->below.child[i]];
    }
    if (!b->failed)
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
    uf_map_release(&b->root_of);
    uf_map_release(&b->name_of_number);
    uf_map_release(&b->like);
    uf_strings_release(&b->names);
}

enum uf_code uf_tree_build(struct uf_tree *tree, const struct uf_view *view,
                           const struct uf_dominators *dominators, const uf_node *start,
                           size_t count, const struct uf_tree_limits *limits, struct uf_error *err)
{
    struct builder b = {.view = view, .dominators = dominators};
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
    if (!code && !b.failed)
        grow(&b, tree, limits);
    if (!code && b.failed)
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
