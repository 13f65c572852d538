/* supervise.h - starts the interpreter, waits for it, and ends it when it has to be ended.
 *
 * The child shares the terminal and the process group, so Ctrl-C reaches it
 * by itself. It never outlives this process: it is told to end when this
 * process is, and the kernel kills it when this process is killed.
 *
 * What happened is left in a struct uf_outcome; what to say about it is
 * outcome.h's.
 */
#ifndef UF_CLI_SUPERVISE_H
#define UF_CLI_SUPERVISE_H

#include "unfreed.h"

#include <stdbool.h>
#include <stdint.h>

struct uf_supervision {
    char **argv; /* path of the program and its arguments, ended by NULL */
    struct uf_channel *channel;
    int channel_fd;         /* inherited by the child, its number in UNFREED_CHANNEL */
    bool output_to_stderr;  /* the child's descriptor 1 is a copy of its descriptor 2 */
    double timeout_seconds; /* 0 = none */
    const char *preload;    /* library to load into it (preload.h); NULL = none */
    bool show_progress;     /* on standard error, when that is a terminal */
    const char *target;     /* for the progress line */
    /* How long the child has, 0 = the default: to report after it was asked to (2 s; 10 s more while
     * it analyses), to end after it has reported (5 s), to obey SIGTERM (1 s). */
    double report_grace, end_grace, term_grace;
};

struct uf_outcome {
    int start_errno; /* not 0: the program could not be started, nothing else is set */
    int wait_status; /* as waitpid() gives it */
    enum uf_state state;
    uint32_t calls;   /* finished calls */
    bool in_call;     /* the last thing known is that a call was running */
    bool interrupted; /* Ctrl-C, before the child had reported */
    bool timed_out;   /* --timeout, before the child had reported */
    bool ended_by_us; /* it did not end by itself: SIGTERM, then SIGKILL */
    bool lingered;    /* it had reported, and was ended because it did not end */
    int own_signal;   /* SIGTERM or SIGHUP that this process was sent; 0 = none */
};

/* False with `start_errno` set when the program cannot be started. */
bool uf_supervise(const struct uf_supervision *what, struct uf_outcome *ret);

#endif
