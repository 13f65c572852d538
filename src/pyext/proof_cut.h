/* proof_cut.h - cuts references as Python code would: deletes the entry, clears the attribute.
 *
 * Runs Python code of the target (finalizers, __hash__ of keys): in a copy of
 * the process only. What is told by addresses is told by the graph, so nothing
 * of Python may have run since it was captured.
 */
#ifndef UF_PYEXT_PROOF_CUT_H
#define UF_PYEXT_PROOF_CUT_H

#include "analysis/cuts.h"
#include "graph/names.h"

/* Cuts all. False: some cannot be cut by anything that Python code can do; `why` says which. */
bool uf_proof_cut(const struct uf_graph *graph, const struct uf_names *names,
                  const struct uf_cuts *cuts, char *why, size_t size);

/* The descriptor of a file or socket object; -1: it has none, or it is another thing. Creates
 * nothing but an int. */
int uf_proof_descriptor_of(const struct uf_graph *graph, uf_node node);
/* Calls its close(). */
void uf_proof_close(const struct uf_graph *graph, uf_node node);

#endif
