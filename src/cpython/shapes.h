/* shapes.h - shapes and texts of a captured heap that still stands (graph/shapes.h).
 *
 * A shape is asked for each object of the heap, so most answers come from a
 * memo: what decides the names of an object's references (which of its slots,
 * attribute values and fields are set, whose keys it shares, where in an opaque
 * object's memory a target stands) is gathered into a key of a few words. What
 * is not in the memo is built by asking names.h for each name, and so is every
 * object that has no such key: therefore shapes say what names.h says.
 */
#ifndef UF_CPYTHON_SHAPES_H
#define UF_CPYTHON_SHAPES_H

#include "cpython/heap.h"
#include "graph/shapes.h"

struct uf_heap_shapes;

/* Fills `ret`, which is valid until destroy. `names` are those of `heap` and `graph`, which must outlive it.
 * UF_ENOMEM: *own is NULL. */
enum uf_code uf_heap_shapes_create(struct uf_heap_shapes **own, struct uf_heap *heap,
                                   const struct uf_graph *graph, const struct uf_names *names,
                                   struct uf_shapes *ret, struct uf_error *err);
void uf_heap_shapes_destroy(struct uf_heap_shapes *shapes); /* NULL is allowed */

#endif
