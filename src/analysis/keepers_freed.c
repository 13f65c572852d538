/* keepers_freed.c - what dies when references are cut: looked for only where it can be.
 *
 * Only what hangs on a cut reference in the tree of paths that reach.h found
 * can die: all else is reached as before. Of that, what something outside
 * refers to is saved, and whatever it leads to.
 */
#include "analysis/keepers_private.h"

enum uf_code uf_keep_hang(struct uf_keep *k, uf_node top, struct uf_error *err)
{
    const struct uf_graph *graph = k->graph;
    size_t next = k->below.len;
    if (k->part[top] & UF_PART_BELOW)
        return UF_OK;
    if (uf_vec_push(&k->below, top))
        return uf_error_nomem(err);
    k->part[top] |= UF_PART_BELOW;
    for (; next < k->below.len; next++) {
        uf_edges_prefetch(graph, k->below.at, (uf_node)next, (uf_node)k->below.len,
                          k->reach->parent_edge, sizeof *k->reach->parent_edge);
        uf_node n = k->below.at[next];
        for (uint32_t e = graph->edge_start[n]; e < graph->edge_start[n + 1]; e++) {
            uf_node target = graph->edge_target[e];
            if (k->reach->parent_edge[target] != e || k->part[target] & UF_PART_BELOW ||
                !uf_keep_is_alive(k, target))
                continue;
            if (uf_vec_push(&k->below, target))
                return uf_error_nomem(err);
            k->part[target] |= UF_PART_BELOW;
        }
    }
    return UF_OK;
}

void uf_keep_hang_clear(struct uf_keep *k)
{
    for (size_t i = 0; i < k->below.len; i++)
        k->part[k->below.at[i]] = 0;
    k->below.len = 0;
}

struct search {
    struct uf_keep *k;
    uf_edge_vec cut;          /* ascending */
    UF_VEC(uf_node) cut_root; /* a root that is cut has no other that is not (keepers_flow.c) */
    UF_VEC(uf_node) queue;
    size_t next;
    struct uf_keep_freed found; /* since it was last set to 0 */
};

static uf_node node_of(const struct uf_keep *k, const struct uf_keepers_cut *cut)
{
    return cut->edge == UINT32_MAX ? k->graph->roots[cut->root].node
                                   : k->graph->edge_target[cut->edge];
}

static int save(struct search *s, uf_node node)
{
    uint8_t *part = &s->k->part[node];
    if ((*part & (UF_PART_BELOW | UF_PART_SAVED)) != UF_PART_BELOW)
        return 0;
    *part |= UF_PART_SAVED;
    s->found.objects++;
    s->found.bytes += uf_edges_size(s->k->graph, node);
    return uf_vec_push(&s->queue, node);
}

static bool is_cut(const struct search *s, uf_node source, uint32_t edge)
{
    return s->k->part[source] & UF_PART_CUT && uf_edges_among(s->cut.at, s->cut.len, edge);
}

static int spread(struct search *s)
{
    const struct uf_graph *graph = s->k->graph;
    for (; s->next < s->queue.len; s->next++) {
        uf_edges_prefetch(graph, s->queue.at, (uf_node)s->next, (uf_node)s->queue.len, s->k->part,
                          sizeof *s->k->part);
        uf_node n = s->queue.at[s->next];
        for (uint32_t e = graph->edge_start[n]; e < graph->edge_start[n + 1]; e++)
            if (!is_cut(s, n, e) && save(s, graph->edge_target[e]))
                return -1;
    }
    return 0;
}

static bool has_root(const struct search *s, uf_node node)
{
    bool ret = s->k->state[node] & (UF_KEEP_ROOT | UF_KEEP_LOCAL);
    for (size_t i = 0; i < s->cut_root.len && ret; i++)
        ret = s->cut_root.at[i] != node;
    return ret;
}

static bool is_held_from_outside(const struct search *s, uf_node node)
{
    const struct uf_keep *k = s->k;
    const struct uf_referrers *referrers = &k->referrers;
    if (has_root(s, node))
        return true;
    for (uint32_t r = referrers->start[node]; r < referrers->start[node + 1]; r++) {
        uf_node source = referrers->at[r].source;
        if (!(k->part[source] & UF_PART_BELOW) && uf_keep_is_alive(k, source) &&
            !is_cut(s, source, referrers->at[r].edge))
            return true;
    }
    return false;
}

static int save_from_outside(struct search *s)
{
    const struct uf_keep *k = s->k;
    for (size_t i = 0; i < k->below.len; i++)
        if (is_held_from_outside(s, k->below.at[i]) && save(s, k->below.at[i]))
            return -1;
    return spread(s);
}

/* Shell sort; qsort may call malloc. */
static void sort(uf_edge_vec *edges)
{
    for (size_t gap = edges->len / 2; gap > 0; gap /= 2) {
        for (size_t i = gap; i < edges->len; i++) {
            uint32_t one = edges->at[i];
            size_t j = i;
            for (; j >= gap && one < edges->at[j - gap]; j -= gap)
                edges->at[j] = edges->at[j - gap];
            edges->at[j] = one;
        }
    }
}

/* All that hangs on the cuts, or on the last of them only. */
static enum uf_code begin(struct search *s, const struct uf_keepers_cut *cuts, size_t count,
                          bool last_only, struct uf_error *err)
{
    struct uf_keep *k = s->k;
    enum uf_code code = UF_OK;
    for (size_t i = 0; i < count && !code; i++) {
        uf_node node = node_of(k, &cuts[i]);
        bool leads = k->reach->parent_edge[node] == cuts[i].edge;
        if (leads && (!last_only || i + 1 == count))
            code = uf_keep_hang(k, node, err);
        if (cuts[i].edge == UINT32_MAX) {
            if (uf_vec_push(&s->cut_root, node))
                code = uf_error_nomem(err);
            continue;
        }
        k->part[uf_edges_source(k->graph, cuts[i].edge)] |= UF_PART_CUT;
        if (uf_vec_push(&s->cut, cuts[i].edge))
            code = uf_error_nomem(err);
    }
    sort(&s->cut);
    return code;
}

static void end(struct search *s, const struct uf_keepers_cut *cuts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (cuts[i].edge != UINT32_MAX)
            s->k->part[uf_edges_source(s->k->graph, cuts[i].edge)] = 0;
    uf_keep_hang_clear(s->k);
    uf_vec_release(&s->cut);
    uf_vec_release(&s->cut_root);
    uf_vec_release(&s->queue);
}

enum uf_code uf_keep_freed_together(struct uf_keep *k, const struct uf_keepers_cut *cuts,
                                    size_t count, struct uf_keep_freed *ret, struct uf_error *err)
{
    struct search s = {.k = k};
    enum uf_code code = begin(&s, cuts, count, false, err);
    if (!code && save_from_outside(&s))
        code = uf_error_nomem(err);
    *ret = (struct uf_keep_freed){0};
    for (size_t i = 0; i < k->below.len && !code; i++) {
        ret->objects++;
        ret->bytes += uf_edges_size(k->graph, k->below.at[i]);
    }
    ret->objects -= s.found.objects;
    ret->bytes -= s.found.bytes;
    end(&s, cuts, count);
    return code;
}

/* From the last to the first, each lets in what it alone held back; the rest waits for the next. */
enum uf_code uf_keep_freed_each(struct uf_keep *k, const struct uf_keepers_cut *cuts, size_t count,
                                struct uf_keep_freed *ret, struct uf_error *err)
{
    struct search s = {.k = k};
    enum uf_code code = begin(&s, cuts, count, true, err);
    if (!code && save_from_outside(&s))
        code = uf_error_nomem(err);
    for (size_t i = count; i > 0 && !code; i--) {
        s.found = (struct uf_keep_freed){0};
        if (save(&s, node_of(k, &cuts[i - 1])) || spread(&s))
            code = uf_error_nomem(err);
        ret[i - 1] = s.found;
    }
    for (size_t i = 1; i < count && !code; i++) {
        ret[i].objects += ret[i - 1].objects;
        ret[i].bytes += ret[i - 1].bytes;
    }
    end(&s, cuts, count);
    return code;
}
