/* guess.h - references that nothing reports, found in the memory of objects of opaque types.
 *
 * An object whose count exceeds the references found may be held by another
 * object whose references are not known: a C type without tp_traverse, or with
 * one that forgets a member. Where a word of such an object (cpython/scan.h) is
 * the address of an object with a surplus, it is taken for the reference that
 * explains it, and becomes an edge: so paths and cycles lead through the opaque
 * object. Pointers that are only borrowed need no explaining and stay out,
 * unless their object happens to have a surplus from elsewhere: therefore these
 * edges are listed as guessed.
 *
 * From outside no tp_traverse can be asked (capture/search.h): then all that an opaque object has beyond its
 * attributes, slots and known fields is guessed, in the object and in blocks of memory that it leads to;
 * nearer words first. Counts of immortal objects tell nothing, so every such word that leads to one is taken.
 *
 * A guessed edge comes after the canonical ones of its object. Deterministic;
 * nodes are gone through in their order.
 */
#ifndef UF_CAPTURE_GUESS_H
#define UF_CAPTURE_GUESS_H

#include "cpython/conservative.h"
#include "graph/builder.h"

/* Adds guessed edges to the graph and counts them in `found` (by node: references found so far), as
 * it does those to objects that are never freed, which get no edge from inside. The builder is finished.
 * `unknown`: from outside, what the search found; else NULL. */
enum uf_code uf_capture_guess(struct uf_graph *graph, struct uf_heap *heap,
                              const struct uf_builder *builder, const struct uf_unknown *unknown,
                              uint32_t *found, struct uf_error *err);

#endif
