/* groups.h - live objects counted by type and by who holds them, over many captures.
 *
 * A group is (type name, generalised path from a root): `shop.Session` at
 * `module shop .STORE ._sessions [*]`. Its identity is made of texts, so it is
 * the same in every capture, whatever the addresses. Rules of generalisation:
 *   - keys and indices are [*]; the hop over an attribute dictionary is left out;
 *   - where attributes of one type go on appearing at one holder after the table was sealed, the
 *     second and all later ones are `.*` (a namespace used as a registry); likewise modules;
 *   - numbers in names of threads are * ("thread Thread-*");
 *   - a step (reference, type) that occurred three times above on the same path leads back to the
 *     last of them (a linked list is a few groups, however long); below depth 8 a type does that
 *     occurred once;
 *   - what nothing reaches is held by the pseudo-root "nothing".
 * Naming costs, so only what changes is grouped: uf_groups_add() first compares totals per kinship
 * (the types of a node and of the three nodes above it) with those of the capture before; from the
 * first difference on, the objects of that kinship are grouped in every capture. Until then their
 * totals were constant, and so the past of their groups is filled in: every series begins with the
 * first capture.
 */
#ifndef UF_ANALYSIS_GROUPS_H
#define UF_ANALYSIS_GROUPS_H

#include "analysis/growth.h"
#include "analysis/reach.h"
#include "base/text.h"
#include "base/vec.h"
#include "graph/names.h"

#define UF_GROUP_NONE UINT32_MAX
#define UF_TYPE_CACHE_ENTRIES                                                                      \
    4096 /* MCACHE_SIZE_EXP is 12: CPython 3.10 pycore_interp.h, 3.12 pycore_typeobject.h */

struct uf_group_point {
    uint32_t calls;
    uint64_t objects, bytes, length; /* length: sum of the elements held, for types that have one */
};

struct uf_group {
    uint32_t parent;     /* group of the holder; UF_GROUP_NONE at a root */
    uint32_t type;       /* string number of the type's name */
    uint32_t edge;       /* ... of the generalised reference; at a root: the root's label, or 0 */
    uint32_t root;       /* ... of the root's text, for a group at a root; else 0 */
    bool has_length;     /* its objects have a length that their size does not tell */
    bool key;            /* held as the key of a mapping, not as the value */
    bool attribute_dict; /* the hop that is left out of paths below: their parent is its parent */
    bool folded;         /* a path leads back to it: a list or a tree of any depth */
    bool bounded_root;   /* held by the interpreter's type cache (UF_TYPE_CACHE_ENTRIES) */
    bool not_from_call;  /* grew as fast while no call was made (uf_groups_end_idle) */
    /* in the last capture: the newest object of the group (a folded one: the nearest to the root);
     * UF_NODE_NONE if it is empty */
    uf_node example;
    UF_VEC(struct uf_group_point) points; /* one per capture; empty: never counted */
};

struct uf_groups; /* owns its strings and all series */

enum uf_code uf_groups_create(struct uf_groups **ret, struct uf_error *err);
void uf_groups_destroy(struct uf_groups *groups);

/* The end of warm-up: all series begin anew, the last capture added (if any) being their first
 * point. What was found to change stays grouped. From now on new attribute names may be
 * generalised. */
void uf_groups_seal(struct uf_groups *groups);

/* Counts one capture, made after `calls` calls (ascending). `reach` belongs to `graph`. */
enum uf_code uf_groups_add(struct uf_groups *groups, const struct uf_graph *graph,
                           const struct uf_reach *reach, const struct uf_names *names,
                           uint32_t calls, struct uf_error *err);

/* Windows in which no call is made. begin; add_idle at the end of each; end. A group that grew
 * in every idle window by at least half of what it grows per window of calls gets not_from_call.
 * `scale`: how many idle windows are as long as a window of `window_calls` calls. The captures
 * become "the last capture". */
void uf_groups_begin_idle(struct uf_groups *groups);
enum uf_code uf_groups_add_idle(struct uf_groups *groups, const struct uf_graph *graph,
                                const struct uf_reach *reach, const struct uf_names *names,
                                struct uf_error *err);
void uf_groups_end_idle(struct uf_groups *groups, uint32_t windows, double scale,
                        uint32_t window_calls);

uint32_t uf_groups_count(const struct uf_groups *groups);
const struct uf_group *uf_groups_get(const struct uf_groups *groups, uint32_t index);
const char *uf_groups_text(const struct uf_groups *groups, uint32_t string);
/* The generalised path as text: "module shop.STORE._sessions[*]". */
void uf_groups_path_text(const struct uf_groups *groups, uint32_t index, struct uf_text *ret);

/* The three series of a group, judged. */
struct uf_group_growth {
    struct uf_growth objects, bytes, length;
};
enum uf_code uf_groups_judge(const struct uf_groups *groups, uint32_t index,
                             struct uf_group_growth *ret, struct uf_error *err);
/* Over all groups, not_from_call and bounded_root left out: the largest wish, and whether any
 * series is a trend: then in how many calls each of them shows what it grows by (some new
 * objects, or memory that moves because it is full), else 0. Memory being out counts as ENOUGH. */
enum uf_growth_wish uf_groups_wish(const struct uf_groups *groups);
double uf_groups_calls_to_show(const struct uf_groups *groups);

/* In the last capture added: the group of `node`, or UF_GROUP_NONE if it was not grouped. */
uint32_t uf_groups_of(const struct uf_groups *groups, uf_node node);

/* In the last capture added: all nodes of a group, ascending, appended to `ret`. Groups what was
 * not grouped yet among the nodes of its type: `graph`, `reach` and `names` are those last
 * added. */
typedef UF_VEC(uf_node) uf_node_list;
enum uf_code uf_groups_members(struct uf_groups *groups, const struct uf_graph *graph,
                               const struct uf_reach *reach, const struct uf_names *names,
                               uint32_t index, uf_node_list *ret, struct uf_error *err);

#endif
