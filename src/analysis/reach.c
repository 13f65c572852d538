#include "analysis/reach.h"

#include "analysis/edges.h"
#include "base/mem.h"

#include <string.h>

/* In `reached` while building: an own object that something refers to, not yet entered; a part of
 * a bounded cache, entered only when all else of this kind of root is exhausted. */
enum { WAITING = UF_REACHED_BY_CACHE + 1, SHELVED };

/* What holds for a time only. functools.lru_cache with a maxsize links its entries
 * (lru_cache_tp_traverse() in CPython 3.12 Modules/_functoolsmodule.c); without one it has only a
 * dictionary, and holds for ever. A WeakKeyDictionary holds its values while their keys live, in a
 * dictionary (3.12 Lib/weakref.py); so do the bounded caches of the package cachetools. */
struct shelf {
    uint8_t *kind;   /* by type: CACHE, LINK, DICT, TABLE, or 0 */
    uf_node *caches; /* met on the way, in that order */
    size_t len, done;
};
enum { CACHE = 1, LINK, DICT, TABLE };

static bool shelve_types(struct shelf *shelf, const struct uf_graph *graph)
{
    static const struct {
        const char *name;
        uint8_t kind;
    } types[] = {{"functools._lru_cache_wrapper", CACHE},
                 {"functools._lru_list_elem", LINK},
                 {"dict", DICT},
                 {"weakref.WeakKeyDictionary", TABLE},
                 {"cachetools.LRUCache", TABLE},
                 {"cachetools.TTLCache", TABLE},
                 {"cachetools.LFUCache", TABLE},
                 {"cachetools.FIFOCache", TABLE},
                 {"cachetools.RRCache", TABLE},
                 {"cachetools.TLRUCache", TABLE}};
    shelf->kind = uf_mem_zalloc((size_t)graph->type_count + 1);
    for (uint32_t t = 0; t < graph->type_count && shelf->kind; t++) {
        const char *name = uf_strings_get(&graph->strings, graph->types[t].name);
        for (size_t i = 0; i < sizeof types / sizeof *types; i++)
            if (strcmp(name, types[i].name) == 0)
                shelf->kind[t] = types[i].kind;
    }
    return shelf->kind != NULL;
}

/* Marks the entries of bounded caches. False: memory is out. */
static bool shelve(struct shelf *shelf, struct uf_reach *reach, const struct uf_graph *graph)
{
    size_t caches = 0;
    if (!shelve_types(shelf, graph))
        return false;
    for (uf_node n = 0; n < graph->node_count; n++) {
        uint8_t kind = shelf->kind[graph->type[n]];
        if ((kind != CACHE && kind != TABLE) || graph->flags[n] & UF_NODE_OWN)
            continue;
        uint32_t from = graph->edge_start[n], end = graph->edge_start[n + 1], links = kind == TABLE;
        for (uint32_t e = from; e < end; e++)
            links += shelf->kind[graph->type[graph->edge_target[e]]] == LINK;
        caches += links > 0;
        for (uint32_t e = from; e < end && links > 0; e++) {
            uf_node part = graph->edge_target[e];
            uint8_t of = shelf->kind[graph->type[part]];
            if ((of == LINK || of == DICT) && !(graph->flags[part] & UF_NODE_OWN))
                reach->reached[part] = SHELVED;
        }
    }
    shelf->caches = uf_mem_alloc((caches + 1) * sizeof *shelf->caches);
    return shelf->caches != NULL;
}

/* Does `source` hold its shelved parts as a cache? Then they have to wait. */
static bool waits(struct shelf *shelf, const struct uf_graph *graph, uf_node source)
{
    uint8_t kind = shelf->kind[graph->type[source]];
    if (kind != CACHE && kind != TABLE)
        return false;
    if (shelf->len == 0 || shelf->caches[shelf->len - 1] != source)
        shelf->caches[shelf->len++] = source;
    return true;
}

/* Works off the queue from *next on; what it meets is reached `how`. */
static void spread(struct uf_reach *reach, const struct uf_graph *graph, struct shelf *shelf,
                   uf_node *next, bool through_own, uint8_t how)
{
    uf_node *queue = reach->order, len = reach->order_count;
    for (uf_node i = *next; i < len; i++) {
        uf_edges_prefetch(graph, queue, i, len, reach->reached, sizeof *reach->reached);
        uf_node source = queue[i];
        uint32_t end = graph->edge_start[source + 1];
        for (uint32_t e = graph->edge_start[source]; e < end; e++) {
            uf_node target = graph->edge_target[e];
            if (reach->reached[target] &&
                (reach->reached[target] != SHELVED || waits(shelf, graph, source)))
                continue;
            reach->parent[target] = source;
            reach->parent_edge[target] = e;
            if (!through_own && graph->flags[target] & UF_NODE_OWN) {
                reach->reached[target] = WAITING;
                continue;
            }
            reach->reached[target] = how;
            queue[len++] = target;
        }
    }
    *next = reach->order_count = len;
}

/* As spread(), and then on from the entries of the bounded caches that were met: they are held for
 * a time, and what else holds the same is the better answer. */
static void spread_all(struct uf_reach *reach, const struct uf_graph *graph, struct shelf *shelf,
                       uf_node *next, bool through_own)
{
    spread(reach, graph, shelf, next, through_own, UF_REACHED);
    while (shelf->done < shelf->len) {
        uf_node cache = shelf->caches[shelf->done++];
        for (uint32_t e = graph->edge_start[cache]; e < graph->edge_start[cache + 1]; e++) {
            uf_node part = graph->edge_target[e];
            if (reach->reached[part] != SHELVED)
                continue;
            reach->parent[part] = cache;
            reach->parent_edge[part] = e;
            reach->reached[part] = UF_REACHED_BY_CACHE;
            reach->order[reach->order_count++] = part;
        }
        if (shelf->done == shelf->len)
            spread(reach, graph, shelf, next, through_own, UF_REACHED_BY_CACHE);
    }
}

static void enter_roots(struct uf_reach *reach, const struct uf_graph *graph, int kind, bool own)
{
    for (uint32_t r = 0; r < graph->root_count; r++) {
        uf_node node = graph->roots[r].node;
        bool reached = reach->reached[node] && reach->reached[node] != SHELVED;
        if (reached || graph->roots[r].kind != kind || (graph->flags[node] & UF_NODE_OWN && !own))
            continue;
        reach->reached[node] = UF_REACHED;
        reach->root[node] = r;
        reach->order[reach->order_count++] = node;
    }
}

static void enter_waiting(struct uf_reach *reach)
{
    for (uf_node n = 0; n < reach->node_count; n++) {
        if (reach->reached[n] == WAITING) {
            reach->reached[n] = UF_REACHED;
            reach->order[reach->order_count++] = n;
        }
    }
}

static void count_garbage(struct uf_reach *reach, const struct uf_graph *graph)
{
    for (uf_node n = 0; n < reach->node_count; n++) {
        if (reach->reached[n] == SHELVED)
            reach->reached[n] = 0; /* its cache is garbage */
        if (!reach->reached[n] && !(graph->flags[n] & UF_NODE_OWN)) {
            reach->garbage_objects++;
            reach->garbage_bytes += uf_edges_size(graph, n);
        }
    }
}

static bool alloc(struct uf_reach *reach, size_t n)
{
    reach->parent = uf_mem_alloc(n * sizeof *reach->parent);
    reach->parent_edge = uf_mem_alloc(n * sizeof *reach->parent_edge);
    reach->root = uf_mem_alloc(n * sizeof *reach->root);
    reach->reached = uf_mem_zalloc(n);
    reach->order = uf_mem_alloc(n * sizeof *reach->order);
    return reach->parent && reach->parent_edge && reach->root && reach->reached && reach->order;
}

enum uf_code uf_reach_build(struct uf_reach *reach, const struct uf_graph *graph,
                            struct uf_error *err)
{
    size_t n = graph->node_count;
    *reach = (struct uf_reach){.node_count = graph->node_count};
    struct shelf shelf = {0};
    if (!alloc(reach, n) || !shelve(&shelf, reach, graph)) {
        uf_mem_free(shelf.kind);
        uf_reach_release(reach);
        return uf_error_nomem(err);
    }
    memset(reach->parent, 0xff, n * sizeof *reach->parent);
    memset(reach->parent_edge, 0xff, n * sizeof *reach->parent_edge);
    memset(reach->root, 0xff, n * sizeof *reach->root);
    uf_node next = 0;
    for (int kind = UF_ROOT_MODULE; kind <= UF_ROOT_NATIVE; kind++) {
        enter_roots(reach, graph, kind, false);
        spread_all(reach, graph, &shelf, &next, false);
    }
    reach->shared_count = reach->order_count;
    enter_waiting(reach);
    for (int kind = UF_ROOT_MODULE; kind <= UF_ROOT_NATIVE; kind++)
        enter_roots(reach, graph, kind, true);
    spread_all(reach, graph, &shelf, &next, true);
    count_garbage(reach, graph);
    uf_mem_free(shelf.kind);
    uf_mem_free(shelf.caches);
    return UF_OK;
}

void uf_reach_release(struct uf_reach *reach)
{
    uf_mem_free(reach->parent);
    uf_mem_free(reach->parent_edge);
    uf_mem_free(reach->root);
    uf_mem_free(reach->reached);
    uf_mem_free(reach->order);
    *reach = (struct uf_reach){0};
}

size_t uf_reach_path(const struct uf_reach *reach, uf_node node, uf_node *nodes, size_t max)
{
    if (node >= reach->node_count || !reach->reached[node])
        return 0;
    size_t len = 0;
    for (uf_node n = node; n != UF_NODE_NONE; n = reach->parent[n])
        len++;
    size_t at = len < max ? len : max;
    for (uf_node n = node; at > 0; n = reach->parent[n])
        nodes[--at] = n;
    return len;
}

/* Life and death without some references. `mark` by node: what is known of it, and whether one
 * of its references is cut. */
enum { ALIVE = 1, FREED = 2, KNOWN = ALIVE | FREED, HAS_CUT = 4, OWN_WAITING = 8 };

struct without {
    const struct uf_graph *graph;
    const uint32_t *cut;
    size_t cut_count;
    uint8_t *mark;
    uf_node *queue;
    uf_node len, next;
};

static void enter(struct without *w, uf_node node, uint8_t mark, bool own)
{
    if (w->mark[node] & KNOWN)
        return;
    if (!own && w->graph->flags[node] & UF_NODE_OWN) {
        w->mark[node] |= OWN_WAITING;
        return;
    }
    w->mark[node] |= mark;
    w->queue[w->len++] = node;
}

/* Marks all that the queue leads to; over references that are cut only when it marks what is
 * freed. */
static void spread_without(struct without *w, uint8_t mark, bool own)
{
    const struct uf_graph *graph = w->graph;
    for (; w->next < w->len; w->next++) {
        uf_edges_prefetch(graph, w->queue, w->next, w->len, w->mark, sizeof *w->mark);
        uf_node source = w->queue[w->next];
        bool check = mark == ALIVE && w->mark[source] & HAS_CUT;
        for (uint32_t e = graph->edge_start[source]; e < graph->edge_start[source + 1]; e++) {
            if (!check || !uf_edges_among(w->cut, w->cut_count, e))
                enter(w, graph->edge_target[e], mark, own);
        }
    }
}

/* What was alive by a cut reference only: starts behind each whose source is alive. */
static void spread_behind_cuts(struct without *w, bool own)
{
    for (size_t c = 0; c < w->cut_count; c++) {
        if (w->mark[uf_edges_source(w->graph, w->cut[c])] & ALIVE)
            enter(w, w->graph->edge_target[w->cut[c]], FREED, own);
    }
    spread_without(w, FREED, own);
}

static void walk_without(struct without *w)
{
    const struct uf_graph *graph = w->graph;
    for (size_t c = 0; c < w->cut_count; c++)
        w->mark[uf_edges_source(graph, w->cut[c])] |= HAS_CUT;
    for (uint32_t r = 0; r < graph->root_count; r++)
        enter(w, graph->roots[r].node, ALIVE, false);
    spread_without(w, ALIVE, false);
    spread_behind_cuts(w, false);
    for (uf_node n = 0; n < graph->node_count; n++) { /* and now what only own objects hold */
        if (w->mark[n] & OWN_WAITING)
            enter(w, n, ALIVE, true);
    }
    spread_without(w, ALIVE, true);
    spread_behind_cuts(w, true);
}

enum uf_code uf_reach_without(const struct uf_graph *graph, const uint32_t *cut, size_t cut_count,
                              uint8_t *freed, uint64_t *freed_objects, uint64_t *freed_bytes,
                              struct uf_error *err)
{
    for (size_t c = 0; c < cut_count; c++) {
        if (cut[c] >= graph->edge_count || (c > 0 && cut[c] <= cut[c - 1]))
            return uf_error_set(err, UF_EINVAL, "references to cut are not in ascending order");
    }
    struct without w = {.graph = graph, .cut = cut, .cut_count = cut_count};
    w.mark = uf_mem_zalloc(graph->node_count);
    w.queue = uf_mem_alloc((size_t)graph->node_count * sizeof *w.queue);
    enum uf_code code = w.mark && w.queue ? UF_OK : uf_error_nomem(err);
    if (code == UF_OK) {
        walk_without(&w);
        *freed_objects = *freed_bytes = 0;
        if (freed)
            memset(freed, 0, graph->node_count);
        for (uf_node i = 0; i < w.len; i++) {
            uf_node n = w.queue[i];
            if (!(w.mark[n] & FREED) || graph->flags[n] & UF_NODE_OWN)
                continue;
            ++*freed_objects;
            *freed_bytes += uf_edges_size(graph, n);
            if (freed)
                freed[n] = 1;
        }
    }
    uf_mem_free(w.mark);
    uf_mem_free(w.queue);
    return code;
}
