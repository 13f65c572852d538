/* proof_sandbox.h - a forked copy of the process, kept from the world (docs/proof.md).
 *
 * Finalizers of the target run in the copy. So before anything of Python runs
 * in it: it dies with its parent and by its own timer, holds all signals off,
 * leaves no core, has /dev/null behind every descriptor but the report's, its
 * own copies of all shared memory, and a filter that refuses every system call
 * that would reach out.
 *
 * No malloc and no Python in here: another thread may have held their locks.
 */
#ifndef UF_PYEXT_PROOF_SANDBOX_H
#define UF_PYEXT_PROOF_SANDBOX_H

#include "pyext/proof_filter.h"
#include "unfreed.h"

#include <sys/types.h>

struct uf_sandbox {
    const struct uf_proof_filter *filter;
    struct uf_channel *channel;
    int report;                   /* the descriptor that stays */
    double seconds, work_seconds; /* the copy ends itself after so long, or so much work */
    pid_t parent;
    int highest; /* set in the copy: the highest descriptor that is open */
};

/* A copy of this process with this thread only; 0 in the copy, -1 with errno. No at-fork handler
 * runs, no SIGCHLD is sent when it ends, and the target's own wait() does not see it: only waitpid()
 * with __WALL does. */
pid_t uf_sandbox_fork(void);

/* In the copy. Afterwards `channel` is gone and errors of system calls are the rule. False: `why`
 * says what is missing, and the copy must end. */
bool uf_sandbox_enter(struct uf_sandbox *sandbox, char *why, size_t size);

#endif
