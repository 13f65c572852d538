/* invoke.h - one call of the target, with whatever comes out of it. */
#ifndef UF_PYEXT_INVOKE_H
#define UF_PYEXT_INVOKE_H

#include "pyext/target.h"

#include <stdbool.h>

enum uf_outcome {
    UF_CALL_RETURNED,    /* normally, or by SystemExit with 0 or None */
    UF_CALL_RAISED,      /* the exception is set */
    UF_CALL_INTERRUPTED, /* KeyboardInterrupt; cleared */
    UF_CALL_FORKED, /* this is a child process that the target forked and that came back here */
    UF_CALL_BAD_ARGUMENTS, /* TypeError out of the call itself, before any code of the target ran; set */
};

/* Calls once and drops the result. `module_dict` (may be NULL) receives the address of the file's
 * module dictionary, for form FILE; by then it is dropped, so the address is good only for
 * comparing with what a capture finds before the next call. */
enum uf_outcome uf_check_target_invoke(struct uf_check_target *target, uint64_t *module_dict);

/* Shows the exception that is set as Python shows it at the end of a program. */
void uf_show_exception(void);

#endif
