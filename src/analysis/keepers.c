#include "analysis/keepers.h"

#include "analysis/keepers_private.h"
#include "analysis/preference.h"

/* Of a way of thousands of singles so many at each end are compared. */
#define COMPARED_AT_END 128

static enum uf_code check(const struct uf_view *view, const uf_node *members, size_t count,
                          const struct uf_keepers_limits *limits, struct uf_error *err)
{
    if (count == 0)
        return uf_error_set(err, UF_EINVAL, "no object is given");
    if (limits->together > UF_KEEPERS_TOGETHER_MAX)
        return uf_error_set(err, UF_EINVAL, "more than %d references to cut together",
                            UF_KEEPERS_TOGETHER_MAX);
    for (size_t i = 0; i < count; i++)
        if (members[i] >= view->graph->node_count)
            return uf_error_set(err, UF_EINVAL, "an object is not in the heap");
    return UF_OK;
}

static bool alloc(struct uf_keep *k)
{
    size_t n = k->graph->node_count;
    k->state = uf_mem_zalloc(n);
    k->part = uf_mem_zalloc(n);
    k->via = uf_mem_alloc(n * sizeof *k->via);
    return k->state && k->part && k->via;
}

static int mark(struct uf_keep *k, const uf_node *members, size_t count)
{
    const struct uf_reach *reach = k->reach;
    for (uf_node i = reach->shared_count; i < reach->order_count; i++)
        k->state[reach->order[i]] |= UF_KEEP_BY_OWN;
    for (uint32_t r = 0; r < k->graph->root_count; r++) {
        const struct uf_graph_root *root = &k->graph->roots[r];
        k->state[root->node] |= root->kind == UF_ROOT_THREAD ? UF_KEEP_LOCAL : UF_KEEP_ROOT;
    }
    for (size_t i = 0; i < count; i++) {
        if (!uf_keep_is_alive(k, members[i]) || k->state[members[i]] & UF_KEEP_MEMBER)
            continue;
        k->state[members[i]] |= UF_KEEP_MEMBER;
        if (uf_vec_push(&k->members, members[i]))
            return -1;
    }
    k->ret->alive = k->members.len > 0;
    return 0;
}

/* Whether `node` is the attribute dictionary of what stands before it on its path, or a module's. */
static bool is_attributes(const struct uf_keep *k, uf_node node)
{
    struct uf_ref_name name;
    if (k->reach->parent[node] == UF_NODE_NONE)
        return k->graph->roots[k->reach->root[node]].kind == UF_ROOT_MODULE;
    uf_step_name(k->view, k->reach->parent[node], k->reach->parent_edge[node], false, &name);
    return name.kind == UF_REF_DICT;
}

unsigned uf_keep_rank(const struct uf_keep *k, uf_node source, uint32_t edge)
{
    static const struct uf_ref_name dict = {.kind = UF_REF_DICT};
    struct uf_ref_name name;
    if (!k->view->names)
        return 0;
    uf_step_name(k->view, source, edge, false, &name);
    bool attribute = name.kind == UF_REF_ITEM && is_attributes(k, source);
    struct uf_preference preference = uf_preference_of(&name, attribute ? &dict : NULL, NULL);
    uf_preference_of_fixed(&preference, uf_graph_type_name(k->graph, source));
    return preference.rank;
}

/* How much more than the least is freed: each eightfold is one worse. */
static unsigned excess(uint64_t objects, uint64_t least)
{
    unsigned ret = 0;
    for (; objects / 8 >= least && least > 0; objects /= 8)
        ret++;
    return ret;
}

static bool is_better(const struct uf_keepers_single *a, const struct uf_keepers_single *b,
                      uint64_t least)
{
    bool a_fixed = a->cut.rank > UF_PREFERENCE_CHANGEABLE;
    bool b_fixed = b->cut.rank > UF_PREFERENCE_CHANGEABLE;
    unsigned a_excess = excess(a->freed_objects, least), b_excess = excess(b->freed_objects, least);
    if (a_fixed != b_fixed)
        return b_fixed;
    return a_excess != b_excess ? a_excess < b_excess : a->cut.rank < b->cut.rank;
}

/* Behind all that are not worse. */
static int enter_single(struct uf_keep *k, const struct uf_keepers_single *single, uint64_t least)
{
    struct uf_keepers *ret = k->ret;
    size_t max = k->limits->singles, i = ret->singles.len;
    if (max == 0 || (i == max && !is_better(single, &ret->singles.at[i - 1], least)))
        return 0;
    if (i < max && uf_vec_push(&ret->singles, *single))
        return -1;
    for (i = ret->singles.len - 1; i > 0 && is_better(single, &ret->singles.at[i - 1], least); i--)
        ret->singles.at[i] = ret->singles.at[i - 1];
    ret->singles.at[i] = *single;
    return 0;
}

static enum uf_code choose_singles(struct uf_keep *k, const uf_keep_cut_vec *cuts,
                                   struct uf_error *err)
{
    struct uf_keep_freed *freed = uf_mem_alloc(cuts->len * sizeof *freed);
    enum uf_code code = freed ? uf_keep_freed_each(k, cuts->at, cuts->len, freed, err)
                              : uf_error_nomem(err);
    for (size_t i = 0; i < cuts->len && !code; i++) {
        struct uf_keepers_single single = {
            .cut = cuts->at[i], .freed_objects = freed[i].objects, .freed_bytes = freed[i].bytes};
        if (i >= COMPARED_AT_END && i + COMPARED_AT_END < cuts->len)
            continue;
        if (single.cut.edge != UINT32_MAX)
            single.cut.rank =
                uf_keep_rank(k, uf_edges_source(k->graph, single.cut.edge), single.cut.edge);
        else
            single.cut.rank = UF_KEEP_RANK_LOCAL;
        if (enter_single(k, &single, freed[0].objects))
            code = uf_error_nomem(err);
    }
    uf_mem_free(freed);
    return code;
}

static enum uf_code find_cuts(struct uf_keep *k, struct uf_error *err)
{
    uf_keep_cut_vec singles = {0};
    struct uf_keep_freed freed = {0};
    enum uf_code code = uf_keep_cuts(k, &singles, err);
    k->ret->single_count = singles.len;
    if (!code && singles.len > 0)
        code = choose_singles(k, &singles, err);
    if (!code && k->ret->together.len > 0)
        code = uf_keep_freed_together(k, k->ret->together.at, k->ret->together.len, &freed, err);
    k->ret->freed_objects = freed.objects;
    k->ret->freed_bytes = freed.bytes;
    uf_vec_release(&singles);
    return code;
}

enum uf_code uf_keepers_build(struct uf_keepers *keepers, const struct uf_view *view,
                              const uf_node *members, size_t count,
                              const struct uf_keepers_limits *limits, struct uf_error *err)
{
    *keepers = (struct uf_keepers){.fixed_root = UINT32_MAX};
    struct uf_keep k = {
        .view = view, .graph = view->graph, .reach = view->reach, .limits = limits, .ret = keepers};
    enum uf_code code = check(view, members, count, limits, err);
    if (!code && (!alloc(&k) || mark(&k, members, count)))
        code = uf_error_nomem(err);
    if (!code && keepers->alive) {
        code = uf_referrers_build(&k.referrers, view->graph, err);
        if (!code)
            code = uf_keep_paths(&k, err);
        if (!code)
            code = find_cuts(&k, err);
    }
    uf_referrers_release(&k.referrers);
    uf_vec_release(&k.members);
    uf_vec_release(&k.below);
    uf_mem_free(k.state);
    uf_mem_free(k.part);
    uf_mem_free(k.via);
    if (code)
        uf_keepers_release(keepers);
    return code;
}

void uf_keepers_release(struct uf_keepers *keepers)
{
    for (size_t i = 0; i < keepers->paths.len; i++)
        uf_path_release(&keepers->paths.at[i].path);
    uf_vec_release(&keepers->paths);
    uf_vec_release(&keepers->singles);
    uf_vec_release(&keepers->together);
    *keepers = (struct uf_keepers){0};
}
