/* own.h - unfreed's own objects in a graph, told by their counts.
 *
 * pyext/own.c asks what no other root reaches, which means walking the whole heap. This looks only at what
 * unfreed's modules reach, and stops at other modules, at types and whatever else is never freed: an object
 * is ours when all the references that its count has come from ours. As the collector finds garbage: count
 * the references among the candidates, drop those that are held from elsewhere and what they reach.
 */
#ifndef UF_CAPTURE_OWN_H
#define UF_CAPTURE_OWN_H

#include "graph/graph.h"

/* Flags with UF_NODE_OWN what only unfreed's modules keep alive; how many of them are in the collector's
 * generations, and in the permanent one. UF_ENOMEM. */
enum uf_code uf_own_mark(struct uf_graph *graph, uint64_t *tracked, uint64_t *frozen,
                         struct uf_error *err);

#endif
