#include "supervise.h"

#include "preload.h"
#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NEVER 1e18
#define TICK_SECONDS 0.2

struct watch {
    const struct uf_supervision *what;
    struct uf_outcome *outcome;
    struct uf_progress_line line;
    sigset_t signals, mask_before;
    struct sigaction child_before;
    pid_t child;
    /* Times on CLOCK_MONOTONIC at which something is due; NEVER = not. */
    double timeout_at; /* --timeout runs out */
    double report_by;  /* the child was asked to report */
    double end_by;     /* the child has reported */
    double kill_at;    /* the child was sent SIGTERM */
    double forward_at; /* an interrupt that perhaps only this process was sent */
    int interrupts;
};

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static double or_default(double seconds, double standard)
{
    return seconds > 0 ? seconds : standard;
}

/* A signal that was ignored at our start (nohup, `&` of a plain shell) stays ignored by all. */
static void add_unless_ignored(sigset_t *set, int signal_number)
{
    struct sigaction action;
    if (!sigaction(signal_number, NULL, &action) && action.sa_handler != SIG_IGN)
        sigaddset(set, signal_number);
}

/* From here on signals wait until sigtimedwait() fetches them. */
static void hold_signals(struct watch *watch)
{
    /* With SIGCHLD ignored the kernel would reap the child itself and its status would be lost. */
    struct sigaction normal = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &normal, &watch->child_before);
    sigemptyset(&watch->signals);
    sigaddset(&watch->signals, SIGCHLD);
    add_unless_ignored(&watch->signals, SIGINT);
    add_unless_ignored(&watch->signals, SIGTERM);
    add_unless_ignored(&watch->signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &watch->signals, &watch->mask_before);
}

static void release_signals(struct watch *watch)
{
    sigaction(SIGCHLD, &watch->child_before, NULL);
    sigprocmask(SIG_SETMASK, &watch->mask_before, NULL);
}

/* The child's output goes to standard error, or nowhere when that is closed: never into the report. */
static bool turn_output(void)
{
    if (dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
        return true;
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    return nowhere >= 0 && dup2(nowhere, STDOUT_FILENO) >= 0;
}

/* In the child: becomes the program, or writes errno to `report_fd`. */
static void become_program(struct watch *watch, pid_t parent, int report_fd)
{
    const struct uf_supervision *what = watch->what;
    char number[16];
    snprintf(number, sizeof number, "%d", what->channel_fd);
    /* The death signal is asked for before looking whether the parent is still there. */
    if (!prctl(PR_SET_PDEATHSIG, SIGKILL) && getppid() == parent &&
        !fcntl(what->channel_fd, F_SETFD, 0) && !setenv("UNFREED_CHANNEL", number, 1) &&
        (!what->output_to_stderr || turn_output()) &&
        (!what->preload || uf_preload_set(what->preload))) {
        signal(SIGPIPE, SIG_DFL);
        release_signals(watch);
        execv(what->argv[0], what->argv);
    }
    int why = errno;
    (void)!write(report_fd, &why, sizeof why);
    _exit(127);
}

/* 0, or why the program could not be started. */
static int start(struct watch *watch)
{
    int ends[2], why = 0;
    pid_t me = getpid();
    if (pipe2(ends, O_CLOEXEC))
        return errno;
    watch->child = fork();
    if (watch->child < 0) {
        why = errno;
        close(ends[0]);
        close(ends[1]);
        return why;
    }
    if (!watch->child) {
        close(ends[0]);
        become_program(watch, me, ends[1]);
    }
    close(ends[1]);
    /* Closed without a word by a successful exec. */
    ssize_t got;
    do
        got = read(ends[0], &why, sizeof why);
    while (got < 0 && errno == EINTR);
    close(ends[0]);
    if (got != (ssize_t)sizeof why)
        return 0;
    waitpid(watch->child, NULL, 0);
    return why ? why : ENOEXEC;
}

static bool has_reported(const struct watch *watch)
{
    enum uf_state state = uf_channel_state(watch->what->channel);
    return state == UF_STATE_DONE || state == UF_STATE_FAILED;
}

static void end_child(struct watch *watch, double at)
{
    watch->outcome->ended_by_us = true;
    kill(watch->child, SIGTERM);
    kill(watch->child, SIGCONT); /* one that is stopped would not see it */
    watch->kill_at = at + or_default(watch->what->term_grace, 1);
    watch->timeout_at = watch->report_by = watch->end_by = NEVER;
}

static void kill_child(struct watch *watch)
{
    watch->outcome->ended_by_us = true;
    kill(watch->child, SIGKILL);
    watch->timeout_at = watch->report_by = watch->end_by = watch->kill_at = NEVER;
}

static void on_interrupt(struct watch *watch, const siginfo_t *info, double at)
{
    if (++watch->interrupts > 1) {
        watch->outcome->interrupted |= !has_reported(watch);
        kill_child(watch);
        return;
    }
    if (!has_reported(watch)) {
        watch->outcome->interrupted = true;
        uf_channel_ask_stop(watch->what->channel, UF_ASKED_BY_INTERRUPT);
    }
    /* From the terminal the child has it already. From kill(1) it may be for us alone: it is handed
     * on when the child does not react. */
    if (info->si_code != SI_KERNEL)
        watch->forward_at = at + 0.3;
}

static void on_signal(struct watch *watch, const siginfo_t *info, double at)
{
    if (info->si_signo == SIGINT)
        on_interrupt(watch, info, at);
    if (info->si_signo == SIGTERM || info->si_signo == SIGHUP) {
        if (watch->outcome->own_signal)
            kill_child(watch);
        else
            end_child(watch, at);
        watch->outcome->own_signal = info->si_signo;
    }
}

/* The child has ended already. */
static void on_signal_late(struct watch *watch, const siginfo_t *info)
{
    if (info->si_signo == SIGINT)
        watch->outcome->interrupted |= !has_reported(watch);
    if (info->si_signo == SIGTERM || info->si_signo == SIGHUP)
        watch->outcome->own_signal = info->si_signo;
}

static void on_time(struct watch *watch, double at)
{
    const struct uf_supervision *what = watch->what;
    bool reported = has_reported(watch);
    if (reported && watch->end_by == NEVER && watch->kill_at == NEVER &&
        !watch->outcome->ended_by_us) {
        watch->end_by = at + or_default(what->end_grace, 5);
        watch->timeout_at = watch->report_by = NEVER;
    }
    if (at >= watch->forward_at) {
        watch->forward_at = NEVER;
        if (uf_channel_state(what->channel) < UF_STATE_ANALYSING)
            kill(watch->child, SIGINT);
    }
    if (at >= watch->kill_at) {
        kill_child(watch);
    } else if (at >= watch->end_by) {
        watch->outcome->lingered = true;
        end_child(watch, at);
    } else if (at >= watch->timeout_at) {
        double grace = or_default(what->report_grace, 2);
        watch->timeout_at = NEVER;
        watch->outcome->timed_out = true;
        uf_channel_ask_stop(what->channel, UF_ASKED_BY_TIMEOUT);
        watch->report_by = at + grace;
        /* What is being analysed is on its way out: no need to disturb it, and more time. */
        if (uf_channel_state(what->channel) == UF_STATE_ANALYSING)
            watch->report_by += 5 * grace;
        else
            kill(watch->child, SIGINT);
    } else if (at >= watch->report_by) {
        end_child(watch, at);
    }
}

static void shift(double *due, double by)
{
    if (*due < NEVER)
        *due += by;
}

/* Time in which this process stood still too (Ctrl-Z, a sleeping laptop) is not the child's. */
static void allow_for_pause(struct watch *watch, double pause)
{
    shift(&watch->timeout_at, pause);
    shift(&watch->report_by, pause);
    shift(&watch->end_by, pause);
    shift(&watch->kill_at, pause);
    shift(&watch->forward_at, pause);
    watch->line.started += pause;
}

static void wait_for_end(struct watch *watch)
{
    const struct timespec tick = {.tv_nsec = (long)(TICK_SECONDS * 1e9)};
    double last = now();
    for (;;) {
        pid_t ended = waitpid(watch->child, &watch->outcome->wait_status, WNOHANG);
        if (ended == watch->child || (ended < 0 && errno != EINTR))
            return;
        siginfo_t info = {0};
        int got = sigtimedwait(&watch->signals, &info, &tick);
        double at = now();
        if (at - last > TICK_SECONDS + 1)
            allow_for_pause(watch, at - last - TICK_SECONDS);
        last = at;
        if (got > 0)
            on_signal(watch, &info, at);
        on_time(watch, at);
        uf_progress_draw(&watch->line, watch->what->channel, at);
    }
}

bool uf_supervise(const struct uf_supervision *what, struct uf_outcome *ret)
{
    struct watch watch = {
        .what = what,
        .outcome = ret,
        .timeout_at = NEVER,
        .report_by = NEVER,
        .end_by = NEVER,
        .kill_at = NEVER,
        .forward_at = NEVER,
    };
    *ret = (struct uf_outcome){0};
    hold_signals(&watch);
    ret->start_errno = start(&watch);
    if (!ret->start_errno) {
        siginfo_t info;
        const struct timespec at_once = {0};
        double at = now();
        if (what->timeout_seconds > 0)
            watch.timeout_at = at + what->timeout_seconds;
        uf_progress_start(&watch.line, what->show_progress, what->target, at);
        wait_for_end(&watch);
        /* Ctrl-C may have ended the child before this process has seen it. */
        while (sigtimedwait(&watch.signals, &info, &at_once) > 0)
            on_signal_late(&watch, &info);
        uf_progress_erase(&watch.line);
        ret->state = uf_channel_state(what->channel);
        ret->calls = uf_channel_progress(what->channel)->calls;
        ret->in_call = uf_channel_progress(what->channel)->call_started > 0;
    }
    release_signals(&watch);
    return !ret->start_errno;
}
