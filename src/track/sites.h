/* sites.h - stacks, interned: equal stacks have the same small number, a site.
 *
 * A site is a node of a trie: its innermost frame and the site of the rest of
 * the stack, the caller's. A frame is a function and a line; a function is its
 * file, its name and its first line, copied, since code objects die.
 *
 *     site 3 = (parent 2, parse() line 40)     parse() line 40 <- load() line 12 <- <module> line 3
 *     site 2 = (parent 1, load() line 12)
 *     site 1 = (parent 0, <module> line 3)
 *
 * On top of the trie lies a table of steps that is asked on the hot path:
 * (parent, position) -> site, where a position is what the interpreter knows
 * of a frame without decoding anything: the address of its present
 * instruction. Positions mean something only while their code lives:
 * uf_sites_forget() drops those of a range of addresses.
 *
 * One thread at a time. Numbers stay valid until release, texts as well.
 * {0} is a valid empty set. Site 0 (UF_SITE_NONE) is the empty stack.
 */
#ifndef UF_TRACK_SITES_H
#define UF_TRACK_SITES_H

#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

#define UF_SITE_FAILED UINT32_MAX /* memory is out, or the numbers are */

struct uf_site_function {
    char *file, *name; /* owned; name lies behind file */
    uint32_t first_line;
};

struct uf_site_node {
    uint32_t parent, function, line;
};

struct uf_site_step {
    uint64_t position; /* 0: free */
    uint32_t parent, site;
};

struct uf_sites {
    UF_VEC(struct uf_site_function) functions;
    UF_VEC(struct uf_site_node) nodes; /* [0] is the empty stack */
    uint32_t *function_slots;          /* hash tables of numbers + 1; caps are powers of two or 0 */
    uint32_t *node_slots;
    size_t function_cap, node_cap;
    struct uf_site_step *steps;
    size_t step_count, step_cap;
};

/* The number of a function, UF_SITE_FAILED when memory is out. Texts are copied. */
uint32_t uf_sites_function(struct uf_sites *sites, const char *file, const char *name,
                           uint32_t first_line);
/* The stack `parent` with one more frame, UF_SITE_FAILED when memory is out. */
uint32_t uf_sites_enter(struct uf_sites *sites, uint32_t parent, uint32_t function, uint32_t line);

static inline size_t uf_sites_hash(uint64_t a, uint64_t b)
{
    uint64_t mixed = (a ^ b * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);
    return (size_t)(mixed ^ mixed >> 32);
}

/* The site that was remembered for this step, or UF_SITE_FAILED. `position` is not 0. */
static inline uint32_t uf_sites_step(const struct uf_sites *sites, uint32_t parent,
                                     uint64_t position)
{
    if (sites->step_cap == 0)
        return UF_SITE_FAILED;
    for (size_t i = uf_sites_hash(position, parent);; i++) {
        const struct uf_site_step *step = &sites->steps[i & (sites->step_cap - 1)];
        if (step->position == position && step->parent == parent)
            return step->site;
        if (step->position == 0)
            return UF_SITE_FAILED;
    }
}

/* Remembers a step; what cannot be remembered for lack of memory is decoded again next time. */
void uf_sites_remember(struct uf_sites *sites, uint32_t parent, uint64_t position, uint32_t site);
/* Forgets the steps whose position is in [from, to). */
void uf_sites_forget(struct uf_sites *sites, uint64_t from, uint64_t to);

/* The frames of a site, innermost first, at most `most`; their number. */
size_t uf_sites_frames(const struct uf_sites *sites, uint32_t site, struct uf_site_node *ret,
                       size_t most);
void uf_sites_release(struct uf_sites *sites);

#endif
