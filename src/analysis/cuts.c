#include "analysis/cuts.h"

#include "analysis/edges.h"

enum uf_code uf_cuts_fill(struct uf_cuts *cuts, const struct uf_graph *graph, const uint32_t *edges,
                          size_t edge_count, const uint8_t *freed, const uf_node *members,
                          size_t member_count, struct uf_error *err)
{
    bool failed = false;
    for (size_t i = 0; i < edge_count && !failed; i++) {
        struct uf_cut cut = {.source = uf_edges_source(graph, edges[i]), .edge = edges[i]};
        failed = uf_vec_push(&cuts->references, cut) != 0;
    }
    for (size_t i = 0; i < member_count && !failed; i++)
        failed = freed[members[i]] && uf_vec_push(&cuts->members, members[i]);
    for (uf_node n = 0; n < graph->node_count && !failed; n++)
        failed = freed[n] && !(graph->flags[n] & UF_NODE_OWN) && uf_vec_push(&cuts->objects, n);
    if (!failed)
        return UF_OK;
    uf_cuts_release(cuts);
    return uf_error_nomem(err);
}

enum uf_code uf_cuts_join(struct uf_cuts *cuts, struct uf_cuts *from, struct uf_error *err)
{
    bool failed = false;
    for (size_t i = 0; i < from->references.len && !failed; i++)
        failed = uf_vec_push(&cuts->references, from->references.at[i]) != 0;
    for (size_t i = 0; i < from->members.len && !failed; i++)
        failed = uf_vec_push(&cuts->members, from->members.at[i]) != 0;
    for (size_t i = 0; i < from->objects.len && !failed; i++)
        failed = uf_vec_push(&cuts->objects, from->objects.at[i]) != 0;
    uf_cuts_release(from);
    return failed ? uf_error_nomem(err) : UF_OK;
}

void uf_cuts_release(struct uf_cuts *cuts)
{
    uf_vec_release(&cuts->references);
    uf_vec_release(&cuts->members);
    uf_vec_release(&cuts->objects);
    *cuts = (struct uf_cuts){0};
}
