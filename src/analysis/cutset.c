#include "analysis/cutset.h"

/* Ordering references of one rank by what each does alone costs a pass for each. */
#define TRY_STEPS_MAX 4000000

struct finder {
    struct uf_piece *piece;
    const struct uf_kinds *kinds;
    struct uf_cutset *ret;
    uint32_t *row; /* references, the best first */
    bool by_rank;
    /* By reference: nodes left on cycles when it alone is gone; NULL: too many to try. */
    uint32_t *alone;
    struct uf_error *err;
};

static unsigned rank_of(const struct finder *f, uint32_t edge)
{
    return f->kinds->kinds.at[f->kinds->kind_of[edge]].preference.rank;
}

/* Nodes on cycles, as things are. */
static enum uf_code count_left(struct finder *f, uint32_t *left)
{
    struct uf_components components;
    enum uf_code code = uf_components_build(&components, &f->piece->core, f->piece->member, f->err);
    *left = 0;
    if (code != UF_OK)
        return code;
    for (uint32_t c = 0; c < components.count; c++)
        *left += components.size_of[c];
    uf_components_release(&components);
    return UF_OK;
}

static enum uf_code try_alone(struct finder *f)
{
    const struct uf_graph *core = &f->piece->core;
    enum uf_code code = UF_OK;
    if ((uint64_t)core->edge_count * (core->edge_count + core->node_count) > TRY_STEPS_MAX)
        return UF_OK;
    f->alone = uf_mem_alloc((size_t)core->edge_count * sizeof *f->alone);
    if (!f->alone)
        return uf_error_nomem(f->err);
    for (uint32_t e = 0; e < core->edge_count && code == UF_OK; e++) {
        if (uf_piece_remove(f->piece, e))
            return uf_error_nomem(f->err);
        code = count_left(f, &f->alone[e]);
        uf_piece_restore(f->piece, 0);
    }
    return code;
}

/* Whether a stands before b: by rank, by what it does alone, by kind (its rank, too), by place. */
static bool before(const struct finder *f, uint32_t a, uint32_t b)
{
    if (f->by_rank && rank_of(f, a) != rank_of(f, b))
        return rank_of(f, a) < rank_of(f, b);
    if (f->alone && f->alone[a] != f->alone[b])
        return f->alone[a] < f->alone[b];
    if (f->kinds->kind_of[a] != f->kinds->kind_of[b])
        return f->kinds->kind_of[a] < f->kinds->kind_of[b];
    return a < b;
}

static void make_row(struct finder *f)
{
    size_t count = f->piece->core.edge_count;
    for (uint32_t e = 0; e < count; e++)
        f->row[e] = e;
    for (size_t gap = count / 2; gap > 0; gap /= 2) { /* Shell sort */
        for (size_t i = gap; i < count; i++) {
            uint32_t one = f->row[i];
            size_t j = i;
            for (; j >= gap && before(f, one, f->row[j - gap]); j -= gap)
                f->row[j] = f->row[j - gap];
            f->row[j] = one;
        }
    }
}

/* Whether what is needed and the first `len` of the row are enough. */
static enum uf_code is_enough(struct finder *f, size_t len, bool *enough)
{
    uint32_t left;
    for (size_t i = 0; i < f->ret->edges.len + len; i++) {
        uint32_t edge = i < len ? f->row[i] : f->ret->edges.at[i - len];
        if (uf_piece_remove(f->piece, edge)) {
            uf_piece_restore(f->piece, 0);
            return uf_error_nomem(f->err);
        }
    }
    enum uf_code code = count_left(f, &left);
    uf_piece_restore(f->piece, 0);
    *enough = left == 0;
    return code;
}

/* Puts first what does most alone. */
static enum uf_code put_in_order(struct finder *f)
{
    uint32_t *at = f->ret->edges.at, best = 0, fewest = UINT32_MAX;
    for (uint32_t i = 0; i < f->ret->edges.len; i++) {
        uint32_t left;
        if (uf_piece_remove(f->piece, at[i]))
            return uf_error_nomem(f->err);
        enum uf_code code = count_left(f, &left);
        uf_piece_restore(f->piece, 0);
        if (code != UF_OK)
            return code;
        if (rank_of(f, at[i]) > f->ret->rank)
            f->ret->rank = rank_of(f, at[i]);
        if (left < fewest || (left == fewest && before(f, at[i], at[best]))) {
            fewest = left;
            best = i;
        }
    }
    uint32_t first = f->ret->edges.len > 0 ? at[best] : 0;
    for (uint32_t i = best; i > 0; i--)
        at[i] = at[i - 1];
    if (f->ret->edges.len > 0)
        at[0] = first;
    return UF_OK;
}

static enum uf_code find(struct finder *f, size_t max)
{
    size_t high = f->piece->core.edge_count;
    enum uf_code code = UF_OK;
    make_row(f);
    while (code == UF_OK) {
        size_t low = 0; /* the first `high` are enough; fewer than `low` are not */
        while (low < high && code == UF_OK) {
            size_t middle = low + (high - low) / 2;
            bool enough = false;
            code = is_enough(f, middle, &enough);
            if (enough)
                high = middle;
            else
                low = middle + 1;
        }
        f->ret->enough = code == UF_OK && high == 0;
        if (code != UF_OK || f->ret->enough || f->ret->edges.len == max)
            break;
        if (uf_vec_push(&f->ret->edges, f->row[--high]))
            code = uf_error_nomem(f->err);
    }
    return code == UF_OK ? put_in_order(f) : code;
}

/* A second time by effect alone, if the first time found what nobody can change. */
static enum uf_code find_again(struct finder *f, size_t max)
{
    struct uf_cutset first = *f->ret;
    *f->ret = (struct uf_cutset){0};
    f->by_rank = false;
    enum uf_code code = find(f, max);
    bool better = code == UF_OK && f->ret->enough &&
                  (!first.enough || f->ret->edges.len < first.edges.len);
    uf_cutset_release(better ? &first : f->ret);
    if (!better)
        *f->ret = first;
    return code;
}

enum uf_code uf_cutset_find(struct uf_cutset *cutset, struct uf_piece *piece,
                            const struct uf_kinds *kinds, size_t max, struct uf_error *err)
{
    *cutset = (struct uf_cutset){0};
    struct finder f = {.piece = piece, .kinds = kinds, .ret = cutset, .by_rank = true, .err = err};
    f.row = uf_mem_alloc((size_t)piece->core.edge_count * sizeof *f.row);
    enum uf_code code = f.row ? try_alone(&f) : uf_error_nomem(err);
    if (code == UF_OK)
        code = find(&f, max);
    if (code == UF_OK && f.alone && (!cutset->enough || cutset->rank > UF_PREFERENCE_CHANGEABLE))
        code = find_again(&f, max);
    uf_mem_free(f.row);
    uf_mem_free(f.alone);
    if (code != UF_OK)
        uf_cutset_release(cutset);
    return code;
}

void uf_cutset_release(struct uf_cutset *cutset)
{
    uf_vec_release(&cutset->edges);
    *cutset = (struct uf_cutset){0};
}
