#include "analysis/dominators.h"

#include "analysis/edges.h"
#include "base/vec.h"

/* All arrays but `number` go by depth-first number: 1 .. count; 0 is the virtual root. Numbering
 * first makes the later passes run mostly forward through memory, which is most of the cost. */
struct link {
    uint32_t ancestor; /* parent, or after path compression a node further up */
    uint32_t label;    /* the smallest semidominator on the path from here up to below `ancestor` */
};

struct tree {
    const struct uf_graph *graph;
    uint32_t count;           /* nodes numbered */
    uint32_t shared;          /* numbers up to this one: reached without own objects */
    UF_VEC(uint32_t) entries; /* own objects that such ones refer to: held by the virtual root */
    uint32_t *number;         /* by node; 0: not reached */
    uf_node *node;
    uint32_t *parent; /* in the depth-first tree; turns into the immediate dominator */
    uint32_t *semi;   /* semidominator; during the search: the next reference to follow */
    struct link *link;
    uint32_t *holder_start; /* by number: its holders are holder[start[n] .. start[n + 1] - 1] */
    uint32_t *holder;
};

/* `number` of an own object that something refers to, not yet numbered. */
#define WAITING UINT32_MAX

static int number_node(struct tree *t, uf_node node, uint32_t parent)
{
    const struct uf_graph *graph = t->graph;
    uint32_t number = ++t->count;
    if (t->number[node] == WAITING && uf_vec_push(&t->entries, number))
        return -1;
    t->number[node] = number;
    t->node[number] = node;
    t->parent[number] = parent;
    t->semi[number] = graph->edge_start[node];
    uint32_t from = graph->edge_start[node], end = graph->edge_start[node + 1];
    for (uint32_t e = from; e < end && e < from + 6; e++) {
        __builtin_prefetch(&t->number[graph->edge_target[e]]);
        __builtin_prefetch(&graph->edge_start[graph->edge_target[e]]);
    }
    return 0;
}

/* References that decide nothing are left out: those of the tree itself (the parent is known),
 * those to itself, and those between what own objects alone hold and the rest. */
static bool counts(const struct tree *t, uint32_t from, uint32_t to)
{
    return t->parent[to] != from && from != to && (from <= t->shared) == (to <= t->shared);
}

/* The node behind the next reference of number `at` that leads to a new one; on the way counts the
 * holders of what has its number already. */
static uf_node next_new(struct tree *t, uint32_t at, bool through_own)
{
    const struct uf_graph *graph = t->graph;
    uint32_t e = t->semi[at], end = graph->edge_start[t->node[at] + 1];
    while (e < end) {
        uf_node target = graph->edge_target[e++];
        uint32_t number = t->number[target];
        bool own = !through_own && number == 0 && graph->flags[target] & UF_NODE_OWN;
        if ((number == 0 && !own) || (number == WAITING && through_own)) {
            t->semi[at] = e;
            return target;
        }
        if (own)
            t->number[target] = WAITING;
        else if (number != WAITING && counts(t, at, number))
            t->holder_start[number]++;
    }
    t->semi[at] = e;
    return UF_NODE_NONE;
}

/* The stack is the way back up over `parent`; `semi` keeps how far each node has come. */
static int search(struct tree *t, uf_node root, bool through_own)
{
    if (number_node(t, root, 0))
        return -1;
    for (uint32_t at = t->count; at != 0;) {
        uf_node next = next_new(t, at, through_own);
        if (next == UF_NODE_NONE) {
            at = t->parent[at];
        } else {
            if (number_node(t, next, at))
                return -1;
            at = t->count;
        }
    }
    return 0;
}

static int search_all(struct tree *t)
{
    const struct uf_graph *graph = t->graph;
    t->shared = UINT32_MAX;
    for (uint32_t r = 0; r < graph->root_count; r++) {
        uf_node node = graph->roots[r].node;
        if (t->number[node] == 0 && !(graph->flags[node] & UF_NODE_OWN) && search(t, node, false))
            return -1;
    }
    t->shared = t->count;
    for (uint32_t r = 0; r < graph->root_count; r++) {
        uf_node node = graph->roots[r].node;
        if ((t->number[node] == 0 || t->number[node] == WAITING) && search(t, node, true))
            return -1;
    }
    for (uf_node n = 0; n < graph->node_count; n++) {
        if (t->number[n] == WAITING && search(t, n, true))
            return -1;
    }
    return 0;
}

/* From counts to places: holder_start[n] becomes where those of n end. Returns their sum. */
static uint32_t place_holders(struct tree *t)
{
    uint32_t sum = 0;
    for (uint32_t n = 0; n <= t->count; n++) {
        sum += t->holder_start[n];
        t->holder_start[n] = sum;
    }
    t->holder_start[t->count + 1] = sum;
    return sum;
}

static void prefetch_holders(const struct tree *t, uint32_t from)
{
    const struct uf_graph *graph = t->graph;
    if (t->count - from <= 24)
        return;
    __builtin_prefetch(&graph->edge_start[t->node[from + 24]]);
    __builtin_prefetch(&graph->edge_target[graph->edge_start[t->node[from + 16]]]);
    uf_node source = t->node[from + 8];
    uint32_t first = graph->edge_start[source], end = graph->edge_start[source + 1];
    for (uint32_t e = first; e < end && e < first + 8; e++)
        __builtin_prefetch(&t->number[graph->edge_target[e]]);
}

static void fill_holders(struct tree *t)
{
    const struct uf_graph *graph = t->graph;
    for (uint32_t from = 1; from <= t->count; from++) {
        prefetch_holders(t, from);
        uf_node source = t->node[from];
        for (uint32_t e = graph->edge_start[source]; e < graph->edge_start[source + 1]; e++) {
            uint32_t to = t->number[graph->edge_target[e]];
            if (counts(t, from, to))
                t->holder[--t->holder_start[to]] = from;
        }
    }
}

/* The smallest semidominator on the path from `at` up to the last node that is not linked
 * (numbers below `linked` are not). Compresses the path: turned round on the way up, put right
 * on the way down, so that it needs neither a stack nor recursion. */
static uint32_t smallest_above(struct link *link, uint32_t at, uint32_t linked)
{
    uint32_t below = 0, here = at;
    while (link[here].ancestor >= linked) {
        uint32_t above = link[here].ancestor;
        link[here].ancestor = below;
        below = here;
        here = above;
    }
    uint32_t top = link[here].ancestor;
    while (below != 0) {
        uint32_t next = link[below].ancestor;
        if (link[here].label < link[below].label)
            link[below].label = link[here].label;
        link[below].ancestor = top;
        here = below;
        below = next;
    }
    return link[at].label;
}

static void prefetch_links(const struct tree *t, uint32_t n)
{
    if (n <= 16)
        return;
    uint32_t first = t->holder_start[n - 16], end = t->holder_start[n - 15];
    for (uint32_t h = first; h < end && h < first + 8; h++)
        __builtin_prefetch(&t->link[t->holder[h]]);
}

static void find_semidominators(struct tree *t)
{
    for (uint32_t n = 1; n <= t->count; n++) {
        t->link[n].ancestor = t->parent[n];
        t->semi[n] = t->parent[n];
    }
    for (uint32_t r = 0; r < t->graph->root_count; r++)
        t->semi[t->number[t->graph->roots[r].node]] = 0;
    for (size_t i = 0; i < t->entries.len; i++)
        t->semi[t->entries.at[i]] = 0;
    for (uint32_t n = t->count; n > 0; n--) {
        prefetch_links(t, n);
        uint32_t semi = t->semi[n];
        uint32_t end = semi ? t->holder_start[n + 1] : 0;
        for (uint32_t h = t->holder_start[n]; h < end; h++) {
            uint32_t from = t->holder[h];
            uint32_t low = from < n ? from : smallest_above(t->link, from, n + 1);
            if (low < semi)
                semi = low;
        }
        t->link[n].label = t->semi[n] = semi;
    }
}

/* idom(n) is the nearest dominator of parent(n) that is not below semi(n). */
static void find_dominators(struct tree *t)
{
    uint32_t *idom = t->parent;
    for (uint32_t n = 1; n <= t->count; n++) {
        uint32_t at = idom[n];
        while (at > t->semi[n])
            at = idom[at];
        idom[n] = at;
    }
}

/* From numbers to nodes. `number` becomes idom. */
static void hand_over(struct uf_dominators *d, struct tree *t)
{
    const struct uf_graph *graph = t->graph;
    const uint32_t *idom = t->parent;
    for (uint32_t n = t->count; n > 0; n--) {
        uf_node node = t->node[n];
        uf_node above = idom[n] ? t->node[idom[n]] : UF_NODE_NONE;
        t->number[node] = above;
        if (!(graph->flags[node] & UF_NODE_OWN)) {
            d->retained[node] += uf_edges_size(graph, node);
            d->retained_objects[node]++;
        }
        if (above != UF_NODE_NONE) {
            d->retained[above] += d->retained[node];
            d->retained_objects[above] += d->retained_objects[node];
        }
    }
}

static void mark_unreached(struct tree *t)
{
    for (uf_node n = 0; n < t->graph->node_count; n++) {
        if (t->number[n] == 0)
            t->number[n] = UF_NODE_NONE;
    }
}

static bool alloc_tree(struct tree *t)
{
    size_t n = (size_t)t->graph->node_count;
    t->number = uf_mem_zalloc(n * sizeof *t->number);
    t->node = uf_mem_alloc((n + 1) * sizeof *t->node);
    t->parent = uf_mem_alloc((n + 1) * sizeof *t->parent);
    t->semi = uf_mem_alloc((n + 1) * sizeof *t->semi);
    t->holder_start = uf_mem_zalloc((n + 2) * sizeof *t->holder_start);
    return t->number && t->node && t->parent && t->semi && t->holder_start;
}

static bool alloc_holders(struct tree *t)
{
    t->holder = uf_mem_alloc((size_t)place_holders(t) * sizeof *t->holder);
    t->link = uf_mem_alloc(((size_t)t->count + 1) * sizeof *t->link);
    return t->holder && t->link;
}

static void free_holders(struct tree *t)
{
    uf_mem_free(t->holder_start);
    uf_mem_free(t->holder);
    uf_mem_free(t->link);
    t->holder_start = t->holder = NULL;
    t->link = NULL;
}

static bool build(struct uf_dominators *d, struct tree *t)
{
    size_t n = (size_t)t->graph->node_count;
    if (!alloc_tree(t))
        return false;
    if (search_all(t) || !alloc_holders(t))
        return false;
    fill_holders(t);
    find_semidominators(t);
    free_holders(t);
    find_dominators(t);
    d->retained = uf_mem_zalloc(n * sizeof *d->retained);
    d->retained_objects = uf_mem_zalloc(n * sizeof *d->retained_objects);
    if (!d->retained || !d->retained_objects)
        return false;
    mark_unreached(t);
    hand_over(d, t);
    d->idom = t->number;
    t->number = NULL;
    return true;
}

enum uf_code uf_dominators_build(struct uf_dominators *dominators, const struct uf_graph *graph,
                                 struct uf_error *err)
{
    struct tree tree = {.graph = graph};
    *dominators = (struct uf_dominators){.node_count = graph->node_count};
    bool built = build(dominators, &tree);
    free_holders(&tree);
    uf_vec_release(&tree.entries);
    uf_mem_free(tree.number);
    uf_mem_free(tree.node);
    uf_mem_free(tree.parent);
    uf_mem_free(tree.semi);
    if (!built) {
        uf_dominators_release(dominators);
        return uf_error_nomem(err);
    }
    return UF_OK;
}

void uf_dominators_release(struct uf_dominators *dominators)
{
    uf_mem_free(dominators->idom);
    uf_mem_free(dominators->retained);
    uf_mem_free(dominators->retained_objects);
    *dominators = (struct uf_dominators){0};
}
