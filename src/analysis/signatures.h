/* signatures.h - all objects of one heap by type and generalised path: what there is, and who holds it.
 *
 * The same groups as those of groups.h (its rules, through generalise.h), but of every object, of one
 * capture, and fast: names are asked for by number (uf_names.generic) where there are numbers; a live
 * heap is asked by text. What no root reaches is held by the pseudo-root "nothing", by its type.
 *
 *     uf_signatures_build(&all, &view, err);
 *     all.at[all.of[node]].objects
 *     uf_signatures_path_text(&all, all.of[node], &text);    "module shop.STORE._sessions[*]"
 *     uf_signatures_release(&all);
 *
 * A holder's number is below the numbers of what it holds: one pass downwards from the last sums up
 * subtrees. Numbers are those of one heap; between two heaps groups are matched by their texts
 * (diff.h). Deterministic; O(nodes), 4 bytes a node, and what the groups take.
 */
#ifndef UF_ANALYSIS_SIGNATURES_H
#define UF_ANALYSIS_SIGNATURES_H

#include "analysis/steps.h"
#include "base/strings.h"

#define UF_SIGNATURE_NONE UINT32_MAX

struct uf_signature {
    uint32_t parent; /* group of the holder; UF_SIGNATURE_NONE at a root. The hop over an attribute
                      * dictionary is left out: what is in it has the instance as its holder */
    uint32_t type;   /* text: the name of the type */
    uint32_t edge;   /* text: the generalised reference; at a root: its label, or 0 */
    uint32_t root;   /* text of the root, for a group at a root; else 0 */
    bool key;        /* held as the key of a mapping */
    bool attribute;  /* held by an attribute's name */
    bool attribute_dict;     /* an attribute dictionary */
    bool folded;             /* a path leads back to it: a list or a tree of any depth */
    bool garbage;            /* nothing holds it */
    uint64_t objects, bytes; /* without unfreed's own; 0 for a group that only own objects are in */
    uf_node first, last;     /* of these the nearest to the root, and the last one met, which in a
                              * dict or list is mostly the newest; UF_NODE_NONE: there are none */
};

struct uf_signatures {
    uf_node node_count;
    uint32_t *of; /* by node: its group */
    struct uf_signature *at;
    uint32_t count;
    struct uf_strings strings;
};

/* Needs view->graph, reach and names. On failure `signatures` is {0}. UF_ENOMEM. */
enum uf_code uf_signatures_build(struct uf_signatures *signatures, const struct uf_view *view,
                                 struct uf_error *err);
void uf_signatures_release(struct uf_signatures *signatures);

/* Valid until release. */
const char *uf_signatures_text(const struct uf_signatures *signatures, uint32_t text);
/* Appends the generalised path to the objects of a group: "module shop.STORE._sessions[*]",
 * "thread Thread-* local 'y' of f().rows[*]", "nothing". */
void uf_signatures_path_text(const struct uf_signatures *signatures, uint32_t group,
                             struct uf_text *ret);

#endif
