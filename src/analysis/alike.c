#include "analysis/alike.h"

/* So many steps are spent on trying. */
#define TRY_STEPS_MAX 50000000

struct chooser {
    struct uf_piece *piece;
    const struct uf_kinds *kinds;
    uint32_t *seen; /* by node of the core: the last kind counted that leads to it, + 1 */
    uint32_t best, best_targets;
    uint64_t steps;
    struct uf_error *err;
};

#define NONE UINT32_MAX

/* How many different nodes references of this kind lead to. */
static uint32_t count_targets(struct chooser *c, uint32_t kind)
{
    const struct uf_graph *core = &c->piece->core;
    uint32_t targets = 0;
    for (uint32_t e = 0; e < core->edge_count; e++) {
        uint32_t *seen = &c->seen[core->edge_target[e]];
        if (c->kinds->kind_of[e] == kind && *seen != kind + 1) {
            *seen = kind + 1;
            targets++;
        }
    }
    return targets;
}

/* Whether no cycle is left without this kind. */
static enum uf_code is_enough(struct chooser *c, uint32_t kind, bool *enough)
{
    struct uf_components left;
    enum uf_code code = UF_OK;
    for (uint32_t e = 0; e < c->piece->core.edge_count && code == UF_OK; e++) {
        if (c->kinds->kind_of[e] == kind && uf_piece_remove(c->piece, e))
            code = uf_error_nomem(c->err);
    }
    if (code == UF_OK)
        code = uf_components_build(&left, &c->piece->core, c->piece->member, c->err);
    uf_piece_restore(c->piece, 0);
    if (code != UF_OK)
        return code;
    *enough = left.count == 0;
    uf_components_release(&left);
    return UF_OK;
}

/* Whether a kind is better than the best so far, of the same rank. */
static bool is_better(const struct chooser *c, uint32_t kind, uint32_t targets)
{
    if (c->best == NONE)
        return true;
    const struct uf_kind *a = &c->kinds->kinds.at[kind], *b = &c->kinds->kinds.at[c->best];
    if (a->preference.points_back != b->preference.points_back)
        return a->preference.points_back;
    return (uint64_t)a->edges * c->best_targets > (uint64_t)b->edges * targets;
}

/* What only one reference bears was tried before. */
static enum uf_code choose(struct chooser *c)
{
    for (uint32_t k = 0; k < c->kinds->kinds.len && c->steps < TRY_STEPS_MAX; k++) {
        const struct uf_kind *kind = &c->kinds->kinds.at[k];
        bool enough = false;
        if (!kind->one_place || kind->edges < 2)
            continue;
        if (c->best != NONE && kind->preference.rank > c->kinds->kinds.at[c->best].preference.rank)
            break;
        c->steps += c->piece->core.node_count + 2 * (uint64_t)c->piece->core.edge_count;
        uint32_t targets = count_targets(c, k);
        if (!is_better(c, k, targets))
            continue;
        enum uf_code code = is_enough(c, k, &enough);
        if (code != UF_OK)
            return code;
        if (enough) {
            c->best = k;
            c->best_targets = targets;
        }
    }
    return UF_OK;
}

enum uf_code uf_alike_find(uf_edge_vec *ret, unsigned *rank, struct uf_piece *piece,
                           const struct uf_kinds *kinds, struct uf_error *err)
{
    struct chooser c = {.piece = piece, .kinds = kinds, .best = NONE, .err = err};
    c.seen = uf_mem_zalloc((size_t)piece->core.node_count * sizeof *c.seen);
    enum uf_code code = c.seen ? choose(&c) : uf_error_nomem(err);
    for (uint32_t e = 0; e < piece->core.edge_count && c.best != NONE && code == UF_OK; e++) {
        if (kinds->kind_of[e] == c.best && uf_vec_push(ret, e))
            code = uf_error_nomem(err);
    }
    if (code == UF_OK && c.best != NONE)
        *rank = kinds->kinds.at[c.best].preference.rank;
    uf_mem_free(c.seen);
    return code;
}
