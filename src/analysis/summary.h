/* summary.h - what is in a heap: by type, by who holds it, what is garbage, what is large.
 *
 * Plain figures; names are string numbers and nodes of the graph that it was
 * made from, which has to outlive it. Unfreed's own objects are in no figure.
 */
#ifndef UF_ANALYSIS_SUMMARY_H
#define UF_ANALYSIS_SUMMARY_H

#include "analysis/result.h"
#include "analysis/steps.h"
#include "analysis/type_totals.h"

enum uf_summary_order { UF_BY_BYTES, UF_BY_COUNT, UF_BY_RETAINED };

/* All types of one name: a program may make the same class again and again. */
struct uf_summary_type {
    uint32_t name;  /* in graph->strings */
    uint32_t types; /* so many type objects have that name */
    struct uf_type_figures figures;
    /* Of several heaps (summary_sum.h): in how many there are any, and the fewest and the most objects that one of
     * all has. */
    uint32_t heaps;
    uint64_t fewest, most;
};

/* Objects of one type that C code alone holds: their counts say so, and no root of another kind leads to
 * them. */
struct uf_summary_native {
    uint32_t name;           /* of the type */
    uint64_t held;           /* so many objects of it */
    uint64_t references;     /* references to them that nothing explains */
    uint64_t objects, bytes; /* they and what only they lead to */
    uf_node example;
};

struct uf_summary_share {
    uint64_t objects, bytes;
};

struct uf_summary {
    struct uf_type_figures all;
    uint64_t references;
    uint64_t frozen_objects;
    uint64_t garbage_frozen_objects,
        garbage_frozen_bytes;             /* of the garbage: no collection frees it */
    UF_VEC(struct uf_summary_type) types; /* in the order asked for */
    UF_VEC(struct uf_summary_type)
    garbage_types;                           /* those that have garbage; most bytes of it first */
    UF_VEC(struct uf_summary_native) native; /* most bytes first */
    /* Alive, by the kind of root (enum uf_root_kind) that the shortest path comes from. */
    struct uf_summary_share held[UF_ROOT_NATIVE + 1];
    struct uf_summary_share immortal; /* of held[UF_ROOT_NATIVE]: not held, but never freed */
    UF_VEC(uf_node) largest;          /* by shallow size */
    /* Findings of kind cycle: what keeps the garbage from being freed by counts (findings.h). */
    struct uf_check_result cycles;
    bool has_cycles; /* there is garbage, and it was looked for */
};

/* Needs view->graph, reach, names. `largest`: so many objects are named. On failure `summary` is empty. */
enum uf_code uf_summary_build(struct uf_summary *summary, const struct uf_view *view,
                              const struct uf_dominators *dominators, enum uf_summary_order order,
                              size_t largest, struct uf_error *err);
/* For who fills in a summary himself: puts types and native rows in order, and finds garbage_types. */
enum uf_code uf_summary_order_rows(struct uf_summary *summary, enum uf_summary_order order,
                                   struct uf_error *err);
void uf_summary_release(struct uf_summary *summary);

#endif
