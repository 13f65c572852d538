#include "progress.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#define SHOW_AFTER_SECONDS 1.0

static bool can_show(bool wanted)
{
    const char *term = getenv("TERM");
    return wanted && isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

/* Columns of standard error's terminal. */
static int width_now(void)
{
    struct winsize window;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &window) || !window.ws_col ? 80 : window.ws_col;
}

void uf_progress_start(struct uf_progress_line *line, bool wanted, const char *target, double now)
{
    *line = (struct uf_progress_line){
        .wanted = can_show(wanted),
        .target = target ? target : "the target",
        .started = now,
    };
}

static void describe(const struct uf_progress_line *line, struct uf_channel *channel, double now,
                     char *ret, size_t size)
{
    const struct uf_progress *at = uf_channel_progress(channel);
    double in_call = at->call_started > 0 ? now - at->call_started : 0;
    uint32_t calls = at->calls;
    if (uf_channel_stop_asked(channel) == UF_ASKED_BY_INTERRUPT) {
        snprintf(ret, size, "stopping after this call (Ctrl-C again to end at once)");
        return;
    }
    switch (uf_channel_state(channel)) {
    case UF_STATE_STARTING:
        snprintf(ret, size, "starting Python");
        return;
    case UF_STATE_LOADING:
        snprintf(ret, size, "importing %s", line->target);
        return;
    case UF_STATE_WARMUP:
    case UF_STATE_MEASURING:
        if (in_call > 1)
            snprintf(ret, size, "call %u of %s is running, %.0f s", calls + 1, line->target,
                     in_call);
        else if (at->seconds_limit > 0)
            snprintf(ret, size, "%u calls of %s, %.0f s of about %.0f s", calls, line->target,
                     now - line->started, at->seconds_limit);
        else
            snprintf(ret, size, "%u calls of %s", calls, line->target);
        return;
    case UF_STATE_ANALYSING:
        snprintf(ret, size, "%u calls of %s done, analysing", calls, line->target);
        return;
    case UF_STATE_DONE:
    case UF_STATE_FAILED:
        snprintf(ret, size, "waiting for the end of the target's process");
        return;
    }
    *ret = '\0';
}

void uf_progress_draw(struct uf_progress_line *line, struct uf_channel *channel, double now)
{
    if (!line->wanted || now - line->started < SHOW_AFTER_SECONDS ||
        tcgetpgrp(STDERR_FILENO) != getpgrp())
        return;
    char text[256];
    describe(line, channel, now, text, sizeof text);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
    /* One column is left free: a full line would wrap and could not be erased. */
    int room = width_now() - 1 - (int)strlen("unfreed: ");
    if (room > 0)
        dprintf(STDERR_FILENO, "\r\033[Kunfreed: %.*s", room, text);
    line->shown = room > 0;
}

/* The line that the timer draws. */
static struct uf_progress_line *volatile steps;

static size_t append(char *to, size_t at, size_t most, const char *text)
{
    for (; *text && at < most; text++)
        to[at++] = *text < ' ' || *text == 127 ? '?' : *text;
    return at;
}

/* Only what a signal handler may do: no memory, no stdio. */
static void on_timer(int number)
{
    char text[512] = "\r\033[K";
    struct uf_progress_line *line = steps;
    int before = errno;
    (void)number;
    if (line && line->doing != line->drawn && tcgetpgrp(STDERR_FILENO) == getpgrp()) {
        size_t start = strlen(text), width = (size_t)width_now();
        size_t most = start + (width < 400 ? width - 1 : 400), at = start;
        at = append(text, at, most, "unfreed: ");
        at = append(text, at, most, line->doing);
        if (line->target[0])
            at = append(text, at, most, ": ");
        at = append(text, at, most, line->target);
        line->shown = write(STDERR_FILENO, text, at) > 0;
        line->drawn = line->doing;
    }
    errno = before;
}

void uf_progress_start_steps(struct uf_progress_line *line, bool wanted, const char *file)
{
    struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
    struct itimerval timer = {.it_value.tv_sec = (time_t)SHOW_AFTER_SECONDS,
                              .it_interval.tv_usec = 250000};
    *line = (struct uf_progress_line){.wanted = can_show(wanted), .target = file ? file : ""};
    if (!line->wanted)
        return;
    steps = line;
    line->has_timer = !sigaction(SIGALRM, &action, NULL) && !setitimer(ITIMER_REAL, &timer, NULL);
}

void uf_progress_say(struct uf_progress_line *line, const char *doing)
{
    line->doing = doing;
}

void uf_progress_erase(struct uf_progress_line *line)
{
    if (line->has_timer) {
        struct itimerval none = {0};
        setitimer(ITIMER_REAL, &none, NULL);
        signal(SIGALRM, SIG_IGN);
        steps = NULL;
        line->has_timer = false;
    }
    if (line->shown)
        dprintf(STDERR_FILENO, "\r\033[K");
    line->shown = false;
}
