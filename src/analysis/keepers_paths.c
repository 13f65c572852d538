/* keepers_paths.c - the shortest path to each object that holds a member, not through a member.
 *
 * Most holders are not below a member in the tree of paths that reach.h found:
 * their path stands there, and its order tells which is shorter. Those below
 * (a child that refers to its parent) count only where something outside leads
 * to them, too; then the shortest way is looked for among what is below.
 */
#include "analysis/keepers_private.h"

/* A way into what is below the members, or within it. */
struct way {
    uint64_t key; /* how far from its root, and what root: the smaller the better */
    uf_node node, source;
    uint32_t edge; /* UINT32_MAX: node is a root, of index `root` */
    uint32_t root;
};

struct candidate {
    uint64_t key;
    uf_node holder; /* UF_NODE_NONE: a member is itself a root */
    uint32_t root;
    bool below;
};

struct finder {
    struct uf_keep *k;
    UF_VEC(uf_node) holders;
    size_t holders_below;
    uint32_t *known; /* by node: the kind of its path's root, its depth; 0: not known yet */
    UF_VEC(struct way) entries, ways;
    struct uf_map way_to; /* node + 1 -> index into ways */
    UF_VEC(struct candidate) best;
};

#define DEPTH_BITS 29
#define DEPTH_MAX ((1u << DEPTH_BITS) - 1)

static uint64_t key_of(uint32_t kind, uint8_t reached, uint32_t depth)
{
    return (uint64_t)kind << 40 | (uint64_t)(reached == UF_REACHED_BY_CACHE) << 36 | depth;
}

static uint32_t kind_of_root(const struct uf_keep *k, uf_node node)
{
    return k->graph->roots[k->reach->root[node]].kind;
}

/* The key of a node from its path: each node on it is looked at once, whatever is asked. */
static uint64_t key_of_path(struct finder *f, uf_node node)
{
    const uf_node *parent = f->k->reach->parent;
    uint32_t *known = f->known, up = 0;
    uf_node at = node;
    for (; known[at] == 0 && parent[at] != UF_NODE_NONE; at = parent[at])
        up++;
    if (known[at] == 0)
        known[at] = kind_of_root(f->k, at) << DEPTH_BITS | 1;
    uint32_t kind = known[at] & ~DEPTH_MAX, depth = (known[at] & DEPTH_MAX) + up;
    for (at = node; known[at] == 0; at = parent[at], depth--)
        known[at] = kind | (depth < DEPTH_MAX ? depth : DEPTH_MAX);
    return key_of(kind >> DEPTH_BITS, f->k->reach->reached[node], known[node] & DEPTH_MAX);
}

/* Keeps the best, as many as paths are wanted; of equals the first. */
static int enter_candidate(struct finder *f, struct candidate candidate)
{
    size_t max = f->k->limits->paths, i = f->best.len;
    if (max == 0 || (i == max && f->best.at[i - 1].key <= candidate.key))
        return 0;
    if (i < max && uf_vec_push(&f->best, candidate))
        return -1;
    i = f->best.len - 1;
    for (; i > 0 && f->best.at[i - 1].key > candidate.key; i--)
        f->best.at[i] = f->best.at[i - 1];
    f->best.at[i] = candidate;
    return 0;
}

/* Members that are roots, and who refers to members: marked, with the first such reference. */
static int collect(struct finder *f)
{
    struct uf_keep *k = f->k;
    const struct uf_graph *graph = k->graph;
    for (uint32_t r = 0; r < graph->root_count; r++) {
        uf_node node = graph->roots[r].node;
        if (!(k->state[node] & UF_KEEP_MEMBER))
            continue;
        k->ret->holders++;
        uint64_t key = key_of(graph->roots[r].kind, UF_REACHED, 0);
        if (enter_candidate(f, (struct candidate){key, UF_NODE_NONE, r, false}))
            return -1;
    }
    for (size_t i = 0; i < k->members.len; i++) {
        uint32_t member = k->members.at[i];
        for (uint32_t r = k->referrers.start[member]; r < k->referrers.start[member + 1]; r++) {
            uf_node source = k->referrers.at[r].source;
            if (k->state[source] & UF_KEEP_MEMBER || !uf_keep_is_alive(k, source))
                continue;
            k->ret->holders++;
            k->ret->internal += k->part[source] & UF_PART_BELOW;
            if (k->state[source] & UF_KEEP_VISITED) {
                if (k->referrers.at[r].edge < k->via[source])
                    k->via[source] = k->referrers.at[r].edge;
                continue;
            }
            k->state[source] |= UF_KEEP_VISITED;
            k->via[source] = k->referrers.at[r].edge;
            f->holders_below += k->part[source] & UF_PART_BELOW;
            if (uf_vec_push(&f->holders, source))
                return -1;
        }
    }
    return 0;
}

/* In the order in which reach.h met them: the first ones are the best. */
static int choose_outside(struct finder *f)
{
    const struct uf_keep *k = f->k;
    size_t left = f->holders.len - f->holders_below;
    left = left < k->limits->paths ? left : k->limits->paths;
    for (uf_node i = 0; i < k->reach->order_count && left > 0; i++) {
        uf_node n = k->reach->order[i];
        if (!(k->state[n] & UF_KEEP_VISITED) || k->part[n] & UF_PART_BELOW)
            continue;
        if (enter_candidate(f, (struct candidate){key_of_path(f, n), n, UINT32_MAX, false}))
            return -1;
        left--;
    }
    return 0;
}

/* The best way into each node below the members but not one of them. */
static int collect_entries(struct finder *f)
{
    const struct uf_keep *k = f->k;
    const struct uf_graph *graph = k->graph;
    for (uint32_t r = 0; r < graph->root_count; r++) {
        uf_node node = graph->roots[r].node;
        if (!(k->part[node] & UF_PART_BELOW) || k->state[node] & UF_KEEP_MEMBER)
            continue;
        struct way way = {.node = node, .source = UF_NODE_NONE, .edge = UINT32_MAX, .root = r};
        way.key = key_of(graph->roots[r].kind, UF_REACHED, 1);
        if (uf_vec_push(&f->entries, way))
            return -1;
    }
    for (size_t i = 0; i < k->below.len; i++) {
        struct way way = {.key = UINT64_MAX, .node = k->below.at[i], .root = UINT32_MAX};
        uint32_t r = k->referrers.start[way.node], end = k->referrers.start[way.node + 1];
        for (; r < end && !(k->state[way.node] & UF_KEEP_MEMBER); r++) {
            uf_node source = k->referrers.at[r].source;
            if (k->part[source] & UF_PART_BELOW || !uf_keep_is_alive(k, source))
                continue;
            uint64_t key = key_of_path(f, source) + 1;
            if (key >= way.key)
                continue;
            way.key = key;
            way.source = source;
            way.edge = k->referrers.at[r].edge;
        }
        if (way.key != UINT64_MAX && uf_vec_push(&f->entries, way))
            return -1;
    }
    return 0;
}

static void sort_entries(struct finder *f)
{
    struct way *at = f->entries.at;
    for (size_t gap = f->entries.len / 2; gap > 0; gap /= 2) {
        for (size_t i = gap; i < f->entries.len; i++) {
            struct way one = at[i];
            size_t j = i;
            for (; j >= gap && one.key < at[j - gap].key; j -= gap)
                at[j] = at[j - gap];
            at[j] = one;
        }
    }
}

/* Enters a way unless there is a better one already. */
static int go(struct finder *f, const struct way *way)
{
    struct uf_keep *k = f->k;
    uint8_t *part = &k->part[way->node];
    if ((*part & (UF_PART_BELOW | UF_PART_SAVED)) != UF_PART_BELOW ||
        k->state[way->node] & UF_KEEP_MEMBER)
        return 0;
    *part |= UF_PART_SAVED;
    uint32_t index = (uint32_t)f->ways.len;
    if (uf_vec_push(&f->ways, *way) || uf_map_set(&f->way_to, (uint64_t)way->node + 1, index))
        return -1;
    if (!(k->state[way->node] & UF_KEEP_VISITED))
        return 0;
    return enter_candidate(f, (struct candidate){way->key, way->node, UINT32_MAX, true});
}

/* Breadth first, from all entries at once: each when its turn has come. */
static int spread_below(struct finder *f)
{
    const struct uf_graph *graph = f->k->graph;
    size_t next_entry = 0, next = 0;
    sort_entries(f);
    while (next_entry < f->entries.len || next < f->ways.len) {
        bool entry = next == f->ways.len || (next_entry < f->entries.len &&
                                             f->entries.at[next_entry].key <= f->ways.at[next].key);
        if (entry) {
            if (go(f, &f->entries.at[next_entry++]))
                return -1;
            continue;
        }
        struct way from = f->ways.at[next++];
        for (uint32_t e = graph->edge_start[from.node]; e < graph->edge_start[from.node + 1]; e++) {
            struct way way = {from.key + 1, graph->edge_target[e], from.node, e, UINT32_MAX};
            if (go(f, &way))
                return -1;
        }
    }
    return 0;
}

static int choose_below(struct finder *f)
{
    struct uf_keep *k = f->k;
    if (f->holders_below == 0)
        return 0;
    if (collect_entries(f) || spread_below(f))
        return -1;
    k->ret->internal = 0;
    for (size_t i = 0; i < f->holders.len; i++) {
        uf_node holder = f->holders.at[i];
        if ((k->part[holder] & (UF_PART_BELOW | UF_PART_SAVED)) != UF_PART_BELOW)
            continue;
        for (uint32_t e = k->graph->edge_start[holder]; e < k->graph->edge_start[holder + 1]; e++)
            k->ret->internal += (k->state[k->graph->edge_target[e]] & UF_KEEP_MEMBER) != 0;
    }
    return 0;
}

static int push_step(struct uf_path *path, uf_node node, uint32_t edge)
{
    return uf_vec_push(&path->nodes, node) || uf_vec_push(&path->edges, edge) ? -1 : 0;
}

static void turn_round(struct uf_path *path)
{
    for (size_t i = 0, j = path->nodes.len; i + 1 < j; i++) {
        uf_node node = path->nodes.at[i];
        uint32_t edge = path->edges.at[i];
        path->nodes.at[i] = path->nodes.at[--j];
        path->edges.at[i] = path->edges.at[j];
        path->nodes.at[j] = node;
        path->edges.at[j] = edge;
    }
}

/* From the member up to the root, then turned round. */
static int make_path(const struct finder *f, const struct candidate *candidate,
                     struct uf_keepers_path *ret)
{
    const struct uf_keep *k = f->k;
    struct uf_path *path = &ret->path;
    uf_node at = candidate->holder;
    path->root = candidate->root;
    if (at == UF_NODE_NONE)
        return push_step(path, k->graph->roots[path->root].node, UINT32_MAX);
    if (push_step(path, k->graph->edge_target[k->via[at]], k->via[at]))
        return -1;
    uint32_t i = candidate->below ? uf_map_get(&f->way_to, (uint64_t)at + 1) : UF_MAP_NONE;
    for (; i != UF_MAP_NONE; i = uf_map_get(&f->way_to, (uint64_t)at + 1)) {
        const struct way *way = &f->ways.at[i];
        path->root = way->root;
        if (push_step(path, way->node, way->edge))
            return -1;
        at = way->source;
        if (at == UF_NODE_NONE)
            break;
    }
    for (; at != UF_NODE_NONE; at = k->reach->parent[at]) {
        path->root = k->reach->root[at];
        if (push_step(path, at, k->reach->parent_edge[at]))
            return -1;
    }
    turn_round(path);
    return 0;
}

static int make_paths(struct finder *f)
{
    struct uf_keepers *ret = f->k->ret;
    for (size_t i = 0; i < f->best.len; i++) {
        uint64_t key = f->best.at[i].key;
        struct uf_keepers_path path = {0};
        path.by_cache = key >> 36 & 1 || key >> 40 == UF_ROOT_CACHE;
        if (make_path(f, &f->best.at[i], &path) || uf_vec_push(&ret->paths, path)) {
            uf_path_release(&path.path);
            return -1;
        }
    }
    return 0;
}

enum uf_code uf_keep_paths(struct uf_keep *k, struct uf_error *err)
{
    struct finder f = {.k = k};
    enum uf_code code = UF_OK;
    for (size_t i = 0; i < k->members.len && !code; i++)
        code = uf_keep_hang(k, k->members.at[i], err);
    f.known = uf_mem_zalloc((size_t)k->graph->node_count * sizeof *f.known);
    if (!code &&
        (!f.known || collect(&f) || choose_outside(&f) || choose_below(&f) || make_paths(&f)))
        code = uf_error_nomem(err);
    for (size_t i = 0; i < f.holders.len; i++)
        k->state[f.holders.at[i]] &= (uint8_t)~UF_KEEP_VISITED;
    uf_keep_hang_clear(k);
    uf_vec_release(&f.holders);
    uf_mem_free(f.known);
    uf_vec_release(&f.entries);
    uf_vec_release(&f.ways);
    uf_map_release(&f.way_to);
    uf_vec_release(&f.best);
    return code;
}
