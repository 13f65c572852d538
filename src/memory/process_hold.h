/* process_hold.h - all threads of a process held still, and let go again.
 *
 * Through PTRACE_SEIZE, so that the process goes on when the one that holds it
 * ends, however it ends. To be called in a thread that ends soon after: what
 * could not be let go (a thread that never came to a stop) is let go
 * by the kernel when the thread that seized it ends. ptrace(2).
 *
 * Holds for the whole time between uf_hold_take() and uf_hold_release(): no thread of the process runs a
 * single instruction of the program. One that waits in the kernel without being interruptible (vfork, a file system that hangs)
 * counts as held: it would stop before it came back to the program.
 */
#ifndef UF_MEMORY_PROCESS_HOLD_H
#define UF_MEMORY_PROCESS_HOLD_H

#include "base/error.h"
#include "base/vec.h"

#include <stdbool.h>

struct uf_held {
    int tid;
    bool stopped; /* else: it waits in the kernel */
    int signal;   /* that was about to be delivered; handed over when it is let go */
};

struct uf_hold {
    int pid;
    UF_VEC(struct uf_held) threads;
    uint64_t since_ns; /* when the first thread was asked to stop; 0: none was */
};

/* UF_ETARGET: it has ended, may not be traced, or is traced by another. UF_ELIMIT: a thread
 * did not stop within `patience_ns`. Call uf_hold_release() in any case. */
enum uf_code uf_hold_take(struct uf_hold *hold, int pid, uint64_t patience_ns,
                          struct uf_error *err);
/* Lets all go. Returns for how long it was held, in ns. */
uint64_t uf_hold_release(struct uf_hold *hold);

uint64_t uf_hold_clock_ns(void); /* CLOCK_MONOTONIC */
void uf_hold_wait_ns(uint64_t ns);

#endif
