/* The table `references`: a row for each reference that one object holds to another. */
#include "analysis/edges.h"
#include "export/arrow_table.h"

#include <string.h>

/* Goes over the references of a run in order: which object holds each, as its how many-th. */
struct walk {
    const struct uf_graph *graph;
    uint32_t edge, end;
    uf_node source;
};

static struct walk begin(const struct uf_arrow_rows *rows)
{
    const struct uf_graph *graph = rows->heap->graph;
    return (struct walk){.graph = graph,
                         .edge = rows->first,
                         .end = rows->first + rows->count,
                         .source = uf_edges_source(graph, rows->first)};
}

/* False at the end; else walk->source is right for walk->edge. The caller counts `edge` up. */
static bool stands(struct walk *walk)
{
    if (walk->edge == walk->end)
        return false;
    while (walk->graph->edge_start[walk->source + 1] <= walk->edge)
        walk->source++;
    return true;
}

static uint32_t ordinal(const struct walk *walk)
{
    return walk->edge - walk->graph->edge_start[walk->source];
}

static enum uf_code fill_source(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                struct uf_error *err)
{
    uf_node *sources = uf_arrow_values(rows, ret, sizeof *sources, err);
    if (!sources)
        return UF_ENOMEM;
    for (struct walk walk = begin(rows); stands(&walk); walk.edge++)
        *sources++ = walk.source;
    return UF_OK;
}

static enum uf_code fill_target(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                struct uf_error *err)
{
    (void)err;
    ret->values = rows->heap->graph->edge_target + rows->first;
    return UF_OK;
}

/* Null where there is no name. */
static enum uf_code fill_generic(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                 struct uf_error *err)
{
    uint32_t *numbers = uf_arrow_values(rows, ret, sizeof *numbers, err);
    uint8_t *valid = uf_arrow_memory_take(rows->memory, ((size_t)rows->count + 7) / 8);
    if (!numbers || !valid)
        return uf_error_nomem(err);
    for (struct walk walk = begin(rows); stands(&walk); walk.edge++) {
        uint32_t i = walk.edge - rows->first;
        numbers[i] = uf_arrow_heap_generic(rows->heap, walk.source, ordinal(&walk));
        if (numbers[i] == UF_STRING_NONE)
            return uf_error_nomem(err);
        if (numbers[i] != 0)
            valid[i / 8] = (uint8_t)(valid[i / 8] | 1 << i % 8);
        ret->nulls += numbers[i] == 0;
    }
    ret->validity = ret->nulls ? valid : NULL;
    return UF_OK;
}

static const struct uf_arrow_texts *generic_texts(struct uf_arrow_heap *heap)
{
    return &heap->generics;
}

/* In the order of enum uf_ref_kind. */
static char kind_bytes[] = "attribute"
                           "item"
                           "key"
                           "index"
                           "closure"
                           "local"
                           "dict"
                           "type"
                           "field"
                           "unknown";
static int32_t kind_offsets[] = {0, 9, 13, 16, 21, 28, 33, 37, 41, 46, 53};
_Static_assert(sizeof kind_offsets / sizeof kind_offsets[0] == UF_REF_UNKNOWN + 2,
               "a kind has no text");
_Static_assert(sizeof kind_bytes == 53 + 1, "the texts are not as long as their offsets say");

static const struct uf_arrow_texts *kind_texts(struct uf_arrow_heap *heap)
{
    static const struct uf_arrow_texts texts = {
        .offsets = {kind_offsets, sizeof kind_offsets / sizeof kind_offsets[0], 0},
        .bytes = {kind_bytes, sizeof kind_bytes - 1, 0},
    };
    (void)heap;
    return &texts;
}

/* The number of the generic name tells it much cheaper than the name. -1: memory is out. */
static int kind_of(const struct uf_names *names, const struct walk *walk)
{
    struct uf_ref_name name;
    if (names->generic) {
        uint32_t number = names->generic(names->context, walk->source, ordinal(walk));
        return number == UF_STRING_NONE ? -1 : (int)UF_GENERIC_KIND(number);
    }
    names->name(names->context, walk->source, ordinal(walk), &name);
    return (int)name.kind;
}

static enum uf_code fill_kind(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                              struct uf_error *err)
{
    int8_t *kinds = uf_arrow_values(rows, ret, sizeof *kinds, err);
    if (!kinds)
        return UF_ENOMEM;
    for (struct walk walk = begin(rows); stands(&walk); walk.edge++) {
        int kind = kind_of(rows->heap->names, &walk);
        if (kind < 0)
            return uf_error_nomem(err);
        *kinds++ = (int8_t)kind;
    }
    return UF_OK;
}

/* One name into the texts; null where nothing is known but that there is a reference. */
static enum uf_code add_name(const struct uf_arrow_rows *rows, const struct walk *walk,
                             uint8_t *valid, struct uf_arrow_texts *texts, struct uf_error *err)
{
    const struct uf_names *names = rows->heap->names;
    struct uf_ref_name name;
    names->name(names->context, walk->source, ordinal(walk), &name);
    if (name.kind == UF_REF_UNKNOWN)
        return uf_arrow_texts_add(texts, "", 0, err);
    uint32_t i = walk->edge - rows->first;
    valid[i / 8] = (uint8_t)(valid[i / 8] | 1 << i % 8);
    return uf_arrow_texts_add(texts, name.text, strlen(name.text), err);
}

static enum uf_code fill_name(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                              struct uf_error *err)
{
    struct uf_arrow_texts texts;
    uint8_t *valid = uf_arrow_memory_take(rows->memory, ((size_t)rows->count + 7) / 8);
    if (!valid)
        return uf_error_nomem(err);
    enum uf_code code = uf_arrow_texts_init(&texts, rows->count, err);
    for (struct walk walk = begin(rows); !code && stands(&walk); walk.edge++) {
        uint32_t i = walk.edge - rows->first;
        code = add_name(rows, &walk, valid, &texts, err);
        ret->nulls += !(valid[i / 8] >> i % 8 & 1);
    }
    if (!code)
        code = uf_arrow_keep_texts(rows, &texts, ret, err);
    ret->validity = ret->nulls ? valid : NULL;
    uf_arrow_texts_release(&texts);
    return code;
}

static bool is_guessed(const struct uf_arrow_rows *rows, uint32_t edge)
{
    return uf_graph_is_guessed(rows->heap->graph, edge);
}

static enum uf_code fill_guessed(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                 struct uf_error *err)
{
    return uf_arrow_bits(rows, is_guessed, ret, err);
}

static const struct uf_arrow_field fields[] = {
    {"source", UF_ARROW_U32, false, 0, fill_source, NULL},
    {"target", UF_ARROW_U32, false, 0, fill_target, NULL},
    {"kind", UF_ARROW_DICT8, false, 0, fill_kind, kind_texts},
    {"generic", UF_ARROW_DICT32, true, UF_ARROW_GENERICS, fill_generic, generic_texts},
    {"name", UF_ARROW_UTF8, true, 0, fill_name, NULL},
    {"guessed", UF_ARROW_BOOL, false, 0, fill_guessed, NULL},
};

/* Neither end is one of unfreed's own objects. */
static bool is_row(const struct uf_graph *graph, uf_node source, uint32_t edge)
{
    return !((graph->flags[source] | graph->flags[graph->edge_target[edge]]) & UF_NODE_OWN);
}

static uint64_t count_rows(const struct uf_arrow_heap *heap)
{
    const struct uf_graph *graph = heap->graph;
    uint64_t rows = 0;
    for (uf_node n = 0; n < graph->node_count; n++)
        for (uint32_t e = graph->edge_start[n]; e < graph->edge_start[n + 1]; e++)
            rows += is_row(graph, n, e);
    return rows;
}

static bool next_run(const struct uf_arrow_heap *heap, uint32_t at, uint32_t limit, uint32_t *first,
                     uint32_t *count)
{
    const struct uf_graph *graph = heap->graph;
    if (at >= graph->edge_count)
        return false;
    struct walk walk = {graph, at, graph->edge_count, uf_edges_source(graph, at)};
    while (stands(&walk) && !is_row(graph, walk.source, walk.edge))
        walk.edge++;
    *first = walk.edge;
    while (stands(&walk) && walk.edge - *first < limit && is_row(graph, walk.source, walk.edge))
        walk.edge++;
    *count = walk.edge - *first;
    return *count > 0;
}

const struct uf_arrow_table uf_arrow_references = {
    "references", fields, sizeof fields / sizeof fields[0], count_rows, next_run,
};
