/* kinds.h - the references of a piece sorted by what they are called.
 *
 * Attributes of the same name are of one kind, whatever holds them; entries of
 * an attribute dictionary count as attributes. All others are of one kind when
 * the holder's type and the name without keys are the same.
 */
#ifndef UF_ANALYSIS_KINDS_H
#define UF_ANALYSIS_KINDS_H

#include "analysis/piece.h"
#include "analysis/preference.h"

struct uf_kind {
    struct uf_preference preference;
    /* Written in one place of the program: an attribute, a function's local or cell; not entries of
     * containers, nor what the interpreter refers to by itself. */
    bool one_place;
    uint32_t edges;
};

struct uf_kinds {
    uint32_t *kind_of;            /* by reference of the core */
    UF_VEC(struct uf_kind) kinds; /* the best first */
};

/* More references than this are not asked for their names. */
#define UF_KINDS_EDGES_MAX 262144

/* UF_ELIMIT: more than UF_KINDS_EDGES_MAX references. On failure `kinds` is {0}. */
enum uf_code uf_kinds_build(struct uf_kinds *kinds, const struct uf_piece *piece,
                            const struct uf_graph *graph, const struct uf_names *names,
                            struct uf_error *err);
void uf_kinds_release(struct uf_kinds *kinds);

#endif
