/* shapes.h - how all references of a node are called, in one go.
 *
 * A snapshot file keeps no name for each reference: most nodes of a type have
 * the same few names in the same order. A shape says them once. The references
 * of a node, in canonical order, are those of its shape's head, then as many
 * as are left over by the shape's rule, then those of its tail.
 *
 * The live heap makes shapes (cpython/shapes.h); a snapshot file keeps them.
 * Equal shapes have equal numbers; numbers are 0 .. count-1 and go up as nodes
 * are asked for. Nodes are best asked for in ascending order, and all of them before the first text: only
 * then is known what is a key, whose text is longer.
 */
#ifndef UF_GRAPH_SHAPES_H
#define UF_GRAPH_SHAPES_H

#include "graph/graph.h"
#include "graph/names.h"

#define UF_SHAPE_NOMEM UINT32_MAX

enum uf_shape_rule {
    UF_SHAPE_NONE,       /* head and tail name all references there are */
    UF_SHAPE_INDEX,      /* "[0]", "[1]", ... */
    UF_SHAPE_ITEMS,      /* key, value, key, value, ...: "key 'x'", "['x']" */
    UF_SHAPE_ATTRIBUTES, /* the same of an attribute dictionary: "key 'x'", ".x" */
    UF_SHAPE_ORDERED,    /* ITEMS, then half as many keys again: those of the order list */
    UF_SHAPE_MEMBERS,    /* "{'x'}" */
    UF_SHAPE_SAME,       /* all are called `same` */
    UF_SHAPE_RULES       /* how many there are */
};

/* One name; texts are string numbers in `strings` of the shapes. */
struct uf_shape_part {
    uint32_t text, generic; /* as struct uf_ref_name's */
    uint8_t kind;           /* enum uf_ref_kind */
};

struct uf_shape {
    enum uf_shape_rule rule;
    uint32_t head_count, tail_count;
    const struct uf_shape_part *head, *tail; /* valid until the next node is asked for */
    struct uf_shape_part same;               /* of UF_SHAPE_SAME */
};

enum uf_text_kind {
    UF_TEXT_NONE,    /* nothing but its type can be said of it */
    UF_TEXT_CONTENT, /* what the program keeps in it: repr of a str, bytes, int, float; cut */
    UF_TEXT_NAME,    /* a name in the program's code: "<function f>", "<module 'm'>", "True" */
};

struct uf_shapes {
    void *context;
    /* The shape of a node; UF_SHAPE_NOMEM when memory is out. */
    uint32_t (*of)(void *context, uf_node node);
    uint32_t (*count)(void *context);
    void (*get)(void *context, uint32_t shape, struct uf_shape *ret);
    const struct uf_strings *(*strings)(void *context);
    /* What a person recognises the node by: at most size - 1 bytes of UTF-8 into `ret`, their number into
     * *len (0 for UF_TEXT_NONE). Lengths of containers are not said: they follow from the references. */
    enum uf_text_kind (*text)(void *context, uf_node node, char *ret, size_t size, size_t *len);
    /* len() of what has one that its references do not tell (str, bytes, bytearray, array); -1: none. To be
     * asked of what has no text, or one that is cut ('abc...'). */
    int64_t (*length)(void *context, uf_node node);
    /* The bound of a holder as struct uf_names has it; -1: none. */
    int64_t (*bound)(void *context, uf_node node);
};

#endif
