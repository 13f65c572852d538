/* finish.h - the end of the interpreter that ran a check. */
#ifndef UF_PYEXT_FINISH_H
#define UF_PYEXT_FINISH_H

/* Runs the target's atexit handlers, flushes the standard streams, ends the process without waiting
 * for threads. The program limits the time of all this from outside. */
_Noreturn void uf_finish_process(int exit_code);

#endif
