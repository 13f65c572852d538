/* outside.h - the memory of a program that is looked at from outside: a live process, or a core.
 *
 * Both give the same: what is mapped where, its bytes as a source, and the
 * files behind it. What is behind that (process.h, core.h) is known only to
 * who opens it.
 */
#ifndef UF_MEMORY_OUTSIDE_H
#define UF_MEMORY_OUTSIDE_H

#include "memory/mappings.h"
#include "memory/source.h"

struct uf_outside_memory {
    const struct uf_mappings *mappings;
    const struct uf_source *source; /* what lies there; pages that are nowhere cannot be viewed */
    void *context;
    /* Opens the file behind a mapping for reading, verified to be the very file (inode, or build id);
     * -1 with errno: it cannot be had. The caller closes it. */
    int (*open_file)(void *context, const struct uf_mapping *mapping);
};

#endif
