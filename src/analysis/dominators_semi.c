/* dominators_semi.c - semidominators of the core, and from them the immediate dominators. */
#include "analysis/dominators_private.h"
#include "base/mem.h"

/* So far ahead references, and so many numbers ahead their paths, are fetched. */
#define EDGES_AHEAD 32
#define NUMBERS_AHEAD 16

struct link {
    uint32_t ancestor; /* parent, or after path compression a node further up */
    uint32_t label;    /* the smallest semidominator on the path from here up to below `ancestor` */
};

struct finder {
    struct uf_dom_core *core;
    uint32_t *semi;         /* by number: semidominator */
    uint32_t *holder_start; /* by number: its holders are holder[start[n] .. start[n + 1] - 1] */
    uint32_t *holder;       /* of higher numbers */
    struct link *link;
};

/* A holder of lower number is an ancestor: it is at once a candidate for the semidominator. Of the
 * others the number is counted. */
static void count_holders(struct finder *f)
{
    const struct uf_dom_core *core = f->core;
    uint32_t all = core->spot[core->count].start;
    for (uint32_t n = 1; n <= core->reached; n++)
        f->semi[n] = core->parent[n];
    for (uint32_t i = 0; i < core->count; i++) {
        uint32_t from = core->spot[i].number, end = from ? core->spot[i + 1].start : 0;
        for (uint32_t e = core->spot[i].start; e < end; e++) {
            uint32_t to = core->edge[e];
            if (all - e > EDGES_AHEAD)
                __builtin_prefetch(&f->holder_start[core->edge[e + EDGES_AHEAD]], 1);
            if (from > to)
                f->holder_start[to]++;
            else if (from < f->semi[to])
                f->semi[to] = from;
        }
    }
}

/* From counts to places: holder_start[n] becomes where those of n end. Returns their sum. */
static uint32_t place_holders(struct finder *f)
{
    uint32_t sum = 0, count = f->core->reached;
    f->holder_start[0] = 0; /* references that decide nothing */
    for (uint32_t n = 1; n <= count; n++) {
        sum += f->holder_start[n];
        f->holder_start[n] = sum;
    }
    f->holder_start[count + 1] = sum;
    return sum;
}

static void fill_holders(struct finder *f)
{
    const struct uf_dom_core *core = f->core;
    uint32_t all = core->spot[core->count].start;
    for (uint32_t i = 0; i < core->count; i++) {
        uint32_t from = core->spot[i].number, end = from ? core->spot[i + 1].start : 0;
        for (uint32_t e = core->spot[i].start; e < end; e++) {
            uint32_t to = core->edge[e];
            if (all - e > EDGES_AHEAD)
                __builtin_prefetch(&f->holder_start[core->edge[e + EDGES_AHEAD]], 1);
            if (to != 0 && from > to)
                f->holder[--f->holder_start[to]] = from;
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

static void prefetch_links(const struct finder *f, uint32_t n)
{
    if (n <= NUMBERS_AHEAD)
        return;
    uint32_t first = f->holder_start[n - NUMBERS_AHEAD];
    uint32_t end = f->holder_start[n - NUMBERS_AHEAD + 1];
    for (uint32_t h = first; h < end && h < first + 8; h++)
        __builtin_prefetch(&f->link[f->holder[h]], 1);
}

static void find_semidominators(struct finder *f)
{
    const struct uf_dom_core *core = f->core;
    for (uint32_t n = 1; n <= core->reached; n++)
        f->link[n] = (struct link){.ancestor = core->parent[n]};
    for (uint32_t n = core->reached; n > 0; n--) {
        prefetch_links(f, n);
        uint32_t semi = f->semi[n], end = f->holder_start[n + 1];
        for (uint32_t h = f->holder_start[n]; h < end && semi > 0; h++) {
            uint32_t low = smallest_above(f->link, f->holder[h], n + 1);
            semi = low < semi ? low : semi;
        }
        f->link[n].label = f->semi[n] = semi;
    }
}

/* idom(n) is the nearest dominator of parent(n) that is not below semi(n). */
static void find_dominators(struct uf_ancestors *tree, const uint32_t *semi, uint32_t count)
{
    uf_ancestors_begin(tree);
    for (uint32_t n = 1; n <= count; n++) {
        tree->above[n] = uf_ancestors_not_above(tree, tree->above[n], semi[n]);
        uf_ancestors_enter(tree, n);
    }
}

static bool alloc_holders(struct finder *f)
{
    size_t count = f->core->reached;
    f->semi = uf_mem_alloc((count + 1) * sizeof *f->semi);
    f->holder_start = uf_mem_zalloc((count + 2) * sizeof *f->holder_start);
    if (!f->semi || !f->holder_start)
        return false;
    f->semi[0] = 0;
    count_holders(f);
    f->holder = uf_mem_alloc((size_t)place_holders(f) * sizeof *f->holder);
    return f->holder != NULL;
}

static bool find(struct finder *f, struct uf_ancestors *tree)
{
    struct uf_dom_core *core = f->core;
    size_t count = core->reached;
    if (!alloc_holders(f))
        return false;
    fill_holders(f);
    uf_mem_free(core->edge);
    core->edge = NULL;
    f->link = uf_mem_alloc((count + 1) * sizeof *f->link);
    if (!f->link)
        return false;
    find_semidominators(f);
    uf_mem_free(f->link);
    uf_mem_free(f->holder);
    uf_mem_free(f->holder_start);
    f->link = NULL;
    f->holder = f->holder_start = NULL;
    tree->above = core->parent;
    core->parent = NULL;
    tree->jump = uf_mem_alloc((count + 1) * sizeof *tree->jump);
    tree->depth = uf_mem_alloc((count + 1) * sizeof *tree->depth);
    if (!tree->jump || !tree->depth)
        return false;
    find_dominators(tree, f->semi, core->reached);
    return true;
}

enum uf_code uf_dom_find(struct uf_dom_core *core, struct uf_ancestors *tree, struct uf_error *err)
{
    struct finder f = {.core = core};
    bool found = find(&f, tree);
    uf_mem_free(f.semi);
    uf_mem_free(f.holder_start);
    uf_mem_free(f.holder);
    uf_mem_free(f.link);
    return found ? UF_OK : uf_error_nomem(err);
}
