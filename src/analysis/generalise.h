/* generalise.h - the rules by which paths of different objects become one path.
 *
 * The rules are told in groups.h. Whoever groups by path applies them here, so
 * that a group of a snapshot file and a group of `unfreed check` have the same
 * name.
 */
#ifndef UF_ANALYSIS_GENERALISE_H
#define UF_ANALYSIS_GENERALISE_H

#include "base/text.h"
#include "graph/names.h"

#define UF_GENERALISE_NONE UINT32_MAX

#define UF_ANY_ITEM "[*]"
#define UF_ANY_ATTRIBUTE ".*"
#define UF_ANY_MODULE "module *"
#define UF_ROOT_TEXT_NOTHING "nothing"

/* "module shop", "thread Thread-*", ...: what a root is called; `generic`: on generalised paths. */
void uf_generalise_root(const struct uf_graph *graph, const struct uf_graph_root *root,
                        bool generic, struct uf_text *ret);
/* The bytes of a root's label without its place: "local 'y' of f() at file:12" has no line. */
size_t uf_generalise_label(const char *label);

/* One reference, generalised. */
struct uf_generalised {
    const char *text;    /* lives as long as the name that it was made of */
    bool attribute;      /* a name that the program chose, and may choose anew for every object */
    bool attribute_dict; /* the hop that is left out of paths */
    bool key;            /* the key of a mapping, not the value */
};

/* Nothing but items: there is no need to ask for names. */
bool uf_generalise_is_sequence(const char *holder_type);
/* What it holds as keys are its items. */
bool uf_generalise_is_set(const char *holder_type);
/* `in_dict`: the holder is the attribute dictionary of what stands before it; `name` may then be
 * rewritten. */
struct uf_generalised uf_generalise_reference(struct uf_ref_name *name, bool in_dict,
                                              const char *holder_type);

/* Where a step (reference, type) that is met again leads back to. The groups above are shown one
 * after the other, the nearest first; `step`: it is this very step; `type`: the same type at least. */
struct uf_fold {
    uint32_t last, last_of_type;
    unsigned repeats, depth;
};
#define UF_FOLD_EMPTY ((struct uf_fold){UF_GENERALISE_NONE, UF_GENERALISE_NONE, 0, 0})
static inline void uf_fold_above(struct uf_fold *fold, uint32_t group, bool is_root, bool type,
                                 bool step)
{
    fold->depth++;
    if (!type || is_root)
        return;
    if (fold->last_of_type == UF_GENERALISE_NONE)
        fold->last_of_type = group;
    if (!step)
        return;
    if (fold->last == UF_GENERALISE_NONE)
        fold->last = group;
    fold->repeats++;
}
/* The group to take instead of a new one; UF_GENERALISE_NONE: make one. */
uint32_t uf_fold_end(const struct uf_fold *fold, const char *type);

#endif
