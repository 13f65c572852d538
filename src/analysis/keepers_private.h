/* keepers_private.h - what the parts of keepers.h share. */
#ifndef UF_ANALYSIS_KEEPERS_PRIVATE_H
#define UF_ANALYSIS_KEEPERS_PRIVATE_H

#include "analysis/edges.h"
#include "analysis/keepers.h"
#include "analysis/referrers.h"

typedef UF_VEC(struct uf_keepers_cut) uf_keep_cut_vec;

/* What is known of a node: `state` of struct uf_keep. */
enum {
    UF_KEEP_MEMBER = 1 << 0,
    UF_KEEP_BY_OWN = 1 << 1,     /* reached, but only through unfreed's own objects */
    UF_KEEP_ROOT = 1 << 2,       /* has a root that cannot be cut */
    UF_KEEP_LOCAL = 1 << 3,      /* has roots that can: a thread's locals */
    UF_KEEP_VISITED = 1 << 4,    /* by the search under way (keepers_flow.c, keepers_paths.c) */
    UF_KEEP_TAKES_BACK = 1 << 5, /* `via` is a flow to be taken back (keepers_flow.c) */
    UF_KEEP_FLOW_IN = 1 << 6,    /* a reference to it has or had a flow */
    UF_KEEP_FLOW_OUT = 1 << 7,   /* one of its references has or had a flow */
};

/* What is known of a node while something is taken away: `part`. All 0 between two questions. */
enum {
    UF_PART_BELOW = 1, /* the path that reach.h found leads through what is taken away */
    UF_PART_SAVED = 2, /* but there is another one */
    UF_PART_CUT = 4,   /* one of its references, or its root, is cut */
};

/* A thread's local as preference.h ranks it. */
#define UF_KEEP_RANK_LOCAL 2

struct uf_keep {
    const struct uf_view *view;
    const struct uf_graph *graph;
    const struct uf_reach *reach;
    const struct uf_keepers_limits *limits;
    struct uf_keepers *ret;
    struct uf_referrers referrers;
    UF_VEC(uf_node) members; /* alive, each once */
    UF_VEC(uf_node) below;   /* nodes with UF_PART_BELOW */
    uint8_t *state, *part;   /* by node */
    uint32_t *via;           /* by node: the reference by which it leads on to a member */
};

/* Reached without unfreed's own objects. */
static inline bool uf_keep_is_alive(const struct uf_keep *k, uf_node node)
{
    return k->reach->reached[node] && !(k->state[node] & UF_KEEP_BY_OWN);
}

/* keepers.c: how well a person can do without reference `edge` of `source`; 0 without names. */
unsigned uf_keep_rank(const struct uf_keep *k, uf_node source, uint32_t edge);

/* keepers_freed.c */

/* Adds what hangs on `top` in the tree of paths to `below` (all of it UF_PART_BELOW). */
enum uf_code uf_keep_hang(struct uf_keep *k, uf_node top, struct uf_error *err);
void uf_keep_hang_clear(struct uf_keep *k); /* `below` and all of `part` that it names */

struct uf_keep_freed {
    uint64_t objects, bytes;
};
/* What dies without all of `cuts` together. */
enum uf_code uf_keep_freed_together(struct uf_keep *k, const struct uf_keepers_cut *cuts,
                                    size_t count, struct uf_keep_freed *ret, struct uf_error *err);
/* What dies without each of `cuts` alone; each is on every way to the one before it. */
enum uf_code uf_keep_freed_each(struct uf_keep *k, const struct uf_keepers_cut *cuts, size_t count,
                                struct uf_keep_freed *ret, struct uf_error *err);

/* keepers_paths.c: fills ret->holders, ret->internal, ret->paths. */
enum uf_code uf_keep_paths(struct uf_keep *k, struct uf_error *err);

/* keepers_flow.c: all singles, the nearest to the members first, without ranks; where there is none,
 * fills ret->together, ret->too_many and ret->fixed_root. */
enum uf_code uf_keep_cuts(struct uf_keep *k, uf_keep_cut_vec *singles, struct uf_error *err);

#endif
