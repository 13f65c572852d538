/* lookup.h - which objects a person means: by address or by the name of their type.
 *
 *     "0x7f5a..."         the object at this address; also in decimal, as id() gives it
 *     "shop.Session"      all objects of this type, and of others of that name
 *     "Session"           the same, when only one module has such a type with objects
 */
#ifndef UF_ANALYSIS_LOOKUP_H
#define UF_ANALYSIS_LOOKUP_H

#include "base/vec.h"
#include "graph/graph.h"

struct uf_lookup {
    bool by_type;
    uint32_t type_name;      /* by_type: in graph->strings */
    UF_VEC(uf_node) members; /* at least one; ascending; unfreed's own left out */
};

/* UF_EINVAL: there is no such object, or it is not clear which is meant; the message says "WHAT (what to
 * do)". UF_ENOMEM. On failure `lookup` is {0}. */
enum uf_code uf_lookup_find(struct uf_lookup *lookup, const struct uf_graph *graph,
                            const char *wanted, struct uf_error *err);
void uf_lookup_release(struct uf_lookup *lookup);

#endif
