/* proof_copy.h - one fix tried: a forked copy of the process cuts, and counts what was freed.
 *
 * The copy has its own memory, so it may do to the heap what it likes; it is
 * kept from everything else (proof_sandbox.h), ends by _exit, and answers by
 * one message through a pipe. Whatever it does, hangs or crashes, the caller
 * goes on after `seconds`. The interpreter lock is held all the time: the heap
 * stands as it was captured, for the next one.
 *
 * Errors are answers here: UF_PROOF_... says what became of it.
 */
#ifndef UF_PYEXT_PROOF_COPY_H
#define UF_PYEXT_PROOF_COPY_H

#include "analysis/cuts.h"
#include "pyext/proof_filter.h"
#include "pyext/session.h"

enum uf_proof_end {
    UF_PROOF_DONE,       /* the figures count */
    UF_PROOF_NO_SANDBOX, /* it could not be kept from the world, so nothing was done */
    UF_PROOF_CANNOT_CUT, /* what Python code cannot cut */
    UF_PROOF_FAILED,     /* it crashed, hung, or lost its way */
};

struct uf_proof_answer {
    enum uf_proof_end end;
    char why[160]; /* empty when done */
    /* That the cut should free and that were alive before it; immortal ones are left out. */
    uint64_t objects, members;
    uint64_t freed_objects, freed_members, freed_bytes;
    char kept[100]; /* the type of an object that stayed; "" if none did */
    bool collected; /* the collector had to help */
    uint64_t descriptors, descriptors_closed; /* that were not open before the first call */
};

struct uf_proof_task {
    struct uf_session *session;
    const struct uf_proof_filter *filter;
    const struct uf_graph *graph; /* of the heap as it stands now */
    const struct uf_names *names;
    const struct uf_cuts *cuts; /* NULL: close the descriptors instead */
    double seconds;             /* of work, or of waiting */
    double most_seconds;        /* in all: on a busy machine work takes longer */
};

void uf_proof_try(const struct uf_proof_task *task, struct uf_proof_answer *ret);

#endif
