/* progress.h - one line on a terminal's standard error that says what is going on.
 *
 * Shown once work takes over a second, only in the foreground, and never left
 * behind. Everything here does nothing when the line is not wanted.
 *
 * Either of a check (start, draw in a loop) or of a command that works step by
 * step in this process (start_steps, say): then a timer draws.
 */
#ifndef UF_CLI_PROGRESS_H
#define UF_CLI_PROGRESS_H

#include "unfreed.h"

#include <stdbool.h>

struct uf_progress_line {
    bool wanted, shown;
    const char *target;
    double started;
    const char *doing, *drawn; /* of steps: what is being done, and what the line says */
    bool has_timer;
};

void uf_progress_start(struct uf_progress_line *line, bool wanted, const char *target, double now);
void uf_progress_draw(struct uf_progress_line *line, struct uf_channel *channel, double now);
/* One line at a time; SIGALRM is in use until uf_progress_erase(). */
void uf_progress_start_steps(struct uf_progress_line *line, bool wanted, const char *file);
/* `doing` has to last: it is drawn later. A signal handler may call this. */
void uf_progress_say(struct uf_progress_line *line, const char *doing);

void uf_progress_erase(struct uf_progress_line *line);

#endif
