/* finding_bound.h - is what grows held by something that cannot, or is not meant to, grow past a bound?
 *
 * The bound is the container's own (lru_cache(maxsize), deque(maxlen)), or one
 * that its owner declares by an attribute beside it (queue.Queue.maxsize,
 * re._MAXCACHE): nothing enforces that one, so it is believed only while the
 * container keeps to it.
 */
#ifndef UF_ANALYSIS_FINDING_BOUND_H
#define UF_ANALYSIS_FINDING_BOUND_H

#include "analysis/steps.h"

struct uf_bound {
    double limit, fill; /* UF_UNKNOWN where it is not known */
    char by
        [128]; /* the attribute that declares it, with its owner's type: "queue.Queue.maxsize"; "":
                         * the container's own */
};

/* Is node `at` of the path a part of the cache above it (its dictionary, a link of its list, the tuple of
 * a call's arguments, which holds as many things for each entry)? */
bool uf_bound_is_part_of_cache(const struct uf_graph *graph, const struct uf_path *path, size_t at);
/* The bound of the container at place `holder` of the path; fill is set also without one. */
bool uf_bound_find(const struct uf_view *view, const struct uf_path *path, size_t holder,
                   struct uf_bound *ret);

#endif
