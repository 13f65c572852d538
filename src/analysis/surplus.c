#include "analysis/surplus.h"

#include "analysis/orphans.h"
#include "base/map.h"

#include <string.h>

#define OBJECTS_MAX ((size_t)1 << 20)
#define TOLD_MAX 3
#define NO_SERIES UINT32_MAX

struct object {
    uint64_t address;
    uint32_t type; /* hash of its name */
    uint32_t surplus;
    uint32_t born, seen; /* numbers of the captures that it was first and last in */
    uint32_t series;     /* NO_SERIES: it never changed */
};

typedef UF_VEC(struct uf_growth_point) point_list;

struct uf_surpluses {
    UF_VEC(struct object) objects;
    UF_VEC(point_list) series;
    UF_VEC(uint32_t) calls; /* by capture */
    struct uf_map by_address;
};

enum uf_code uf_surpluses_create(struct uf_surpluses **ret, struct uf_error *err)
{
    *ret = uf_mem_zalloc(sizeof **ret);
    return *ret ? UF_OK : uf_error_nomem(err);
}

void uf_surpluses_seal(struct uf_surpluses *surpluses)
{
    for (size_t i = 0; i < surpluses->series.len; i++)
        uf_vec_release(&surpluses->series.at[i]);
    surpluses->series.len = surpluses->objects.len = surpluses->calls.len = 0;
    uf_map_clear(&surpluses->by_address);
}

void uf_surpluses_destroy(struct uf_surpluses *surpluses)
{
    if (!surpluses)
        return;
    uf_surpluses_seal(surpluses);
    uf_vec_release(&surpluses->objects);
    uf_vec_release(&surpluses->series);
    uf_vec_release(&surpluses->calls);
    uf_map_release(&surpluses->by_address);
    uf_mem_free(surpluses);
}

/* FNV-1a */
static uint32_t hash_name(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

/* A series that was constant so far, up to and without the present capture. */
static int begin_series(struct uf_surpluses *s, struct object *object)
{
    point_list points = {0};
    for (size_t i = 0; i + 1 < s->calls.len; i++) {
        struct uf_growth_point point = {.calls = s->calls.at[i],
                                        .value = i < object->born ? 0 : object->surplus};
        if (uf_vec_push(&points, point)) {
            uf_vec_release(&points);
            return -1;
        }
    }
    if (uf_vec_push(&s->series, points)) {
        uf_vec_release(&points);
        return -1;
    }
    object->series = (uint32_t)(s->series.len - 1);
    return 0;
}

static int enter_new(struct uf_surpluses *s, uint64_t address, uint32_t type, uint32_t surplus,
                     uint32_t capture)
{
    struct object object = {.address = address,
                            .type = type,
                            .surplus = surplus,
                            .born = capture,
                            .seen = capture,
                            .series = NO_SERIES};
    if (s->objects.len >= OBJECTS_MAX)
        return 0;
    return uf_vec_push(&s->objects, object) ||
                   uf_map_set(&s->by_address, address, (uint32_t)(s->objects.len - 1))
               ? -1
               : 0;
}

static int enter(struct uf_surpluses *s, const struct uf_graph *graph, uint32_t root)
{
    uint32_t capture = (uint32_t)(s->calls.len - 1), surplus = graph->roots[root].surplus;
    uf_node node = graph->roots[root].node;
    uint64_t address = graph->address[node];
    uint32_t type = hash_name(uf_graph_type_name(graph, node));
    uint32_t index = uf_map_get(&s->by_address, address);
    if (index == UF_MAP_NONE)
        return enter_new(s, address, type, surplus, capture);
    struct object *object = &s->objects.at[index];
    if (object->type != type || object->seen + 1 != capture) { /* another object by now */
        if (object->series != NO_SERIES)
            uf_vec_release(&s->series.at[object->series]);
        *object = (struct object){address, type, surplus, capture, capture, NO_SERIES};
        return 0;
    }
    if (object->surplus != surplus && object->series == NO_SERIES && begin_series(s, object))
        return -1;
    object->seen = capture;
    object->surplus = surplus;
    if (object->series == NO_SERIES)
        return 0;
    struct uf_growth_point point = {.calls = s->calls.at[capture], .value = surplus};
    return uf_vec_push(&s->series.at[object->series], point);
}

enum uf_code uf_surpluses_add(struct uf_surpluses *surpluses, const struct uf_graph *graph,
                              uint32_t calls, struct uf_error *err)
{
    struct uf_surpluses *s = surpluses;
    if (s->calls.len > 0 && calls <= s->calls.at[s->calls.len - 1])
        return uf_error_set(err, UF_EINVAL, "captures must be added in the order of their calls");
    if (uf_vec_push(&s->calls, calls))
        return uf_error_nomem(err);
    for (uint32_t r = 0; r < graph->root_count; r++) {
        const struct uf_graph_root *root = &graph->roots[r];
        if (root->kind != UF_ROOT_NATIVE || root->surplus == 0 ||
            graph->flags[root->node] & UF_NODE_OWN)
            continue;
        if (enter(s, graph, r))
            return uf_error_nomem(err);
    }
    return UF_OK;
}

static struct uf_growth judge(const struct uf_surpluses *s, const struct object *object)
{
    struct uf_growth flat = {.kind = UF_GROWTH_FLAT};
    if (object->series == NO_SERIES || object->seen + 1 != s->calls.len)
        return flat;
    const point_list *points = &s->series.at[object->series];
    return uf_growth_judge(points->at, points->len);
}

enum uf_growth_wish uf_surpluses_wish(const struct uf_surpluses *surpluses, bool *trend)
{
    enum uf_growth_wish wish = UF_GROWTH_ENOUGH;
    *trend = false;
    for (size_t i = 0; i < surpluses->objects.len; i++) {
        struct uf_growth growth = judge(surpluses, &surpluses->objects.at[i]);
        bool rises = growth.kind == UF_GROWTH_TREND ||
                     (growth.kind == UF_GROWTH_UNDECIDED && growth.rose > growth.fell);
        *trend |= growth.kind == UF_GROWTH_TREND;
        if (rises && growth.wish > wish)
            wish = growth.wish;
    }
    return wish;
}

/* Objects of which there is one, or a few that never die: by their value and not by who holds them. */
static bool is_singleton(const char *type)
{
    static const char *const names[] = {"NoneType", "bool", "int", "ellipsis",
                                        "NotImplementedType"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(type, names[i]) == 0)
            return true;
    return false;
}

/* "app.REGISTRY", or what the object shows of itself; `generic` without keys and indices. */
static enum uf_code name_object(const struct uf_view *view, uf_node node, struct uf_text *shown,
                                struct uf_text *generic, struct uf_error *err)
{
    struct uf_path path = {0};
    struct uf_finding steps;
    uf_finding_init(&steps);
    uint32_t root = UINT32_MAX;
    enum uf_code code = UF_OK;
    if (!is_singleton(uf_graph_type_name(view->graph, node)) && view->reach->reached[node])
        code = uf_path_to(&path, view->reach, node, err);
    if (!code && path.nodes.len > 0)
        root = view->reach->root[path.nodes.at[0]];
    bool named = root != UINT32_MAX && view->graph->roots[root].kind == UF_ROOT_MODULE;
    if (!code && named)
        code = uf_path_steps(view, &path, path.nodes.len - 1, &steps, err);
    if (!code && named) {
        uf_path_expression(view, &path, path.nodes.len, shown);
        uf_path_root_text(view, path.nodes.at[0], generic);
        for (size_t i = 0; i < steps.path.len; i++)
            uf_step_append(generic, steps.path.at[i].generic ? steps.path.at[i].generic : "");
    } else if (!code) {
        uf_step_object_text(view, node, shown);
        uf_step_object_text(view, node, generic);
    }
    uf_finding_release(&steps);
    uf_path_release(&path);
    if (!code && (shown->failed || generic->failed || !shown->at || !generic->at))
        code = uf_error_nomem(err);
    return code;
}

static enum uf_code fill(const struct uf_view *view, uf_node node, const struct uf_growth *growth,
                         const char *function, struct uf_finding *finding, struct uf_error *err)
{
    struct uf_text shown = {0}, generic = {0};
    struct uf_path_step step;
    enum uf_code code = name_object(view, node, &shown, &generic, err);
    finding->kind = UF_KIND_ORPHAN;
    /* a fault, but the object lives on anyway: however many references are lost, nothing piles up */
    finding->severity = UF_SEVERITY_BOUNDED;
    finding->bound_limit = finding->bound_fill = 1;
    finding->confidence = growth->confidence;
    finding->references_per_call = growth->per_call;
    finding->objects_per_call = finding->bytes_per_call = finding->retained_bytes_per_call = 0;
    finding->objects = finding->bytes = 0;
    if (!code) {
        const char *type = uf_graph_type_name(view->graph, node);
        finding->type = uf_mem_strdup(type);
        finding->id = uf_mem_printf("%s:%s:%s:%s", uf_kind_name(finding->kind), type, generic.at,
                                    function ? function : "");
        finding->holder = uf_mem_strdup(shown.at);
        finding->path_root = uf_mem_strdup("nothing (lost reference)");
        finding->fix_edge = uf_mem_strdup("");
        finding->fix_why_not =
            uf_mem_strdup("the reference is nowhere but in the count: there is nothing to cut");
        if (!finding->type || !finding->id || !finding->holder || !finding->path_root ||
            !finding->fix_edge || !finding->fix_why_not)
            code = uf_error_nomem(err);
    }
    if (!code && uf_step_make(view, node, "", "", true, &step)) {
        code = uf_error_nomem(err);
    } else if (!code && uf_vec_push(&finding->path, step)) {
        uf_step_release(&step);
        code = uf_error_nomem(err);
    }
    if (!code)
        code = uf_orphans_advise(finding, err);
    uf_text_release(&shown);
    uf_text_release(&generic);
    return code;
}

static uf_node node_at(const struct uf_graph *graph, uint64_t address)
{
    for (uf_node n = 0; n < graph->node_count; n++)
        if (graph->address[n] == address)
            return n;
    return UF_NODE_NONE;
}

/* The fastest that is slower than `below`, or was found behind `after` at the same rate. */
static const struct object *next_trend(const struct uf_surpluses *s, double below, size_t after,
                                       struct uf_growth *ret)
{
    const struct object *best = NULL;
    for (size_t i = 0; i < s->objects.len; i++) {
        struct uf_growth growth = judge(s, &s->objects.at[i]);
        if (growth.kind != UF_GROWTH_TREND || growth.per_call > below ||
            (growth.per_call == below && i <= after) || (best && growth.per_call <= ret->per_call))
            continue;
        best = &s->objects.at[i];
        *ret = growth;
    }
    return best;
}

enum uf_code uf_surpluses_tell(const struct uf_surpluses *surpluses, const struct uf_view *view,
                               struct uf_check_result *result, struct uf_error *err)
{
    struct uf_growth growth = {.per_call = 0};
    const struct object *object = next_trend(surpluses, 1e300, 0, &growth);
    enum uf_code code = UF_OK;
    for (int told = 0; object && told < TOLD_MAX && !code; told++) {
        struct uf_finding finding;
        uf_node node = node_at(view->graph, object->address);
        uf_finding_init(&finding);
        if (node != UF_NODE_NONE) {
            code = fill(view, node, &growth, result->function, &finding, err);
            if (!code && uf_vec_push(&result->findings, finding))
                code = uf_error_nomem(err);
            if (code)
                uf_finding_release(&finding);
        }
        object = next_trend(surpluses, growth.per_call, (size_t)(object - surpluses->objects.at),
                            &growth);
    }
    return code;
}
