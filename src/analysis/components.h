/* components.h - the cycles of a part of the graph, as strongly connected components.
 *
 * A component is a set of 2 or more nodes each of which leads to every other
 * one, or one node that refers to itself. Only nodes with member[n] == 1 and
 * references between them are looked at; of the graph only node_count,
 * edge_start and edge_target.
 */
#ifndef UF_ANALYSIS_COMPONENTS_H
#define UF_ANALYSIS_COMPONENTS_H

#include "graph/graph.h"

struct uf_components {
    uint32_t *component;  /* by node; UINT32_MAX: in none */
    uint32_t *references; /* by node: how many references members hold to it */
    uint32_t count;       /* numbered by their first node */
    uf_node *first_of;    /* by component: one of its nodes (the first in node order) */
    uint32_t *size_of;    /* by component: nodes */
};

/* Tarjan's algorithm in the form of D. Pearce ("An improved algorithm for finding the strongly
 * connected components of a directed graph", 2005), without recursion. On failure `components`
 * is {0}. */
enum uf_code uf_components_build(struct uf_components *components, const struct uf_graph *graph,
                                 const uint8_t *member, struct uf_error *err);
void uf_components_release(struct uf_components *components);

#endif
