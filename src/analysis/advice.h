/* advice.h - what to change, by the pattern of the leak: one sentence for a person.
 *
 * Patterns stand in one table, the most telling first; the last one fits all.
 */
#ifndef UF_ANALYSIS_ADVICE_H
#define UF_ANALYSIS_ADVICE_H

#include "analysis/steps.h"

/* What is known of a leak. Texts may be empty, never NULL. */
struct uf_leak_facts {
    const struct uf_view *view;
    uf_node example;            /* the object that piles up or grows */
    uf_node holder;             /* what holds it; UF_NODE_NONE: a root */
    const char *type;           /* of the example */
    const char *holder_type;    /* "" at a root */
    const char *holder_text;    /* expression: "shop.STORE._sessions" */
    const char *root;           /* "module shop", "interpreter: atexit" */
    const char *path;           /* generalised: "module shop.STORE._sessions[*]" */
    enum uf_ref_kind reference; /* by which the holder holds the example */
    bool inside;                /* kind growing: the example itself gets bigger */
    bool on_class;              /* the holder is an attribute of a class */
    bool settled;               /* it has stopped growing */
    bool known_bound;           /* the holder has a bound that it cannot pass */
    bool chain;                 /* a linked list or tree, of any depth */
    bool many_names;            /* attributes of ever new names */
};

/* The sentence, in uf_mem; NULL when memory is out. */
char *uf_advice_for_leak(const struct uf_leak_facts *facts);

/* A cycle that only the collector frees. `cut`: the reference to cut. */
struct uf_cycle_facts {
    const struct uf_ref_name *cut;
    const char *source_type, *target_type; /* of the reference to cut */
    bool exception;                        /* the cycle goes through a traceback or frame */
    bool closure;                          /* ... through a cell */
    bool type;                             /* ... through a type object: a class made per call */
    bool single;                           /* cutting this one reference frees all */
};
char *uf_advice_for_cycle(const struct uf_cycle_facts *facts);

#endif
