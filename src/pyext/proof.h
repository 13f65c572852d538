/* proof.h - the phase that tries each fix in a copy of the process.
 *
 * For the findings of the worst rank first, while its share of the time lasts:
 * cuts the references of finding->cuts in a forked, sandboxed copy and enters
 * what was freed: fix_how is UF_FIX_COPY then. Where that cannot be, the answer
 * of the graph stays, with the reason; without a sandbox nothing counts as
 * verified.
 *
 * Nothing of this process changes but finding->fix_* and, for garbage, one more
 * call. 0, or -1 with session->stop set.
 */
#ifndef UF_PYEXT_PROOF_H
#define UF_PYEXT_PROOF_H

#include "pyext/session.h"

/* Findings made from session->capture, which must still describe the heap. */
int uf_proof_leaks(struct uf_session *session);
/* Findings of garbage: makes one more call, whose garbage a copy takes apart. */
int uf_proof_delayed(struct uf_session *session);

#endif
