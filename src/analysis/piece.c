#include "analysis/piece.h"

#include "analysis/edges.h"

struct builder {
    struct uf_piece *piece;
    const struct uf_graph *graph;
    const uint8_t *member;
    const struct uf_components *components;
    uint32_t component;
    /* By node. Of the component: its place + 1; others: how often the piece refers to it. */
    uint32_t *state;
};

static bool in_core(const struct builder *b, uf_node node)
{
    return b->member[node] && b->components->component[node] == b->component;
}

static int enter_core(struct builder *b, uf_node node)
{
    if (uf_vec_push(&b->piece->nodes, node))
        return -1;
    b->state[node] = (uint32_t)b->piece->nodes.len;
    return 0;
}

static int collect_core(struct builder *b)
{
    if (enter_core(b, b->components->first_of[b->component]))
        return -1;
    for (size_t i = 0; i < b->piece->nodes.len; i++) {
        uf_node source = b->piece->nodes.at[i];
        for (uint32_t e = b->graph->edge_start[source]; e < b->graph->edge_start[source + 1]; e++) {
            uf_node target = b->graph->edge_target[e];
            if (in_core(b, target)) {
                b->piece->core.edge_count++;
                if (b->state[target] == 0 && enter_core(b, target))
                    return -1;
            }
        }
    }
    b->piece->core_count = (uint32_t)b->piece->nodes.len;
    return 0;
}

/* As if all nodes of the component were freed: what loses its last reference hangs on them. */
static int collect_hanging(struct builder *b)
{
    for (size_t i = 0; i < b->piece->nodes.len; i++) {
        uf_node source = b->piece->nodes.at[i];
        for (uint32_t e = b->graph->edge_start[source]; e < b->graph->edge_start[source + 1]; e++) {
            uf_node target = b->graph->edge_target[e];
            if (b->member[target] && !in_core(b, target) &&
                ++b->state[target] == b->components->references[target] &&
                uf_vec_push(&b->piece->nodes, target))
                return -1;
        }
    }
    return 0;
}

static int copy_core(struct builder *b)
{
    struct uf_piece *piece = b->piece;
    size_t nodes = piece->core_count, edges = piece->core.edge_count;
    piece->core.node_count = piece->core_count + 1;
    piece->core.edge_start = uf_mem_alloc((nodes + 2) * sizeof *piece->core.edge_start);
    piece->core.edge_target = uf_mem_alloc(edges * sizeof *piece->core.edge_target);
    piece->edge = uf_mem_alloc(edges * sizeof *piece->edge);
    piece->member = uf_mem_zalloc(nodes + 1);
    if (!piece->core.edge_start || !piece->core.edge_target || !piece->edge || !piece->member)
        return -1;
    uint32_t next = 0;
    for (size_t i = 0; i < nodes; i++) {
        uf_node source = piece->nodes.at[i];
        piece->member[i] = 1;
        piece->core.edge_start[i] = next;
        for (uint32_t e = b->graph->edge_start[source]; e < b->graph->edge_start[source + 1]; e++) {
            uf_node target = b->graph->edge_target[e];
            if (in_core(b, target)) {
                piece->core.edge_target[next] = b->state[target] - 1;
                piece->edge[next++] = e;
            }
        }
    }
    piece->core.edge_start[nodes] = piece->core.edge_start[nodes + 1] = next;
    return 0;
}

enum uf_code uf_piece_build(struct uf_piece *piece, const struct uf_graph *graph,
                            const uint8_t *member, const struct uf_components *components,
                            uint32_t component, struct uf_error *err)
{
    *piece = (struct uf_piece){0};
    struct builder b = {.piece = piece,
                        .graph = graph,
                        .member = member,
                        .components = components,
                        .component = component,
                        .state = uf_mem_zalloc((size_t)graph->node_count * sizeof *b.state)};
    int failed = !b.state || collect_core(&b) || copy_core(&b) || collect_hanging(&b);
    uf_mem_free(b.state);
    if (failed) {
        uf_piece_release(piece);
        return uf_error_nomem(err);
    }
    return UF_OK;
}

void uf_piece_release(struct uf_piece *piece)
{
    uf_vec_release(&piece->nodes);
    uf_vec_release(&piece->removed);
    uf_mem_free(piece->core.edge_start);
    uf_mem_free(piece->core.edge_target);
    uf_mem_free(piece->edge);
    uf_mem_free(piece->member);
    *piece = (struct uf_piece){0};
}

int uf_piece_remove(struct uf_piece *piece, uint32_t edge)
{
    struct uf_piece_removed removed = {edge, piece->core.edge_target[edge]};
    if (uf_vec_push(&piece->removed, removed))
        return -1;
    piece->core.edge_target[edge] = piece->core_count;
    return 0;
}

void uf_piece_restore(struct uf_piece *piece, size_t kept)
{
    while (piece->removed.len > kept) {
        const struct uf_piece_removed *removed = &piece->removed.at[--piece->removed.len];
        piece->core.edge_target[removed->edge] = removed->target;
    }
}

uf_node uf_piece_source(const struct uf_piece *piece, uint32_t edge)
{
    return uf_edges_source(&piece->core, edge);
}
