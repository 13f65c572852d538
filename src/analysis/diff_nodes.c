/* diff_nodes.c - the objects behind the entries: what they retain, and which of them are new. */
#include "analysis/diff_private.h"
#include "analysis/edges.h"
#include "analysis/weight.h"
#include "graph/index.h"

#include <stdlib.h>

/* By group: 1 + the entry among the first `count` whose members (or place) are in it; 0: none. */
static uint32_t *entries_by_group(const struct uf_diff *diff, size_t count, bool main_only,
                                  struct uf_error *err)
{
    uint32_t *of = uf_mem_zalloc((diff->groups.len + 1) * sizeof *of);
    if (!of) {
        uf_error_nomem(err);
        return NULL;
    }
    for (uint32_t g = 0; g < diff->groups.len && !main_only; g++) {
        const struct uf_diff_group *group = &diff->groups.at[g];
        if (group->member && !group->shrunk && group->entry < count)
            of[g] = group->entry + 1;
    }
    for (uint32_t e = 0; e < count; e++)
        if (main_only || diff->grown.at[e].in_place)
            of[diff->grown.at[e].main] = e + 1;
    return of;
}

typedef UF_VEC(uf_node) node_vec;

/* Appends every counted node of `heap` that is in an entry's groups to that entry's list: what is nearest to
 * a root first, members of a container in its order. */
static enum uf_code collect(const struct uf_diff *diff, enum uf_diff_heap heap,
                            const uint32_t *entry_of, node_vec *lists, struct uf_error *err)
{
    const struct uf_signatures *signatures = diff->side[heap].signatures;
    const struct uf_graph *graph = diff->side[heap].view->graph;
    const struct uf_reach *reach = diff->side[heap].view->reach;
    for (size_t i = 0; i < (size_t)reach->order_count + graph->node_count; i++) {
        bool alive = i < reach->order_count;
        uf_node n = alive ? reach->order[i] : (uf_node)(i - reach->order_count);
        if (!alive && reach->reached[n])
            continue;
        uint32_t entry = entry_of[diff->group_of[heap][signatures->of[n]]];
        if (entry != 0 && !(graph->flags[n] & UF_NODE_OWN) && uf_vec_push(&lists[entry - 1], n))
            return uf_error_nomem(err);
    }
    return UF_OK;
}

static size_t at_most(const struct uf_diff *diff, size_t count)
{
    return count < diff->grown.len ? count : diff->grown.len;
}

static void release_lists(node_vec *lists, size_t count)
{
    for (size_t i = 0; lists && i < count; i++)
        uf_vec_release(&lists[i]);
    uf_mem_free(lists);
}

enum uf_code uf_diff_weigh(struct uf_diff *diff, enum uf_diff_heap heap,
                           const struct uf_dominators *dominators, size_t count,
                           struct uf_error *err)
{
    count = at_most(diff, count);
    uint32_t *entry_of = entries_by_group(diff, count, false, err);
    node_vec *lists = uf_mem_zalloc((count + 1) * sizeof *lists);
    enum uf_code code = entry_of && lists ? UF_OK : uf_error_nomem(err);
    if (!code)
        code = collect(diff, heap, entry_of, lists, err);
    for (size_t e = 0; e < count && !code; e++) {
        uint64_t objects;
        code = uf_retained_of_set(dominators, lists[e].at, lists[e].len,
                                  &diff->grown.at[e].retained[heap], &objects, err);
    }
    release_lists(lists, count);
    uf_mem_free(entry_of);
    return code;
}

/* --- which objects are new ---------------------------------------------------------------------- */

/* The objects of OLD by address. */
struct known {
    struct uf_index index;
    uf_node *node_of_rank;
};

static void release_known(struct known *known)
{
    uf_index_release(&known->index);
    uf_mem_free(known->node_of_rank);
}

static enum uf_code know(struct known *known, const struct uf_graph *graph, struct uf_error *err)
{
    *known = (struct known){0};
    if (uf_index_init(&known->index))
        return uf_error_nomem(err);
    known->node_of_rank = uf_mem_alloc(((size_t)graph->node_count + 1) * sizeof(uf_node));
    bool failed = !known->node_of_rank;
    for (uf_node n = 0; n < graph->node_count && !failed; n++)
        failed = uf_index_valid(graph->address[n]) &&
                 uf_index_enter(&known->index, graph->address[n]) < 0;
    if (failed || uf_index_rank(&known->index))
        return uf_error_nomem(err);
    for (uf_node n = 0; n < graph->node_count; n++)
        if (uf_index_valid(graph->address[n]))
            known->node_of_rank[uf_index_rank_of(&known->index, graph->address[n])] = n;
    return UF_OK;
}

/* Was there an object of the same group (and so of the same type) at this address? */
static bool was_there(const struct uf_diff *diff, const struct known *known, uf_node node)
{
    uint64_t address = diff->side[UF_DIFF_NEW].view->graph->address[node];
    if (!uf_index_valid(address))
        return false;
    uint64_t rank = uf_index_rank_of(&known->index, address);
    if (rank == UF_INDEX_ABSENT)
        return false;
    uf_node before = known->node_of_rank[rank];
    const uint32_t *old_of = diff->side[UF_DIFF_OLD].signatures->of;
    const uint32_t *new_of = diff->side[UF_DIFF_NEW].signatures->of;
    return diff->group_of[UF_DIFF_OLD][old_of[before]] == diff->group_of[UF_DIFF_NEW][new_of[node]];
}

/* The last ones that qualify: in a dict or list mostly the newest. Of a chain the first: the way to them
 * can be shown. */
static void choose_examples(struct uf_diff_entry *entry, const struct uf_diff *diff,
                            const struct known *known, const node_vec *nodes)
{
    uint64_t kept = 0;
    bool chain = diff->groups.at[entry->main].folded;
    for (size_t i = 0; i < nodes->len; i++) {
        uf_node node = nodes->at[chain ? i : nodes->len - 1 - i];
        bool same = known && was_there(diff, known, node);
        kept += same;
        if (!same && entry->example_count < UF_DIFF_EXAMPLES)
            entry->examples[entry->example_count++] = node;
    }
    if (nodes->len > 0 && entry->example_count == 0)
        entry->examples[entry->example_count++] = nodes->at[chain ? 0 : nodes->len - 1];
    if (known) {
        entry->fresh = nodes->len - kept;
        entry->gone = diff->groups.at[entry->main].heap[UF_DIFF_OLD].objects - kept;
    }
}

enum uf_code uf_diff_look(struct uf_diff *diff, bool same_process, size_t count,
                          struct uf_error *err)
{
    count = at_most(diff, count);
    struct known known = {0};
    uint32_t *entry_of = entries_by_group(diff, count, true, err);
    node_vec *lists = uf_mem_zalloc((count + 1) * sizeof *lists);
    enum uf_code code = entry_of && lists ? UF_OK : uf_error_nomem(err);
    if (!code)
        code = collect(diff, UF_DIFF_NEW, entry_of, lists, err);
    if (!code && same_process)
        code = know(&known, diff->side[UF_DIFF_OLD].view->graph, err);
    for (size_t e = 0; e < count && !code; e++)
        choose_examples(&diff->grown.at[e], diff, same_process ? &known : NULL, &lists[e]);
    if (same_process)
        release_known(&known);
    release_lists(lists, count);
    uf_mem_free(entry_of);
    return code;
}

/* --- what the new objects hold ------------------------------------------------------------------ */

static int by_bytes(const void *a, const void *b)
{
    const struct uf_diff_share *x = a, *y = b;
    int64_t xb = llabs(x->bytes), yb = llabs(y->bytes);
    if (xb != yb)
        return xb < yb ? 1 : -1;
    int64_t xo = llabs(x->objects), yo = llabs(y->objects);
    if (xo != yo)
        return xo < yo ? 1 : -1;
    return x->type < y->type ? -1 : x->type > y->type;
}

enum uf_code uf_diff_holds(const struct uf_diff *diff, size_t entry, bool shrunk,
                           uf_diff_shares *ret, struct uf_error *err)
{
    const struct uf_diff_entry *of = shrunk ? &diff->shrunk.at[entry] : &diff->grown.at[entry];
    struct uf_map index_of = {0};
    enum uf_code code = UF_OK;
    ret->len = 0;
    for (uint32_t g = 0; g < diff->groups.len && !code; g++) {
        const struct uf_diff_group *group = &diff->groups.at[g];
        bool own = !group->member &&
                   (g == of->place || (group->attribute_dict && group->parent == of->place));
        if (group->entry != entry || group->shrunk != shrunk || g == of->main || own)
            continue;
        uint32_t index = uf_map_get(&index_of, (uint64_t)group->type + 1);
        if (index == UF_MAP_NONE) {
            struct uf_diff_share share = {.type = group->type};
            index = (uint32_t)ret->len;
            if (uf_vec_push(ret, share) ||
                uf_map_set(&index_of, (uint64_t)group->type + 1, index)) {
                code = uf_error_nomem(err);
                break;
            }
        }
        ret->at[index].objects += uf_diff_objects_grown(group);
        ret->at[index].bytes += uf_diff_bytes_grown(group);
    }
    uf_map_release(&index_of);
    if (ret->len > 0)
        qsort(ret->at, ret->len, sizeof *ret->at, by_bytes);
    return code;
}
