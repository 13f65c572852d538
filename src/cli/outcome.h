/* outcome.h - what to print, and with which code to end, after the interpreter has ended. */
#ifndef UF_CLI_OUTCOME_H
#define UF_CLI_OUTCOME_H

#include "supervise.h"

#include <stdbool.h>

struct uf_telling {
    struct uf_channel *channel;
    const char *python; /* path of the interpreter */
    double timeout_seconds;
    bool json, quiet;
};

/* Prints the report or one error line; returns the exit code. When this process was sent a signal to
 * end by, it ends by that signal here. */
int uf_outcome_tell(const struct uf_outcome *outcome, const struct uf_telling *telling);

#endif
