/* alike.h - references of one name that together close all cycles of a component.
 *
 * In a tree of objects whose children know their parent no single reference is
 * enough, but all `.parent` of Node together are: one change in the program.
 * Attributes of the same name are alike, whatever holds them; entries of an
 * attribute dictionary count as attributes. Frames' locals and closures' cells
 * are alike when the holder's type and the name are the same. Entries of
 * containers are written in many places of a program and never alike.
 */
#ifndef UF_ANALYSIS_ALIKE_H
#define UF_ANALYSIS_ALIKE_H

#include "analysis/edges.h"
#include "analysis/piece.h"
#include "graph/names.h"

/* Appends the references (of the core) of the best such name; none when there is no such name, or too
 * many references to ask for their names. Best: by preference.h; then the name whose references share
 * their targets most (many children, one parent). `piece` is as before afterwards. */
enum uf_code uf_alike_find(uf_edge_vec *ret, struct uf_piece *piece, const struct uf_graph *graph,
                           const struct uf_names *names, struct uf_error *err);

#endif
