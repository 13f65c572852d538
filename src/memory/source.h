/* source.h - where the bytes of the program under study come from.
 *
 * A source hands out local views of ranges of the target's addresses, so that
 * decoding costs a bounds check and not a call per field. Inside the process
 * the source is the identity and every view is the address itself; a live
 * process and a core file (later) serve copies and mappings.
 */
#ifndef UF_MEMORY_SOURCE_H
#define UF_MEMORY_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uf_source {
    bool identity; /* views are the addresses themselves, nothing is checked */
    void *context;
    /* A view of [address, address + size), valid until the source is released; NULL: cannot be read. */
    const void *(*view)(void *context, uint64_t address, size_t size);
};

static inline const void *uf_source_view(const struct uf_source *source, uint64_t address,
                                         size_t size)
{
    if (source->identity)
        return (const void *)(uintptr_t)address; // NOLINT
    return source->view(source->context, address, size);
}

/* The process itself. */
extern const struct uf_source uf_source_self;

#endif
