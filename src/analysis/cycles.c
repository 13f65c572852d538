#include "analysis/cycles.h"

#include "analysis/alike.h"
#include "analysis/cascade.h"
#include "analysis/feedback.h"
#include "analysis/piece.h"
#include "analysis/preference.h"

/* Trying out one reference costs as many steps as the component has nodes and references. */
#define TRY_STEPS_MAX 50000000
/* So many references of one cycle are asked for their names. */
#define NAMES_MAX 4096

struct explainer {
    const struct uf_graph *graph;
    const struct uf_names *names;
    struct uf_piece piece;
    struct uf_components left;     /* what is still a cycle once piece.removed is gone */
    struct uf_feedback feedback;   /* of the largest component of `left` */
    uint64_t steps;                /* spent on trying */
    struct uf_error *err;
};

/* Which place of the cycle is best, seen so far. */
struct choice {
    uint32_t place; /* UINT32_MAX: none */
    bool single;    /* one reference, no parallel ones */
    uint64_t nodes_left; /* on cycles once it is gone */
    struct uf_preference preference;
};

static void name_of(const struct explainer *x, uint32_t place, struct uf_ref_name *ret)
{
    uint32_t edge = x->feedback.cycle.at[place];
    uf_node source = x->piece.nodes.at[uf_piece_source(&x->piece, edge)];
    x->names->name(x->names->context, source, x->piece.edge[edge] - x->graph->edge_start[source], ret);
}

static struct uf_preference preference_at(const struct explainer *x, uint32_t place)
{
    uint32_t len = (uint32_t)x->feedback.cycle.len;
    struct uf_ref_name before, name, after;
    name_of(x, place ? place - 1 : len - 1, &before);
    name_of(x, place, &name);
    name_of(x, place + 1 < len ? place + 1 : 0, &after);
    return uf_preference_of(&name, &before, &after);
}

static enum uf_code find_left(struct explainer *x)
{
    uf_components_release(&x->left);
    x->steps += x->piece.core.node_count + x->piece.core.edge_count;
    return uf_components_build(&x->left, &x->piece.core, x->piece.member, x->err);
}

static uint64_t nodes_left(const struct explainer *x)
{
    uint64_t sum = 0;
    for (uint32_t c = 0; c < x->left.count; c++)
        sum += x->left.size_of[c];
    return sum;
}

/* Takes out what stands at a place of the cycle, parallel references too. */
static enum uf_code remove_place(struct explainer *x, uint32_t place)
{
    uint32_t edge = x->feedback.cycle.at[place];
    struct uf_graph *core = &x->piece.core;
    uf_node source = uf_piece_source(&x->piece, edge), target = core->edge_target[edge];
    for (uint32_t e = core->edge_start[source]; e < core->edge_start[source + 1]; e++) {
        if (core->edge_target[e] == target && uf_piece_remove(&x->piece, e))
            return uf_error_nomem(x->err);
    }
    return UF_OK;
}

static void offer(const struct explainer *x, struct choice *best, uint32_t place, uint64_t left)
{
    struct choice now = {.place = place, .single = x->feedback.parallel[place] == 1, .nodes_left = left};
    if (x->piece.removed.len + x->feedback.parallel[place] > UF_CYCLE_CUTS_MAX)
        return;
    now.preference = preference_at(x, place);
    bool better = best->place == UINT32_MAX;
    if (!better && now.nodes_left != best->nodes_left)
        better = now.nodes_left < best->nodes_left;
    else if (!better && now.single != best->single)
        better = now.single;
    else if (!better)
        better = uf_preference_compare(&now.preference, &best->preference) < 0;
    if (better)
        *best = now;
}

/* Among those that are enough. */
static void choose_enough(struct explainer *x, struct choice *best)
{
    uint32_t asked = 0;
    for (uint32_t p = 0; p < x->feedback.cycle.len && asked < NAMES_MAX; p++) {
        if (x->feedback.enough[p]) {
            offer(x, best, p, 0);
            asked++;
        }
    }
}

/* None is enough: the one that leaves the fewest nodes on cycles. */
static enum uf_code choose_by_trying(struct explainer *x, struct choice *best)
{
    size_t kept = x->piece.removed.len;
    uint64_t before = nodes_left(x);
    enum uf_code code = UF_OK;
    for (uint32_t p = 0; p < x->feedback.cycle.len && p < NAMES_MAX && code == UF_OK; p++) {
        uint64_t left = before;
        if (x->steps < TRY_STEPS_MAX) {
            code = remove_place(x, p);
            if (code == UF_OK)
                code = find_left(x);
            left = nodes_left(x);
            uf_piece_restore(&x->piece, kept);
        }
        if (code == UF_OK)
            offer(x, best, p, left);
    }
    return code;
}

/* Removes one more reference (or parallel ones); *done when no cycle is left or none may be removed. */
static enum uf_code cut_once(struct explainer *x, bool *done)
{
    uint32_t largest = 0;
    for (uint32_t c = 1; c < x->left.count; c++) {
        if (x->left.size_of[c] > x->left.size_of[largest])
            largest = c;
    }
    uf_feedback_release(&x->feedback);
    enum uf_code code = uf_feedback_find(&x->feedback, &x->piece.core, &x->left, largest, x->err);
    struct choice best = {.place = UINT32_MAX};
    if (code == UF_OK && x->feedback.enough_count > 0)
        choose_enough(x, &best);
    else if (code == UF_OK)
        code = choose_by_trying(x, &best);
    *done = code != UF_OK || best.place == UINT32_MAX;
    if (!*done)
        code = remove_place(x, best.place);
    if (code == UF_OK)
        code = find_left(x);
    *done = *done || x->left.count == 0 || x->piece.removed.len >= UF_CYCLE_CUTS_MAX;
    return code;
}

/* Puts back each reference that need not be cut after all, the earliest first. */
static enum uf_code drop_superfluous(struct explainer *x)
{
    struct uf_piece *piece = &x->piece;
    enum uf_code code = UF_OK;
    for (size_t i = 0; i < piece->removed.len && piece->removed.len > 1 && code == UF_OK;) {
        struct uf_piece_removed one = piece->removed.at[i];
        piece->core.edge_target[one.edge] = one.target;
        code = find_left(x);
        if (code == UF_OK && x->left.count == 0) {
            for (size_t k = i + 1; k < piece->removed.len; k++)
                piece->removed.at[k - 1] = piece->removed.at[k];
            piece->removed.len--;
        } else {
            piece->core.edge_target[one.edge] = piece->core_count;
            i++;
        }
    }
    return code;
}

/* Removes all references of one name, if the component has no single one and such a name ends all its
 * cycles. */
static enum uf_code cut_alike(struct explainer *x, bool *done)
{
    uf_edge_vec edges = {0};
    enum uf_code code = uf_feedback_find(&x->feedback, &x->piece.core, &x->left, 0, x->err);
    if (code == UF_OK && x->feedback.enough_count == 0)
        code = uf_alike_find(&edges, &x->piece, x->graph, x->names, x->err);
    for (size_t i = 0; i < edges.len && code == UF_OK; i++) {
        if (uf_piece_remove(&x->piece, edges.at[i]))
            code = uf_error_nomem(x->err);
    }
    *done = edges.len > 0;
    uf_vec_release(&edges);
    return code == UF_OK ? find_left(x) : code;
}

static enum uf_code choose_cuts(struct explainer *x, struct uf_cycle *cycle)
{
    bool done = false;
    enum uf_code code = find_left(x);
    if (code == UF_OK)
        code = cut_alike(x, &done);
    cycle->alike = done;
    while (code == UF_OK && !done)
        code = cut_once(x, &done);
    if (code == UF_OK) {
        cycle->frees_all = x->left.count == 0;
        if (cycle->frees_all && !cycle->alike)
            code = drop_superfluous(x);
    }
    for (size_t i = 0; i < x->piece.removed.len && code == UF_OK; i++) {
        if (uf_vec_push(&cycle->cuts, x->piece.edge[x->piece.removed.at[i].edge]))
            code = uf_error_nomem(x->err);
    }
    if (code == UF_OK && cycle->frees_all && cycle->cuts.len == 1)
        cycle->cut_edge = cycle->cuts.at[0];
    return code;
}

/* In the whole component: everything is put back first. */
static enum uf_code make_walk(struct explainer *x, struct uf_cycle *cycle)
{
    struct uf_piece *piece = &x->piece;
    uint32_t last = piece->removed.len > 0 ? piece->removed.at[0].edge : x->feedback.cycle.at[0];
    uf_piece_restore(piece, 0);
    uf_node source = uf_piece_source(piece, last), target = piece->core.edge_target[last];
    enum uf_code code = find_left(x);
    if (code == UF_OK && source != target)
        code = uf_feedback_walk(&cycle->walk, &piece->core, &x->left, target, source, x->err);
    if (code == UF_OK && uf_vec_push(&cycle->walk, last))
        code = uf_error_nomem(x->err);
    for (size_t i = 0; i < cycle->walk.len && code == UF_OK; i++)
        cycle->walk.at[i] = piece->edge[cycle->walk.at[i]];
    return code;
}

enum uf_code uf_cycle_explain(struct uf_cycle *cycle, const struct uf_graph *graph,
                              const struct uf_names *names, const uint8_t *member,
                              const struct uf_components *components, uint32_t component,
                              struct uf_error *err)
{
    *cycle = (struct uf_cycle){0};
    if (component >= components->count)
        return uf_error_set(err, UF_EINVAL, "there is no cycle number %u", component);
    struct explainer x = {.graph = graph, .names = names, .err = err};
    enum uf_code code = uf_piece_build(&x.piece, graph, member, components, component, err);
    cycle->component = component;
    cycle->cut_edge = UINT32_MAX;
    if (code == UF_OK)
        code = choose_cuts(&x, cycle);
    if (code == UF_OK)
        code = make_walk(&x, cycle);
    if (code == UF_OK)
        code = uf_cascade_run(graph, x.piece.nodes.at, x.piece.nodes.len, cycle->cuts.at,
                              cycle->cuts.len, NULL, &cycle->frees_objects, &cycle->frees_bytes, err);
    uf_feedback_release(&x.feedback);
    uf_components_release(&x.left);
    uf_piece_release(&x.piece);
    if (code != UF_OK)
        uf_cycle_release(cycle);
    return code;
}

void uf_cycle_release(struct uf_cycle *cycle)
{
    uf_vec_release(&cycle->walk);
    uf_vec_release(&cycle->cuts);
    *cycle = (struct uf_cycle){0};
}
