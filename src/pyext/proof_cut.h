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
#include "pyext/python.h"

/* Cuts all. False: some cannot be cut by anything that Python code can do; `why` says which. */
bool uf_proof_cut(const struct uf_graph *graph, const struct uf_names *names,
                  const struct uf_cuts *cuts, char *why, size_t size);

/* The file and socket objects of a graph, of which nothing was freed since it was captured: a new list,
 * which keeps them alive; NULL with an exception set. */
PyObject *uf_proof_owners(const struct uf_graph *graph);
/* Calls close() of those whose descriptor is to be closed: runs Python code. */
void uf_proof_close(PyObject *owners, bool (*is_to_close)(const void *context, int fd),
                    const void *context);

#endif
