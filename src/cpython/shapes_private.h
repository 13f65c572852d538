/* shapes_private.h - parts of shapes (private to cpython): see shapes.h. */
#ifndef UF_CPYTHON_SHAPES_PRIVATE_H
#define UF_CPYTHON_SHAPES_PRIVATE_H

#include "cpython/naming.h"
#include "cpython/shapes.h"

/* --- table of shapes (shapes_table.c) ---------------------------------------------------------- */

/* A shape that is kept: its parts are `head_count` + `tail_count` ones from `first` on. */
struct uf_kept_shape {
    uint32_t first, head_count, tail_count;
    struct uf_shape_part same;
    uint8_t rule; /* enum uf_shape_rule */
};

struct uf_shape_table {
    UF_VEC(struct uf_kept_shape) shapes;
    UF_VEC(struct uf_shape_part) parts;
    struct uf_strings strings;
    UF_VEC(uint32_t) slots; /* hash table of numbers + 1; its length is a power of two */
};

/* The number of an equal shape, entered if it is new; UF_SHAPE_NOMEM when memory is out. `shape`'s parts
 * are not in the table. */
uint32_t uf_shape_table_add(struct uf_shape_table *table, const struct uf_shape *shape);
void uf_shape_table_get(const struct uf_shape_table *table, uint32_t number, struct uf_shape *ret);
/* The part of a name; false when memory is out. */
bool uf_shape_table_part(struct uf_shape_table *table, const struct uf_ref_name *name,
                         struct uf_shape_part *ret);
void uf_shape_table_release(struct uf_shape_table *table);

/* --- keys (shapes_key.c) ----------------------------------------------------------------------- */

#define UF_SHAPE_KEY_WORDS 80

/* What decides the names of a node's references, and which of them are named one by one: the first
 * `head` and the last `tail`; those between follow `rule` (of UF_SHAPE_SAME, the first stands for all). */
struct uf_shape_key {
    uint32_t head, tail;
    enum uf_shape_rule rule;
    uint32_t len;
    uint64_t word[UF_SHAPE_KEY_WORDS];
};

/* From key words to shapes. */
struct uf_shape_known {
    uint64_t hash;
    uint32_t type, first, len, shape; /* its words are `len` ones from `first` on */
};

struct uf_shape_memo {
    UF_VEC(struct uf_shape_known) known;
    UF_VEC(uint64_t) words;
    UF_VEC(uint32_t) slots; /* hash table of places in `known` + 1 */
};

/* The shape of equal words of the same type, or UF_SHAPE_NOMEM. */
uint32_t uf_shape_memo_get(const struct uf_shape_memo *memo, uint32_t type,
                           const struct uf_shape_key *key);
/* When memory is out, or there are too many, nothing is remembered. */
void uf_shape_memo_set(struct uf_shape_memo *memo, uint32_t type, const struct uf_shape_key *key,
                       uint32_t shape);
void uf_shape_memo_release(struct uf_shape_memo *memo);

/* --- all of it --------------------------------------------------------------------------------- */

enum uf_shape_form_kind {
    UF_FORM_NEW,    /* not looked at yet */
    UF_FORM_ALWAYS, /* all have the same shape */
    UF_FORM_KEYED,
    UF_FORM_EXACT, /* named reference by reference: few objects, or their names hang on too much */
};

enum uf_text_form {
    UF_TEXT_FORM_NONE,
    UF_TEXT_FORM_STR,
    UF_TEXT_FORM_BYTES,
    UF_TEXT_FORM_INT,
    UF_TEXT_FORM_FLOAT,
    UF_TEXT_FORM_WORD,  /* True, None */
    UF_TEXT_FORM_TUPLE, /* has a text where it is a key */
    UF_TEXT_FORM_PLACE, /* uf_place_repr() */
};

#define UF_FORM_LAST_WORDS 6

struct uf_shape_form { /* by type */
    uint8_t kind, text;
    bool has_length, has_bound;
    uint32_t shape; /* of all, or of the last one */
    uint32_t last_len;
    uint64_t last[UF_FORM_LAST_WORDS]; /* its key */
};

struct uf_heap_shapes {
    struct uf_heap *heap;
    const struct uf_graph *graph;
    const struct uf_names *names;
    struct uf_shape_form *forms; /* by type of the graph */
    struct uf_shape_table table;
    struct uf_shape_memo memo;
    uint64_t *key_of_items,
        *key_of_attributes; /* bit per node: it is a key of such a dict or of a set */
    UF_VEC(struct uf_shape_part) building;
    uint32_t
        guessed; /* in graph->guessed: the first of the node asked for last, or of a later one */
    bool prepared;
};

/* The first guessed edge of a node, or its end. */
uint32_t uf_shape_first_guessed(struct uf_heap_shapes *shapes, uf_node node);
/* False: this one is to be named reference by reference. Enters what is a key. */
bool uf_shape_key_make(struct uf_heap_shapes *shapes, uf_node node, const struct uf_plan *plan,
                       struct uf_shape_key *ret);

enum uf_text_kind uf_shape_text(struct uf_heap_shapes *shapes, uf_node node, char *ret, size_t size,
                                size_t *len);

static inline bool uf_shape_bit(const uint64_t *bits, uf_node node)
{
    return bits[node / 64] >> node % 64 & 1;
}

#endif
