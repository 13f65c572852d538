/* ancestors.h - a tree that grows downwards, and the way up in it in great steps.
 *
 * Nodes have numbers, those of parents smaller; 0 is the root of all. Each node
 * keeps one ancestor far above beside its parent (E. Myers, "An applicative
 * random-access stack", 1983), so that going up takes steps in the order of the
 * logarithm of the depth: a list of a million links costs no million steps for
 * each of them.
 */
#ifndef UF_ANALYSIS_ANCESTORS_H
#define UF_ANALYSIS_ANCESTORS_H

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* By number; all three have room for the highest one. */
struct uf_ancestors {
    uint32_t *above; /* the parent */
    uint32_t *jump;  /* an ancestor further up */
    uint32_t *depth;
};

static inline void uf_ancestors_begin(struct uf_ancestors *tree)
{
    tree->above[0] = tree->jump[0] = tree->depth[0] = 0;
}

/* Enters number n, whose parent above[n] has been entered. */
static inline void uf_ancestors_enter(struct uf_ancestors *tree, uint32_t n)
{
    uint32_t above = tree->above[n], jump = tree->jump[above], twice = tree->jump[jump];
    bool even = tree->depth[above] - tree->depth[jump] == tree->depth[jump] - tree->depth[twice];
    tree->depth[n] = tree->depth[above] + 1;
    tree->jump[n] = even ? twice : above;
}

/* The nearest one at or above `at` whose number is not above `limit`. */
static inline uint32_t uf_ancestors_not_above(const struct uf_ancestors *tree, uint32_t at,
                                              uint32_t limit)
{
    while (at > limit)
        at = tree->jump[at] >= limit ? tree->jump[at] : tree->above[at];
    return at;
}

/* The ancestor of this depth, which is not greater than that of `at`. */
static inline uint32_t uf_ancestors_at_depth(const struct uf_ancestors *tree, uint32_t at,
                                             uint32_t depth)
{
    while (tree->depth[at] > depth)
        at = tree->depth[tree->jump[at]] >= depth ? tree->jump[at] : tree->above[at];
    return at;
}

/* The nearest one that is at or above both. */
static inline uint32_t uf_ancestors_common(const struct uf_ancestors *tree, uint32_t a, uint32_t b)
{
    if (tree->depth[a] > tree->depth[b])
        a = uf_ancestors_at_depth(tree, a, tree->depth[b]);
    else
        b = uf_ancestors_at_depth(tree, b, tree->depth[a]);
    while (a != b) {
        bool far = tree->jump[a] != tree->jump[b];
        a = far ? tree->jump[a] : tree->above[a];
        b = far ? tree->jump[b] : tree->above[b];
    }
    return a;
}

static inline void uf_ancestors_release(struct uf_ancestors *tree)
{
    uf_mem_free(tree->above);
    uf_mem_free(tree->jump);
    uf_mem_free(tree->depth);
    *tree = (struct uf_ancestors){0};
}

#endif
