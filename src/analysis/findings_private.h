/* findings_private.h - the inside of findings.h: which groups (findings.c,
 * findings_settle.c), what is said of one
 * (finding_fill.c), its objects and what cutting frees (finding_load.c).
 */
#ifndef UF_ANALYSIS_FINDINGS_PRIVATE_H
#define UF_ANALYSIS_FINDINGS_PRIVATE_H

#include "analysis/dominators.h"
#include "analysis/findings.h"
#include "analysis/steps.h"

/* How a group grows. */
enum uf_grows {
    UF_STILL,
    UF_BY_OBJECTS, /* there are more and more of it */
    UF_INSIDE,     /* as many objects hold more and more */
};

struct uf_candidate {
    struct uf_group_growth growth;
    uint8_t trend, settled; /* enum uf_grows */
    bool subsumed;          /* told by another finding */
    bool bounded;           /* it, or what holds it, keeps to a known bound (finding_bound.h) */
    bool has_entries;       /* trend UF_INSIDE: its entries are told with it */
    uint32_t dict;          /* its group of attribute dictionaries, or UF_GROUP_NONE */
    uint32_t told_by;       /* subsumed as a key or a lesser value: by this group */
};

struct uf_search {
    struct uf_view view;
    struct uf_groups *groups;
    struct uf_check_result *result;
    struct uf_candidate *candidates; /* by group */
    uint32_t count;
    bool settled;                    /* this round looks for what has settled, not for trends */
    struct uf_dominators dominators; /* built when first needed */
    bool has_dominators;
    uint8_t *claimed;    /* by node: 1 = told, as what piles up, by a finding */
    uint32_t cuts_tried; /* findings whose fix was checked on the graph */
};

/* How an object belongs to a finding: as what piles up, or as a key or plain value that goes with
 * it. */
enum { UF_MARK_MEMBER = 1, UF_MARK_COMPANION = 2 };

/* The objects of one finding, and what goes with them when their holders let go. */
struct uf_load {
    uf_node_list members;
    uf_node_list co_holders; /* other growing containers that hold the members too */
    uint8_t *mark;           /* by node: UF_MARK_... or 0 */
};

/* Groups made while findings are written have no series. */
static inline uint8_t uf_candidate_grows(const struct uf_search *search, uint32_t group)
{
    if (group >= search->count)
        return UF_STILL;
    const struct uf_candidate *candidate = &search->candidates[group];
    return search->settled ? candidate->settled : candidate->trend;
}

/* findings_settle.c: marks as subsumed what another group's finding tells. */
enum uf_code uf_search_settle(struct uf_search *search, struct uf_error *err);
/* Rank of an entry as the thing to name: things before texts before numbers, values before keys
 * (unless a thing that is a key keeps much more alive). */
enum { UF_RANK_NUMBER = 0, UF_RANK_THING = 3 };
int uf_group_rank(const struct uf_search *search, uint32_t group);
/* The growing container that directly holds the entries of `group`, or UF_GROUP_NONE. */
uint32_t uf_group_container(const struct uf_search *search, uint32_t group);
/* Is the group at a root whose text begins with `root`? */
bool uf_group_is_at_root(const struct uf_search *search, uint32_t group, const char *root);

/* finding_load.c: members and companions of a group's finding. */
enum uf_code uf_load_collect(struct uf_load *load, struct uf_search *search, uint32_t group,
                             struct uf_error *err);
void uf_load_release(struct uf_load *load);
/* Cuts the references by which holders hold the load, sees what dies, fills retained and fix
 * figures. */
enum uf_code uf_load_try_fix(struct uf_load *load, struct uf_search *search,
                             struct uf_finding *finding, struct uf_error *err);

/* Bytes that the newest object of the group alone keeps alive. */
enum uf_code uf_group_weigh(struct uf_search *search, uint32_t group, uint64_t *bytes,
                            struct uf_error *err);
/* Of two entries the one that weighs so many times as much as the other is the thing to name,
 * whichever would come first by its rank. */
#define UF_MUCH_HEAVIER 4

/* finding_births.c: allocated_at, the site of most of the nodes. Nothing without births. */
enum uf_code uf_finding_fill_births(const struct uf_view *view, const uf_node *nodes, size_t count,
                                    struct uf_finding *finding, struct uf_error *err);
/* The same of a finding's load; of kind growing, the site of what came into it. `shown`: what is
 * named in place of the members (may be empty): its site, if it is known. */
enum uf_code uf_load_fill_births(const struct uf_load *load, const uf_node_list *shown,
                                 const struct uf_view *view, struct uf_finding *finding,
                                 struct uf_error *err);
/* The frames of `site` as the finding's allocated_at, in place of what was there. */
enum uf_code uf_finding_set_site(const struct uf_births *births, uint32_t site,
                                 struct uf_finding *finding, struct uf_error *err);

/* finding_fill.c: all fields of the finding for `group`. */
enum uf_code uf_finding_fill(struct uf_search *search, uint32_t index, struct uf_finding *finding,
                             struct uf_error *err);

/* findings_cycles.c: what nothing reaches though it was collected. */
enum uf_code uf_findings_from_unreachable(struct uf_search *search, struct uf_error *err);

/* Moves `finding` into the result; on failure it is released. */
enum uf_code uf_findings_push(struct uf_check_result *result, struct uf_finding *finding,
                              struct uf_error *err);

#endif
