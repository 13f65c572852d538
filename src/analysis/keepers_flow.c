/* keepers_flow.c - the fewest references between the roots and the members.
 *
 * A maximum flow, one unit for each reference (L. Ford and D. Fulkerson, 1956),
 * looked for backwards from the members: a search that fails has seen only what
 * dies when the flow's references are cut, and garbage, so that it is as cheap
 * as what hangs on the members is small. From each node the path that reach.h
 * found is tried first: it ends at a root at once, unless it is taken.
 */
#include "analysis/keepers_private.h"
#include "analysis/preference.h"

#include <limits.h>

/* Ranks of more references than this are not asked for. */
#define RANKED_MAX 4096

struct flow {
    uint32_t edge;
    uf_node from;
    uint32_t amount;
    uint32_t next; /* index + 1 of the next one out of the same node; 0: none */
    unsigned rank; /* 0: not asked for */
};

struct used_root {
    uf_node node;
    uint32_t amount;
};

struct network {
    struct uf_keep *k;
    UF_VEC(struct flow) flows;
    struct uf_map flow_of;   /* edge + 1 -> index */
    struct uf_map first_out; /* node + 1 -> index + 1 */
    UF_VEC(struct used_root) roots;
    UF_VEC(uf_node) seen;
    size_t next;         /* of `seen`: the first whose holders were not looked at */
    unsigned fixed_from; /* references of this rank and worse are not to be cut */
    bool failed;         /* memory is out */
};

static uint32_t local_roots(const struct uf_graph *graph, uf_node node)
{
    uint32_t count = 0;
    for (uint32_t r = 0; r < graph->root_count; r++)
        count += graph->roots[r].node == node && graph->roots[r].kind == UF_ROOT_THREAD;
    return count;
}

/* Whether one more path can begin at `node`. */
static bool has_free_root(const struct network *net, uf_node node)
{
    uint8_t state = net->k->state[node];
    if (state & UF_KEEP_ROOT || !(state & UF_KEEP_LOCAL))
        return state & UF_KEEP_ROOT;
    for (size_t i = 0; i < net->roots.len; i++)
        if (net->roots.at[i].node == node)
            return net->roots.at[i].amount < local_roots(net->k->graph, node);
    return true;
}

static bool is_fixed(const struct network *net, const struct flow *flow)
{
    return flow->rank >= net->fixed_from;
}

/* Whether one more path can lead over a reference to `target`. */
static bool is_free(const struct network *net, uint32_t edge, uf_node target)
{
    if (!(net->k->state[target] & UF_KEEP_FLOW_IN))
        return true;
    uint32_t i = uf_map_get(&net->flow_of, (uint64_t)edge + 1);
    return i == UF_MAP_NONE || net->flows.at[i].amount == 0 || is_fixed(net, &net->flows.at[i]);
}

static bool is_new(const struct network *net, uf_node node)
{
    return !(net->k->state[node] & UF_KEEP_VISITED) && uf_keep_is_alive(net->k, node);
}

static void mark(struct network *net, uf_node node, uint32_t via, uint8_t how)
{
    uint8_t *state = &net->k->state[node];
    *state = (uint8_t)((*state & ~UF_KEEP_TAKES_BACK) | UF_KEEP_VISITED | how);
    net->k->via[node] = via;
    if (uf_vec_push(&net->seen, node))
        net->failed = true;
}

/* Enters a new node and those above it on its path, as far as it is free. The root's node if one
 * more path begins there; else UF_NODE_NONE. */
static uf_node enter(struct network *net, uf_node node, uint32_t via, uint8_t how)
{
    const struct uf_reach *reach = net->k->reach;
    mark(net, node, via, how);
    while (!net->failed) {
        if (has_free_root(net, node))
            return node;
        uf_node above = reach->parent[node];
        uint32_t edge = reach->parent_edge[node];
        if (above == UF_NODE_NONE || !is_new(net, above) || !is_free(net, edge, node))
            break;
        mark(net, above, edge, 0);
        node = above;
    }
    return UF_NODE_NONE;
}

/* Enters all from which one step leads to `node`. */
static uf_node enter_holders(struct network *net, uf_node node)
{
    const struct uf_keep *k = net->k;
    const struct uf_referrers *referrers = &k->referrers;
    uf_node found = UF_NODE_NONE;
    for (uint32_t r = referrers->start[node], end = referrers->start[node + 1];
         r < end && found == UF_NODE_NONE; r++) {
        const struct uf_referrer *referrer = &referrers->at[r];
        if (is_new(net, referrer->source) && is_free(net, referrer->edge, node))
            found = enter(net, referrer->source, referrer->edge, 0);
    }
    if (found != UF_NODE_NONE || !(k->state[node] & UF_KEEP_FLOW_OUT))
        return found;
    uint32_t i = uf_map_get(&net->first_out, (uint64_t)node + 1);
    for (; i != UF_MAP_NONE && i != 0 && found == UF_NODE_NONE; i = net->flows.at[i - 1].next) {
        uf_node target = k->graph->edge_target[net->flows.at[i - 1].edge];
        if (net->flows.at[i - 1].amount > 0 && is_new(net, target))
            found = enter(net, target, i - 1, UF_KEEP_TAKES_BACK);
    }
    return found;
}

/* Goes on until a way to a root is found, or all is seen: then UF_NODE_NONE. */
static uf_node search(struct network *net)
{
    uf_node found = UF_NODE_NONE;
    while (net->next < net->seen.len && found == UF_NODE_NONE && !net->failed)
        found = enter_holders(net, net->seen.at[net->next++]);
    return found;
}

static uf_node search_anew(struct network *net)
{
    struct uf_keep *k = net->k;
    for (size_t i = 0; i < net->seen.len; i++)
        k->state[net->seen.at[i]] &= (uint8_t)~UF_KEEP_VISITED;
    net->seen.len = net->next = 0;
    for (size_t i = 0; i < k->members.len && !net->failed; i++)
        mark(net, k->members.at[i], UINT32_MAX, 0);
    for (size_t i = 0; i < k->members.len && !net->failed; i++)
        if (has_free_root(net, k->members.at[i]))
            return k->members.at[i];
    return search(net);
}

static int add_flow(struct network *net, uf_node from, uint32_t edge)
{
    struct uf_keep *k = net->k;
    uint32_t i = uf_map_get(&net->flow_of, (uint64_t)edge + 1);
    if (i != UF_MAP_NONE) {
        net->flows.at[i].amount++;
        return 0;
    }
    uint32_t first = uf_map_get(&net->first_out, (uint64_t)from + 1);
    struct flow flow = {.edge = edge, .from = from, .amount = 1};
    flow.next = first == UF_MAP_NONE ? 0 : first;
    i = (uint32_t)net->flows.len;
    if (uf_vec_push(&net->flows, flow) || uf_map_set(&net->flow_of, (uint64_t)edge + 1, i) ||
        uf_map_set(&net->first_out, (uint64_t)from + 1, i + 1))
        return -1;
    k->state[from] |= UF_KEEP_FLOW_OUT;
    k->state[k->graph->edge_target[edge]] |= UF_KEEP_FLOW_IN;
    return 0;
}

static int use_root(struct network *net, uf_node node)
{
    for (size_t i = 0; i < net->roots.len; i++) {
        if (net->roots.at[i].node == node) {
            net->roots.at[i].amount++;
            return 0;
        }
    }
    return uf_vec_push(&net->roots, ((struct used_root){.node = node, .amount = 1}));
}

/* One more path, from what search() found. */
static void add_path(struct network *net, uf_node from)
{
    const struct uf_keep *k = net->k;
    net->failed |= use_root(net, from) != 0;
    while (!(k->state[from] & UF_KEEP_MEMBER) && !net->failed) {
        uint32_t via = k->via[from];
        if (k->state[from] & UF_KEEP_TAKES_BACK) {
            net->flows.at[via].amount--;
            from = net->flows.at[via].from;
        } else {
            net->failed |= add_flow(net, from, via) != 0;
            from = k->graph->edge_target[via];
        }
    }
}

static void add_root_cuts(struct network *net, uf_node node)
{
    const struct uf_graph *graph = net->k->graph;
    for (uint32_t r = 0; r < graph->root_count; r++) {
        struct uf_keepers_cut cut = {.edge = UINT32_MAX, .root = r, .rank = UF_KEEP_RANK_LOCAL};
        if (graph->roots[r].node == node && graph->roots[r].kind == UF_ROOT_THREAD)
            net->failed |= uf_vec_push(&net->k->ret->together, cut) != 0;
    }
}

/* After a search that failed: what leads into all that it saw. The worst rank among it. */
static unsigned take_cuts(struct network *net)
{
    const struct uf_keep *k = net->k;
    unsigned worst = 0;
    k->ret->together.len = 0;
    for (size_t i = 0; i < net->flows.len; i++) {
        const struct flow *flow = &net->flows.at[i];
        struct uf_keepers_cut cut = {.edge = flow->edge, .root = UINT32_MAX, .rank = flow->rank};
        if (flow->amount == 0 || k->state[flow->from] & UF_KEEP_VISITED ||
            !(k->state[k->graph->edge_target[flow->edge]] & UF_KEEP_VISITED))
            continue;
        net->failed |= uf_vec_push(&k->ret->together, cut) != 0;
        worst = flow->rank > worst ? flow->rank : worst;
    }
    for (size_t i = 0; i < net->roots.len; i++)
        if (k->state[net->roots.at[i].node] & UF_KEEP_VISITED)
            add_root_cuts(net, net->roots.at[i].node);
    return worst;
}

/* As few others that a person can change, where what is nearest to the members cannot be. */
static void take_better_cuts(struct network *net)
{
    if (net->k->view->names && net->flows.len <= RANKED_MAX)
        for (size_t i = 0; i < net->flows.len; i++)
            net->flows.at[i].rank =
                uf_keep_rank(net->k, net->flows.at[i].from, net->flows.at[i].edge);
    net->fixed_from = take_cuts(net);
    while (net->fixed_from > UF_PREFERENCE_CHANGEABLE && !net->failed &&
           search_anew(net) == UF_NODE_NONE)
        net->fixed_from = take_cuts(net);
}

/* From the second path on. */
static void find_together(struct network *net)
{
    const struct uf_keep *k = net->k;
    for (uint32_t count = 1; !net->failed; count++) {
        uf_node from = search_anew(net);
        if (from == UF_NODE_NONE) {
            take_better_cuts(net);
            return;
        }
        k->ret->too_many = count >= k->limits->together;
        if (k->ret->too_many)
            return;
        add_path(net, from);
    }
}

static uint32_t local_root_of(const struct uf_graph *graph, uf_node node)
{
    uint32_t r = 0;
    while (graph->roots[r].node != node || graph->roots[r].kind != UF_ROOT_THREAD)
        r++;
    return r;
}

/* With one path as flow: what a failed search saw ends at the first single; from its source on to
 * the next one, until there is a second way. The flows of the path stand root first. */
static void find_singles(struct network *net, uf_keep_cut_vec *singles)
{
    const struct uf_keep *k = net->k;
    size_t place = net->flows.len;
    uf_node start = net->roots.at[0].node, found = search_anew(net);
    while (found == UF_NODE_NONE && !net->failed) {
        struct uf_keepers_cut cut = {.edge = UINT32_MAX, .root = UINT32_MAX};
        while (place > 0 && k->state[net->flows.at[place - 1].from] & UF_KEEP_VISITED)
            place--;
        if (place == 0) {
            cut.root = local_root_of(k->graph, start);
            net->failed |= uf_vec_push(singles, cut) != 0;
            return;
        }
        cut.edge = net->flows.at[place - 1].edge;
        net->failed |= uf_vec_push(singles, cut) != 0;
        found = enter(net, net->flows.at[place - 1].from, UINT32_MAX, 0);
        if (found == UF_NODE_NONE)
            found = search(net);
    }
}

static bool holds_for_ever(const struct uf_keep *k, uint32_t *root)
{
    for (size_t i = 0; i < k->members.len; i++) {
        if (!(k->state[k->members.at[i]] & UF_KEEP_ROOT))
            continue;
        for (uint32_t r = 0; r < k->graph->root_count; r++) {
            *root = r;
            if (k->graph->roots[r].node == k->members.at[i] &&
                k->graph->roots[r].kind != UF_ROOT_THREAD)
                return true;
        }
    }
    return false;
}

enum uf_code uf_keep_cuts(struct uf_keep *k, uf_keep_cut_vec *singles, struct uf_error *err)
{
    struct network net = {.k = k, .fixed_from = UINT_MAX};
    k->ret->fixed_root = UINT32_MAX;
    if (holds_for_ever(k, &k->ret->fixed_root))
        return UF_OK;
    k->ret->fixed_root = UINT32_MAX;
    uf_node from = search_anew(&net);
    if (from != UF_NODE_NONE && !net.failed) {
        add_path(&net, from);
        if (!net.failed)
            find_singles(&net, singles);
        if (singles->len == 0 && !net.failed)
            find_together(&net);
    }
    for (size_t i = 0; i < net.seen.len; i++)
        k->state[net.seen.at[i]] &= (uint8_t)~UF_KEEP_VISITED;
    uf_vec_release(&net.flows);
    uf_map_release(&net.flow_of);
    uf_map_release(&net.first_out);
    uf_vec_release(&net.roots);
    uf_vec_release(&net.seen);
    return net.failed ? uf_error_nomem(err) : UF_OK;
}
