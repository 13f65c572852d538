/* proof_fork.h - what the interpreter needs around a fork, without anybody's at-fork handlers. */
#ifndef UF_PYEXT_PROOF_FORK_H
#define UF_PYEXT_PROOF_FORK_H

#include <stdbool.h>

/* Before the fork; NULL, or why there can be none now. To be followed by one of the other two, in
 * this process and in the copy. */
const char *uf_proof_fork_before(void);
void uf_proof_fork_parent(void);
/* Other threads are gone, their locks are free again; runs finalizers of what only they held. */
void uf_proof_fork_child(void);

#endif
