/* groups_private.h - the inside of groups.h: kinships (groups_kin.c), paths (groups_path.c),
 * series (groups.c), judgements (groups_judge.c).
 *
 * A kinship is the types of a node and of the three nodes above it on its
 * path, and the root's name if that is among them: cheap to tell (it follows
 * from the holder's kinship and the type; no reference is named for it) and
 * fine enough that in a steady program few kinships change.
 */
#ifndef UF_ANALYSIS_GROUPS_PRIVATE_H
#define UF_ANALYSIS_GROUPS_PRIVATE_H

#include "analysis/groups.h"
#include "analysis/steps.h"

#define UF_KIN_LEVELS 4
#define UF_KIN_NONE UINT32_MAX

enum { UF_TOTAL_OBJECTS, UF_TOTAL_BYTES, UF_TOTAL_LENGTH, UF_TOTALS };

struct uf_kin {
    uint32_t types[UF_KIN_LEVELS]; /* texts, the node's own first; 0 above the root */
    uint64_t root; /* hash of the root's text, if the root is among the levels; else 0 */
    uint64_t before[UF_TOTALS]; /* at the capture before */
    uint64_t now[UF_TOTALS];
    /* point from which `before` was constant until the kinship was grouped; 0 at first */
    uint32_t born;
    /* point from which its objects are counted by group; UF_KIN_NONE: not grouped */
    uint32_t since;
    uint32_t group; /* the one group that its objects fell into in this capture, or UF_GROUP_NONE */
    bool many;      /* they fell into several */
    bool fresh;     /* grouped for the first time in this capture, though it existed before */
};

struct uf_cell {
    struct uf_group group;
    uint64_t now[UF_TOTALS];
    uint64_t epoch;           /* capture in which `now` was last begun */
    uint32_t example_ordinal; /* reference by which the holder holds the example */
    uint64_t idle[UF_TOTALS]; /* at the idle capture before */
    uint64_t idle_from[UF_TOTALS];
    uint32_t idle_rises[UF_TOTALS];
};

/* Objects of a fresh kinship that fell into one group. */
struct uf_fresh {
    uint32_t kin, cell;
    uint64_t now[UF_TOTALS];
};

struct uf_groups {
    struct uf_strings strings;
    UF_VEC(struct uf_cell) cells;
    UF_VEC(struct uf_kin) kins;
    UF_VEC(uint32_t) calls; /* by point: calls made */
    struct uf_map kin_of_hash;
    struct uf_map kin_below; /* (kinship of the holder, type text) -> kinship */
    struct uf_map
        lengthy; /* type text -> has it a length that its size does not tell? (groups_kin.c) */
    struct uf_map steps;    /* (edge text, type text) -> step */
    struct uf_map children; /* (holder group, step) -> group */
    struct uf_map late;     /* (holder group, type text) -> text of the first name that came late */
    uint32_t step_count;
    uint32_t list_text, tuple_text, any_item, any_attribute;
    uint64_t epoch; /* captures added, idle ones included */
    bool sealed;

    /* of the last capture */
    uf_node node_count;
    uint32_t *node_kin;   /* UF_KIN_NONE: own */
    uint32_t *node_group; /* UF_GROUP_NONE: not asked for */
    uint32_t *type_text;  /* by index into graph->types: number in strings */
    UF_VEC(uf_node) climb;
    UF_VEC(struct uf_fresh) fresh;
    struct uf_map fresh_of; /* (kinship, group) -> index in fresh */
};

/* groups_kin.c: sums up all kinships, marks those that changed as grouped from `point` on. */
enum uf_code uf_groups_survey(struct uf_groups *groups, const struct uf_view *view, uint32_t point,
                              struct uf_error *err);
/* The elements of `node` if its type has a length that its size does not tell, else -1. */
int64_t uf_groups_length(struct uf_groups *groups, const struct uf_view *view, uf_node node);

/* groups_path.c: the group of `node`, made if it is new; UF_GROUP_NONE when memory is out. */
uint32_t uf_groups_place(struct uf_groups *groups, const struct uf_view *view, uf_node node,
                         struct uf_error *err);

#endif
