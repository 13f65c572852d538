/* sweep.h - the one pass of balance.h over mappings and areas, and what is worked out beside it. */
#ifndef UF_BALANCE_SWEEP_H
#define UF_BALANCE_SWEEP_H

#include "balance/areas.h"
#include "balance/balance.h"
#include "balance/presence.h"

struct uf_sweep {
    struct uf_balance *balance;
    const struct uf_mappings *mappings;
    struct uf_areas *areas;
    struct uf_presence presence;
    uint32_t *file_of;     /* by path: place in balance->files + 1; 0: none yet */
    uint64_t *arena_used;  /* by number of pymalloc's arena: bytes of blocks in use */
    uint64_t *arena_bytes; /* and all that is in memory */
    struct uf_error *err;
};

/* Fills the parts. Every page in memory is in one of them. */
enum uf_code uf_sweep_all(struct uf_sweep *sweep);

#endif
