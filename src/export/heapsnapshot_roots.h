/* heapsnapshot_roots.h - what stands above the objects in a .heapsnapshot.
 *
 * Objects fall into three parts: what the roots reach; what is reached only
 * through unfreed's own objects; and garbage. References from one part to
 * another hold nothing (analysis/dominators.h), so they are written as weak
 * ones: only then do the viewers come to the retained sizes that unfreed
 * comes to.
 *
 * Each part hangs from groups. Of roots, those of one kind and name are a
 * group ("module shop", "thread MainThread"); all static types are one, and
 * all that native code holds. Modules, threads and the interpreter's fields are
 * what people follow: their groups hang from the root itself and count as
 * entries of distance 1; the other groups hang from "(GC roots)", which the
 * viewers take for the system's own, behind all else.
 *
 * The garbage group holds as few objects as it takes to reach all garbage,
 * those first that no other garbage holds.
 */
#ifndef UF_EXPORT_HEAPSNAPSHOT_ROOTS_H
#define UF_EXPORT_HEAPSNAPSHOT_ROOTS_H

#include "analysis/reach.h"
#include "base/vec.h"
#include "export/heapsnapshot_names.h"

enum uf_hs_part { UF_HS_ALIVE = 0, UF_HS_OWN = 1, UF_HS_GARBAGE = 2, UF_HS_PART_MASK = 3 };

struct uf_hs_group {
    uint32_t name, id;
    bool system;         /* hangs from "(GC roots)" */
    bool of_nodes;       /* items are nodes, not roots of the graph */
    uint32_t first, end; /* in items */
};

struct uf_hs_roots {
    uint8_t *part; /* by node: enum uf_hs_part under UF_HS_PART_MASK */
    UF_VEC(struct uf_hs_group) groups;
    UF_VEC(uint32_t) items; /* of all groups: indices of the graph's roots, or nodes */
};

/* On failure (UF_ENOMEM) `roots` is released. */
enum uf_code uf_hs_roots_init(struct uf_hs_roots *roots, const struct uf_graph *graph,
                              const struct uf_reach *reach, struct uf_hs_names *names,
                              struct uf_error *err);
void uf_hs_roots_release(struct uf_hs_roots *roots);

static inline bool uf_hs_holds(const struct uf_hs_roots *roots, uf_node from, uf_node to)
{
    return ((roots->part[from] ^ roots->part[to]) & UF_HS_PART_MASK) == 0;
}

/* The item-th reference of a group (index into items): to which node, and how it is called. */
uf_node uf_hs_group_target(const struct uf_hs_roots *roots, const struct uf_graph *graph,
                           const struct uf_hs_group *group, uint32_t item);
struct uf_hs_edge_name uf_hs_group_edge(const struct uf_hs_roots *roots,
                                        const struct uf_graph *graph, struct uf_hs_names *names,
                                        const struct uf_hs_group *group, uint32_t item);

#endif
