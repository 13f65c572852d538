/* alike.h - references of one kind that together close all cycles of a component.
 *
 * In a tree of objects whose children know their parent no single reference is
 * enough, but all `.parent` together are: one change in the program.
 */
#ifndef UF_ANALYSIS_ALIKE_H
#define UF_ANALYSIS_ALIKE_H

#include "analysis/edges.h"
#include "analysis/kinds.h"

/* Appends the references (of the core) of the best such kind, and tells its rank; none when
 * there is no such kind. Best: by rank; then a name that points back; then the kind whose
 * references share their targets most (many children, one parent). `piece` is as before
 * afterwards. */
enum uf_code uf_alike_find(uf_edge_vec *ret, unsigned *rank, struct uf_piece *piece,
                           const struct uf_kinds *kinds, struct uf_error *err);

#endif
