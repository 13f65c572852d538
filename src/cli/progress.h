/* progress.h - one line on a terminal's standard error that says what is going on.
 *
 * Shown once work takes over a second, only in the foreground, and never left
 * behind. Everything here does nothing when the line is not wanted.
 */
#ifndef UF_CLI_PROGRESS_H
#define UF_CLI_PROGRESS_H

#include "unfreed.h"

#include <stdbool.h>

struct uf_progress_line {
    bool wanted, shown;
    const char *target;
    double started;
};

void uf_progress_start(struct uf_progress_line *line, bool wanted, const char *target, double now);
void uf_progress_draw(struct uf_progress_line *line, struct uf_channel *channel, double now);
void uf_progress_erase(struct uf_progress_line *line);

#endif
