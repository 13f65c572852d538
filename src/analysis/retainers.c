#include "analysis/retainers.h"

#include "base/mem.h"

#include <string.h>

struct build {
    struct uf_retainers *ret;
    const struct uf_view *view;
    const struct uf_dominators *dominators;
    const struct uf_signatures *signatures;
    uint32_t *name;         /* by group: text */
    uint32_t *frame;        /* by group; UF_RETAINERS_NONE: not made yet */
    struct uf_map frame_of; /* (name without type, type) -> frame */
    struct uf_map cell_of;  /* (parent + 1, frame) -> cell */
    bool failed;            /* memory was out */
};

static uint64_t pair(uint32_t high, uint32_t low)
{
    return ((uint64_t)high << 32 | low) + 1; /* 0 is no key of a map */
}

static uint32_t intern(struct build *b, const struct uf_text *text)
{
    uint32_t number = text->failed ? UF_STRING_NONE
                                   : uf_strings_add(&b->ret->strings, text->at, text->len);
    b->failed |= number == UF_STRING_NONE;
    return number;
}

static const char *type_of(const struct build *b, uint32_t group)
{
    return uf_signatures_text(b->signatures, b->signatures->at[group].type);
}

/* "shop.STORE (shop.Store)"; a module is called "module shop" already. */
static uint32_t text_of_name(struct build *b, const char *name, const char *type)
{
    struct uf_text text = {0};
    uf_text_add_z(&text, name);
    if (!name[0])
        uf_text_add_z(&text, type);
    else if (type[0] && strcmp(type, "module") != 0)
        uf_text_printf(&text, " (%s)", type);
    uint32_t number = intern(b, &text);
    uf_text_release(&text);
    return number;
}

static uint32_t frame_of_text(struct build *b, const char *name, const char *type,
                              const char *label)
{
    struct uf_text text = {0};
    if (b->failed)
        return 0;
    uf_text_add_z(&text, label);
    const struct uf_retainers_frame frame = {text_of_name(b, name, type), intern(b, &text)};
    uf_text_release(&text);
    uint64_t key = pair(frame.name, frame.type);
    uint32_t number = uf_map_get(&b->frame_of, key);
    if (number != UF_MAP_NONE || b->failed)
        return number;
    number = (uint32_t)b->ret->frames.len;
    if (uf_vec_push(&b->ret->frames, frame) || uf_map_set(&b->frame_of, key, number))
        b->failed = true;
    return number;
}

static bool is_attribute_dict(const struct build *b, uf_node node)
{
    return b->signatures->at[b->signatures->of[node]].attribute_dict;
}

static uint32_t frame_of_node(struct build *b, uf_node node)
{
    uint32_t group = b->signatures->of[node], called = group;
    if (b->frame[group] == UF_RETAINERS_NONE) {
        if (is_attribute_dict(b, node) && b->signatures->at[group].parent != UF_SIGNATURE_NONE)
            called = b->signatures->at[group].parent; /* as its owner */
        /* a copy: texts move when others are entered */
        char *name = uf_mem_strdup(uf_strings_get(&b->ret->strings, b->name[called]));
        b->failed |= !name;
        b->frame[group] = frame_of_text(b, name ? name : "", type_of(b, called), type_of(b, group));
        uf_mem_free(name);
    }
    return b->frame[group];
}

/* The cell above, from `from` on, whose stack ends with `frame`; it has the same frames as that of `from`
 * if it has as many different ones: stacks only get longer downwards. */
static uint32_t folded(const struct build *b, uint32_t from, uint32_t frame, bool *is_above)
{
    const struct uf_retainers_cell *cells = b->ret->cells.at;
    *is_above = false;
    for (uint32_t c = from; c != UF_RETAINERS_NONE; c = cells[c].parent) {
        if (cells[c].frame != frame)
            continue;
        *is_above = true;
        return cells[c].distinct == cells[from].distinct ? c : UF_RETAINERS_NONE;
    }
    return UF_RETAINERS_NONE;
}

static uint32_t cell_below(struct build *b, uint32_t parent, uint32_t frame)
{
    bool is_above = false;
    uint64_t key = pair(parent + 1, frame); /* UF_RETAINERS_NONE + 1 is 0 */
    uint32_t cell = uf_map_get(&b->cell_of, key);
    if (cell != UF_MAP_NONE || b->failed)
        return cell;
    if (parent != UF_RETAINERS_NONE) {
        const struct uf_retainers_cell *above = &b->ret->cells.at[parent];
        cell = folded(b, parent, frame, &is_above);
        if (cell == UF_RETAINERS_NONE &&
            (above->depth >= UF_RETAINERS_DEPTH || b->ret->cells.len >= UF_RETAINERS_CELLS))
            cell = parent;
    }
    if (cell == UF_RETAINERS_NONE) {
        struct uf_retainers_cell made = {.parent = parent, .frame = frame, .depth = 1};
        if (parent != UF_RETAINERS_NONE)
            made.depth += b->ret->cells.at[parent].depth;
        made.distinct = parent == UF_RETAINERS_NONE
                            ? 1
                            : b->ret->cells.at[parent].distinct + (is_above ? 0 : 1);
        cell = (uint32_t)b->ret->cells.len;
        b->failed |= uf_vec_push(&b->ret->cells, made) != 0;
    }
    b->failed |= uf_map_set(&b->cell_of, key, cell) != 0;
    return cell;
}

/* The object that holds an attribute dictionary; another object itself, and what unfreed's own hold. */
static uf_node owner_of(const struct build *b, uf_node node)
{
    uf_node owner = b->view->reach->parent[node];
    return is_attribute_dict(b, node) && owner != UF_NODE_NONE &&
                   !(b->view->graph->flags[owner] & UF_NODE_OWN)
               ? owner
               : node;
}

/* What stands above an object that no other one retains. */
static uint32_t cell_of_root(struct build *b, uf_node node)
{
    const struct uf_reach *reach = b->view->reach;
    uf_node start = owner_of(b, node);
    const char *above = UF_RETAINERS_SHARED;
    if (!reach->reached[node]) {
        above = UF_RETAINERS_GARBAGE;
    } else if (b->view->graph->flags[node] & UF_NODE_OWN) {
        above = UF_RETAINERS_OWN;
    } else if (reach->parent[start] == UF_NODE_NONE) {
        uint8_t kind = b->view->graph->roots[reach->root[start]].kind;
        if (kind == UF_ROOT_MODULE || kind == UF_ROOT_STATIC_TYPE)
            return UF_RETAINERS_NONE; /* its own frame is "module shop", "static type dict" */
        if (start == node)
            above =
                uf_signatures_text(b->signatures, b->signatures->at[b->signatures->of[node]].root);
    }
    return cell_below(b, UF_RETAINERS_NONE, frame_of_text(b, above, "", ""));
}

/* Under which cell does an object stand? An attribute dictionary beside its owner, and not above what is
 * in it: that stands under the owner. */
static uint32_t cell_above(struct build *b, uf_node node)
{
    const uf_node *idom = b->dominators->idom;
    uf_node dominator = idom[node];
    if (dominator == UF_NODE_NONE || b->ret->of[dominator] == UF_RETAINERS_NONE)
        return cell_of_root(b, node);
    if (owner_of(b, node) == dominator)
        return b->ret->cells.at[b->ret->of[dominator]].parent;
    uf_node owner = owner_of(b, dominator);
    if (owner != dominator && idom[dominator] == owner)
        dominator = owner;
    return b->ret->of[dominator];
}

static void enter(struct build *b, uf_node node)
{
    const struct uf_graph *graph = b->view->graph;
    uint32_t cell = cell_above(b, node);
    if (!(graph->flags[node] & UF_NODE_OWN))
        cell = cell_below(b, cell, frame_of_node(b, node));
    if (b->failed)
        return;
    b->ret->of[node] = cell;
    if (graph->flags[node] & UF_NODE_OWN)
        return;
    b->ret->cells.at[cell].objects++;
    b->ret->cells.at[cell].bytes += uf_graph_size(graph, node);
}

/* A dominator is on every path to what it dominates, so it comes before it in breadth-first order. */
static void enter_all(struct build *b)
{
    const struct uf_reach *reach = b->view->reach;
    for (uf_node i = 0; i < reach->order_count && !b->failed; i++)
        enter(b, reach->order[i]);
    for (uf_node n = 0; n < b->view->graph->node_count && !b->failed; n++)
        if (!reach->reached[n] && !(b->view->graph->flags[n] & UF_NODE_OWN))
            enter(b, n);
}

enum uf_code uf_retainers_build(struct uf_retainers *retainers, const struct uf_view *view,
                                const struct uf_dominators *dominators,
                                const struct uf_signatures *signatures, struct uf_error *err)
{
    uf_node nodes = view->graph->node_count;
    struct build b = {
        .ret = retainers, .view = view, .dominators = dominators, .signatures = signatures};
    *retainers = (struct uf_retainers){.node_count = nodes};
    retainers->of = uf_mem_alloc(((size_t)nodes + 1) * sizeof *retainers->of);
    b.frame = uf_mem_alloc(((size_t)signatures->count + 1) * sizeof *b.frame);
    b.failed = !retainers->of || !b.frame || uf_strings_add_z(&retainers->strings, "") != 0 ||
               uf_retainers_names(&retainers->strings, signatures, view->graph, &b.name, NULL);
    for (uf_node n = 0; n < nodes && !b.failed; n++)
        retainers->of[n] = UF_RETAINERS_NONE;
    for (uint32_t g = 0; g < signatures->count && !b.failed; g++)
        b.frame[g] = UF_RETAINERS_NONE;
    if (!b.failed)
        enter_all(&b);
    uf_mem_free(b.name);
    uf_mem_free(b.frame);
    uf_map_release(&b.frame_of);
    uf_map_release(&b.cell_of);
    if (!b.failed)
        return UF_OK;
    uf_retainers_release(retainers);
    return uf_error_nomem(err);
}

void uf_retainers_release(struct uf_retainers *retainers)
{
    uf_strings_release(&retainers->strings);
    uf_vec_release(&retainers->frames);
    uf_vec_release(&retainers->cells);
    uf_mem_free(retainers->of);
    *retainers = (struct uf_retainers){0};
}
