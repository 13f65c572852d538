/* naming.h - parts of naming (private to cpython): see names.h. */
#ifndef UF_CPYTHON_NAMING_H
#define UF_CPYTHON_NAMING_H

#include "cpython/decode.h"
#include "cpython/names.h"

/* One question: what is the `left`-th reference (from here on) of `object`, to `target`? */
struct uf_question {
    struct uf_heap *heap;
    const struct uf_graph *graph;
    const struct uf_plan *plan;
    const void *view; /* of the object's tp_basicsize bytes */
    uint64_t object, target;
    uf_node source;
    uint32_t edge; /* global edge index */
    uint32_t left;
    struct uf_ref_name *ret;
};

void uf_name_set(struct uf_ref_name *ret, enum uf_ref_kind kind, const char *text,
                 const char *generic);
/* `.name`; a name that no attribute can be written with becomes `.__dict__['name']`. */
void uf_name_attribute(struct uf_heap *heap, struct uf_ref_name *ret, uint64_t key);
void uf_name_item(struct uf_heap *heap, struct uf_ref_name *ret, uint64_t key);
void uf_name_index(struct uf_ref_name *ret, uint64_t index);

/* naming_items.c: what a container holds; naming_opaque.c: found by the target's address. */
void uf_name_contained(const struct uf_question *q);
void uf_name_opaque(const struct uf_question *q);

/* The key of the index-th attribute value that the object keeps without a dict. */
uint64_t uf_name_value_key(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t index);

/* repr of a str, bytes, int, bool, float or None, text cut to `max` characters; its length, and 0
 * where it is none of them. */
size_t uf_scalar_repr(struct uf_heap *heap, uint64_t object, char *ret, size_t size, size_t max);
/* A key as Python would write it; what has no such text and no name is shown as "<its type>". Never empty.
 * `ret` has UF_KEY_BYTES: so one object is called the same wherever it is a key. */
#define UF_KEY_BYTES 120
#define UF_KEY_CHARACTERS 60         /* of a text in it */
#define UF_IDENTIFIER_CHARACTERS 100 /* of one that could be the name of an attribute */
size_t uf_key_repr(struct uf_heap *heap, uint64_t object, char *ret);
/* The same, but 0 for "<its type>". */
size_t uf_key_text(struct uf_heap *heap, uint64_t object, char *ret);

/* "<module 'm'>", "<class 'm.C'>", "<function f>"; 0: it has no name of its own. */
size_t uf_named_repr(struct uf_heap *heap, uint64_t object, char *ret, size_t size);
/* The same, and "<method C.f>", "<built-in os.stat>", "<code f at app.py:12>", "f() at app.py:12" of a frame,
 * "<generator f() at app.py:12>". */
size_t uf_place_repr(struct uf_heap *heap, uint64_t object, char *ret, size_t size);

/* What the heap knows of the graph as a whole, made when first asked for (naming_items.c); without memory
 * attribute_dict stays NULL. */
void uf_naming_prepare(struct uf_heap *heap);
static inline bool uf_naming_is_attribute_dict(const struct uf_heap *heap, uf_node node)
{
    return heap->naming.attribute_dict && (heap->naming.attribute_dict[node / 8] >> node % 8 & 1);
}
bool uf_is_identifier(const char *name);

#endif
