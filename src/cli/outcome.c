#include "outcome.h"

#include "output.h"
#include "unfreed.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define PLACE_BYTES 64

static const char *signal_name(int number)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        {SIGSEGV, "SIGSEGV"}, {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},   {SIGILL, "SIGILL"},
        {SIGFPE, "SIGFPE"},   {SIGTRAP, "SIGTRAP"}, {SIGSYS, "SIGSYS"},   {SIGKILL, "SIGKILL"},
        {SIGTERM, "SIGTERM"}, {SIGINT, "SIGINT"},   {SIGHUP, "SIGHUP"},   {SIGQUIT, "SIGQUIT"},
        {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"}, {SIGUSR1, "SIGUSR1"}, {SIGUSR2, "SIGUSR2"},
        {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"},
    };
    static char other[32];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number)
            return names[i].name;
    snprintf(other, sizeof other, "signal %d", number);
    return other;
}

/* A signal by which the kernel or the C library answers a fault of the program. */
static bool is_crash(int number)
{
    return number == SIGSEGV || number == SIGABRT || number == SIGBUS || number == SIGILL ||
           number == SIGFPE || number == SIGTRAP || number == SIGSYS;
}

static const char *place(const struct uf_outcome *outcome, char *ret)
{
    if (outcome->state <= UF_STATE_LOADING)
        snprintf(ret, PLACE_BYTES, "while it was being imported");
    else if (outcome->in_call)
        snprintf(ret, PLACE_BYTES, "in call %u", outcome->calls + 1);
    else
        snprintf(ret, PLACE_BYTES, "after %u call%s", outcome->calls,
                 outcome->calls == 1 ? "" : "s");
    return ret;
}

/* The child ended before the engine had a say; what the bootstrap refused it has said itself. */
static int tell_not_started(const struct uf_outcome *outcome, const struct uf_telling *telling)
{
    int status = outcome->wait_status;
    const char *advice = "try it with -c pass, or name another with --python PATH";
    if (WIFSIGNALED(status))
        return uf_complain(UF_EXIT_USAGE, "%s: ended by %s before unfreed was loaded (%s)",
                           telling->python, signal_name(WTERMSIG(status)), advice);
    int code = WEXITSTATUS(status);
    if (code == UF_EXIT_USAGE || code == UF_EXIT_FAULT)
        return code;
    return uf_complain(UF_EXIT_USAGE, "%s: ended with status %d before unfreed was loaded (%s)",
                       telling->python, code, advice);
}

/* The child is gone, and left no report. */
static int tell_died(const struct uf_outcome *outcome, const struct uf_telling *telling)
{
    char where[PLACE_BYTES];
    int status = outcome->wait_status;
    bool by_signal = WIFSIGNALED(status);
    int number = by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
    if (outcome->state == UF_STATE_STARTING)
        return tell_not_started(outcome, telling);
    place(outcome, where);
    /* Between calls and while analysing only the engine is at work. */
    bool own_fault = outcome->state == UF_STATE_ANALYSING ||
                     (outcome->state > UF_STATE_LOADING && !outcome->in_call);
    if (own_fault && by_signal && is_crash(number))
        return uf_complain(
            UF_EXIT_FAULT,
            "a fault of unfreed's own: %s %s, not in the target's code (please report "
            "it with the target and the output of unfreed --version)",
            signal_name(number), where);
    if (own_fault && !by_signal && number == UF_EXIT_FAULT)
        return UF_EXIT_FAULT; /* the engine has said why */
    if (!by_signal)
        return uf_complain(UF_EXIT_TARGET_FAILED,
                           "the target ended its process: status %d %s (let it return, or raise "
                           "an exception, instead of os._exit)",
                           number, where);
    if (is_crash(number))
        return uf_complain(UF_EXIT_TARGET_FAILED,
                           "the target crashed: %s %s (set PYTHONFAULTHANDLER=1 to see where)",
                           signal_name(number), where);
    return uf_complain(UF_EXIT_TARGET_FAILED, "the target was ended: %s %s (%s)",
                       signal_name(number), where,
                       number == SIGKILL   ? "when nobody sent it, memory was out: see dmesg"
                       : number == SIGXCPU ? "see ulimit -t"
                                           : "find out who sent it");
}

static int tell_undecided(const struct uf_outcome *outcome, const struct uf_telling *telling,
                          int exit_code)
{
    char why[160], where[PLACE_BYTES], limit[48] = "it was interrupted";
    size_t len;
    if (outcome->timed_out)
        snprintf(limit, sizeof limit, "--timeout %g ran out", telling->timeout_seconds);
    switch (outcome->state) {
    case UF_STATE_STARTING:
        snprintf(why, sizeof why, "Python had not started when %s", limit);
        break;
    case UF_STATE_LOADING:
        snprintf(why, sizeof why, "the target was still being imported when %s", limit);
        break;
    default:
        if (outcome->in_call && outcome->state != UF_STATE_ANALYSING)
            snprintf(why, sizeof why, "call %u had not returned when %s", outcome->calls + 1,
                     limit);
        else
            snprintf(why, sizeof why, "unfreed was still at work %s when %s", place(outcome, where),
                     limit);
    }
    char *report = uf_report_undecided(telling->channel, telling->python, why, &len);
    if (!report)
        return uf_complain(UF_EXIT_FAULT, "undecided: %s, and memory is out", why);
    exit_code = uf_output_write(report, len, exit_code);
    uf_report_free(report);
    return exit_code;
}

static int tell_report(const struct uf_outcome *outcome, const struct uf_telling *telling)
{
    size_t len;
    const char *report = uf_channel_report(telling->channel, &len);
    int code = uf_channel_exit_code(telling->channel);
    code = uf_output_write(report, len, outcome->interrupted ? UF_EXIT_INTERRUPTED : code);
    if (telling->quiet)
        return code;
    if (outcome->lingered)
        uf_complain(0, "the target's process did not end: an atexit handler or a thread held it up "
                       "(it was ended; the verdict stands)");
    else if (WIFSIGNALED(outcome->wait_status) && !outcome->ended_by_us)
        uf_complain(0, "the target's process crashed at its end: %s (the verdict stands)",
                    signal_name(WTERMSIG(outcome->wait_status)));
    return code;
}

static int tell_failure(const struct uf_outcome *outcome, const struct uf_telling *telling)
{
    static const char prefix[] = "unfreed: ";
    size_t len;
    const char *line = uf_channel_report(telling->channel, &len);
    if (!strncmp(line, prefix, sizeof prefix - 1))
        line += sizeof prefix - 1;
    len = strcspn(line, "\n");
    if (len)
        uf_complain(0, "%.*s", (int)(len < 4000 ? len : 4000), line);
    return outcome->interrupted ? UF_EXIT_INTERRUPTED : uf_channel_exit_code(telling->channel);
}

static int end_by(int signal_number)
{
    signal(signal_number, SIG_DFL);
    raise(signal_number);
    return 128 + signal_number;
}

int uf_outcome_tell(const struct uf_outcome *outcome, const struct uf_telling *telling)
{
    if (outcome->start_errno)
        return uf_complain(UF_EXIT_USAGE,
                           "%s: cannot be started: %s (name another interpreter with "
                           "--python PATH)",
                           telling->python, strerror(outcome->start_errno));
    if (outcome->own_signal)
        return end_by(outcome->own_signal);
    if (outcome->state == UF_STATE_DONE)
        return tell_report(outcome, telling);
    if (outcome->state == UF_STATE_FAILED)
        return tell_failure(outcome, telling);
    if (outcome->interrupted && !telling->json)
        return uf_complain(UF_EXIT_INTERRUPTED, "interrupted: nothing was found out yet");
    if (outcome->interrupted)
        return tell_undecided(outcome, telling, UF_EXIT_INTERRUPTED);
    if (outcome->timed_out)
        return tell_undecided(outcome, telling, UF_EXIT_UNDECIDED);
    return tell_died(outcome, telling);
}
