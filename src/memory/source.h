/* source.h - where the bytes of the program under study come from.
 *
 * A source hands out local views of ranges of the target's addresses, so that
 * decoding costs a bounds check and not a call per field. Inside the process
 * the source is the identity and every view is the address itself. From
 * outside it is a set of ranges (ranges.h): copies of a live process's pages,
 * a core file that is mapped, bytes that a test wrote.
 *
 * Memory from outside is not trusted: an address out of it is a number to ask
 * a view for and nothing else, and `bytes` bounds all work on it.
 */
#ifndef UF_MEMORY_SOURCE_H
#define UF_MEMORY_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Target's bytes [start, end) and where they are here. */
struct uf_range {
    uint64_t start, end;
    const unsigned char *at;
};

#define UF_SOURCE_WAYS 256 /* remembered ranges, by the address's part of so many bytes: */
#define UF_SOURCE_WAY_SHIFT 20

struct uf_source {
    bool identity; /* views are the addresses themselves, nothing is checked */
    void *context;
    /* A view of [address, address + size), valid until the source is released; NULL: cannot be read.
     * Asked when `ways` has no answer, and enters it there. */
    const void *(*view)(void *context, uint64_t address, size_t size);
    /* Can any byte of [address, address + size) be viewed? NULL: it may be. */
    bool (*any)(void *context, uint64_t address, uint64_t size);
    struct uf_range *ways; /* UF_SOURCE_WAYS of them; NULL: none are kept */
    uint64_t bytes;        /* that can be viewed in all; 0: not known, as inside the process */
};

static inline const void *uf_source_view(const struct uf_source *source, uint64_t address,
                                         size_t size)
{
    if (source->identity)
        return (const void *)(uintptr_t)address; // NOLINT
    if (source->ways) {
        const struct uf_range *way =
            &source->ways[address >> UF_SOURCE_WAY_SHIFT & (UF_SOURCE_WAYS - 1)];
        if (address >= way->start && address < way->end && size <= way->end - address)
            return way->at + (address - way->start);
    }
    return source->view(source->context, address, size);
}

/* Before a view is asked for: its bytes on their way into the cache, where that costs no search. */
static inline void uf_source_prefetch(const struct uf_source *source, uint64_t address)
{
    if (source->identity) {
        __builtin_prefetch((const void *)(uintptr_t)address); // NOLINT
    } else if (source->ways) {
        const struct uf_range *way =
            &source->ways[address >> UF_SOURCE_WAY_SHIFT & (UF_SOURCE_WAYS - 1)];
        if (address >= way->start && address < way->end)
            __builtin_prefetch(way->at + (address - way->start));
    }
}

/* The process itself. */
extern const struct uf_source uf_source_self;

#endif
