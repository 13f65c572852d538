/* diff.h - two heaps compared: what is in NEW and not in OLD, by who holds it.
 *
 * Groups of objects (signatures.h) of both heaps are matched by their texts, so
 * that it works for two snapshots of one process as for those of a program that
 * was started anew. What decides is the count and the size of a group, never an
 * address: addresses are used again.
 *
 * Names that a program makes up as it runs are not matched: where one holder, or
 * the list of modules, has many attributes of one type that only one of the two
 * heaps knows, these are `.*` (generalise.h), modules `module *`.
 *
 * Every group whose count or size changed belongs to one entry: the cause. An
 * entry has a place, where a person looks: a container that got new members, an
 * attribute that has become an object or more of them, or something that got
 * larger by itself. What its new members hold belongs to them, as far as their
 * number explains it, and stands in the entry's figures; so the changes of all
 * entries add up to the change of the heap.
 *
 *     uf_diff_build(&diff, &old, &new, err);
 *     uf_diff_weigh(&diff, UF_DIFF_OLD, &dominators, 10, err);    retained sizes of the first entries
 *     uf_diff_look(&diff, same_process, 10, err);                 examples of what is new
 *     uf_diff_release(&diff);
 */
#ifndef UF_ANALYSIS_DIFF_H
#define UF_ANALYSIS_DIFF_H

#include "analysis/dominators.h"
#include "analysis/signatures.h"

#define UF_DIFF_NONE UINT32_MAX
#define UF_DIFF_EXAMPLES 3
#define UF_DIFF_UNKNOWN UINT64_MAX

enum uf_diff_heap { UF_DIFF_OLD, UF_DIFF_NEW };

struct uf_diff_side {
    const struct uf_view *view;
    const struct uf_signatures *signatures;
};

struct uf_diff_figures {
    uint64_t objects, bytes;
};

struct uf_diff_change {
    int64_t objects, bytes;
};

/* A group of both heaps. Its holder's number is below its own. Texts are numbers in diff->strings. */
struct uf_diff_group {
    uint32_t parent, type, edge, root; /* as in struct uf_signature */
    bool key, attribute, attribute_dict, folded, garbage;
    struct uf_diff_figures heap[2]; /* indexed by enum uf_diff_heap */
    uint32_t signature[2];          /* one of its groups in each; UF_DIFF_NONE: none */
    uint32_t entry;                 /* the entry that it belongs to: index in grown or shrunk */
    bool shrunk;                    /* ... that is in `shrunk` */
    bool member;                    /* it is what piles up (or goes) at the entry's place */
};

struct uf_diff_entry {
    uint32_t place; /* group; of all garbage the first one */
    uint32_t
        main; /* group: the member that weighs most; if there is none what got larger: the place,
                     * or its attribute dictionary */
    bool in_place;          /* it has no members: the place got larger, or smaller */
    uint32_t members;       /* groups that are members */
    int64_t objects, bytes; /* change of all groups of the entry; of a shrunk one mostly below 0 */
    int64_t own_bytes;      /* ... of these, by which the place itself changed */
    uint64_t retained[2]; /* by the members, or by `main`, together; UF_DIFF_UNKNOWN: not weighed */
    /* Objects of `main` only in NEW, only in OLD; UF_DIFF_UNKNOWN: not known. */
    uint64_t fresh, gone;
    uf_node examples[UF_DIFF_EXAMPLES]; /* in NEW, of `main`; fresh ones if there are any */
    uint32_t example_count;
};

struct uf_diff_type {
    uint32_t type; /* text */
    struct uf_diff_figures heap[2];
};

struct uf_diff {
    struct uf_diff_side side[2];
    struct uf_strings strings;
    UF_VEC(struct uf_diff_group) groups;
    uint32_t *group_of[2];               /* by number of a signature */
    UF_VEC(struct uf_diff_entry) grown;  /* most bytes first */
    UF_VEC(struct uf_diff_entry) shrunk; /* most bytes first */
    UF_VEC(struct uf_diff_type) types;   /* what grew most first; all there are */
    struct uf_diff_figures heap[2];
    struct uf_diff_change grown_in_all, shrunk_in_all; /* sums over entries; the latter below 0 */
};

/* Both sides stay the caller's until release. On failure `diff` is {0}. UF_ENOMEM. */
enum uf_code uf_diff_build(struct uf_diff *diff, const struct uf_diff_side *old,
                           const struct uf_diff_side *new, struct uf_error *err);
void uf_diff_release(struct uf_diff *diff);

/* Fills `retained` of the first `count` grown entries, for one of the heaps. */
enum uf_code uf_diff_weigh(struct uf_diff *diff, enum uf_diff_heap heap,
                           const struct uf_dominators *dominators, size_t count,
                           struct uf_error *err);
/* Fills `examples` of the first `count` grown entries; of two heaps of one process also `fresh` and
 * `gone`: an object of the same type at the same address in the same group is taken for the same one. As
 * memory is used again these are lower bounds. */
enum uf_code uf_diff_look(struct uf_diff *diff, bool same_process, size_t count,
                          struct uf_error *err);

/* By type: what the groups of an entry, without its main group, changed by; most bytes first. */
struct uf_diff_share {
    uint32_t type;
    int64_t objects, bytes;
};
typedef UF_VEC(struct uf_diff_share) uf_diff_shares;
enum uf_code uf_diff_holds(const struct uf_diff *diff, size_t entry, bool shrunk,
                           uf_diff_shares *ret, struct uf_error *err);

const char *uf_diff_text(const struct uf_diff *diff, uint32_t text);
void uf_diff_path_text(const struct uf_diff *diff, uint32_t group, struct uf_text *ret);
/* Is what a reference of this generalised text leads to one of many alike? */
bool uf_diff_is_item(const struct uf_diff_group *group, const char *edge);

#endif
