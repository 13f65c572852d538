#include "analysis/cycles.h"

#include "analysis/alike.h"
#include "analysis/cascade.h"
#include "analysis/cutset.h"
#include "analysis/feedback.h"

/* So many references of one cycle are asked for their names. */
#define NAMES_MAX 4096

struct explainer {
    const struct uf_graph *graph;
    const struct uf_names *names;
    struct uf_piece piece;
    struct uf_components core;   /* of piece.core: the one component */
    struct uf_feedback feedback; /* of it */
    uf_edge_vec cuts;            /* of piece.core */
    /* Enough alone, the best first: references of piece.core. */
    uint32_t single[UF_CYCLE_SINGLES_MAX];
    struct uf_preference preference[UF_CYCLE_SINGLES_MAX];
    size_t single_count;
    struct uf_error *err;
};

static void name_of(const struct explainer *x, uint32_t place, struct uf_ref_name *ret)
{
    uint32_t edge = x->feedback.cycle.at[place];
    uf_node source = x->piece.nodes.at[uf_piece_source(&x->piece, edge)];
    x->names->name(x->names->context, source, x->piece.edge[edge] - x->graph->edge_start[source],
                   ret);
}

static struct uf_preference preference_at(const struct explainer *x, uint32_t place)
{
    uint32_t len = (uint32_t)x->feedback.cycle.len;
    struct uf_ref_name before, name, after;
    name_of(x, place ? place - 1 : len - 1, &before);
    name_of(x, place, &name);
    name_of(x, place + 1 < len ? place + 1 : 0, &after);
    struct uf_preference ret = uf_preference_of(&name, &before, &after);
    uint32_t source = uf_piece_source(&x->piece, x->feedback.cycle.at[place]);
    uf_preference_of_fixed(&ret, uf_graph_type_name(x->graph, x->piece.nodes.at[source]));
    return ret;
}

static enum uf_code add_cut(struct explainer *x, uint32_t edge)
{
    return uf_vec_push(&x->cuts, edge) ? uf_error_nomem(x->err) : UF_OK;
}

/* Puts the reference in its place among the best of those that are enough alone. */
static void enter_single(struct explainer *x, uint32_t edge, const struct uf_preference *preference)
{
    size_t i = x->single_count < UF_CYCLE_SINGLES_MAX ? x->single_count++ : UF_CYCLE_SINGLES_MAX;
    for (; i > 0 && uf_preference_compare(preference, &x->preference[i - 1]) < 0; i--) {
        if (i == UF_CYCLE_SINGLES_MAX)
            continue; /* the last one falls out */
        x->single[i] = x->single[i - 1];
        x->preference[i] = x->preference[i - 1];
    }
    if (i < UF_CYCLE_SINGLES_MAX) {
        x->single[i] = edge;
        x->preference[i] = *preference;
    }
}

/* The best of the references that are enough alone, if there are any. */
static enum uf_code choose_single(struct explainer *x)
{
    uint32_t asked = 0;
    for (uint32_t p = 0; p < x->feedback.cycle.len && asked < NAMES_MAX; p++) {
        if (!x->feedback.enough[p] || x->feedback.parallel[p] != 1)
            continue;
        asked++;
        struct uf_preference now = preference_at(x, p);
        enter_single(x, x->feedback.cycle.at[p], &now);
    }
    return x->single_count > 0 ? add_cut(x, x->single[0]) : UF_OK;
}

/* None is enough alone: all of one kind, or a few of any kind; what is no worse a thing to cut. */
static enum uf_code choose_several(struct explainer *x, struct uf_cycle *cycle, unsigned *worst)
{
    struct uf_kinds kinds;
    struct uf_cutset set = {0};
    unsigned rank = UF_PREFERENCE_LAST + 1;
    *worst = rank;
    enum uf_code code = uf_kinds_build(&kinds, &x->piece, x->graph, x->names, x->err);
    if (code == UF_ELIMIT) /* too large to be looked through: any of its cycles */
        return add_cut(x, x->feedback.cycle.at[0]);
    if (code == UF_OK)
        code = uf_alike_find(&x->cuts, &rank, &x->piece, &kinds, x->err);
    if (code == UF_OK)
        code = uf_cutset_find(&set, &x->piece, &kinds, UF_CYCLE_CUTS_MAX, x->err);
    cycle->alike = x->cuts.len > 0 && !(set.enough && set.rank < rank);
    cycle->frees_all = cycle->alike || set.enough;
    if (code == UF_OK && !cycle->alike) {
        x->cuts.len = 0;
        for (size_t i = 0; i < set.edges.len && code == UF_OK; i++)
            code = add_cut(x, set.edges.at[i]);
    }
    *worst = cycle->alike ? rank : set.rank;
    uf_cutset_release(&set);
    uf_kinds_release(&kinds);
    return code;
}

/* What is enough alone and nobody can change (an instance's dictionary, an item of a tuple) gives way to a
 * few references that can be changed. */
static enum uf_code choose_changeable(struct explainer *x, struct uf_cycle *cycle)
{
    uint32_t single = x->cuts.at[0];
    unsigned worst;
    x->cuts.len = 0;
    enum uf_code code = choose_several(x, cycle, &worst);
    if (code || (cycle->frees_all && worst <= UF_PREFERENCE_CHANGEABLE)) {
        x->single_count = 0;
        return code;
    }
    cycle->alike = false;
    x->cuts.len = 0;
    return add_cut(x, single);
}

static enum uf_code choose_cuts(struct explainer *x, struct uf_cycle *cycle)
{
    enum uf_code code = uf_components_build(&x->core, &x->piece.core, x->piece.member, x->err);
    if (code == UF_OK)
        code = uf_feedback_find(&x->feedback, &x->piece.core, &x->core, 0, x->err);
    if (code == UF_OK)
        code = choose_single(x);
    unsigned worst;
    if (code == UF_OK && x->single_count == 0)
        code = choose_several(x, cycle, &worst);
    else if (code == UF_OK && x->preference[0].rank > UF_PREFERENCE_CHANGEABLE)
        code = choose_changeable(x, cycle);
    if (code == UF_OK && x->single_count > 0) {
        cycle->cut_edge = x->piece.edge[x->cuts.at[0]];
        cycle->frees_all = true;
    }
    for (size_t i = 0; i < x->single_count && code == UF_OK; i++) {
        if (i > 0 && x->preference[i].rank > UF_PREFERENCE_CHANGEABLE)
            break; /* nobody can change it */
        if (uf_vec_push(&cycle->singles, x->piece.edge[x->single[i]]))
            code = uf_error_nomem(x->err);
    }
    for (size_t i = 0; i < x->cuts.len && code == UF_OK; i++) {
        if (uf_vec_push(&cycle->cuts, x->piece.edge[x->cuts.at[i]]))
            code = uf_error_nomem(x->err);
    }
    return code;
}

/* The shortest closed walk through the first reference to cut. */
static enum uf_code make_walk(struct explainer *x, struct uf_cycle *cycle)
{
    const struct uf_piece *piece = &x->piece;
    uint32_t last = x->cuts.at[0];
    uf_node source = uf_piece_source(piece, last), target = piece->core.edge_target[last];
    enum uf_code code = UF_OK;
    if (source != target)
        code = uf_feedback_walk(&cycle->walk, &piece->core, &x->core, target, source, x->err);
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
                              cycle->cuts.len, NULL, &cycle->frees_objects, &cycle->frees_bytes,
                              err);
    for (size_t i = 0; i < x.piece.nodes.len && code == UF_OK; i++) {
        if (uf_vec_push(&cycle->kept, x.piece.nodes.at[i]))
            code = uf_error_nomem(err);
    }
    uf_feedback_release(&x.feedback);
    uf_components_release(&x.core);
    uf_vec_release(&x.cuts);
    uf_piece_release(&x.piece);
    if (code != UF_OK)
        uf_cycle_release(cycle);
    return code;
}

void uf_cycle_release(struct uf_cycle *cycle)
{
    uf_vec_release(&cycle->walk);
    uf_vec_release(&cycle->singles);
    uf_vec_release(&cycle->cuts);
    uf_vec_release(&cycle->kept);
    *cycle = (struct uf_cycle){0};
}
