/* The children of these tests are this program itself, started with the name of a behaviour. */
#include "cli/supervise.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds_now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

/* ---- the children ---- */

static struct uf_channel *channel_of_child;

static void finish(int code, const char *report)
{
    uf_channel_finish(channel_of_child, code, report, strlen(report));
}

static void in_call(uint32_t finished_calls)
{
    uf_channel_progress(channel_of_child)->calls = finished_calls;
    uf_channel_progress(channel_of_child)->call_started = seconds_now();
    uf_channel_set_state(channel_of_child, UF_STATE_MEASURING);
}

static void sleep_on(void)
{
    for (;;)
        pause();
}

static void on_interrupt(int number)
{
    (void)number;
    enum uf_asked asked = uf_channel_stop_asked(channel_of_child);
    finish(5, asked == UF_ASKED_BY_TIMEOUT     ? "timeout"
              : asked == UF_ASKED_BY_INTERRUPT ? "interrupt"
                                               : "nobody asked");
    _exit(5);
}

static int behave(const char *how)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    if (!strcmp(how, "report")) {
        finish(1, "the report");
        return 1;
    }
    if (!strcmp(how, "fail")) {
        uf_channel_fail(channel_of_child, 2, "unfreed: a.py: no such file");
        return 2;
    }
    if (!strcmp(how, "crash")) {
        in_call(2);
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
    }
    if (!strcmp(how, "exit")) {
        in_call(0);
        _exit(7);
    }
    if (!strcmp(how, "report when interrupted")) {
        signal(SIGINT, on_interrupt);
        in_call(4);
        sleep_on();
    }
    if (!strcmp(how, "analyse long")) {
        signal(SIGINT, on_interrupt); /* is not to come */
        uf_channel_set_state(channel_of_child, UF_STATE_ANALYSING);
        nanosleep(&(struct timespec){.tv_nsec = 900000000}, NULL);
        finish(1, "analysed");
    }
    if (!strcmp(how, "ignore interrupts")) {
        signal(SIGINT, SIG_IGN);
        in_call(0);
        sleep_on();
    }
    if (!strcmp(how, "ignore all")) {
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
        in_call(0);
        sleep_on();
    }
    if (!strcmp(how, "stop itself")) {
        raise(SIGSTOP);
        sleep_on();
    }
    if (!strcmp(how, "close all")) {
        closefrom(0);
        finish(0, "still here");
    }
    if (!strcmp(how, "never end")) {
        finish(0, "all is said");
        sleep_on();
    }
    if (!strcmp(how, "fork")) {
        pid_t copy = fork();
        if (!copy) {
            finish(0, "the copy's");
            _exit(9);
        }
        waitpid(copy, NULL, 0);
        finish(1, "the original's");
    }
    if (!strcmp(how, "print")) {
        (void)!write(1, "to 1\n", 5);
        (void)!write(2, "to 2\n", 5);
        finish(0, getenv("UNFREED_CHANNEL"));
    }
    if (!strcmp(how, "interrupt the parent")) {
        signal(SIGINT, on_interrupt);
        kill(getppid(), SIGINT);
        sleep_on();
    }
    if (!strcmp(how, "interrupt the parent twice")) {
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
        kill(getppid(), SIGINT);
        nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
        kill(getppid(), SIGINT);
        sleep_on();
    }
    if (!strcmp(how, "end the parent")) {
        signal(SIGTERM, SIG_IGN);
        kill(getppid(), SIGTERM);
        sleep_on();
    }
    if (!strcmp(how, "say who waits")) {
        sigset_t blocked;
        struct sigaction interrupt, child;
        sigprocmask(SIG_BLOCK, NULL, &blocked);
        sigaction(SIGINT, NULL, &interrupt);
        sigaction(SIGCHLD, NULL, &child);
        bool clean = !sigismember(&blocked, SIGINT) && !sigismember(&blocked, SIGCHLD) &&
                     !sigismember(&blocked, SIGTERM) && child.sa_handler == SIG_IGN;
        finish(0, !clean                            ? "signals are held"
                  : interrupt.sa_handler == SIG_IGN ? "ignored"
                                                    : "as always");
    }
    return 0;
}

/* ---- the supervisor's side ---- */

static struct uf_outcome outcome;
static char report[256];
static double took;

static void supervise(const char *how, struct uf_supervision with)
{
    int fd;
    size_t len;
    char *argv[] = {(char[]){"/proc/self/exe"}, (char *)(uintptr_t)how, NULL};
    struct uf_channel *channel = uf_channel_create(&fd);
    with.argv = with.argv ? with.argv : argv;
    with.channel = channel;
    with.channel_fd = fd;
    with.report_grace = 0.3;
    with.end_grace = 0.3;
    with.term_grace = 0.3;
    double before = seconds_now();
    bool started = uf_supervise(&with, &outcome);
    took = seconds_now() - before;
    EXPECT(started == !outcome.start_errno);
    snprintf(report, sizeof report, "%s", uf_channel_report(channel, &len));
    EXPECT(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD); /* nothing is left behind */
    uf_channel_close(channel);
    close(fd);
}

TEST(a_report_and_a_normal_end_are_handed_on)
{
    supervise("report", (struct uf_supervision){0});
    EXPECT(outcome.state == UF_STATE_DONE && WEXITSTATUS(outcome.wait_status) == 1);
    EXPECT(!outcome.ended_by_us && !outcome.timed_out && !outcome.interrupted);
    EXPECT_TEXT(report, "the report");
    supervise("fail", (struct uf_supervision){0});
    EXPECT(outcome.state == UF_STATE_FAILED);
    EXPECT_TEXT(report, "unfreed: a.py: no such file");
}

TEST(a_program_that_cannot_be_started_says_why)
{
    char *missing[] = {(char[]){"/nowhere/python"}, NULL};
    char *no_program[] = {(char[]){"/etc/passwd"}, NULL};
    supervise("", (struct uf_supervision){.argv = missing});
    EXPECT(outcome.start_errno == ENOENT);
    supervise("", (struct uf_supervision){.argv = no_program});
    EXPECT(outcome.start_errno == EACCES);
}

TEST(a_crash_is_known_with_its_call)
{
    supervise("crash", (struct uf_supervision){0});
    EXPECT(WIFSIGNALED(outcome.wait_status) && WTERMSIG(outcome.wait_status) == SIGSEGV);
    EXPECT(outcome.state == UF_STATE_MEASURING && outcome.calls == 2 && outcome.in_call);
    EXPECT(!outcome.ended_by_us);
    supervise("exit", (struct uf_supervision){0});
    EXPECT(WIFEXITED(outcome.wait_status) && WEXITSTATUS(outcome.wait_status) == 7);
}

TEST(a_call_that_does_not_return_is_interrupted_and_may_report)
{
    supervise("report when interrupted", (struct uf_supervision){.timeout_seconds = 0.2});
    EXPECT(outcome.timed_out && !outcome.interrupted && !outcome.ended_by_us);
    EXPECT(outcome.state == UF_STATE_DONE);
    EXPECT_TEXT(report, "timeout");
}

TEST(one_that_does_not_report_is_ended)
{
    supervise("ignore interrupts", (struct uf_supervision){.timeout_seconds = 0.2});
    EXPECT(outcome.timed_out && outcome.ended_by_us && outcome.state == UF_STATE_MEASURING);
    EXPECT(WTERMSIG(outcome.wait_status) == SIGTERM);
    supervise("ignore all", (struct uf_supervision){.timeout_seconds = 0.2});
    EXPECT(outcome.timed_out && WTERMSIG(outcome.wait_status) == SIGKILL);
    EXPECT(took < 3);
    supervise("stop itself", (struct uf_supervision){.timeout_seconds = 0.2});
    EXPECT(outcome.timed_out && WIFSIGNALED(outcome.wait_status));
}

TEST(an_analysis_under_way_is_not_disturbed_by_the_timeout)
{
    supervise("analyse long", (struct uf_supervision){.timeout_seconds = 0.2});
    EXPECT(outcome.state == UF_STATE_DONE);
    EXPECT_TEXT(report, "analysed");
}

TEST(a_report_outlives_closed_descriptors)
{
    supervise("close all", (struct uf_supervision){0});
    EXPECT_TEXT(report, "still here");
}

TEST(a_child_that_has_reported_and_does_not_end_is_ended)
{
    supervise("never end", (struct uf_supervision){.timeout_seconds = 0.1});
    EXPECT(outcome.lingered && outcome.state == UF_STATE_DONE && !outcome.timed_out);
    EXPECT_TEXT(report, "all is said");
}

TEST(a_copy_that_the_target_forks_does_not_report)
{
    supervise("fork", (struct uf_supervision){0});
    EXPECT_TEXT(report, "the original's");
}

/* What the child writes to descriptors 1 and 2, into `out` and `err`. */
static void catch_output(bool turned, char *out, char *err, size_t size)
{
    int before[2] = {dup(1), dup(2)}, to[2][2];
    char *into[2] = {out, err};
    for (int i = 0; i < 2; i++) {
        EXPECT(!pipe(to[i]));
        dup2(to[i][1], i + 1);
        close(to[i][1]);
    }
    supervise("print", (struct uf_supervision){.output_to_stderr = turned});
    for (int i = 0; i < 2; i++) {
        dup2(before[i], i + 1);
        close(before[i]);
        ssize_t len = read(to[i][0], into[i], size - 1);
        into[i][len > 0 ? len : 0] = '\0';
        close(to[i][0]);
    }
}

TEST(output_goes_where_it_would_or_all_to_standard_error)
{
    char out[64], err[64];
    catch_output(false, out, err, sizeof out);
    EXPECT_TEXT(out, "to 1\n");
    EXPECT_TEXT(err, "to 2\n");
    catch_output(true, out, err, sizeof out);
    EXPECT_TEXT(out, "");
    EXPECT_TEXT(err, "to 1\nto 2\n");
    EXPECT(atoi(report) > 2);
}

TEST(an_interrupt_of_the_program_alone_is_handed_on)
{
    supervise("interrupt the parent", (struct uf_supervision){0});
    EXPECT(outcome.interrupted && outcome.state == UF_STATE_DONE);
    EXPECT_TEXT(report, "interrupt");
}

TEST(a_second_interrupt_ends_it_at_once)
{
    supervise("interrupt the parent twice", (struct uf_supervision){0});
    EXPECT(outcome.interrupted && outcome.ended_by_us);
    EXPECT(WTERMSIG(outcome.wait_status) == SIGKILL);
    EXPECT_TEXT(report, "");
}

TEST(a_signal_to_end_ends_the_child_first)
{
    supervise("end the parent", (struct uf_supervision){0});
    EXPECT(outcome.own_signal == SIGTERM && WTERMSIG(outcome.wait_status) == SIGKILL);
}

TEST(the_child_gets_the_signals_as_they_were)
{
    signal(SIGCHLD, SIG_IGN);
    supervise("say who waits", (struct uf_supervision){0});
    EXPECT_TEXT(report, "as always");
    signal(SIGINT, SIG_IGN);
    supervise("say who waits", (struct uf_supervision){0});
    EXPECT_TEXT(report, "ignored");
    signal(SIGINT, SIG_DFL);
    struct sigaction child;
    sigaction(SIGCHLD, NULL, &child);
    EXPECT(child.sa_handler == SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
}

TEST(a_child_dies_with_a_killed_supervisor)
{
    int ends[2], status;
    char byte;
    EXPECT(!pipe(ends)); /* inherited by the child too: its end is our end of file */
    pid_t middle = fork();
    if (!middle) {
        close(ends[0]);
        supervise("ignore all", (struct uf_supervision){0});
        _exit(0);
    }
    close(ends[1]);
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    kill(middle, SIGKILL);
    waitpid(middle, &status, 0);
    EXPECT(read(ends[0], &byte, 1) == 0);
    close(ends[0]);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        const char *number = getenv("UNFREED_CHANNEL");
        channel_of_child = uf_channel_open(number ? atoi(number) : -1);
        return channel_of_child ? behave(argv[1]) : 99;
    }
    alarm(60); /* a supervisor that waits for ever fails the test */
    RUN(a_report_and_a_normal_end_are_handed_on);
    RUN(a_program_that_cannot_be_started_says_why);
    RUN(a_crash_is_known_with_its_call);
    RUN(a_call_that_does_not_return_is_interrupted_and_may_report);
    RUN(one_that_does_not_report_is_ended);
    RUN(an_analysis_under_way_is_not_disturbed_by_the_timeout);
    RUN(a_report_outlives_closed_descriptors);
    RUN(a_child_that_has_reported_and_does_not_end_is_ended);
    RUN(a_copy_that_the_target_forks_does_not_report);
    RUN(output_goes_where_it_would_or_all_to_standard_error);
    RUN(an_interrupt_of_the_program_alone_is_handed_on);
    RUN(a_second_interrupt_ends_it_at_once);
    RUN(a_signal_to_end_ends_the_child_first);
    RUN(the_child_gets_the_signals_as_they_were);
    RUN(a_child_dies_with_a_killed_supervisor);
    return test_end();
}
