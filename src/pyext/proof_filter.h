/* proof_filter.h - which system calls the copy of the process may make.
 *
 * A list of what is allowed; all else fails with EPERM, so that a finalizer sees
 * an error that Python knows how to report, and not its own end. The program
 * for the kernel is built once, before any copy is made, so that a copy needs
 * no memory from malloc (whose locks another thread may have held) to put it
 * into force.
 */
#ifndef UF_PYEXT_PROOF_FILTER_H
#define UF_PYEXT_PROOF_FILTER_H

#include "base/error.h"

#include <linux/filter.h>
#include <stdbool.h>

struct uf_proof_filter {
    struct sock_filter *code; /* uf_mem */
    unsigned short len;
};

/* UF_EUNSUPPORTED: libseccomp cannot build it here. On failure `filter` is {0}. */
enum uf_code uf_proof_filter_build(struct uf_proof_filter *filter, struct uf_error *err);
void uf_proof_filter_release(struct uf_proof_filter *filter);

/* For the rest of this process's life; then asks the kernel for what must be refused. NULL, or why
 * it is not in force: errno says more when it is not 0. */
const char *uf_proof_filter_enter(const struct uf_proof_filter *filter);

#endif
