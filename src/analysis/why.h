/* why.h - why an object, or all objects of a type, are alive; or that they are not, and what closes the cycle.
 *
 * What is asked for is a set of objects (lookup.h): one object, or all of a
 * type. Of a type the objects are first grouped by who holds them, most
 * first; paths and cuts are then those of the largest group. What nothing
 * reaches is garbage: then the cycles are told through which it is held.
 */
#ifndef UF_ANALYSIS_WHY_H
#define UF_ANALYSIS_WHY_H

#include "analysis/dominators.h"
#include "analysis/lookup.h"
#include "analysis/result.h"
#include "analysis/steps.h"

struct uf_why_path {
    /* Only its path_root, holder (the whole path as an expression) and path are set; the step to cut
     * is the suspect. */
    struct uf_finding way;
    bool by_cache;     /* a cache holds it: it may let go by itself */
    uint8_t root_kind; /* enum uf_root_kind */
    uint32_t surplus;  /* of a native root: references that nothing explains */
};

struct uf_why_cut {
    char *expression; /* "shop.STORE._sessions['9f3c']", "local 'request' of serve()" */
    uint64_t freed_objects, freed_bytes; /* of one that is enough alone */
};

/* Objects of the type that are held in the same way. */
struct uf_why_group {
    char *path; /* "module shop.STORE._sessions[*]"; "nothing" for garbage */
    bool garbage;
    uint64_t objects, bytes;
    uint64_t retained_bytes; /* by all of them; 0 for garbage */
    uf_node example;
};

struct uf_why {
    bool by_type;
    uf_node example; /* the object; of a type, one of the group that is explained */
    uint32_t type;   /* name, in graph->strings */
    uint64_t objects, bytes, garbage_objects;
    uint64_t retained_bytes;            /* of a type, by all that are alive; else 0 */
    UF_VEC(struct uf_why_group) groups; /* of a type */

    /* Of the object, or of the largest group that is alive. */
    bool alive;
    uint64_t explained;                  /* so many objects */
    uint64_t holders;                    /* references to them from outside */
    UF_VEC(struct uf_why_path) paths;    /* the best first */
    uint64_t single_count;               /* references each of which is enough */
    UF_VEC(struct uf_why_cut) singles;   /* some of these, the best first */
    UF_VEC(struct uf_why_cut) together;  /* where none is enough: these are, together */
    uint64_t freed_objects, freed_bytes; /* by cutting these */
    bool too_many;                       /* more than a few would have to be cut */
    char *fixed_root; /* what holds it and cannot be cut: "module shop"; NULL: nothing */

    /* Garbage, if it is what was asked for: findings of kind cycle (findings.h). */
    struct uf_check_result cycles;
    bool frozen; /* it is in the permanent generation: no collection looks at it */
};

/* Needs view->graph, reach, names; `dominators` only for a type. `paths`: at most so many. On failure
 * `why` is empty. */
enum uf_code uf_why_build(struct uf_why *why, const struct uf_view *view,
                          const struct uf_lookup *asked, const struct uf_dominators *dominators,
                          uint32_t paths, struct uf_error *err);
void uf_why_release(struct uf_why *why);

#endif
