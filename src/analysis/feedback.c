#include "analysis/feedback.h"

#include "base/mem.h"

#include <string.h>

#define NO_PLACE UINT32_MAX

struct rest {
    const struct uf_graph *graph;
    const uint32_t *component;
    uint32_t chosen;       /* the component looked at */
    const uint32_t *cycle; /* C */
    uint32_t len;
    uint32_t *place; /* by node: on C; NO_PLACE: not on it */
    /* By node, places on C that the rest without C's references connects with it. */
    uint32_t *last;    /* the last place it leads to, + 1 */
    uint32_t *first;   /* the first place it leads to */
    uint32_t *origin;  /* the last place that leads to it, + 1 */
    uint32_t *holders; /* by node: references to it not yet worked off */
    uf_node *order;    /* holders before what they hold */
    size_t order_len;
};

enum uf_code uf_feedback_walk(uf_edge_vec *walk, const struct uf_graph *graph,
                              const struct uf_components *components, uf_node from, uf_node to,
                              struct uf_error *err)
{
    uint32_t chosen = components->component[from];
    uf_node *queue = uf_mem_alloc((size_t)components->size_of[chosen] * sizeof *queue);
    uint32_t *by = uf_mem_zalloc((size_t)graph->node_count * sizeof *by); /* edge + 1 */
    uf_node *above = uf_mem_alloc((size_t)graph->node_count * sizeof *above);
    size_t len = 0, steps = 0;
    if (queue && by && above)
        queue[len++] = from;
    for (size_t i = 0; i < len && by[to] == 0; i++) {
        uf_node source = queue[i];
        for (uint32_t e = graph->edge_start[source]; e < graph->edge_start[source + 1]; e++) {
            uf_node target = graph->edge_target[e];
            if (components->component[target] != chosen || by[target] != 0)
                continue;
            by[target] = e + 1;
            above[target] = source;
            if (target != from)
                queue[len++] = target;
        }
    }
    enum uf_code code = len > 0 ? UF_OK : uf_error_nomem(err);
    if (code == UF_OK) {
        uf_node at = to;
        do {
            steps++;
            at = above[at];
        } while (at != from);
        code = uf_vec_reserve(walk, walk->len + steps) ? uf_error_nomem(err) : UF_OK;
    }
    if (code == UF_OK) {
        walk->len += steps;
        uf_node at = to;
        for (size_t i = 1; i <= steps; i++) {
            walk->at[walk->len - i] = by[at] - 1;
            at = above[at];
        }
    }
    uf_mem_free(queue);
    uf_mem_free(by);
    uf_mem_free(above);
    return code;
}

/* The place on C after place `p`. */
static uint32_t after(const struct rest *r, uint32_t p)
{
    return p + 1 < r->len ? p + 1 : 0;
}

/* Whether source -> target belongs to the rest: inside the component and not part of C. */
static bool in_rest(const struct rest *r, uf_node source, uf_node target)
{
    return r->component[target] == r->chosen &&
           !(r->place[source] != NO_PLACE && r->place[target] == after(r, r->place[source]));
}

/* Orders the nodes; false when the rest has a cycle. */
static bool order_rest(struct rest *r)
{
    const struct uf_graph *graph = r->graph;
    size_t nodes = 0;
    for (uf_node n = 0; n < graph->node_count; n++) {
        if (r->component[n] != r->chosen)
            continue;
        nodes++;
        for (uint32_t e = graph->edge_start[n]; e < graph->edge_start[n + 1]; e++)
            r->holders[graph->edge_target[e]] += in_rest(r, n, graph->edge_target[e]);
    }
    for (uf_node n = 0; n < graph->node_count; n++) {
        if (r->component[n] == r->chosen && r->holders[n] == 0)
            r->order[r->order_len++] = n;
    }
    for (size_t i = 0; i < r->order_len; i++) {
        uf_node n = r->order[i];
        for (uint32_t e = graph->edge_start[n]; e < graph->edge_start[n + 1]; e++) {
            uf_node target = graph->edge_target[e];
            if (in_rest(r, n, target) && --r->holders[target] == 0)
                r->order[r->order_len++] = target;
        }
    }
    return r->order_len == nodes;
}

static void connect_places(struct rest *r)
{
    const struct uf_graph *graph = r->graph;
    for (size_t i = 0; i < r->order_len; i++) {
        uf_node n = r->order[i];
        r->last[n] = r->place[n] + 1; /* NO_PLACE + 1 is 0 */
        r->first[n] = r->place[n];
        if (r->last[n] > r->origin[n])
            r->origin[n] = r->last[n];
        for (uint32_t e = graph->edge_start[n]; e < graph->edge_start[n + 1]; e++) {
            uf_node target = graph->edge_target[e];
            if (in_rest(r, n, target) && r->origin[target] < r->origin[n])
                r->origin[target] = r->origin[n];
        }
    }
    for (size_t i = r->order_len; i > 0; i--) {
        uf_node n = r->order[i - 1];
        for (uint32_t e = graph->edge_start[n]; e < graph->edge_start[n + 1]; e++) {
            uf_node target = graph->edge_target[e];
            if (!in_rest(r, n, target))
                continue;
            if (r->last[target] > r->last[n])
                r->last[n] = r->last[target];
            if (r->first[target] < r->first[n])
                r->first[n] = r->first[target];
        }
    }
}

static uf_node node_at(const struct rest *r, uint32_t place)
{
    return r->graph->edge_target[r->cycle[place ? place - 1 : r->len - 1]];
}

/* A jump from place i to j > i passes by the references i .. j - 1; one to j < i those from i on
 * and those up to j - 1. */
static void find_enough(const struct rest *r, struct uf_feedback *ret)
{
    uint32_t forwards = 0, back_from = UINT32_MAX, back_to = 0;
    for (uint32_t p = 0; p < r->len; p++) {
        uf_node n = node_at(r, p);
        if (r->first[n] < p && back_from == UINT32_MAX)
            back_from = p;
        if (r->origin[n] > p + 1)
            back_to = p;
    }
    for (uint32_t p = 0; p < r->len; p++) {
        uf_node n = node_at(r, p);
        if (r->last[n] - 1 > forwards)
            forwards = r->last[n] - 1;
        ret->enough[p] = forwards <= p && p < back_from && p >= back_to;
        ret->enough_count += ret->enough[p];
    }
}

static void count_parallel(const struct rest *r, struct uf_feedback *ret)
{
    const struct uf_graph *graph = r->graph;
    for (uint32_t p = 0; p < r->len; p++) {
        uf_node source = node_at(r, p), target = graph->edge_target[r->cycle[p]];
        for (uint32_t e = graph->edge_start[source]; e < graph->edge_start[source + 1]; e++)
            ret->parallel[p] += graph->edge_target[e] == target;
    }
}

static bool alloc(struct rest *r, struct uf_feedback *ret)
{
    size_t n = r->graph->node_count;
    r->place = uf_mem_alloc(n * sizeof *r->place);
    r->last = uf_mem_alloc(n * sizeof *r->last);
    r->first = uf_mem_alloc(n * sizeof *r->first);
    r->origin = uf_mem_zalloc(n * sizeof *r->origin);
    r->holders = uf_mem_zalloc(n * sizeof *r->holders);
    r->order = uf_mem_alloc(n * sizeof *r->order);
    ret->parallel = uf_mem_zalloc(r->len * sizeof *ret->parallel);
    ret->enough = uf_mem_zalloc(r->len);
    return r->place && r->last && r->first && r->origin && r->holders && r->order &&
           ret->parallel && ret->enough;
}

enum uf_code uf_feedback_find(struct uf_feedback *feedback, const struct uf_graph *graph,
                              const struct uf_components *components, uint32_t component,
                              struct uf_error *err)
{
    *feedback = (struct uf_feedback){0};
    uf_node start = components->first_of[component];
    enum uf_code code = uf_feedback_walk(&feedback->cycle, graph, components, start, start, err);
    if (code != UF_OK)
        return code;
    struct rest r = {.graph = graph,
                     .component = components->component,
                     .chosen = component,
                     .cycle = feedback->cycle.at,
                     .len = (uint32_t)feedback->cycle.len};
    if (alloc(&r, feedback)) {
        memset(r.place, 0xff, (size_t)graph->node_count * sizeof *r.place);
        for (uint32_t p = 0; p < r.len; p++)
            r.place[node_at(&r, p)] = p;
        count_parallel(&r, feedback);
        if (order_rest(&r)) {
            connect_places(&r);
            find_enough(&r, feedback);
        }
    } else {
        uf_feedback_release(feedback);
        code = uf_error_nomem(err);
    }
    uf_mem_free(r.place);
    uf_mem_free(r.last);
    uf_mem_free(r.first);
    uf_mem_free(r.origin);
    uf_mem_free(r.holders);
    uf_mem_free(r.order);
    return code;
}

void uf_feedback_release(struct uf_feedback *feedback)
{
    uf_vec_release(&feedback->cycle);
    uf_mem_free(feedback->parallel);
    uf_mem_free(feedback->enough);
    *feedback = (struct uf_feedback){0};
}
