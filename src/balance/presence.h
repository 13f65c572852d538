/* presence.h - which pages are in memory, asked from low addresses to high ones.
 *
 * A cursor over the runs of memory/pagemap.h: asking for ascending addresses
 * costs a step per run in all, going back a search.
 */
#ifndef UF_BALANCE_PRESENCE_H
#define UF_BALANCE_PRESENCE_H

#include "memory/mappings.h"

struct uf_presence {
    const struct uf_page_runs *runs;
    size_t at;
};

/* Bytes of [start, end) that are in memory, as resident memory counts them: without the page of zeros
 * that all processes share. */
uint64_t uf_presence_bytes(struct uf_presence *presence, uint64_t start, uint64_t end);

/* Of them, those that are no file's: of no file, or written since. */
uint64_t uf_presence_anonymous(struct uf_presence *presence, uint64_t start, uint64_t end);

/* The first stretch in [start, end) with contents, in memory or swapped out; false: there is none. */
bool uf_presence_next(struct uf_presence *presence, uint64_t start, uint64_t end,
                      uint64_t *ret_start, uint64_t *ret_end);

#endif
