#include "cli/outcome.h"

#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define EXITED(code) ((code) << 8) /* as waitpid() gives it: WIFEXITED, WEXITSTATUS */
#define KILLED(signal_number) (signal_number)

static char out[8192], err[2048];
static int exit_code;
static struct uf_channel *channel;
static struct uf_telling telling;

/* A channel in which the engine has said `report` as its last word (NULL: nothing). */
static void begin(enum uf_state state, int code, const char *report)
{
    int fd;
    uf_channel_close(channel);
    channel = uf_channel_create(&fd);
    if (!channel)
        exit(1);
    close(fd);
    telling = (struct uf_telling){.channel = channel, .python = "/bin/py", .timeout_seconds = 5};
    uf_channel_request(channel)->spec = uf_channel_add_text(channel, "a.py:f", 6);
    if (state == UF_STATE_DONE)
        uf_channel_finish(channel, code, report, strlen(report));
    else if (state == UF_STATE_FAILED)
        uf_channel_fail(channel, code, report);
    else
        uf_channel_set_state(channel, state);
}

static void tell(struct uf_outcome outcome)
{
    int before[2] = {dup(1), dup(2)}, to[2][2];
    char *into[2] = {out, err};
    fflush(stdout);
    for (int i = 0; i < 2; i++) {
        if (pipe(to[i]))
            exit(1);
        dup2(to[i][1], i + 1);
        close(to[i][1]);
    }
    outcome.state = uf_channel_state(channel);
    exit_code = uf_outcome_tell(&outcome, &telling);
    for (int i = 0; i < 2; i++) {
        dup2(before[i], i + 1);
        close(before[i]);
        ssize_t len = read(to[i][0], into[i], i ? sizeof err - 1 : sizeof out - 1);
        into[i][len > 0 ? len : 0] = '\0';
        close(to[i][0]);
    }
}

/* The target died in `state` with `wait_status`, having finished two calls. */
static void died(enum uf_state state, bool in_call, int wait_status)
{
    begin(state, 0, NULL);
    tell((struct uf_outcome){.wait_status = wait_status, .calls = 2, .in_call = in_call});
    EXPECT_TEXT(out, "");
}

TEST(a_report_is_printed_as_it_is)
{
    begin(UF_STATE_DONE, 1, "LEAK\n");
    tell((struct uf_outcome){.wait_status = EXITED(1)});
    EXPECT_TEXT(out, "LEAK\n");
    EXPECT_TEXT(err, "");
    EXPECT(exit_code == 1);
}

TEST(an_interrupted_run_ends_with_130_and_what_there_is)
{
    begin(UF_STATE_DONE, 1, "LEAK so far\n");
    tell((struct uf_outcome){.interrupted = true});
    EXPECT_TEXT(out, "LEAK so far\n");
    EXPECT(exit_code == 130);

    begin(UF_STATE_MEASURING, 0, NULL);
    tell((struct uf_outcome){.interrupted = true, .wait_status = KILLED(SIGKILL)});
    EXPECT_TEXT(out, "");
    EXPECT_TEXT(err, "unfreed: interrupted: nothing was found out yet\n");
    EXPECT(exit_code == 130);

    begin(UF_STATE_FAILED, 3, "");
    tell((struct uf_outcome){.interrupted = true});
    EXPECT_TEXT(err, "");
    EXPECT(exit_code == 130);
}

TEST(an_error_line_is_printed_once_and_with_its_prefix)
{
    begin(UF_STATE_FAILED, 2, "unfreed: a.py: no such file");
    tell((struct uf_outcome){0});
    EXPECT_TEXT(err, "unfreed: a.py: no such file\n");
    EXPECT_TEXT(out, "");
    EXPECT(exit_code == 2);
    begin(UF_STATE_FAILED, 2, "no prefix\nand no second line\n");
    tell((struct uf_outcome){0});
    EXPECT_TEXT(err, "unfreed: no prefix\n");
    begin(UF_STATE_FAILED, 3, "");
    tell((struct uf_outcome){0});
    EXPECT_TEXT(err, "");
    EXPECT(exit_code == 3);
}

TEST(a_timeout_without_a_report_is_undecided)
{
    begin(UF_STATE_MEASURING, 0, NULL);
    tell((struct uf_outcome){.timed_out = true, .calls = 2, .in_call = true});
    EXPECT(strstr(out, "call 3 had not returned when --timeout 5 ran out") != NULL);
    EXPECT_TEXT(err, "");
    EXPECT(exit_code == 5);
    begin(UF_STATE_LOADING, 0, NULL);
    uf_channel_request(channel)->json = telling.json = true;
    tell((struct uf_outcome){.timed_out = true});
    EXPECT(strstr(out, "\"verdict\"") && strstr(out, "undecided"));
    EXPECT(strstr(out, "still being imported") != NULL);
    EXPECT(exit_code == 5);
}

TEST(a_death_in_a_call_is_the_targets)
{
    died(UF_STATE_MEASURING, true, KILLED(SIGSEGV));
    EXPECT_TEXT(err, "unfreed: the target crashed: SIGSEGV in call 3 (set PYTHONFAULTHANDLER=1 to "
                     "see where)\n");
    EXPECT(exit_code == 3);
    died(UF_STATE_WARMUP, true, EXITED(7));
    EXPECT_TEXT(err, "unfreed: the target ended its process: status 7 in call 3 (let it return, or "
                     "raise an exception, instead of os._exit)\n");
    EXPECT(exit_code == 3);
    died(UF_STATE_LOADING, false, KILLED(SIGABRT));
    EXPECT_TEXT(err, "unfreed: the target crashed: SIGABRT while it was being imported (set "
                     "PYTHONFAULTHANDLER=1 to see where)\n");
    died(UF_STATE_MEASURING, true, KILLED(SIGKILL));
    EXPECT_TEXT(err,
                "unfreed: the target was ended: SIGKILL in call 3 (when nobody sent it, memory "
                "was out: see dmesg)\n");
    EXPECT(exit_code == 3);
}

TEST(a_crash_outside_a_call_is_ours)
{
    died(UF_STATE_ANALYSING, false, KILLED(SIGSEGV));
    EXPECT(strstr(err, "unfreed: a fault of unfreed's own: SIGSEGV after 2 calls") == err);
    EXPECT(exit_code == 70);
    died(UF_STATE_MEASURING, false, KILLED(SIGBUS));
    EXPECT(exit_code == 70);
}

TEST(an_interpreter_that_never_gets_to_the_engine_is_wrong_usage)
{
    died(UF_STATE_STARTING, false, EXITED(1));
    EXPECT(strstr(err, "unfreed: /bin/py: ended with status 1 before unfreed was loaded (") == err);
    EXPECT(exit_code == 2);
    died(UF_STATE_STARTING, false, KILLED(SIGSEGV));
    EXPECT(strstr(err, "unfreed: /bin/py: ended by SIGSEGV before unfreed was loaded (") == err);
    EXPECT(exit_code == 2);
    died(UF_STATE_STARTING, false, EXITED(2)); /* the bootstrap has said why */
    EXPECT_TEXT(err, "");
    EXPECT(exit_code == 2);
    begin(UF_STATE_STARTING, 0, NULL);
    tell((struct uf_outcome){.start_errno = 13});
    EXPECT_TEXT(err, "unfreed: /bin/py: cannot be started: Permission denied (name another "
                     "interpreter with --python PATH)\n");
    EXPECT(exit_code == 2);
}

TEST(a_bad_end_after_the_report_changes_no_verdict)
{
    begin(UF_STATE_DONE, 0, "clean\n");
    tell((struct uf_outcome){.lingered = true, .ended_by_us = true, .wait_status = SIGTERM});
    EXPECT_TEXT(out, "clean\n");
    EXPECT(strstr(err, "unfreed: the target's process did not end: ") == err);
    EXPECT(exit_code == 0);
    tell((struct uf_outcome){.wait_status = KILLED(SIGSEGV)});
    EXPECT(strstr(err, "unfreed: the target's process crashed at its end: SIGSEGV") == err);
    EXPECT(exit_code == 0);
    telling.quiet = true;
    tell((struct uf_outcome){.wait_status = KILLED(SIGSEGV)});
    EXPECT_TEXT(err, "");
}

int main(void)
{
    RUN(a_report_is_printed_as_it_is);
    RUN(an_interrupted_run_ends_with_130_and_what_there_is);
    RUN(an_error_line_is_printed_once_and_with_its_prefix);
    RUN(a_timeout_without_a_report_is_undecided);
    RUN(a_death_in_a_call_is_the_targets);
    RUN(a_crash_outside_a_call_is_ours);
    RUN(an_interpreter_that_never_gets_to_the_engine_is_wrong_usage);
    RUN(a_bad_end_after_the_report_changes_no_verdict);
    uf_channel_close(channel);
    return test_end();
}
