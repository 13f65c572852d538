#include "memory/process_hold.h"

#include "memory/process_state.h"
#include "memory/procfs.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#define ENDED_NS UINT64_C(1000000)  /* before it is looked whether a thread has ended */
#define GRACE_NS UINT64_C(20000000) /* and whether it waits in the kernel */
#define PASSES 10000

uint64_t uf_hold_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void uf_hold_wait_ns(uint64_t ns)
{
    struct timespec rest = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    while (nanosleep(&rest, &rest) && errno == EINTR)
        ;
}

static bool is_known(const struct uf_hold *hold, int tid)
{
    for (size_t i = 0; i < hold->threads.len; i++)
        if (hold->threads.at[i].tid == tid)
            return true;
    return false;
}

/* The letter of a thread's state in /proc; 0: it has gone. A thread has an entry there, too, if no listed one. */
static char state_of(int tid)
{
    char text[UF_PROCFS_BYTES];
    const char *state = uf_procfs_read_of(tid, "status", text) ? uf_procfs_field(text, "State")
                                                               : NULL;
    return state ? *state : '\0';
}

static bool has_ended(int tid)
{
    char state = state_of(tid);
    return state == '\0' || state == 'Z' || state == 'X';
}

/* Seizes one more and asks it to stop. */
static enum uf_code seize(struct uf_hold *hold, int tid, struct uf_error *err)
{
    struct uf_held held = {.tid = tid};
    if (uf_vec_reserve(&hold->threads, hold->threads.len + 1))
        return uf_error_nomem(err);
    if (ptrace(PTRACE_SEIZE, tid, NULL, NULL)) {
        int failed = errno;
        if (failed == ESRCH || has_ended(tid))
            return UF_OK; /* EPERM: a first thread that has ended before the others */
        return uf_process_refused(hold->pid, failed, err);
    }
    if (hold->since_ns == 0)
        hold->since_ns = uf_hold_clock_ns();
    hold->threads.at[hold->threads.len++] = held;
    ptrace(PTRACE_INTERRUPT, tid, NULL, NULL); /* ESRCH: it ends; waiting tells */
    return UF_OK;
}

enum came { STOPPED, GONE, NOT_YET };

static enum came look(struct uf_held *held)
{
    int status;
    pid_t got;
    do
        got = waitpid(held->tid, &status, __WALL | WNOHANG);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return NOT_YET;
    if (got < 0 || !WIFSTOPPED(status))
        return GONE;
    held->stopped = true;
    /* An event (status >> 16) is our own request, or a stop of the whole process that goes on when it is let go;
     * anything else is a signal on its way. */
    held->signal = status >> 16 ? 0 : WSTOPSIG(status);
    return STOPPED;
}

/* Until it has stopped, has gone, or is known to stop before it runs again. */
static enum uf_code await(struct uf_held *held, uint64_t until_ns, bool *gone, struct uf_error *err)
{
    uint64_t began_ns = uf_hold_clock_ns(), wait_ns = 5000;
    for (;;) {
        enum came came = look(held);
        *gone = came == GONE;
        if (came != NOT_YET)
            return UF_OK;
        uint64_t now_ns = uf_hold_clock_ns();
        /* A first thread is reported only after all others have been (kernel/exit.c, delay_group_leader). */
        if (now_ns - began_ns > ENDED_NS && has_ended(held->tid)) {
            *gone = true;
            return UF_OK;
        }
        if (now_ns - began_ns > GRACE_NS && state_of(held->tid) == 'D')
            return UF_OK;
        if (now_ns > until_ns)
            return uf_error_set(err, UF_ELIMIT,
                                "its thread %d did not stop in time (is the machine overloaded, "
                                "or the process frozen? try again later)",
                                held->tid);
        uf_hold_wait_ns(wait_ns);
        if (wait_ns < 1000000)
            wait_ns += wait_ns / 2;
    }
}

/* Seizes those that are not known yet and waits for them. */
static enum uf_code pass(struct uf_hold *hold, const struct uf_procfs_numbers *tids,
                         uint64_t until_ns, bool *any_new, struct uf_error *err)
{
    size_t kept = hold->threads.len;
    enum uf_code code = UF_OK;
    for (size_t i = 0; i < tids->list.len && !code; i++)
        if (!is_known(hold, tids->list.at[i]))
            code = seize(hold, tids->list.at[i], err);
    *any_new = hold->threads.len > kept;
    for (size_t i = kept; i < hold->threads.len; i++) {
        bool gone = false;
        if (!code)
            code = await(&hold->threads.at[i], until_ns, &gone, err);
        if (!gone)
            hold->threads.at[kept++] = hold->threads.at[i];
    }
    hold->threads.len = kept;
    return code;
}

/* How many threads it has, by the kernel's count: a listing may miss one while others come and go. */
static uint64_t thread_count(int pid)
{
    char text[UF_PROCFS_BYTES];
    return uf_procfs_read_of(pid, "stat", text) ? uf_procfs_stat(text, 20) : 0;
}

enum uf_code uf_hold_take(struct uf_hold *hold, int pid, uint64_t patience_ns, struct uf_error *err)
{
    char folder[64];
    struct uf_procfs_numbers tids = {0};
    uint64_t until_ns = uf_hold_clock_ns() + patience_ns;
    enum uf_code code = UF_OK;
    bool whole = false;
    hold->pid = pid;
    snprintf(folder, sizeof folder, "/proc/%d/task", pid);
    for (int passes = 0; !whole && !code; passes++) {
        bool any_new = false;
        int failed = uf_procfs_numbers(folder, &tids);
        if (failed == ENOMEM)
            code = uf_error_nomem(err);
        else if (failed)
            code = uf_process_gone(err);
        else
            code = pass(hold, &tids, until_ns, &any_new, err);
        whole = !any_new && tids.list.len == thread_count(pid);
        if (!code && !whole && (passes >= PASSES || uf_hold_clock_ns() > until_ns))
            code =
                uf_error_set(err, UF_ELIMIT,
                             "it starts threads faster than they can be stopped (try again later)");
    }
    if (!code && hold->threads.len == 0)
        code = uf_process_gone(err);
    uf_vec_release(&tids.list);
    return code;
}

uint64_t uf_hold_release(struct uf_hold *hold)
{
    for (size_t i = 0; i < hold->threads.len; i++) {
        struct uf_held *held = &hold->threads.at[i];
        if (!held->stopped)
            look(held); /* one that was in the kernel may have stopped since */
        /* ESRCH: it was killed meanwhile. What it left is taken, so that its parent hears of it. */
        if (held->stopped &&
            ptrace(PTRACE_DETACH, held->tid, NULL, (void *)(uintptr_t)held->signal)) // NOLINT
            look(held);
    }
    uint64_t held_ns = hold->since_ns ? uf_hold_clock_ns() - hold->since_ns : 0;
    uf_vec_release(&hold->threads);
    hold->since_ns = 0;
    return held_ns;
}
