/* dominators_search.c - numbers the core depth first.
 *
 * On the way each reference is rewritten to the number that it leads to, or to 0
 * if it is one of the tree or crosses between what own objects alone hold and
 * the rest: later passes read references one after the other, without a look
 * at what they lead to.
 */
#include "analysis/dominators_private.h"

/* `number` of own objects until they are searched: not referred to from elsewhere; referred to;
 * what a search starts from. Nothing else is numbered so high. */
#define CLOSED (UINT32_MAX - 2)
#define ASKED_FOR (UINT32_MAX - 1)
#define START UINT32_MAX

struct level {
    uint32_t edge, end; /* the next reference to follow, and where they end */
    uint32_t number;
};

struct start {
    uint32_t index, number;
};

struct search {
    struct uf_dom_core *core;
    UF_VEC(struct level) path;
    UF_VEC(struct start) starts; /* what is marked START */
};

/* Numbers a node and goes on to its references. */
static inline int enter(struct search *s, uint32_t index, uint32_t parent)
{
    struct uf_dom_core *core = s->core;
    const struct uf_dom_spot *spot = &core->spot[index];
    uint32_t number = ++core->reached, end = spot[1].start;
    core->parent[number] = parent;
    if (uf_vec_push(&s->path, ((struct level){spot->start, end, number})))
        return -1;
    for (uint32_t e = spot->start; e < end && e < spot->start + 8; e++)
        __builtin_prefetch(&core->spot[core->edge[e]]);
    return 0;
}

/* What a numbered target means for the reference to it: its number, or 0. */
static inline uint32_t meaning(const struct search *s, struct uf_dom_spot *target)
{
    if (target->number < CLOSED)
        return target->number > s->core->shared ? target->number : 0;
    if (target->number == CLOSED)
        target->number = ASKED_FOR;
    return 0;
}

/* Fetches the references of what the next reference but one leads to. */
static inline void look_ahead(const struct uf_dom_core *core, uint32_t edge, uint32_t end)
{
    if (end - edge > 2)
        __builtin_prefetch(&core->edge[core->spot[core->edge[edge + 2]].start]);
}

static int search_from(struct search *s, uint32_t start)
{
    struct uf_dom_core *core = s->core;
    if (enter(s, start, 0))
        return -1;
    while (s->path.len > 0) {
        struct level *top = &s->path.at[s->path.len - 1];
        if (top->edge == top->end) {
            s->path.len--;
            continue;
        }
        uint32_t *edge = &core->edge[top->edge], index = *edge;
        look_ahead(core, top->edge++, top->end);
        struct uf_dom_spot *target = &core->spot[index];
        if (target->number != 0) {
            *edge = meaning(s, target);
            continue;
        }
        *edge = 0;
        target->number = core->reached + 1;
        if (enter(s, index, top->number))
            return -1;
    }
    return 0;
}

static int search_shared(struct search *s)
{
    struct uf_dom_core *core = s->core;
    for (size_t i = 0; i < core->own.len; i++)
        core->spot[core->own.at[i]].number = CLOSED;
    for (size_t i = 0; i < core->roots.len; i++) {
        uint32_t index = core->roots.at[i];
        if (core->spot[index].number != 0)
            continue;
        core->spot[index].number = core->reached + 1;
        if (search_from(s, index))
            return -1;
    }
    return 0;
}

/* Starts are marked before any of them is searched: nothing leads to them. */
static int search_own(struct search *s)
{
    struct uf_dom_core *core = s->core;
    for (size_t i = 0; i < core->own_roots.len; i++)
        core->spot[core->own_roots.at[i]].number = ASKED_FOR;
    for (size_t i = 0; i < core->own.len; i++) {
        struct uf_dom_spot *spot = &core->spot[core->own.at[i]];
        struct start start = {.index = core->own.at[i]};
        if (spot->number == ASKED_FOR && uf_vec_push(&s->starts, start))
            return -1;
        spot->number = spot->number == ASKED_FOR ? START : 0;
    }
    for (size_t i = 0; i < s->starts.len; i++) {
        s->starts.at[i].number = core->reached + 1;
        if (search_from(s, s->starts.at[i].index))
            return -1;
    }
    for (size_t i = 0; i < s->starts.len; i++)
        core->spot[s->starts.at[i].index].number = s->starts.at[i].number;
    return 0;
}

enum uf_code uf_dom_search(struct uf_dom_core *core, struct uf_error *err)
{
    struct search s = {.core = core};
    core->parent = uf_mem_alloc(((size_t)core->count + 1) * sizeof *core->parent);
    int failed = !core->parent || search_shared(&s);
    if (!failed) {
        core->shared = core->reached;
        failed = search_own(&s);
    }
    uf_vec_release(&s.path);
    uf_vec_release(&s.starts);
    return failed ? uf_error_nomem(err) : UF_OK;
}
