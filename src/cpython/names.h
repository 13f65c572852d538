/* names.h - names of references, lengths, bounds and previews, read from the live heap.
 *
 * Names are recovered on demand from the source object, the ordinal and the
 * graph; nothing is stored per reference. Valid while the heap stands as it was
 * captured. Never fails: what cannot be named is kind UNKNOWN.
 */
#ifndef UF_CPYTHON_NAMES_H
#define UF_CPYTHON_NAMES_H

#include "cpython/heap.h"
#include "graph/names.h"

/* Fills `ret` with a naming of the references of `graph`, which was captured from `heap` and has its
 * type numbers. What it learns belongs to the heap (one graph at a time) and goes with it; the graph
 * must outlive the names. */
void uf_heap_names(struct uf_heap *heap, const struct uf_graph *graph, struct uf_names *ret);

/* "'9f3c...'", "42", "<shop.Session>", "dict, 5,012 entries"; at most size - 1 bytes. */
void uf_heap_preview(struct uf_heap *heap, uint64_t object, char *ret, size_t size);

#endif
