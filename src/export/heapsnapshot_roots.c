#include "export/heapsnapshot_roots.h"

#include "analysis/generalise.h"

/* In `part`, beside the part. */
enum {
    HELD = 4,  /* garbage that other garbage holds */
    SEEN = 8,  /* garbage below what the group holds already */
    ENTRY = 16 /* an own object that something alive refers to */
};

/* --- parts -------------------------------------------------------------------------------------- */

/* A shortest path goes through an own object only where there is no other (analysis/reach.h). */
static void mark_parts(uint8_t *part, const struct uf_graph *graph, const struct uf_reach *reach)
{
    for (uf_node n = 0; n < graph->node_count; n++)
        part[n] = UF_HS_GARBAGE;
    for (uf_node i = 0; i < reach->order_count; i++) {
        uf_node node = reach->order[i], parent = reach->parent[node];
        bool own = graph->flags[node] & UF_NODE_OWN ||
                   (parent != UF_NODE_NONE && part[parent] == UF_HS_OWN);
        part[node] = own ? UF_HS_OWN : UF_HS_ALIVE;
    }
}

static void mark_held(uint8_t *part, const struct uf_graph *graph)
{
    for (uf_node n = 0; n < graph->node_count; n++) {
        uint8_t from = part[n] & UF_HS_PART_MASK;
        for (uint32_t e = graph->edge_start[n]; e < graph->edge_start[n + 1]; e++) {
            uf_node target = graph->edge_target[e];
            uint8_t to = part[target] & UF_HS_PART_MASK;
            if (from == UF_HS_GARBAGE && to == UF_HS_GARBAGE && target != n)
                part[target] |= HELD;
            else if (from == UF_HS_ALIVE && to == UF_HS_OWN)
                part[target] |= ENTRY;
        }
    }
}

/* --- groups ------------------------------------------------------------------------------------- */

static bool is_system(uint8_t kind)
{
    return kind != UF_ROOT_MODULE && kind != UF_ROOT_THREAD && kind != UF_ROOT_INTERPRETER;
}

/* Static types and native code are one group each, whatever the names. */
static uint64_t group_key(const struct uf_graph_root *root)
{
    bool one = root->kind == UF_ROOT_STATIC_TYPE || root->kind == UF_ROOT_NATIVE;
    return ((uint64_t)root->kind << 32 | (one ? 0 : root->name)) + 1;
}

static uint32_t group_name(const struct uf_graph *graph, const struct uf_graph_root *root,
                           struct uf_hs_names *names)
{
    struct uf_text text = {0};
    if (root->kind == UF_ROOT_STATIC_TYPE)
        uf_text_add_z(&text, "static types");
    else
        uf_generalise_root(graph, root, false, &text);
    uint32_t name = text.failed ? 0 : uf_hs_text(names, text.at);
    names->failed |= text.failed;
    uf_text_release(&text);
    return name;
}

/* Even, so that it is no object's; by the name, so that the same group has the same id in every file. */
static uint32_t group_id(struct uf_map *ids, const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    uint32_t id = hash << 1;
    while (id == 0 || uf_map_get(ids, id) != UF_MAP_NONE)
        id += 2;
    return id;
}

static int push_group(struct uf_hs_roots *roots, struct uf_map *ids, struct uf_hs_group group,
                      const struct uf_hs_names *names)
{
    group.id = group_id(ids, uf_strings_get(&names->strings, group.name));
    if (uf_map_set(ids, group.id, 0))
        return -1;
    return uf_vec_push(&roots->groups, group);
}

/* Groups in the order in which the graph's roots name them; `group_of` by root. */
static int make_groups(struct uf_hs_roots *roots, struct uf_map *ids, uint32_t *group_of,
                       const struct uf_graph *graph, struct uf_hs_names *names)
{
    struct uf_map known = {0};
    int done = 0;
    for (uint32_t r = 0; r < graph->root_count && done == 0; r++) {
        const struct uf_graph_root *root = &graph->roots[r];
        uint32_t number = uf_map_get(&known, group_key(root));
        if (number == UF_MAP_NONE) {
            number = (uint32_t)roots->groups.len;
            struct uf_hs_group group = {.name = group_name(graph, root, names),
                                        .system = is_system(root->kind)};
            done = uf_map_set(&known, group_key(root), number) ||
                   push_group(roots, ids, group, names);
        }
        if (done == 0)
            roots->groups.at[number].end++;
        group_of[r] = number;
    }
    uf_map_release(&known);
    return done;
}

static int fill_groups(struct uf_hs_roots *roots, const uint32_t *group_of,
                       const struct uf_graph *graph)
{
    uint32_t sum = 0;
    if (uf_vec_reserve(&roots->items, graph->root_count))
        return -1;
    roots->items.len = graph->root_count;
    for (size_t g = 0; g < roots->groups.len; g++) {
        struct uf_hs_group *group = &roots->groups.at[g];
        uint32_t count = group->end;
        group->first = group->end = sum;
        sum += count;
    }
    for (uint32_t r = 0; r < graph->root_count; r++)
        roots->items.at[roots->groups.at[group_of[r]].end++] = r;
    return 0;
}

static int add_root_groups(struct uf_hs_roots *roots, struct uf_map *ids,
                           const struct uf_graph *graph, struct uf_hs_names *names)
{
    uint32_t *group_of = uf_mem_alloc(((size_t)graph->root_count + 1) * sizeof *group_of);
    int done = group_of ? make_groups(roots, ids, group_of, graph, names) : -1;
    if (done == 0)
        done = fill_groups(roots, group_of, graph);
    uf_mem_free(group_of);
    return done;
}

/* --- own objects and garbage -------------------------------------------------------------------- */

static int add_own(struct uf_hs_roots *roots, const struct uf_graph *graph)
{
    for (uf_node n = 0; n < graph->node_count; n++)
        if (roots->part[n] & ENTRY && uf_vec_push(&roots->items, n))
            return -1;
    return 0;
}

/* Takes `head` into the group and marks all garbage below it. */
static int take(struct uf_hs_roots *roots, const struct uf_graph *graph, uf_node head)
{
    UF_VEC(uf_node) stack = {0};
    int done = uf_vec_push(&roots->items, head) || uf_vec_push(&stack, head) ? -1 : 0;
    roots->part[head] |= SEEN;
    while (stack.len > 0 && done == 0) {
        uf_node node = stack.at[--stack.len];
        for (uint32_t e = graph->edge_start[node]; e < graph->edge_start[node + 1]; e++) {
            uf_node target = graph->edge_target[e];
            uint8_t part = roots->part[target];
            if ((part & UF_HS_PART_MASK) != UF_HS_GARBAGE || part & SEEN)
                continue;
            roots->part[target] |= SEEN;
            if (uf_vec_push(&stack, target)) {
                done = -1;
                break;
            }
        }
    }
    uf_vec_release(&stack);
    return done;
}

static int add_garbage(struct uf_hs_roots *roots, const struct uf_graph *graph)
{
    for (int held = 0; held <= HELD; held += HELD) {
        for (uf_node n = 0; n < graph->node_count; n++) {
            uint8_t part = roots->part[n];
            if ((part & UF_HS_PART_MASK) != UF_HS_GARBAGE || part & SEEN || (part & HELD) != held)
                continue;
            if (take(roots, graph, n))
                return -1;
        }
    }
    return 0;
}

static int add_node_group(struct uf_hs_roots *roots, struct uf_map *ids, const char *name,
                          int (*add)(struct uf_hs_roots *, const struct uf_graph *),
                          const struct uf_graph *graph, struct uf_hs_names *names)
{
    uint32_t first = (uint32_t)roots->items.len;
    if (add(roots, graph))
        return -1;
    if (roots->items.len == first)
        return 0;
    struct uf_hs_group group = {.name = uf_hs_text(names, name),
                                .system = true,
                                .of_nodes = true,
                                .first = first,
                                .end = (uint32_t)roots->items.len};
    return push_group(roots, ids, group, names);
}

/* --- the whole ---------------------------------------------------------------------------------- */

enum uf_code uf_hs_roots_init(struct uf_hs_roots *roots, const struct uf_graph *graph,
                              const struct uf_reach *reach, struct uf_hs_names *names,
                              struct uf_error *err)
{
    struct uf_map ids = {0};
    *roots = (struct uf_hs_roots){0};
    roots->part = uf_mem_alloc((size_t)graph->node_count + 1);
    int done = roots->part ? 0 : -1;
    if (done == 0) {
        mark_parts(roots->part, graph, reach);
        mark_held(roots->part, graph);
        done =
            add_root_groups(roots, &ids, graph, names) ||
            add_node_group(roots, &ids, "(garbage: nothing holds it)", add_garbage, graph, names) ||
            add_node_group(roots, &ids, "(unfreed itself)", add_own, graph, names);
    }
    uf_map_release(&ids);
    if (done == 0 && !names->failed)
        return UF_OK;
    uf_hs_roots_release(roots);
    return uf_error_nomem(err);
}

void uf_hs_roots_release(struct uf_hs_roots *roots)
{
    uf_mem_free(roots->part);
    uf_vec_release(&roots->groups);
    uf_vec_release(&roots->items);
    *roots = (struct uf_hs_roots){0};
}

uf_node uf_hs_group_target(const struct uf_hs_roots *roots, const struct uf_graph *graph,
                           const struct uf_hs_group *group, uint32_t item)
{
    uint32_t what = roots->items.at[item];
    return group->of_nodes ? what : graph->roots[what].node;
}

struct uf_hs_edge_name uf_hs_group_edge(const struct uf_hs_roots *roots,
                                        const struct uf_graph *graph, struct uf_hs_names *names,
                                        const struct uf_hs_group *group, uint32_t item)
{
    struct uf_hs_edge_name element = {UF_HS_ELEMENT, item - group->first};
    if (group->of_nodes)
        return element;
    const struct uf_graph_root *root = &graph->roots[roots->items.at[item]];
    const char *label = uf_strings_get(
        &graph->strings, root->kind == UF_ROOT_STATIC_TYPE ? root->name : root->label);
    if (root->kind == UF_ROOT_MODULE)
        label = "module";
    if (label[0] == '\0' || root->kind == UF_ROOT_NATIVE)
        return element;
    enum uf_hs_edge_type type = root->kind == UF_ROOT_THREAD ? UF_HS_CONTEXT : UF_HS_INTERNAL;
    return (struct uf_hs_edge_name){type, uf_hs_text(names, label)};
}
