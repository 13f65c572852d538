/* fail.h - lets each allocation of a piece of work fail in turn.
 *
 *     static bool build(void) { ...; return true if it succeeded; releases all it made }
 *     EXPECT(every_failed_allocation_is_an_error(build));
 */
#ifndef UF_TESTS_UNIT_FAIL_H
#define UF_TESTS_UNIT_FAIL_H

#include "base/mem.h"

#include <stdbool.h>
#include <stdio.h>

static inline bool every_failed_allocation_is_an_error(bool (*work)(void))
{
    uint64_t live = uf_mem_live_blocks();
    uf_mem_fail_at(0);
    bool fine = work();
    uint64_t allocations = uf_mem_fail_at(0);
    if (!fine || uf_mem_live_blocks() != live)
        printf("# without failures: %s, %lld blocks left\n", fine ? "done" : "failed",
               (long long)(uf_mem_live_blocks() - live));
    fine = fine && uf_mem_live_blocks() == live;
    for (uint64_t nth = 1; nth <= allocations; nth++) {
        uf_mem_fail_at(nth);
        bool done = work();
        uf_mem_fail_at(0);
        if (done || uf_mem_live_blocks() != live) {
            printf("# allocation %llu of %llu fails: %s, %lld blocks left\n",
                   (unsigned long long)nth, (unsigned long long)allocations,
                   done ? "no error" : "error", (long long)(uf_mem_live_blocks() - live));
            return false;
        }
    }
    return fine && allocations > 0;
}

#endif
