/* roots.h - the roots of a graph: those that have a name, and what only a count tells of.
 *
 * An object whose reference count exceeds the references found (from nodes,
 * and from named roots that own one) is held from C by somebody unknown:
 * a UF_ROOT_NATIVE. Counts of immortal and of static objects tell nothing, but
 * these never die, so they are such roots too: else what only garbage refers
 * to, as the int 5, would be garbage.
 * References that nothing reports are guessed before (guess.h).
 * Before 3.12, an interned string's count leaves out the two references of the
 * dict of interned strings, which is not in the graph either; from 3.13 on
 * that dict is a node, and its references are not counted here for the same reason.
 */
#ifndef UF_CAPTURE_ROOTS_H
#define UF_CAPTURE_ROOTS_H

#include "cpython/conservative.h"
#include "cpython/roots.h"
#include "graph/builder.h"

/* Fills graph->roots. The builder is finished; types, flags and strings are complete. `unknown` as
 * uf_capture_guess() takes it. */
enum uf_code uf_capture_roots(struct uf_graph *graph, struct uf_heap *heap,
                              const struct uf_builder *builder, const struct uf_roots *roots,
                              const struct uf_unknown *unknown, struct uf_error *err);

#endif
