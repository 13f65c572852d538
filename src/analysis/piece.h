/* piece.h - one component cut out of the graph, and what hangs on it. */
#ifndef UF_ANALYSIS_PIECE_H
#define UF_ANALYSIS_PIECE_H

#include "analysis/components.h"
#include "base/vec.h"

/* A reference that was taken out of the piece's own graph, and where it led. */
struct uf_piece_removed {
    uint32_t edge; /* of the piece */
    uf_node target;
};

struct uf_piece {
    /* In the graph: first those of the component, then what only the piece holds. */
    UF_VEC(uf_node) nodes;
    uint32_t core_count; /* nodes of the component */
    /* The component as a graph of its own: its i-th node is nodes.at[i]; references to elsewhere
     * are left out. One node more, core_count, is no member: references that are removed lead
     * there. Only node_count, edge_start, edge_target and edge_count are set. */
    struct uf_graph core;
    uint32_t *edge;  /* of the core -> of the graph */
    uint8_t *member; /* by node of the core */
    UF_VEC(struct uf_piece_removed) removed;
};

/* `components` and `member` as in cycles.h. On failure `piece` is {0}. */
enum uf_code uf_piece_build(struct uf_piece *piece, const struct uf_graph *graph,
                            const uint8_t *member, const struct uf_components *components,
                            uint32_t component, struct uf_error *err);
void uf_piece_release(struct uf_piece *piece);

/* Takes a reference of the core out; -1 when memory is out. */
int uf_piece_remove(struct uf_piece *piece, uint32_t edge);
/* Puts back what was removed after the first `kept` ones. */
void uf_piece_restore(struct uf_piece *piece, size_t kept);

/* The node of the core that holds a reference of the core. */
uf_node uf_piece_source(const struct uf_piece *piece, uint32_t edge);

#endif
