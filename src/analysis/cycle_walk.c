#include "analysis/cycle_walk.h"

#include "analysis/advice.h"
#include "analysis/edges.h"

#include <stdio.h>
#include <string.h>

/* A walk longer than this loses its middle. */
#define WALK_SHOWN 40

/* One reference of the walk with the hop over an attribute dictionary merged. */
struct leg {
    uint32_t edge;          /* the last of them */
    uf_node source, target; /* source: the instance, where its dictionary holds the target */
    struct uf_ref_name name;
};

typedef UF_VEC(struct leg) leg_list;

static bool is(const char *text, const char *other)
{
    return strcmp(text, other) == 0;
}

/* Types that are between things rather than things. */
static bool is_between(const char *type)
{
    static const char *const names[] = {"frame",
                                        "traceback",
                                        "cell",
                                        "function",
                                        "dict",
                                        "list",
                                        "tuple",
                                        "method",
                                        "set",
                                        "object",
                                        "module",
                                        "code",
                                        "builtin_function_or_method",
                                        "generator",
                                        "coroutine"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is(type, names[i]))
            return true;
    return false;
}

static enum uf_code collect_legs(const struct uf_view *view, const struct uf_cycle *cycle,
                                 leg_list *legs, struct uf_error *err)
{
    const struct uf_graph *graph = view->graph;
    size_t count = cycle->walk.len;
    /* Where the walk ends by entering an attribute dictionary, what leaves it comes last: one
     * leg. */
    struct uf_ref_name name;
    uint32_t last = cycle->walk.at[count - 1];
    uf_step_name(view, uf_edges_source(graph, last), last, false, &name);
    size_t first = name.kind == UF_REF_DICT && count > 1;
    uf_node dict_owner = UF_NODE_NONE;
    for (size_t i = 0; i < count; i++) {
        uint32_t edge = cycle->walk.at[(first + i) % count];
        struct leg leg = {.edge = edge,
                          .source = uf_edges_source(graph, edge),
                          .target = graph->edge_target[edge]};
        uf_step_name(view, leg.source, edge, dict_owner != UF_NODE_NONE, &leg.name);
        if (leg.name.kind == UF_REF_DICT && i + 1 < count) {
            dict_owner = leg.source;
            continue;
        }
        if (leg.name.kind == UF_REF_DICT)
            memcpy(leg.name.text, ".__dict__", sizeof ".__dict__");
        if (dict_owner != UF_NODE_NONE)
            leg.source = dict_owner;
        dict_owner = UF_NODE_NONE;
        if (uf_vec_push(legs, leg))
            return uf_error_nomem(err);
    }
    return UF_OK;
}

/* What a person would call the thing in the cycle: an instance of a class of theirs, an
 * exception's before others; else what the reference to cut leads to. */
static const char *main_type(const struct uf_view *view, const leg_list *legs)
{
    const char *found = NULL;
    for (size_t i = 0; i < legs->len; i++) {
        const char *type = uf_graph_type_name(view->graph, legs->at[i].target);
        if (is(legs->at[i].name.text, ".__traceback__"))
            return uf_graph_type_name(view->graph, legs->at[i].source);
        if (!is_between(type) && (!found || (strchr(type, '.') && !strchr(found, '.'))))
            found = type;
    }
    return found ? found : uf_graph_type_name(view->graph, legs->at[legs->len - 1].target);
}

static enum uf_code fill_types(const struct uf_view *view, const leg_list *legs,
                               struct uf_finding *finding, struct uf_error *err)
{
    for (size_t i = 0; i < legs->len; i++) {
        const char *type = uf_graph_type_name(view->graph, legs->at[i].target);
        bool known = false;
        for (size_t k = 0; k < finding->types.len && !known; k++)
            known = is(finding->types.at[k], type);
        if (known)
            continue;
        char *copy = uf_mem_strdup(type);
        if (!copy || uf_vec_push(&finding->types, copy)) {
            uf_mem_free(copy);
            return uf_error_nomem(err);
        }
    }
    return UF_OK;
}

static enum uf_code fill_steps(const struct uf_view *view, const leg_list *legs,
                               struct uf_finding *finding, struct uf_error *err)
{
    for (size_t i = 0; i < legs->len; i++) {
        const struct leg *leg = &legs->at[i];
        struct uf_path_step step;
        size_t last = legs->len - 1;
        if (legs->len > WALK_SHOWN && i == WALK_SHOWN / 2) {
            i = legs->len -
                WALK_SHOWN / 2; /* the step says what it leads to; the gap shows as "..." */
            if (uf_step_make(view, legs->at[i].target, "...", "...", false, &step))
                return uf_error_nomem(err);
        } else {
            const char *edge = leg->name.text[0] ? leg->name.text : "(unnamed)";
            if (uf_step_make(view, leg->target, edge, leg->name.generic, i == last, &step))
                return uf_error_nomem(err);
            step.guessed = uf_graph_is_guessed(view->graph, leg->edge);
        }
        if (uf_vec_push(&finding->cycle, step)) {
            uf_step_release(&step);
            return uf_error_nomem(err);
        }
    }
    return UF_OK;
}

static const char *without_module(const char *type)
{
    const char *dot = strrchr(type, '.');
    return dot && dot[1] != '\0' ? dot + 1 : type;
}

static char *take_text(struct uf_text *text)
{
    char *ret = text->failed || !text->at ? NULL : uf_mem_strdup(text->at);
    uf_text_release(text);
    return ret;
}

/* The place of a class or function: "<function work.<locals>.f>" -> "work". Empty if there is
 * none. */
static void outer_function(const char *preview, struct uf_text *ret)
{
    const char *locals = strstr(preview, ".<locals>."), *next;
    while (locals && (next = strstr(locals + 1, ".<locals>.")) != NULL)
        locals = next;
    const char *from = locals;
    while (from && from > preview && from[-1] != ' ' && from[-1] != '\'')
        from--;
    if (locals)
        uf_text_add(ret, from, (size_t)(locals - from));
}

static const struct leg *find_class(const struct uf_view *view, const leg_list *legs)
{
    for (size_t i = 0; i < legs->len; i++)
        if (view->graph->flags[legs->at[i].target] & UF_NODE_TYPE)
            return &legs->at[i];
    return NULL;
}

/* "RequestHistory.error"; "local 'e' of f()"; "closure 'f'"; "class shop.make.<locals>.K". */
static char *edge_text(const struct uf_view *view, const leg_list *legs, size_t place)
{
    const struct leg *leg = &legs->at[place], *class = find_class(view, legs);
    struct uf_text text = {0};
    if (class && place == legs->len - 1) {
        char preview[160] = "";
        view->names->preview(view->names->context, class->target, preview, sizeof preview);
        char *from = strchr(preview, '\''), *to = from ? strchr(from + 1, '\'') : NULL;
        if (to) {
            *to = '\0';
            return uf_mem_printf("class %s", from + 1);
        }
    }
    if (place > 0 && is(leg->name.text, ".cell_contents") && leg[-1].name.kind == UF_REF_CLOSURE)
        leg--;
    if (leg->name.kind == UF_REF_CLOSURE)
        return uf_mem_strdup(leg->name.text);
    bool local = strncmp(leg->name.text, "local ", 6) == 0;
    if (!local)
        uf_text_add_z(&text, without_module(uf_graph_type_name(view->graph, leg->source)));
    uf_step_append(&text, local && leg->name.generic[0] ? leg->name.generic
                          : leg->name.text[0]           ? leg->name.text
                                                        : "(unnamed)");
    return take_text(&text);
}

/* "local 'e' of f() at app.py:12" -> "f() in app.py:12"; of a reference without a frame, the
 * class. */
static void made_at(const struct uf_view *view, const leg_list *legs, struct uf_text *ret)
{
    const struct leg *cut = &legs->at[legs->len - 1];
    for (size_t i = legs->len; i-- > 0;) {
        const char *text = legs->at[i].name.text, *of = strstr(text, "' of "),
                   *at = strstr(text, " at ");
        if (strncmp(text, "local ", 6) == 0 && of && at && at > of) {
            uf_text_printf(ret, "%.*s in %s", (int)(at - of - 5), of + 5, at + 4);
            return;
        }
    }
    for (size_t i = 0; i < legs->len && !ret->failed; i++) {
        char preview[160] = "";
        view->names->preview(view->names->context, legs->at[i].target, preview, sizeof preview);
        outer_function(preview, ret);
        if (ret->len > 0) {
            uf_text_add_z(ret, "()");
            return;
        }
    }
    if (cut->name.kind == UF_REF_ATTR)
        uf_text_printf(ret, "attribute %s of %s", cut->name.text + 1,
                       uf_graph_type_name(view->graph, cut->source));
}

/* The walk without keys, lines and addresses; it begins behind the reference to cut, so it is
 * the same for the same fault. */
static char *make_id(const struct uf_view *view, const leg_list *legs, const char *type,
                     const char *function)
{
    struct uf_text text = {0};
    uf_text_printf(&text, "%s:%s:", uf_kind_name(UF_KIND_CYCLE), type);
    for (size_t i = 0; i < legs->len && i < WALK_SHOWN; i++)
        uf_text_printf(&text, "%s%s %s", i ? " -> " : "", legs->at[i].name.generic,
                       uf_graph_type_name(view->graph, legs->at[i].target));
    uf_text_printf(&text, ":%s", function ? function : "");
    return take_text(&text);
}

static char *make_advice(const struct uf_view *view, const struct uf_cycle *cycle,
                         const leg_list *legs)
{
    const struct leg *cut = &legs->at[legs->len - 1];
    struct uf_cycle_facts facts = {
        .cut = &cut->name,
        .source_type = uf_graph_type_name(view->graph, cut->source),
        .target_type = uf_graph_type_name(view->graph, cut->target),
        .single = cycle->cut_edge != UINT32_MAX || cycle->alike,
    };
    for (size_t i = 0; i < legs->len; i++) {
        const char *type = uf_graph_type_name(view->graph, legs->at[i].target);
        facts.exception |= is(type, "traceback");
        facts.closure |= is(type, "cell");
        facts.type |= (view->graph->flags[legs->at[i].target] & UF_NODE_TYPE) != 0;
    }
    return uf_advice_for_cycle(&facts);
}

/* What is enough alone lies on every cycle, so on the walk. */
static enum uf_code fill_candidates(const struct uf_view *view, const struct uf_cycle *cycle,
                                    const leg_list *legs, struct uf_finding *finding,
                                    struct uf_error *err)
{
    bool several = cycle->singles.len == 0;
    enum uf_code code = uf_finding_add_candidate(finding, finding->fix_edge, !several, err);
    for (size_t i = 0; i < cycle->singles.len && !code; i++)
        for (size_t k = 0; k + 1 < legs->len && !code; k++) {
            if (legs->at[k].edge != cycle->singles.at[i])
                continue;
            char *text = edge_text(view, legs, k);
            code = text ? uf_finding_add_candidate(finding, text, true, err) : uf_error_nomem(err);
            uf_mem_free(text);
        }
    return code;
}

enum uf_code uf_cycle_walk_fill(const struct uf_view *view, const struct uf_cycle *cycle,
                                const char *function, struct uf_finding *finding,
                                struct uf_error *err)
{
    leg_list legs = {0};
    if (cycle->walk.len == 0)
        return uf_error_set(err, UF_EINVAL, "a cycle without a walk");
    enum uf_code code = collect_legs(view, cycle, &legs, err);
    if (!code)
        code = fill_types(view, &legs, finding, err);
    if (!code)
        code = fill_steps(view, &legs, finding, err);
    if (!code) {
        const char *type = main_type(view, &legs);
        finding->type = uf_mem_strdup(type);
        finding->id = make_id(view, &legs, type, function);
        finding->holder = edge_text(view, &legs, legs.len - 1);
        finding->fix_edge = edge_text(view, &legs, legs.len - 1);
        struct uf_text place = {0};
        made_at(view, &legs, &place);
        bool placed = place.len > 0 || place.failed;
        finding->made_at = placed ? take_text(&place) : NULL;
        finding->fix_advice = make_advice(view, cycle, &legs);
        if (!finding->type || !finding->id || !finding->holder || !finding->fix_edge ||
            !finding->fix_advice || (placed && !finding->made_at))
            code = uf_error_nomem(err);
    }
    if (!code)
        code = fill_candidates(view, cycle, &legs, finding, err);
    uf_vec_release(&legs);
    return code;
}
