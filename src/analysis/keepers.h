/* keepers.h - what keeps one object, or all of a set, alive, and which references must go to free it.
 *
 *     uf_reach_build(&reach, graph, err); view = {graph, &reach, names};
 *     uf_keepers_build(&keepers, &view, &node, 1, &limits, err);
 *     ... keepers.paths, keepers.singles, keepers.together ...
 *     uf_keepers_release(&keepers);
 *
 * Paths: the shortest one to each reference by which something outside the set
 * holds a member, never through a member, in the order of reach.h: kinds of
 * roots as they stand in enum uf_root_kind, what only a cache holds after all
 * else of its kind. The first path is the first member's in that order.
 *
 * Cuts: a reference, or a thread's local (a root), that is on every path from a
 * root to a member ("single"); or where there is no such one, the fewest that
 * are together ("together"), as few as a maximum flow over single references
 * says. Other roots (modules, native code, ...) cannot be cut. What is freed is
 * judged by reachability, as the collector would (reach.h, uf_reach_without).
 *
 * Unfreed's own objects (UF_NODE_OWN) hold nothing here and are in no figure.
 *
 * Beside the passes over the graph (uf_reach_build, referrers.h) the cost is of
 * what would be freed and what refers into it, times the references cut.
 */
#ifndef UF_ANALYSIS_KEEPERS_H
#define UF_ANALYSIS_KEEPERS_H

#include "analysis/steps.h"

#define UF_KEEPERS_TOGETHER_MAX 8

struct uf_keepers_limits {
    uint32_t paths;    /* at most so many are made */
    uint32_t singles;  /* at most so many are named, the best */
    uint32_t together; /* more than so many are not looked for; at most UF_KEEPERS_TOGETHER_MAX */
};

struct uf_keepers_path {
    struct uf_path path; /* root first, a member last; path.edges names the references */
    bool by_cache;       /* what holds is a cache: nothing else on this way does */
};

/* One reference, or one root, to be cut. */
struct uf_keepers_cut {
    uint32_t edge; /* global edge index; UINT32_MAX: the root itself */
    uint32_t root; /* index into graph->roots when edge is UINT32_MAX, else UINT32_MAX */
    unsigned rank; /* preference.h; 0: not asked for (view->names is NULL) */
};

struct uf_keepers_single {
    struct uf_keepers_cut cut;
    uint64_t freed_objects, freed_bytes; /* the members and what goes with them */
};

struct uf_keepers {
    bool alive; /* a member is reached; if not, all that follows is empty */
    uint64_t
        holders; /* references to members from reached objects outside, members' roots among them */
    uint64_t
        internal; /* of these: from objects that only members keep alive: in no path, in no cut */
    UF_VEC(struct uf_keepers_path) paths;

    /* How many singles there are, and the best of them: those that a person can change before all
     * others, then what frees about as little as the least (each eightfold is one worse), then by
     * rank; of equals the nearest to the member. Of more than 256 the 128 at each end are compared. */
    uint64_t single_count;
    UF_VEC(struct uf_keepers_single) singles;

    /* Where single_count is 0: the fewest that free all members together, none superfluous, the
     * nearest to them; where a person cannot change these, others as few that one can. Empty: more
     * than limits.together are needed, or a root that cannot be cut holds a member. */
    UF_VEC(struct uf_keepers_cut) together;
    uint64_t freed_objects, freed_bytes; /* by cutting these */
    bool too_many;                       /* more than limits.together are needed */
    uint32_t fixed_root; /* a root that cannot be cut and holds a member itself; else UINT32_MAX */
};

/* `members` in any order; a node may stand in it twice. Needs view->graph with types, view->reach
 * and, for preferences, view->names. UF_EINVAL: none, or one out of range. On failure `keepers`
 * is {0}. */
enum uf_code uf_keepers_build(struct uf_keepers *keepers, const struct uf_view *view,
                              const uf_node *members, size_t count,
                              const struct uf_keepers_limits *limits, struct uf_error *err);
void uf_keepers_release(struct uf_keepers *keepers);

#endif
