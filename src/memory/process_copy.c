/* Stops a process, checks, copies, lets it go; again, where the check says so. */
#include "memory/process_hold.h"
#include "memory/process_private.h"
#include "memory/procfs.h"
#include "memory/room.h"

#include "base/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define TRIES_MOST 200
#define PATIENCE_NS UINT64_C(2000000000) /* for all threads to stop */
#define SLOW_MOST 3                      /* stops that were given up for want of patience */
#define GROWN_MOST 4 /* stops that were given up because it had grown too much */
#define WAIT_FIRST_NS UINT64_C(200000)
#define WAIT_MOST_NS UINT64_C(100000000)
#define LOOK_NS UINT64_C(200000)         /* between two looks without a stop */
#define STALE_NS UINT64_C(20000000)      /* of what was prepared */
#define MOMENT_BYTES ((uint64_t)2 << 30) /* copied in less than half a second */
#define ROUNDS 3                         /* of preparing: what grew meanwhile */
#define SMALL_BYTES ((uint64_t)16 << 20) /* without a place, or not touched: 10 ms more */

enum outcome {
    GOOD,
    BUSY,   /* a check was not 0 */
    GROWN,  /* what is to be copied has no place yet */
    SLOW,   /* a thread did not stop */
    FAILED, /* the error says why */
};

struct attempt {
    struct uf_process *process;
    const struct uf_process_checks *checks;
    bool last_chance; /* places are made in the stop if need be */
    enum outcome outcome;
    enum uf_code code;
    struct uf_error *err;
};

/* --- before the stop --- */

static uint64_t bytes_of(const struct uf_process_spans *spans)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < spans->list.len; i++)
        bytes += spans->list.at[i].end - spans->list.at[i].start;
    return bytes;
}

/* How much of what is wanted has no place. */
static uint64_t unplaced_bytes(const struct uf_process *process)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < process->placed.list.len; i++) {
        const struct uf_span *span = &process->placed.list.at[i];
        if (!uf_slabs_at(&process->slabs, span->start, span->end))
            bytes += span->end - span->start;
    }
    return bytes;
}

/* UF_EINVAL: only `anew`, without the places that there are. */
static enum uf_code make_places(struct uf_process *process, bool anew, struct uf_error *err)
{
    const struct uf_process_spans *placed = &process->placed;
    enum uf_code code = uf_slabs_add(&process->slabs, placed->list.at, placed->list.len, err);
    if (code == UF_EINVAL && anew) {
        uf_slabs_release(&process->slabs);
        process->touched_bytes = 0;
        code = uf_slabs_add(&process->slabs, placed->list.at, placed->list.len, err);
    }
    return code;
}

static enum uf_code touch_all(struct uf_process *process, struct uf_error *err)
{
    for (size_t i = 0; i < process->wanted.list.len; i++)
        if (!uf_slabs_touch(&process->slabs, process->wanted.list.at[i]))
            return uf_error_nomem(err);
    return UF_OK;
}

/* A copy that the machine has no room for would have the kernel kill somebody. */
static enum uf_code check_room(uint64_t more, struct uf_error *err)
{
    uint64_t room = uf_room_bytes();
    if (room == UINT64_MAX || more <= room - room / 16)
        return UF_OK;
    return uf_error_set(
        err, UF_ETARGET,
        "its copy takes %.1f GiB and %.1f GiB can be had here (free memory, raise the "
        "container's limit, or take a core with gcore)",
        (double)more / (1 << 30), (double)room / (1 << 30));
}

/* Looks what there is to copy, and makes and touches the places for it. */
static enum uf_code prepare(struct uf_process *process, struct uf_error *err)
{
    enum uf_code code = UF_OK;
    for (int round = 0; round < ROUNDS && !code; round++) {
        code = uf_process_plan(process, err);
        if (!code)
            code = uf_process_files_note(process, &process->mappings, err);
        uint64_t wanted = bytes_of(&process->wanted);
        if (!code)
            code = make_places(process, true, err);
        uint64_t touched = process->touched_bytes;
        if (!code && wanted > touched)
            code = check_room(wanted - touched, err);
        if (!code)
            code = touch_all(process, err);
        if (!code && wanted > touched)
            process->touched_bytes = wanted;
        if (wanted < touched + SMALL_BYTES)
            break;
    }
    return code;
}

/* --- in the stop --- */

static bool is_same_program(const struct uf_process *process)
{
    struct uf_process_program now = uf_process_program(process->pid);
    return now.start_time == process->program.start_time &&
           now.start_stack == process->program.start_stack &&
           now.start_code == process->program.start_code;
}

static enum uf_code read_check(const struct uf_process *process, uint64_t address, int32_t *ret,
                               struct uf_error *err)
{
    /* Not process_vm_readv(2): see process_bytes.c. */
    ssize_t got = pread(process->memory, ret, sizeof *ret, (off_t)address);
    if (got == (ssize_t)sizeof *ret)
        return UF_OK;
    if (!is_same_program(process))
        return uf_process_changed(process, err);
    return uf_error_at(err, UF_EFAULT, address, "a word that is to be checked cannot be read");
}

static enum uf_code are_zero(const struct uf_process *process,
                             const struct uf_process_checks *checks, bool *ret,
                             struct uf_error *err)
{
    enum uf_code code = UF_OK;
    *ret = true;
    for (size_t i = 0; checks && i < checks->zero_count && *ret && !code; i++) {
        int32_t word = 0;
        code = read_check(process, checks->zero[i], &word, err);
        *ret = word == 0;
    }
    return code;
}

static uint64_t resident_bytes(int pid)
{
    char text[UF_PROCFS_BYTES];
    const char *second = uf_procfs_read_of(pid, "statm", text) ? strchr(text, ' ') : NULL;
    return second ? strtoull(second, NULL, 10) * UF_PAGE_BYTES : UF_PAGES_UNKNOWN;
}

static uint64_t real_time_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* While it stands still. */
static void take(struct attempt *attempt)
{
    struct uf_process *process = attempt->process;
    bool quiet = false;
    process->stops.taken_ns = real_time_ns();
    if (!is_same_program(process))
        attempt->code = uf_process_changed(process, attempt->err);
    if (!attempt->code)
        attempt->code = are_zero(process, attempt->checks, &quiet, attempt->err);
    if (!attempt->code && !quiet) {
        attempt->outcome = BUSY;
        return;
    }
    if (!attempt->code)
        attempt->code = uf_process_plan(process, attempt->err);
    uint64_t unplaced = attempt->code ? 0 : unplaced_bytes(process);
    if (unplaced > SMALL_BYTES && !attempt->last_chance) {
        attempt->outcome = GROWN;
        return;
    }
    if (unplaced)
        attempt->code = make_places(process, attempt->last_chance, attempt->err);
    if (attempt->code == UF_EINVAL) {
        attempt->outcome = GROWN;
        attempt->code = UF_OK;
        return;
    }
    if (!attempt->code)
        attempt->code = uf_process_copy_bytes(process, attempt->err);
    if (!attempt->code && !is_same_program(process)) /* killed meanwhile */
        attempt->code = uf_process_changed(process, attempt->err);
    process->stops.rss_bytes = resident_bytes(process->pid);
    attempt->outcome = attempt->code ? FAILED : GOOD;
}

/* On a busy machine the process would stand still for as long as this waits for its turn: so it waits for nobody,
 * where it may and where it is for a moment. Those that it starts inherit it. sched(7) */
static void go_first(const struct uf_process *process)
{
    const struct sched_param first = {.sched_priority = 1};
    bool moment = process->touched_bytes <= MOMENT_BYTES;
    if (!moment || sched_setscheduler(0, SCHED_RR, &first))
        setpriority(PRIO_PROCESS, 0, -20);
}

/* One stop, in a thread of its own: its end lets go what could not be let go otherwise. */
static void *stop(void *context)
{
    struct attempt *attempt = context;
    struct uf_process *process = attempt->process;
    struct uf_process_stops *stops = &process->stops;
    struct uf_hold hold = {0};
    prctl(PR_SET_TIMERSLACK, 1); /* short waits are short */
    go_first(process);
    attempt->outcome = FAILED;
    attempt->code = uf_hold_take(&hold, process->pid, PATIENCE_NS, attempt->err);
    if (!attempt->code)
        take(attempt);
    else if (attempt->code == UF_ELIMIT)
        attempt->outcome = SLOW;
    bool was_stopped = hold.since_ns != 0;
    stops->threads = (uint32_t)hold.threads.len;
    uint64_t held_ns = uf_hold_release(&hold);
    if (was_stopped)
        stops->tries++;
    stops->total_ns += held_ns;
    if (held_ns > stops->longest_ns)
        stops->longest_ns = held_ns;
    return NULL;
}

static void stop_in_thread(struct attempt *attempt)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the caller's thread */
    bool started = pthread_create(&thread, NULL, stop, attempt) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started)
        pthread_join(thread, NULL);
    else
        stop(attempt);
}

/* --- again and again --- */

struct pace {
    uint64_t wait_ns, prepared_ns;
    uint64_t random;
};

/* Longer every time, and never in step with what it waits for; no longer than until the checks are seen to be 0. A
 * program that collects nearly all the time is quiet for a millisecond now and then. */
static enum uf_code wait_a_little(const struct uf_process *process,
                                  const struct uf_process_checks *checks, struct pace *pace,
                                  struct uf_error *err)
{
    pace->random = pace->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint64_t part = pace->random >> 54; /* of 1,024 */
    uint64_t step_ns = LOOK_NS / 2 + LOOK_NS * part / 1024;
    uint64_t until_ns = uf_hold_clock_ns() + pace->wait_ns / 2 + pace->wait_ns * part / 1024;
    bool quiet = false;
    enum uf_code code = UF_OK;
    do {
        uf_hold_wait_ns(step_ns);
        code = are_zero(process, checks, &quiet, err);
    } while (!code && !quiet && uf_hold_clock_ns() < until_ns);
    if (pace->wait_ns < WAIT_MOST_NS)
        pace->wait_ns += pace->wait_ns / 8;
    return code;
}

static enum uf_code prepare_again(struct uf_process *process, struct pace *pace, bool now,
                                  struct uf_error *err)
{
    if (!now && uf_hold_clock_ns() - pace->prepared_ns < STALE_NS)
        return UF_OK;
    enum uf_code code = prepare(process, err);
    pace->prepared_ns = uf_hold_clock_ns();
    return code;
}

static enum uf_code busy(uint32_t looks, struct uf_error *err)
{
    return uf_error_set(
        err, UF_ETARGET,
        "its garbage collector was running each of the %u times that it was looked at "
        "(try again; a full collection of a large heap takes seconds)",
        (unsigned)looks);
}

/* The message is that of the last stop, which ran out of patience. */
static enum uf_code gave_up(struct uf_error *err)
{
    if (err)
        err->code = UF_ETARGET;
    return UF_ETARGET;
}

static enum uf_code copy(struct uf_process *process, const struct uf_process_checks *checks,
                         struct uf_error *err)
{
    uint32_t most = checks && checks->tries_max ? checks->tries_max : TRIES_MOST;
    struct pace pace = {.wait_ns = WAIT_FIRST_NS, .random = uf_hold_clock_ns()};
    struct attempt attempt = {.process = process, .checks = checks, .err = err};
    int slow = 0, grown = 0;
    enum uf_code code = prepare_again(process, &pace, true, err);
    for (uint32_t looks = 1; !code; looks++) {
        bool quiet = true;
        /* Asked before it is stopped: a stop that is in vain harms, too. */
        code = are_zero(process, checks, &quiet, err);
        if (code)
            return code;
        attempt.outcome = BUSY;
        attempt.code = UF_OK;
        attempt.last_chance = grown >= GROWN_MOST;
        if (quiet)
            stop_in_thread(&attempt);
        if (attempt.outcome == GOOD)
            return UF_OK;
        slow += attempt.outcome == SLOW;
        grown += attempt.outcome == GROWN;
        if (attempt.outcome == FAILED)
            return attempt.code;
        if (slow >= SLOW_MOST)
            return gave_up(err);
        if (looks >= most)
            return busy(looks, err);
        code = prepare_again(process, &pace, attempt.outcome == GROWN, err);
        if (!code && attempt.outcome != GROWN) /* last: being quiet does not last */
            code = wait_a_little(process, checks, &pace, err);
    }
    return code;
}

enum uf_code uf_process_copy(struct uf_process *process, const struct uf_process_checks *checks,
                             struct uf_error *err)
{
    uf_process_drop_copy(process);
    process->stops = (struct uf_process_stops){.rss_bytes = UF_PAGES_UNKNOWN};
    enum uf_code code = copy(process, checks, err);
    if (!code)
        code = uf_process_make_source(process, err);
    if (code)
        uf_process_drop_copy(process);
    return code;
}
