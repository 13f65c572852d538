/* cascade.h - reference counting played through over some nodes, for uf_cycles_cascade. */
#ifndef UF_ANALYSIS_CASCADE_H
#define UF_ANALYSIS_CASCADE_H

#include "graph/graph.h"

/* Counts only references among `nodes` (distinct), without those in `cut` (any order); frees
 * what has none, and drops what it holds. freed[] by node, cleared by the caller, may be NULL. */
enum uf_code uf_cascade_run(const struct uf_graph *graph, const uf_node *nodes, size_t node_count,
                            const uint32_t *cut, size_t cut_count, uint8_t *freed,
                            uint64_t *freed_objects, uint64_t *freed_bytes, struct uf_error *err);

#endif
