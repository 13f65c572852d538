#include "analysis/signatures.h"

#include "analysis/edges.h"
#include "analysis/generalise.h"

/* A small program has some 40,000, its code mostly. Of more (a registry by a million attributes) what
 * comes below joins its holder. */
#define GROUPS_MAX 1000000

/* What the number of a generic name (uf_names.generic) stands for. */
struct word {
    uint32_t edge;        /* text */
    uint32_t edge_in_set; /* the same where the holder is a set */
    bool item; /* an item of a mapping: of an attribute dictionary perhaps an attribute */
    bool attribute, attribute_dict, key, key_in_set;
};

/* One reference, generalised. `edge` UF_STRING_NONE: memory is out. */
struct hop {
    uint32_t edge;
    bool attribute, attribute_dict, key;
};

struct build {
    struct uf_signatures *all;
    const struct uf_view *view;
    UF_VEC(struct uf_signature) groups;
    UF_VEC(struct word) words;
    struct uf_map word_of;  /* number of a generic name + 1 -> word */
    struct uf_map steps;    /* (edge text, type text) -> step */
    struct uf_map children; /* (holder, step) -> group */
    uint32_t step_count;
    uint32_t *type_text;        /* by index into graph->types */
    uint8_t *type_kind;         /* ... enum type_kind */
    uint32_t any_item, nothing; /* texts */
    uf_node last_parent;        /* neighbours in breadth-first order mostly have one holder ... */
    uint32_t last_number, last_type; /* ... are called the same and have the same type: */
    uint32_t last_group;             /* then they have the same group */
    struct uf_error *err;
};

enum type_kind { TYPE_OTHER, TYPE_SEQUENCE, TYPE_SET };

#define NUMBER_SEQUENCE (UINT32_MAX - 1) /* in last_number: nothing was asked */

static enum uf_code take_types(struct build *b)
{
    const struct uf_graph *graph = b->view->graph;
    b->type_text = uf_mem_alloc(((size_t)graph->type_count + 1) * sizeof *b->type_text);
    b->type_kind = uf_mem_zalloc((size_t)graph->type_count + 1);
    if (!b->type_text || !b->type_kind)
        return uf_error_nomem(b->err);
    for (uint32_t t = 0; t < graph->type_count; t++) {
        const char *name = uf_strings_get(&graph->strings, graph->types[t].name);
        b->type_text[t] = uf_strings_add_z(&b->all->strings, name);
        if (b->type_text[t] == UF_STRING_NONE)
            return uf_error_nomem(b->err);
        if (uf_generalise_is_sequence(name))
            b->type_kind[t] = TYPE_SEQUENCE;
        else if (uf_generalise_is_set(name))
            b->type_kind[t] = TYPE_SET;
    }
    b->any_item = uf_strings_add_z(&b->all->strings, UF_ANY_ITEM);
    b->nothing = uf_strings_add_z(&b->all->strings, UF_ROOT_TEXT_NOTHING);
    if (b->any_item == UF_STRING_NONE || b->nothing == UF_STRING_NONE)
        return uf_error_nomem(b->err);
    return UF_OK;
}

/* --- references --------------------------------------------------------------------------------- */

static const char *type_name(const struct build *b, uf_node node)
{
    return uf_graph_type_name(b->view->graph, node);
}

/* By its text. */
static struct hop ask_hop(struct build *b, uf_node source, uint32_t ordinal, bool in_dict)
{
    struct uf_ref_name name;
    b->view->names->name(b->view->names->context, source, ordinal, &name);
    struct uf_generalised found = uf_generalise_reference(&name, in_dict, type_name(b, source));
    return (struct hop){uf_strings_add_z(&b->all->strings, found.text), found.attribute,
                        found.attribute_dict, found.key};
}

/* What a number that is met for the first time stands for. */
static uint32_t learn(struct build *b, uf_node source, uint32_t ordinal, uint32_t number)
{
    struct uf_ref_name name;
    b->view->names->name(b->view->names->context, source, ordinal, &name);
    struct word word = {.item = name.kind == UF_REF_ITEM || name.kind == UF_REF_INDEX};
    struct uf_generalised found = uf_generalise_reference(&name, false, "");
    word.edge = uf_strings_add_z(&b->all->strings, found.text);
    word.attribute = found.attribute;
    word.attribute_dict = found.attribute_dict;
    word.key = found.key;
    found = uf_generalise_reference(&name, false, "set");
    word.edge_in_set = uf_strings_add_z(&b->all->strings, found.text);
    word.key_in_set = found.key;
    uint32_t index = (uint32_t)b->words.len;
    if (word.edge == UF_STRING_NONE || word.edge_in_set == UF_STRING_NONE ||
        uf_vec_push(&b->words, word) || uf_map_set(&b->word_of, (uint64_t)number + 1, index))
        return UF_MAP_NONE;
    return index;
}

static struct hop hop_of_number(struct build *b, uf_node source, uint32_t ordinal, uint32_t number,
                                bool in_dict)
{
    uint32_t index = uf_map_get(&b->word_of, (uint64_t)number + 1);
    if (index == UF_MAP_NONE)
        index = learn(b, source, ordinal, number);
    if (index == UF_MAP_NONE)
        return (struct hop){.edge = UF_STRING_NONE};
    const struct word *word = &b->words.at[index];
    if (word->item && in_dict)
        return ask_hop(b, source, ordinal, true);
    if (b->type_kind[b->view->graph->type[source]] == TYPE_SET)
        return (struct hop){word->edge_in_set, word->attribute, word->attribute_dict,
                            word->key_in_set};
    return (struct hop){word->edge, word->attribute, word->attribute_dict, word->key};
}

/* --- groups ------------------------------------------------------------------------------------- */

static uint32_t step_of(struct build *b, uint32_t edge, uint32_t type)
{
    uint64_t key = uf_pair_key(edge, type);
    uint32_t step = uf_map_get(&b->steps, key);
    if (step == UF_MAP_NONE && uf_map_set(&b->steps, key, b->step_count) == 0)
        step = b->step_count++;
    return step;
}

static uint32_t fold(const struct build *b, uint32_t holder, uint32_t edge, uint32_t type)
{
    struct uf_fold fold = UF_FOLD_EMPTY;
    for (uint32_t g = holder; g != UF_SIGNATURE_NONE; g = b->groups.at[g].parent) {
        const struct uf_signature *group = &b->groups.at[g];
        uf_fold_above(&fold, g, group->parent == UF_SIGNATURE_NONE, group->type == type,
                      group->edge == edge);
    }
    return uf_fold_end(&fold, uf_strings_get(&b->all->strings, type));
}

static uint32_t make(struct build *b, const struct uf_signature *wanted)
{
    if (wanted->parent != UF_SIGNATURE_NONE) {
        uint32_t above = fold(b, wanted->parent, wanted->edge, wanted->type);
        if (above != UF_GENERALISE_NONE) {
            b->groups.at[above].folded = true;
            return above;
        }
        if (b->groups.len >= GROUPS_MAX)
            return wanted->parent;
    }
    return uf_vec_push(&b->groups, *wanted) ? UF_SIGNATURE_NONE : (uint32_t)(b->groups.len - 1);
}

/* The group below `wanted->parent`; `key_edge` stands for the edge in the table (roots: root text
 * and label together). UF_SIGNATURE_NONE: memory is out. */
static uint32_t find_or_make(struct build *b, struct uf_signature *wanted, uint32_t key_edge)
{
    uint32_t step = step_of(b, key_edge, wanted->type);
    if (step == UF_MAP_NONE)
        return UF_SIGNATURE_NONE;
    uint64_t key = uf_pair_key(wanted->parent, step);
    uint32_t found = uf_map_get(&b->children, key);
    if (found != UF_MAP_NONE)
        return found;
    wanted->first = wanted->last = UF_NODE_NONE;
    found = make(b, wanted);
    if (found == UF_SIGNATURE_NONE || uf_map_set(&b->children, key, found))
        return UF_SIGNATURE_NONE;
    return found;
}

static uint32_t place_nothing(struct build *b, uf_node node)
{
    struct uf_signature wanted = {.parent = UF_SIGNATURE_NONE,
                                  .type = b->type_text[b->view->graph->type[node]],
                                  .root = b->nothing,
                                  .garbage = !b->view->reach->reached[node]};
    return find_or_make(b, &wanted, b->nothing);
}

static uint32_t place_root(struct build *b, uf_node node)
{
    uint32_t r = b->view->reach->root[node];
    if (!b->view->reach->reached[node] || r == UINT32_MAX)
        return place_nothing(b, node);
    const struct uf_graph *graph = b->view->graph;
    const char *label = uf_strings_get(&graph->strings, graph->roots[r].label);
    struct uf_signature wanted = {.parent = UF_SIGNATURE_NONE,
                                  .type = b->type_text[graph->type[node]]};
    struct uf_text text = {0};
    uf_generalise_root(graph, &graph->roots[r], true, &text);
    if (!text.failed)
        wanted.root = uf_strings_add(&b->all->strings, text.at, text.len);
    wanted.edge = uf_strings_add(&b->all->strings, label, uf_generalise_label(label));
    uint32_t key_edge = wanted.root;
    if (wanted.edge != 0 && wanted.edge != UF_STRING_NONE) {
        uf_text_add_z(&text, "\n");
        uf_text_add_z(&text, uf_strings_get(&b->all->strings, wanted.edge));
        if (!text.failed)
            key_edge = uf_strings_add(&b->all->strings, text.at, text.len);
    }
    bool failed = text.failed || wanted.root == UF_STRING_NONE || wanted.edge == UF_STRING_NONE ||
                  key_edge == UF_STRING_NONE;
    uf_text_release(&text);
    return failed ? UF_SIGNATURE_NONE : find_or_make(b, &wanted, key_edge);
}

static uint32_t place_hop(struct build *b, uf_node node, uint32_t holder, struct hop hop)
{
    if (hop.edge == UF_STRING_NONE)
        return UF_SIGNATURE_NONE;
    const struct uf_signature *above = &b->groups.at[holder];
    struct uf_signature wanted = {
        .parent = above->attribute_dict ? above->parent : holder,
        .edge = hop.edge,
        .type = b->type_text[b->view->graph->type[node]],
        .key = hop.key,
        .attribute = hop.attribute,
        .attribute_dict = hop.attribute_dict,
    };
    return find_or_make(b, &wanted, hop.edge);
}

static uint32_t place_below(struct build *b, uf_node node, uf_node parent)
{
    const struct uf_graph *graph = b->view->graph;
    const struct uf_names *names = b->view->names;
    uint32_t holder = b->all->of[parent], number = UINT32_MAX;
    uint32_t ordinal = b->view->reach->parent_edge[node] - graph->edge_start[parent];
    bool in_dict = b->groups.at[holder].attribute_dict;
    struct hop hop = {.edge = b->any_item};
    if (b->type_kind[graph->type[parent]] == TYPE_SEQUENCE) {
        number = NUMBER_SEQUENCE;
    } else if (names->generic) {
        number = names->generic(names->context, parent, ordinal);
        if (number == UINT32_MAX)
            return UF_SIGNATURE_NONE;
    }
    /* In an attribute dictionary the number of an item does not tell its name. */
    if (number != UINT32_MAX && parent == b->last_parent && number == b->last_number &&
        graph->type[node] == b->last_type && !in_dict)
        return b->last_group;
    if (number == UINT32_MAX)
        hop = ask_hop(b, parent, ordinal, in_dict);
    else if (number != NUMBER_SEQUENCE)
        hop = hop_of_number(b, parent, ordinal, number, in_dict);
    uint32_t group = place_hop(b, node, holder, hop);
    b->last_parent = parent;
    b->last_number = number;
    b->last_type = graph->type[node];
    b->last_group = group;
    return group;
}

static void count(struct build *b, uf_node node, uint32_t index)
{
    struct uf_signature *group = &b->groups.at[index];
    if (b->view->graph->flags[node] & UF_NODE_OWN)
        return;
    group->objects++;
    group->bytes += uf_edges_size(b->view->graph, node);
    if (group->first == UF_NODE_NONE)
        group->first = node;
    group->last = node;
}

static enum uf_code place_all(struct build *b)
{
    const struct uf_graph *graph = b->view->graph;
    const struct uf_reach *reach = b->view->reach;
    for (uf_node i = 0; i < reach->order_count; i++) {
        uf_node node = reach->order[i], parent = reach->parent[node];
        if (i + 24 < reach->order_count) {
            uf_node far = reach->order[i + 24];
            __builtin_prefetch(&reach->parent[far]);
            __builtin_prefetch(&reach->parent_edge[far]);
            __builtin_prefetch(&graph->type[far]);
            __builtin_prefetch(&graph->size[far]);
            __builtin_prefetch(&graph->flags[far]);
            __builtin_prefetch(&b->all->of[far], 1);
        }
        uint32_t group = parent == UF_NODE_NONE ? place_root(b, node)
                                                : place_below(b, node, parent);
        if (group == UF_SIGNATURE_NONE)
            return uf_error_nomem(b->err);
        b->all->of[node] = group;
        count(b, node, group);
    }
    for (uf_node node = 0; node < graph->node_count; node++) {
        if (reach->reached[node])
            continue;
        uint32_t group = place_nothing(b, node);
        if (group == UF_SIGNATURE_NONE)
            return uf_error_nomem(b->err);
        b->all->of[node] = group;
        count(b, node, group);
    }
    return UF_OK;
}

enum uf_code uf_signatures_build(struct uf_signatures *signatures, const struct uf_view *view,
                                 struct uf_error *err)
{
    struct build b = {.all = signatures, .view = view, .last_parent = UF_NODE_NONE, .err = err};
    *signatures = (struct uf_signatures){.node_count = view->graph->node_count};
    signatures->of = uf_mem_alloc(((size_t)view->graph->node_count + 1) * sizeof *signatures->of);
    enum uf_code code = signatures->of ? take_types(&b) : uf_error_nomem(err);
    if (!code)
        code = place_all(&b);
    signatures->at = b.groups.at;
    signatures->count = (uint32_t)b.groups.len;
    uf_vec_release(&b.words);
    uf_map_release(&b.word_of);
    uf_map_release(&b.steps);
    uf_map_release(&b.children);
    uf_mem_free(b.type_text);
    uf_mem_free(b.type_kind);
    if (code)
        uf_signatures_release(signatures);
    return code;
}

void uf_signatures_release(struct uf_signatures *signatures)
{
    uf_mem_free(signatures->of);
    uf_mem_free(signatures->at);
    uf_strings_release(&signatures->strings);
    *signatures = (struct uf_signatures){0};
}

const char *uf_signatures_text(const struct uf_signatures *signatures, uint32_t text)
{
    return uf_strings_get(&signatures->strings, text);
}

void uf_signatures_path_text(const struct uf_signatures *signatures, uint32_t group,
                             struct uf_text *ret)
{
    /* Folding bounds the depth; walking down by counting needs no memory. */
    size_t depth = 0;
    for (uint32_t g = group; g != UF_SIGNATURE_NONE; g = signatures->at[g].parent)
        depth++;
    for (size_t level = depth; level-- > 0;) {
        uint32_t at = group;
        for (size_t up = 0; up < level; up++)
            at = signatures->at[at].parent;
        const struct uf_signature *signature = &signatures->at[at];
        if (signature->parent == UF_SIGNATURE_NONE)
            uf_text_add_z(ret, uf_signatures_text(signatures, signature->root));
        uf_step_append(ret, uf_signatures_text(signatures, signature->edge));
    }
}
