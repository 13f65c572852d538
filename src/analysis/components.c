#include "analysis/components.h"

#include "base/vec.h"

/* While searching, component[n] is 0: not seen; below FIRST - found: the smallest index that n
 * leads to, among nodes whose component is still open; above: its component, numbered from FIRST
 * down. */
#define FIRST (UINT32_MAX - 1)

struct frame {
    uf_node node;
    uint32_t edge;  /* the next reference to follow */
    uint32_t index; /* when it was met; the node that leads to no smaller one opens a component */
};

struct search {
    const struct uf_graph *graph;
    const uint8_t *member;
    struct uf_components *ret;
    UF_VEC(struct frame) path;
    UF_VEC(uf_node) open; /* left, but not yet in a component */
    uint32_t index, found;
};

static int enter(struct search *s, uf_node node)
{
    s->ret->component[node] = ++s->index;
    struct frame frame = {.node = node, .edge = s->graph->edge_start[node], .index = s->index};
    return uf_vec_push(&s->path, frame);
}

static bool refers_to_itself(const struct uf_graph *graph, uf_node node)
{
    for (uint32_t e = graph->edge_start[node]; e < graph->edge_start[node + 1]; e++) {
        if (graph->edge_target[e] == node)
            return true;
    }
    return false;
}

/* The last node of the path has no more references to follow. */
static int leave(struct search *s)
{
    uint32_t *low = s->ret->component;
    struct frame frame = s->path.at[--s->path.len];
    uf_node node = frame.node;
    if (low[node] < frame.index) {
        uf_node above = s->path.at[s->path.len - 1].node;
        if (low[node] < low[above])
            low[above] = low[node];
        return uf_vec_push(&s->open, node);
    }
    size_t before = s->open.len;
    while (s->open.len > 0 && low[s->open.at[s->open.len - 1]] >= frame.index)
        low[s->open.at[--s->open.len]] = FIRST - s->found;
    s->index = frame.index - 1;
    low[node] = FIRST - s->found;
    if (before > s->open.len || refers_to_itself(s->graph, node))
        s->found++;
    else
        low[node] = UINT32_MAX;
    return 0;
}

static int search_from(struct search *s, uf_node root)
{
    uint32_t *low = s->ret->component;
    if (enter(s, root))
        return -1;
    while (s->path.len > 0) {
        struct frame *frame = &s->path.at[s->path.len - 1];
        if (frame->edge == s->graph->edge_start[frame->node + 1]) {
            if (leave(s))
                return -1;
            continue;
        }
        uf_node target = s->graph->edge_target[frame->edge++];
        if (!s->member[target])
            continue;
        s->ret->references[target]++;
        if (low[target] == 0) {
            if (enter(s, target))
                return -1;
        } else if (low[target] < low[frame->node]) {
            low[frame->node] = low[target];
        }
    }
    return 0;
}

/* Numbers from 0 in the order of the first nodes. */
static int number_components(struct search *s)
{
    struct uf_components *ret = s->ret;
    uint32_t *number = uf_mem_zalloc((size_t)s->found * sizeof *number); /* + 1 */
    ret->first_of = uf_mem_alloc((size_t)s->found * sizeof *ret->first_of);
    ret->size_of = uf_mem_zalloc((size_t)s->found * sizeof *ret->size_of);
    int failed = number && ret->first_of && ret->size_of ? 0 : -1;
    for (uf_node n = 0; !failed && n < s->graph->node_count; n++) {
        uint32_t found = ret->component[n];
        ret->component[n] = UINT32_MAX;
        if (!s->member[n] || found == UINT32_MAX)
            continue;
        uint32_t *c = &number[FIRST - found];
        if (*c == 0) {
            ret->first_of[ret->count] = n;
            *c = ++ret->count;
        }
        ret->component[n] = *c - 1;
        ret->size_of[*c - 1]++;
    }
    uf_mem_free(number);
    return failed;
}

static int build(struct search *s)
{
    size_t n = s->graph->node_count;
    s->ret->component = uf_mem_zalloc(n * sizeof *s->ret->component);
    s->ret->references = uf_mem_zalloc(n * sizeof *s->ret->references);
    if (!s->ret->component || !s->ret->references)
        return -1;
    for (uf_node root = 0; root < n; root++) {
        if (s->member[root] && s->ret->component[root] == 0 && search_from(s, root))
            return -1;
    }
    return number_components(s);
}

enum uf_code uf_components_build(struct uf_components *components, const struct uf_graph *graph,
                                 const uint8_t *member, struct uf_error *err)
{
    *components = (struct uf_components){0};
    struct search search = {.graph = graph, .member = member, .ret = components};
    int failed = build(&search);
    uf_vec_release(&search.path);
    uf_vec_release(&search.open);
    if (failed) {
        uf_components_release(components);
        return uf_error_nomem(err);
    }
    return UF_OK;
}

void uf_components_release(struct uf_components *components)
{
    uf_mem_free(components->component);
    uf_mem_free(components->references);
    uf_mem_free(components->first_of);
    uf_mem_free(components->size_of);
    *components = (struct uf_components){0};
}
