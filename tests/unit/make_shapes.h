/* make_shapes.h - the shapes and texts of a made graph (make_graph.h), for writing it into a file.
 *
 *     struct made_shapes shapes;
 *     make_shapes(&shapes, &made);
 *     struct uf_snapshot_content content = {&made.graph, &shapes.shapes, &meta, false};
 *     made_shapes_release(&shapes);
 *
 * The longest run of references that a rule names is left to the rule: [0] [1] ..., key/value pairs,
 * keys of a set ({'x'}). References of a node called "attributes..." are those of an attribute dictionary.
 * The text of a node is its preview; of a type other than str, bytes, int, float it is a name, no content.
 */
#ifndef UF_TESTS_UNIT_MAKE_SHAPES_H
#define UF_TESTS_UNIT_MAKE_SHAPES_H

#include "base/vec.h"
#include "graph/shapes.h"
#include "make_graph.h"

struct made_shape {
    enum uf_shape_rule rule;
    uint32_t head_count, tail_count;
    struct uf_shape_part *parts;
};

struct made_shapes {
    struct uf_shapes shapes;
    struct made_graph *made;
    struct uf_strings strings;
    UF_VEC(struct made_shape) all;
    bool no_rules; /* every reference is named */
};

static inline struct uf_shape_part made_part(struct made_shapes *shapes, uf_node node, uint32_t i)
{
    struct uf_ref_name name;
    made_name(shapes->made, node, i, &name);
    return (struct uf_shape_part){uf_strings_add_z(&shapes->strings, name.text),
                                  uf_strings_add_z(&shapes->strings, name.generic),
                                  (uint8_t)name.kind};
}

/* Does the rule say of the i-th of its references what the text says? */
static inline bool made_follows(const struct made_graph *made, uf_node node, uint32_t ordinal,
                                enum uf_shape_rule rule, uint32_t i)
{
    struct uf_ref_name name;
    char index[20];
    made_name((void *)(uintptr_t)made, node, ordinal, &name);
    snprintf(index, sizeof index, "[%u]", i);
    switch (rule) {
    case UF_SHAPE_INDEX:
        return strcmp(name.text, index) == 0;
    case UF_SHAPE_ITEMS:
        return name.kind == (i % 2 ? UF_REF_ITEM : UF_REF_KEY) && name.text[0] != '{';
    case UF_SHAPE_ATTRIBUTES:
        return name.kind == (i % 2 ? UF_REF_ATTR : UF_REF_KEY);
    default:
        return name.text[0] == '{';
    }
}

static inline void made_rule(const struct made_shapes *shapes, uf_node node, uint32_t degree,
                             struct made_shape *ret)
{
    static const enum uf_shape_rule rules[] = {UF_SHAPE_INDEX, UF_SHAPE_ITEMS, UF_SHAPE_MEMBERS};
    const struct made_node *made = &shapes->made->nodes[node];
    bool attributes = strncmp(made->name, "attributes", 10) == 0;
    *ret = (struct made_shape){.rule = UF_SHAPE_NONE, .head_count = degree};
    for (size_t r = 0; r < 3 && !shapes->no_rules; r++) {
        enum uf_shape_rule rule = rules[r] == UF_SHAPE_ITEMS && attributes ? UF_SHAPE_ATTRIBUTES
                                                                           : rules[r];
        for (uint32_t from = 0, to; from < degree; from = to + 1) {
            for (to = from; to < degree && made_follows(shapes->made, node, to, rule, to - from);)
                to++;
            if (rule == UF_SHAPE_ITEMS || rule == UF_SHAPE_ATTRIBUTES)
                to -= (to - from) % 2;
            if (to > from && (ret->rule == UF_SHAPE_NONE ||
                              degree - to + from < ret->head_count + ret->tail_count)) {
                ret->rule = rule;
                ret->head_count = from;
                ret->tail_count = degree - to;
            }
        }
    }
}

static inline uint32_t made_of(void *context, uf_node node)
{
    struct made_shapes *shapes = context;
    const struct uf_graph *graph = &shapes->made->graph;
    uint32_t degree = graph->edge_start[node + 1] - graph->edge_start[node];
    struct made_shape shape;
    made_rule(shapes, node, degree, &shape);
    uint32_t count = shape.head_count + shape.tail_count;
    shape.parts = made_room(count, sizeof *shape.parts);
    for (uint32_t i = 0; i < count; i++)
        shape.parts[i] = made_part(shapes, node, i < shape.head_count ? i : degree - count + i);
    for (uint32_t s = 0; s < shapes->all.len; s++) {
        const struct made_shape *other = &shapes->all.at[s];
        bool same = other->rule == shape.rule && other->head_count == shape.head_count &&
                    other->tail_count == shape.tail_count;
        for (uint32_t i = 0; i < count && same; i++)
            same = other->parts[i].text == shape.parts[i].text;
        if (same) {
            uf_mem_free(shape.parts);
            return s;
        }
    }
    if (uf_vec_push(&shapes->all, shape))
        made_fault("out of memory", "");
    return (uint32_t)shapes->all.len - 1;
}

static inline uint32_t made_count(void *context)
{
    return (uint32_t)((struct made_shapes *)context)->all.len;
}

static inline void made_get(void *context, uint32_t number, struct uf_shape *ret)
{
    const struct made_shape *shape = &((struct made_shapes *)context)->all.at[number];
    *ret = (struct uf_shape){.rule = shape->rule,
                             .head_count = shape->head_count,
                             .tail_count = shape->tail_count,
                             .head = shape->parts,
                             .tail = shape->parts + shape->head_count};
}

static inline const struct uf_strings *made_strings(void *context)
{
    return &((struct made_shapes *)context)->strings;
}

static inline enum uf_text_kind made_shape_text(void *context, uf_node node, char *ret, size_t size,
                                                size_t *len)
{
    static const char *const contents[] = {"str", "bytes", "int", "float"};
    const struct made_node *made = &((struct made_shapes *)context)->made->nodes[node];
    snprintf(ret, size, "%s", made->preview);
    *len = strlen(ret);
    for (size_t i = 0; i < 4; i++)
        if (strcmp(made->type, contents[i]) == 0)
            return *len ? UF_TEXT_CONTENT : UF_TEXT_NONE;
    return *len ? UF_TEXT_NAME : UF_TEXT_NONE;
}

static inline int64_t made_shape_length(void *context, uf_node node)
{
    return made_length(((struct made_shapes *)context)->made, node);
}

static inline int64_t made_shape_bound(void *context, uf_node node)
{
    return made_bound(((struct made_shapes *)context)->made, node);
}

static inline void make_shapes(struct made_shapes *ret, struct made_graph *made)
{
    memset(ret, 0, sizeof *ret);
    ret->made = made;
    ret->shapes = (struct uf_shapes){.context = ret,
                                     .of = made_of,
                                     .count = made_count,
                                     .get = made_get,
                                     .strings = made_strings,
                                     .text = made_shape_text,
                                     .length = made_shape_length,
                                     .bound = made_shape_bound};
}

static inline void made_shapes_release(struct made_shapes *shapes)
{
    for (size_t i = 0; i < shapes->all.len; i++)
        uf_mem_free(shapes->all.at[i].parts);
    uf_vec_release(&shapes->all);
    uf_strings_release(&shapes->strings);
}

#endif
