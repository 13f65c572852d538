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
/* A key as Python would write it; what is not simple is shown as "<its type>". Never empty. */
size_t uf_key_repr(struct uf_heap *heap, uint64_t object, char *ret, size_t size, size_t max);

#endif
