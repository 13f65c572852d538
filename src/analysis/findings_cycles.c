/* findings_cycles.c - cycles as findings: those that wait for the collector, and those that it
 * leaves. */
#include "analysis/cycle_walk.h"
#include "analysis/findings_private.h"

#include "analysis/edges.h"

#include <math.h>
#include <string.h>

#define FINDINGS_MAX 10
/* Explaining costs: so many shapes of components are explained, the heaviest first. */
#define SHAPES_MAX 48
/* Of one shape so many are cut in the copy in which the fix is tried ... */
#define CUT_MAX 8
/* ... and of larger ones the first only. */
#define CUT_SMALL_NODES 2000

/* Components that hold the same number of objects of the same types: one fault made several
 * times. */
struct shape {
    uint64_t key;
    uint32_t component; /* the first of them */
    uint32_t count;
    uint64_t objects, bytes; /* of all */
};

struct cycles {
    struct uf_view view;
    const uint8_t *member;
    struct uf_components components;
    uint64_t *key; /* by component */
    uint64_t *bytes;
    UF_VEC(struct shape) shapes;
};

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static void cycles_release(struct cycles *cycles)
{
    uf_components_release(&cycles->components);
    uf_mem_free(cycles->key);
    uf_mem_free(cycles->bytes);
    uf_vec_release(&cycles->shapes);
}

static enum uf_code find_shapes(struct cycles *cycles, struct uf_error *err)
{
    const struct uf_graph *graph = cycles->view.graph;
    uint32_t count = cycles->components.count;
    cycles->key = uf_mem_zalloc(((size_t)count + 1) * sizeof *cycles->key);
    cycles->bytes = uf_mem_zalloc(((size_t)count + 1) * sizeof *cycles->bytes);
    if (!cycles->key || !cycles->bytes)
        return uf_error_nomem(err);
    for (uf_node n = 0; n < graph->node_count; n++) {
        uint32_t c = cycles->components.component[n];
        if (c == UINT32_MAX)
            continue;
        cycles->key[c] += mix(graph->type[n] + 1u);
        cycles->bytes[c] += uf_edges_size(graph, n);
    }
    struct uf_map shape_of_key = {0};
    enum uf_code code = UF_OK;
    for (uint32_t c = 0; c < count && !code; c++) {
        uint64_t key = mix(cycles->key[c] ^ cycles->components.size_of[c]) | 1;
        uint32_t found = uf_map_get(&shape_of_key, key);
        if (found == UF_MAP_NONE) {
            struct shape shape = {.key = key, .component = c};
            found = (uint32_t)cycles->shapes.len;
            if (uf_vec_push(&cycles->shapes, shape) || uf_map_set(&shape_of_key, key, found))
                code = uf_error_nomem(err);
        }
        if (!code) {
            struct shape *shape = &cycles->shapes.at[found];
            shape->count++;
            shape->objects += cycles->components.size_of[c];
            shape->bytes += cycles->bytes[c];
        }
    }
    uf_map_release(&shape_of_key);
    return code;
}

/* Heaviest first; equal ones as they were found. */
static void sort_shapes(struct cycles *cycles)
{
    for (size_t i = 1; i < cycles->shapes.len; i++) {
        struct shape shape = cycles->shapes.at[i];
        size_t k = i;
        for (; k > 0 && shape.bytes > cycles->shapes.at[k - 1].bytes; k--)
            cycles->shapes.at[k] = cycles->shapes.at[k - 1];
        cycles->shapes.at[k] = shape;
    }
}

static enum uf_code cycles_find(struct cycles *cycles, struct uf_error *err)
{
    enum uf_code code =
        uf_components_build(&cycles->components, cycles->view.graph, cycles->member, err);
    if (!code)
        code = find_shapes(cycles, err);
    if (!code && cycles->shapes.len <= 4096)
        sort_shapes(cycles);
    return code;
}

static struct uf_finding *find_by_id(struct uf_check_result *result, const char *id)
{
    for (size_t i = 0; i < result->findings.len; i++)
        if (result->findings.at[i].id && strcmp(result->findings.at[i].id, id) == 0)
            return &result->findings.at[i];
    return NULL;
}

/* Where the component's objects of the finding's type were allocated. */
static enum uf_code fill_births(const struct cycles *cycles, uint32_t component,
                                struct uf_finding *finding, struct uf_error *err)
{
    const struct uf_graph *graph = cycles->view.graph;
    uf_node_list nodes = {0};
    enum uf_code code = UF_OK;
    for (uf_node n = 0; n < graph->node_count && cycles->view.births && !code; n++)
        if (cycles->components.component[n] == component && finding->type &&
            strcmp(uf_graph_type_name(graph, n), finding->type) == 0 && uf_vec_push(&nodes, n))
            code = uf_error_nomem(err);
    if (!code)
        code = uf_finding_fill_births(&cycles->view, nodes.at, nodes.len, finding, err);
    uf_vec_release(&nodes);
    return code;
}

static enum uf_code enter_cuts(const struct cycles *cycles, const struct uf_cycle *cycle,
                               struct uf_cuts *cuts, struct uf_error *err)
{
    const struct uf_graph *graph = cycles->view.graph;
    bool failed = false;
    cuts->by_counting = true;
    for (size_t i = 0; i < cycle->cuts.len && !failed; i++) {
        uint32_t edge = cycle->cuts.at[i];
        struct uf_cut cut = {.source = uf_edges_source(graph, edge), .edge = edge};
        failed = uf_vec_push(&cuts->references, cut) != 0;
        for (size_t k = cuts->references.len - 1; k > 0 && !failed; k--) {
            if (cuts->references.at[k - 1].edge < edge)
                break;
            cuts->references.at[k] = cuts->references.at[k - 1];
            cuts->references.at[k - 1] = cut;
        }
    }
    for (size_t i = 0; i < cycle->kept.len && !failed; i++)
        failed = uf_vec_push(&cuts->objects, cycle->kept.at[i]) != 0;
    return failed ? uf_error_nomem(err) : UF_OK;
}

/* The other cycles of the shape are cut where they would be cut: each is a call's, or one of many
 * of the same call. */
static enum uf_code enter_alike(const struct cycles *cycles, const struct shape *shape,
                                struct uf_cuts *cuts, struct uf_error *err)
{
    enum uf_code code = UF_OK;
    uint32_t found = 1;
    if (cuts->objects.len > CUT_SMALL_NODES)
        return UF_OK;
    for (uint32_t c = shape->component + 1; c < cycles->components.count && !code; c++) {
        struct uf_cycle cycle = {0};
        if (found >= CUT_MAX || found >= shape->count)
            break;
        if ((mix(cycles->key[c] ^ cycles->components.size_of[c]) | 1) != shape->key)
            continue;
        found++;
        code = uf_cycle_explain(&cycle, cycles->view.graph, cycles->view.names, cycles->member,
                                &cycles->components, c, err);
        if (!code)
            code = enter_cuts(cycles, &cycle, cuts, err);
        uf_cycle_release(&cycle);
    }
    return code;
}

static enum uf_code explain(const struct cycles *cycles, const struct shape *shape,
                            const char *function, struct uf_finding *finding, struct uf_error *err)
{
    struct uf_cycle cycle = {0};
    enum uf_code code = uf_cycle_explain(&cycle, cycles->view.graph, cycles->view.names,
                                         cycles->member, &cycles->components, shape->component,
                                         err);
    if (code)
        return code;
    finding->kind = UF_KIND_CYCLE;
    code = uf_cycle_walk_fill(&cycles->view, &cycle, function, finding, err);
    finding->objects_per_call = (double)(cycle.frees_objects * shape->count);
    finding->bytes_per_call = (double)(cycle.frees_bytes * shape->count);
    finding->retained_bytes_per_call = finding->bytes_per_call;
    finding->objects = finding->objects_per_call;
    finding->bytes = finding->bytes_per_call;
    finding->fix_frees_objects = finding->objects;
    finding->fix_frees_bytes = finding->bytes;
    finding->fix_how = UF_FIX_GRAPH;
    finding->fix_verified = cycle.frees_all;
    if (!code && !cycle.frees_all) {
        finding->fix_why_not =
            uf_mem_printf("more than %d references would have to be cut", UF_CYCLE_CUTS_MAX);
        if (!finding->fix_why_not)
            code = uf_error_nomem(err);
    }
    if (!code && cycle.frees_all)
        code = enter_cuts(cycles, &cycle, &finding->cuts, err);
    if (!code && cycle.frees_all)
        code = enter_alike(cycles, shape, &finding->cuts, err);
    uf_cycle_release(&cycle);
    return code ? code : fill_births(cycles, shape->component, finding, err);
}

/* Findings of one look are added up by id; those of an earlier look are raised to the larger
 * figures. */
static enum uf_code enter_finding(struct uf_check_result *result, struct uf_finding *finding,
                                  size_t first_of_look, struct uf_error *err)
{
    struct uf_finding *known = find_by_id(result, finding->id);
    if (!known)
        return uf_findings_push(result, finding, err);
    if (known->severity == UF_SEVERITY_DELAYED && finding->severity == UF_SEVERITY_LEAK) {
        /* seen among what waits for the collector, and still there after it */
        uf_finding_release(known);
        *known = *finding;
        return UF_OK;
    }
    bool same_look = (size_t)(known - result->findings.at) >= first_of_look;
    double *const figures[] = {
        &known->objects_per_call, &known->bytes_per_call, &known->retained_bytes_per_call,
        &known->objects,          &known->bytes,          &known->fix_frees_objects,
        &known->fix_frees_bytes};
    const double values[] = {
        finding->objects_per_call, finding->bytes_per_call, finding->retained_bytes_per_call,
        finding->objects,          finding->bytes,          finding->fix_frees_objects,
        finding->fix_frees_bytes};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (same_look)
            *figures[i] += values[i];
        else if (!(*figures[i] >= values[i]))
            *figures[i] = values[i];
    }
    known->fix_verified &= finding->fix_verified;
    if (known->allocated_at.len == 0 && finding->allocated_at.len > 0) {
        known->allocated_at = finding->allocated_at;
        known->allocated_at_earlier = finding->allocated_at_earlier;
        finding->allocated_at = (uf_stack_frames){0};
    }
    enum uf_code code = UF_OK;
    if (same_look)
        code = uf_cuts_join(&known->cuts, &finding->cuts, err);
    uf_finding_release(finding);
    return code;
}

static enum uf_code fill_delayed(struct uf_finding *finding, struct uf_error *err)
{
    finding->severity = UF_SEVERITY_DELAYED;
    finding->collectable = true;
    finding->collectable_why =
        uf_mem_strdup("nothing outside of the cycle holds it, and all types in it take part "
                      "in garbage collection");
    finding->path_root = uf_mem_strdup("nothing (it waits for the collector)");
    return finding->collectable_why && finding->path_root ? UF_OK : uf_error_nomem(err);
}

enum uf_code uf_findings_from_garbage(struct uf_check_result *result, const struct uf_graph *graph,
                                      const uint8_t *member, const struct uf_names *names,
                                      const struct uf_births *births, struct uf_error *err)
{
    struct cycles cycles = {.view = {graph, NULL, names, births}, .member = member};
    size_t first_of_look = result->findings.len, most = first_of_look + FINDINGS_MAX;
    enum uf_code code = cycles_find(&cycles, err);
    for (size_t i = 0; i < cycles.shapes.len && i < SHAPES_MAX && !code; i++) {
        struct uf_finding finding;
        uf_finding_init(&finding);
        code = explain(&cycles, &cycles.shapes.at[i], result->function, &finding, err);
        if (!code)
            code = fill_delayed(&finding, err);
        if (code || (result->findings.len >= most && !find_by_id(result, finding.id)))
            uf_finding_release(&finding);
        else
            code = enter_finding(result, &finding, first_of_look, err);
    }
    cycles_release(&cycles);
    uf_findings_sort(result);
    return code;
}

/* Why the collector left a component that nothing reaches. */
static char *why_left(const struct cycles *cycles, uint32_t component)
{
    const struct uf_graph *graph = cycles->view.graph;
    const uint32_t *of = cycles->components.component;
    uf_node blind = UF_NODE_NONE,
            unseen = UF_NODE_NONE; /* who does not report a reference to what */
    for (uf_node n = 0; n < graph->node_count; n++) {
        if (cycles->components.component[n] != component)
            continue;
        if (graph->flags[n] & UF_NODE_FROZEN)
            return uf_mem_strdup(
                "gc.freeze() moved it into the permanent generation, which is never collected");
        bool untracked = !(graph->flags[n] & UF_NODE_TRACKED);
        uint32_t first = untracked ? graph->edge_start[n] : uf_graph_first_guessed(graph, n);
        for (uint32_t e = first; e < graph->edge_start[n + 1]; e++)
            if (of[graph->edge_target[e]] == component) {
                blind = n;
                unseen = graph->edge_target[e];
            }
    }
    if (blind != UF_NODE_NONE && !(graph->flags[blind] & UF_NODE_TRACKED))
        return uf_mem_printf("%s does not take part in garbage collection (a C type without "
                             "Py_TPFLAGS_HAVE_GC): the collector cannot see that it holds a %s",
                             uf_graph_type_name(graph, blind), uf_graph_type_name(graph, unseen));
    if (blind != UF_NODE_NONE)
        return uf_mem_printf("the tp_traverse of %s does not report that it holds a %s, so the "
                             "collector takes that for held from outside",
                             uf_graph_type_name(graph, blind), uf_graph_type_name(graph, unseen));
    return uf_mem_strdup("the collector ran and did not free it");
}

/* Types of which ever more objects stay though nothing reaches them, and how many a call. */
static double unreachable_per_call(const struct uf_search *search, uint8_t *grows_by_type)
{
    double sum = 0;
    const struct uf_graph *graph = search->view.graph;
    for (uint32_t g = 0; g < search->count; g++) {
        const struct uf_group *group = uf_groups_get(search->groups, g);
        if (search->candidates[g].trend != UF_BY_OBJECTS || group->parent != UF_GROUP_NONE ||
            strcmp(uf_groups_text(search->groups, group->root), "nothing") != 0)
            continue;
        sum += search->candidates[g].growth.objects.per_call;
        const char *name = uf_groups_text(search->groups, group->type);
        for (uint32_t t = 0; t < graph->type_count; t++)
            if (strcmp(uf_strings_get(&graph->strings, graph->types[t].name), name) == 0)
                grows_by_type[t] = 1;
    }
    return sum;
}

static bool has_growing_type(const struct cycles *cycles, uint32_t component,
                             const uint8_t *grows_by_type)
{
    const struct uf_graph *graph = cycles->view.graph;
    for (uf_node n = 0; n < graph->node_count; n++)
        if (cycles->components.component[n] == component && grows_by_type[graph->type[n]])
            return true;
    return false;
}

static enum uf_code tell_left(struct uf_search *search, struct cycles *cycles,
                              const uint8_t *grows_by_type, double per_call, double members,
                              struct uf_error *err)
{
    struct uf_check_result *result = search->result;
    size_t first = result->findings.len;
    enum uf_code code = UF_OK;
    for (size_t i = 0; i < cycles->shapes.len && i < SHAPES_MAX && !code; i++) {
        const struct shape *shape = &cycles->shapes.at[i];
        if (result->findings.len >= first + FINDINGS_MAX ||
            !has_growing_type(cycles, shape->component, grows_by_type))
            continue;
        struct uf_finding finding;
        uf_finding_init(&finding);
        code = explain(cycles, shape, result->function, &finding, err);
        if (!code) {
            double objects = finding.objects, bytes = finding.bytes;
            finding.severity = UF_SEVERITY_LEAK;
            finding.collectable = false;
            finding.collectable_why = why_left(cycles, shape->component);
            finding.path_root = uf_mem_strdup("nothing (lost reference)");
            finding.objects_per_call = objects / members * per_call;
            finding.bytes_per_call = objects > 0 ? bytes / objects * finding.objects_per_call : 0;
            finding.retained_bytes_per_call = finding.bytes_per_call;
            finding.confidence = 1;
            if (!finding.collectable_why || !finding.path_root)
                code = uf_error_nomem(err);
        }
        if (code)
            uf_finding_release(&finding);
        else
            code = enter_finding(result, &finding, first, err);
    }
    return code;
}

enum uf_code uf_findings_from_unreachable(struct uf_search *search, struct uf_error *err)
{
    const struct uf_graph *graph = search->view.graph;
    uint8_t *grows_by_type = uf_mem_zalloc((size_t)graph->type_count + 1);
    uint8_t *member = uf_mem_zalloc((size_t)graph->node_count + 1);
    if (!grows_by_type || !member) {
        uf_mem_free(grows_by_type);
        uf_mem_free(member);
        return uf_error_nomem(err);
    }
    double per_call = unreachable_per_call(search, grows_by_type), members = 0;
    enum uf_code code = UF_OK;
    if (per_call > 0) {
        for (uf_node n = 0; n < graph->node_count; n++) {
            bool lasting = graph->refcount[n] == UF_COUNT_IMMORTAL &&
                           !(graph->flags[n] & UF_NODE_TRACKED);
            member[n] = !search->view.reach->reached[n] && !lasting &&
                        !(graph->flags[n] & (UF_NODE_OWN | UF_NODE_STATIC));
            members += member[n];
        }
        struct cycles cycles = {.view = search->view, .member = member};
        code = cycles_find(&cycles, err);
        if (!code)
            code = tell_left(search, &cycles, grows_by_type, per_call, members, err);
        cycles_release(&cycles);
    }
    uf_mem_free(member);
    uf_mem_free(grows_by_type);
    return code;
}
