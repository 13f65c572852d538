/* births.h - where objects were allocated, as far as it was watched.
 *
 * An analysis that wants to say "allocated in f() at app.py:12" asks through
 * this interface; the tracker of this process implements it (pyext/tracing.h).
 * A site is a stack, interned: equal stacks have the same number.
 */
#ifndef UF_GRAPH_BIRTHS_H
#define UF_GRAPH_BIRTHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UF_SITE_NONE 0          /* the stack is not known */
#define UF_BIRTHS_FRAMES_MAX 64 /* of one stack; the outermost beyond are left out */

struct uf_birth {
    uint32_t site;
    uint32_t call; /* in which of the watched calls, from 1; 0: between calls */
    bool
        earlier; /* the memory may have been reused since (a freelist): the site may be of its earlier life */
};

/* One frame; texts are the implementer's and valid as long as it is. */
struct uf_birth_frame {
    const char *file, *function; /* function: qualified name where the interpreter has it (3.11+) */
    uint32_t line;
};

struct uf_births {
    void *context;
    /* The birth of the live object at `address`; false: it was not born while watched. */
    bool (*find)(void *context, uint64_t address, struct uf_birth *ret);
    /* The youngest of the blocks that the object at `address` points to (a list's items, a dict's table). */
    bool (*find_held)(void *context, uint64_t address, struct uf_birth *ret);
    /* The frames of a site, innermost first, at most `most`; their number. */
    size_t (*frames)(void *context, uint32_t site, struct uf_birth_frame *ret, size_t most);
};

#endif
