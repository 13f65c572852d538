#include "unfreed.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Both ends in one process: the second mapping stands for the interpreter's. */
struct ends {
    struct uf_channel *program, *interpreter;
};

static struct ends open_both(void)
{
    int fd;
    struct ends ends = {.program = uf_channel_create(&fd)};
    if (ends.program)
        ends.interpreter = uf_channel_open(fd);
    EXPECT(ends.program && ends.interpreter);
    if (!ends.program || !ends.interpreter)
        exit(1);
    return ends;
}

static void close_both(struct ends *ends)
{
    uf_channel_close(ends->interpreter);
    uf_channel_close(ends->program);
}

TEST(a_request_and_its_texts_reach_the_interpreter)
{
    struct ends ends = open_both();
    struct uf_check_request *request = uf_channel_request(ends.program);
    request->spec = uf_channel_add_text(ends.program, "shop.py:checkout", 16);
    request->args = uf_channel_add_text(ends.program, "42", 2);
    uint32_t empty = uf_channel_add_text(ends.program, "", 0);
    uint32_t third = uf_channel_add_text(ends.program, "--x and what is not part of it", 3);
    request->arg_count = 3;
    request->budget_seconds = 2.5;

    const struct uf_check_request *read = uf_channel_request(ends.interpreter);
    EXPECT_TEXT(uf_channel_text(ends.interpreter, read->spec), "shop.py:checkout");
    EXPECT(read->budget_seconds == 2.5);
    const char *arg = uf_channel_text(ends.interpreter, read->args);
    EXPECT_TEXT(arg, "42");
    EXPECT(uf_channel_text(ends.interpreter, empty) == arg + 3);
    EXPECT(uf_channel_text(ends.interpreter, third) == arg + 4);
    EXPECT_TEXT(arg + 4, "--x");
    close_both(&ends);
}

TEST(what_was_not_given_has_no_text)
{
    struct ends ends = open_both();
    EXPECT(uf_channel_text(ends.program, 0) == NULL);
    EXPECT(uf_channel_text(ends.program, 1) == NULL);
    EXPECT(uf_channel_text(ends.program, UINT32_MAX) == NULL);
    close_both(&ends);
}

TEST(a_full_text_area_takes_no_more_and_keeps_what_it_has)
{
    struct ends ends = open_both();
    size_t size = (size_t)10 << 20;
    char *large = malloc(size);
    memset(large, 'x', size);
    uint32_t first = uf_channel_add_text(ends.program, "first", 5), last = 0;
    int entered = 0;
    for (uint32_t at; entered < 100 && (at = uf_channel_add_text(ends.program, large, size));
         entered++)
        last = at;
    EXPECT(entered == 6); /* of 64 MiB less a page */
    EXPECT(uf_channel_add_text(ends.program, large, SIZE_MAX) == 0);
    EXPECT_TEXT(uf_channel_text(ends.interpreter, first), "first");
    EXPECT(strlen(uf_channel_text(ends.interpreter, last)) == size);
    free(large);
    close_both(&ends);
}

TEST(the_report_arrives_whole)
{
    struct ends ends = open_both();
    size_t len, size = (size_t)20 << 20;
    char *large = malloc(size);
    memset(large, 'r', size);
    uf_channel_report(ends.program, &len);
    EXPECT(len == 0);
    EXPECT(uf_channel_finish(ends.interpreter, 1, large, size));
    EXPECT(uf_channel_state(ends.program) == UF_STATE_DONE);
    EXPECT(uf_channel_exit_code(ends.program) == 1);
    const char *report = uf_channel_report(ends.program, &len);
    EXPECT(len == size && !memcmp(report, large, size) && report[len] == '\0');
    free(large);
    close_both(&ends);
}

TEST(a_report_that_is_too_large_is_refused_and_a_smaller_one_still_fits)
{
    struct ends ends = open_both();
    size_t len;
    EXPECT(!uf_channel_finish(ends.interpreter, 0, "x", (size_t)192 << 20));
    EXPECT(uf_channel_state(ends.program) == UF_STATE_STARTING);
    EXPECT(uf_channel_fail(ends.interpreter, 70, "unfreed: too much"));
    EXPECT_TEXT(uf_channel_report(ends.program, &len), "unfreed: too much");
    EXPECT(uf_channel_state(ends.program) == UF_STATE_FAILED);
    EXPECT(uf_channel_exit_code(ends.program) == 70);
    close_both(&ends);
}

TEST(only_the_first_word_counts)
{
    struct ends ends = open_both();
    size_t len;
    EXPECT(uf_channel_finish(ends.interpreter, 0, "first", 5));
    EXPECT(!uf_channel_finish(ends.interpreter, 1, "second", 6));
    EXPECT(!uf_channel_fail(ends.interpreter, 70, "third"));
    uf_channel_set_state(ends.interpreter, UF_STATE_MEASURING);
    EXPECT(uf_channel_state(ends.program) == UF_STATE_DONE);
    EXPECT_TEXT(uf_channel_report(ends.program, &len), "first");
    EXPECT(uf_channel_exit_code(ends.program) == 0);
    close_both(&ends);
}

TEST(a_process_that_the_target_forked_has_no_say)
{
    struct ends ends = open_both();
    uf_channel_set_state(ends.interpreter, UF_STATE_MEASURING);
    pid_t child = fork();
    if (!child) {
        uf_channel_set_state(ends.interpreter, UF_STATE_ANALYSING);
        _exit(uf_channel_finish(ends.interpreter, 0, "copy", 4));
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT(status == 0);
    EXPECT(uf_channel_state(ends.program) == UF_STATE_MEASURING);
    close_both(&ends);
}

TEST(what_was_written_stays_when_the_writer_dies)
{
    int fd;
    size_t len;
    struct uf_channel *program = uf_channel_create(&fd);
    pid_t child = fork();
    if (!child) {
        struct uf_channel *channel = uf_channel_open(fd);
        closefrom(0);
        uf_channel_progress(channel)->calls = 7;
        uf_channel_finish(channel, 1, "said", 4);
        raise(SIGKILL);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT(WIFSIGNALED(status));
    EXPECT_TEXT(uf_channel_report(program, &len), "said");
    EXPECT(uf_channel_progress(program)->calls == 7);
    close(fd);
    uf_channel_close(program);
}

TEST(the_first_reason_to_stop_stays)
{
    struct ends ends = open_both();
    EXPECT(!uf_channel_stop_asked(ends.interpreter));
    uf_channel_ask_stop(ends.program, UF_ASKED_BY_TIMEOUT);
    uf_channel_ask_stop(ends.program, UF_ASKED_BY_INTERRUPT);
    EXPECT(uf_channel_stop_asked(ends.interpreter) == UF_ASKED_BY_TIMEOUT);
    close_both(&ends);
}

TEST(another_descriptor_is_refused_and_left_open)
{
    int ends[2], null = open("/dev/null", O_RDWR);
    EXPECT(!pipe(ends));
    errno = 0;
    EXPECT(!uf_channel_open(ends[0]) && errno == EPROTO);
    EXPECT(!uf_channel_open(null) && errno == EPROTO);
    EXPECT(fcntl(ends[0], F_GETFD) >= 0 && fcntl(null, F_GETFD) >= 0);
    EXPECT(!uf_channel_open(-1) && errno == EBADF);
    close(ends[0]);
    close(ends[1]);
    close(null);
}

TEST(a_damaged_exit_code_is_a_fault_of_ours)
{
    struct ends ends = open_both();
    uf_channel_finish(ends.interpreter, 1234, "", 0);
    EXPECT(uf_channel_exit_code(ends.program) == UF_EXIT_FAULT);
    close_both(&ends);
}

/* Runs `test` in a process of its own, since limits and closed descriptors cannot be taken back. */
static int in_child(int (*test)(void))
{
    int status = -1;
    pid_t child = fork();
    if (!child)
        _exit(test());
    waitpid(child, &status, 0);
    return status;
}

static int with_small_files(void)
{
    int fd;
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 9000000, .rlim_max = 9000000});
    struct uf_channel *channel = uf_channel_create(&fd);
    return !(channel && uf_channel_add_text(channel, "text", 4) &&
             uf_channel_finish(channel, 0, "report", 6));
}

static int with_tiny_files(void)
{
    int fd;
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 1000, .rlim_max = 1000});
    return !(uf_channel_create(&fd) == NULL && errno == EFBIG);
}

static int with_standard_descriptors_closed(void)
{
    int fd = -1;
    closefrom(0);
    struct uf_channel *channel = uf_channel_create(&fd);
    return !(channel && fd == 3 && fcntl(0, F_GETFD) < 0);
}

TEST(a_small_ulimit_makes_a_small_channel)
{
    EXPECT(in_child(with_small_files) == 0);
    EXPECT(in_child(with_tiny_files) == 0);
}

TEST(closed_standard_descriptors_stay_closed)
{
    EXPECT(in_child(with_standard_descriptors_closed) == 0);
}

int main(void)
{
    RUN(a_request_and_its_texts_reach_the_interpreter);
    RUN(what_was_not_given_has_no_text);
    RUN(a_full_text_area_takes_no_more_and_keeps_what_it_has);
    RUN(the_report_arrives_whole);
    RUN(a_report_that_is_too_large_is_refused_and_a_smaller_one_still_fits);
    RUN(only_the_first_word_counts);
    RUN(a_process_that_the_target_forked_has_no_say);
    RUN(what_was_written_stays_when_the_writer_dies);
    RUN(the_first_reason_to_stop_stays);
    RUN(another_descriptor_is_refused_and_left_open);
    RUN(a_damaged_exit_code_is_a_fault_of_ours);
    RUN(a_small_ulimit_makes_a_small_channel);
    RUN(closed_standard_descriptors_stay_closed);
    return test_end();
}
