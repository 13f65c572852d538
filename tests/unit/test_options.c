#include "cli/options.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct {
    bool json, has_three;
    const char *setup;
    struct uf_texts ignores;
    double timeout;
    uint32_t calls;
    int32_t three[3];
    int color;
    double after;
    struct uf_pids pids;
    struct uf_arguments args;
    char said[512]; /* what went to standard error */
} got;

static void forget(void)
{
    uf_texts_release(&got.ignores);
    uf_pids_release(&got.pids);
    uf_arguments_release(&got.args);
    memset(&got, 0, sizeof got);
}

/* Reads the words of one line, split at blanks ("''" is an empty word). */
static bool reads(const char *line)
{
    const struct uf_option table[] = {
        {"--json", NULL, UF_OPTION_FLAG, &got.json, NULL, NULL},
        {"--setup", NULL, UF_OPTION_TEXT, &got.setup, NULL, NULL},
        {"--ignore", "-i", UF_OPTION_LIST, &got.ignores, NULL, NULL},
        {"--timeout", NULL, UF_OPTION_SECONDS, &got.timeout, NULL, NULL},
        {"--calls", NULL, UF_OPTION_COUNT, &got.calls, NULL, NULL},
        {"--threshold", NULL, UF_OPTION_THREE, got.three, &got.has_three, NULL},
        {"--after", NULL, UF_OPTION_SPAN, &got.after, NULL, NULL},
        {"--pids", NULL, UF_OPTION_PIDS, &got.pids, NULL, NULL},
        {"--color", NULL, UF_OPTION_CHOICE, &got.color, NULL, uf_color_choices},
        {0},
    };
    static char words[512];
    char *argv[32] = {NULL}, *rest = words;
    int argc = 0, ends[2], error_before = dup(2);
    forget();
    snprintf(words, sizeof words, "%s", line);
    for (char *word; (word = strsep(&rest, " ")) && argc < 31;)
        argv[argc++] = strcmp(word, "''") ? word : word + 2;
    if (pipe(ends))
        exit(1);
    dup2(ends[1], 2);
    bool fine = uf_options_read(table, argv, "unfreed test", &got.args);
    dup2(error_before, 2);
    close(ends[1]);
    close(error_before);
    ssize_t len = read(ends[0], got.said, sizeof got.said - 1);
    got.said[len > 0 ? len : 0] = '\0';
    close(ends[0]);
    return fine;
}

TEST(options_and_arguments_may_be_mixed)
{
    EXPECT(reads("--json one --setup x=1 two -i a* --ignore=b --ignore c"));
    EXPECT(got.json && got.args.positional.len == 2 && !got.args.has_rest);
    EXPECT_TEXT(got.args.positional.at[1], "two");
    EXPECT_TEXT(got.setup, "x=1");
    EXPECT(got.ignores.len == 3);
    EXPECT_TEXT(got.ignores.at[1], "b");
    EXPECT_TEXT(got.said, "");
}

TEST(everything_behind_two_dashes_is_left_alone)
{
    EXPECT(reads("one -- --json -- ''"));
    EXPECT(!got.json && got.args.has_rest && got.args.rest.len == 3);
    EXPECT_TEXT(got.args.rest.at[1], "--");
    EXPECT_TEXT(got.args.rest.at[2], "");
    EXPECT(reads("one --") && got.args.has_rest && got.args.rest.len == 0);
}

TEST(a_single_dash_is_an_argument)
{
    EXPECT(reads("-") && got.args.positional.len == 1);
}

TEST(values_may_look_like_options_and_be_empty)
{
    EXPECT(reads("--setup --json"));
    EXPECT_TEXT(got.setup, "--json");
    EXPECT(reads("--setup=a=b") && !strcmp(got.setup, "a=b"));
    EXPECT(reads("--setup=") && !*got.setup);
}

/* Where the program begins, as its first word; NULL: nothing is to be run, or the options are wrong. */
static const char *begins(char **argv)
{
    const struct uf_option table[] = {
        {"--json", NULL, UF_OPTION_FLAG, &got.json, NULL, NULL},
        {"--setup", "-s", UF_OPTION_TEXT, &got.setup, NULL, NULL},
        {0},
    };
    char **program = NULL;
    forget();
    bool fine = uf_options_read_before(table, argv, "unfreed test", &got.args, &program);
    return fine ? *program : NULL;
}

TEST(a_program_to_be_run_keeps_its_own_options)
{
    char json[] = "--json", setup[] = "-s", file[] = "app.py", module[] = "-m", end[] = "--";
    EXPECT(!strcmp(begins((char *[]){json, file, setup, NULL}), "app.py") && got.json &&
           !got.setup);
    EXPECT(begins((char *[]){setup, file, file, NULL}) && !strcmp(got.setup, "app.py"));
    EXPECT(!strcmp(begins((char *[]){module, json, NULL}), "-m") && !got.json);
    EXPECT(!strcmp(begins((char *[]){json, end, json, NULL}), "--json"));
    EXPECT(!begins((char *[]){json, NULL}) && got.json);
    EXPECT(!begins((char *[]){json, end, NULL}));
}

TEST(times_have_units_and_no_sign)
{
    static const struct {
        const char *text;
        double seconds;
    } right[] = {{"500ms", 0.5}, {"60s", 60},    {"60", 60},   {"5m", 300},      {"5min", 300},
                 {"1h", 3600},   {"1.5h", 5400}, {"0.5", 0.5}, {"720h", 2592000}};
    static const char *const wrong[] = {"''",  "s",  "0",   "0ms", "-1s",  "5x",
                                        "1e3", "5d", "nan", "1s1", "721h", "."};
    char line[64];
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        snprintf(line, sizeof line, "--after %s", right[i].text);
        EXPECT(reads(line) && got.after == right[i].seconds);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(line, sizeof line, "--after %s", wrong[i]);
        EXPECT(!reads(line));
        EXPECT(strstr(got.said, "not a time (500ms, 60s, 5m, 1h") != NULL);
    }
    forget();
}

TEST(process_ids_are_a_list_without_doubles)
{
    static const char *const wrong[] = {"''",  "0",  "1,",  ",1",         "1,,2",
                                        "1,x", "-1", "1,0", "4294967296", "2147483648"};
    char line[64];
    EXPECT(reads("--pids 12,7,12 --pids 3") && got.pids.len == 3);
    EXPECT(got.pids.at[0] == 12 && got.pids.at[1] == 7 && got.pids.at[2] == 3);
    EXPECT(reads("--pids 2147483647") && got.pids.at[0] == 2147483647);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(line, sizeof line, "--pids %s", wrong[i]);
        EXPECT(!reads(line));
        EXPECT(strstr(got.said, "not process ids, as in 4711,4712") != NULL);
        EXPECT(strstr(got.said, strcmp(wrong[i], "''") ? wrong[i] : "''") != NULL);
    }
    forget();
}

TEST(numbers_are_read_whole)
{
    EXPECT(reads("--timeout 2.5 --calls 12 --threshold 700,0,10"));
    EXPECT(got.timeout == 2.5 && got.calls == 12 && got.has_three);
    EXPECT(got.three[0] == 700 && got.three[1] == 0 && got.three[2] == 10);
    const char *wrong[] = {
        "--timeout 0",         "--timeout -1",       "--timeout 1e3",      "--timeout nan",
        "--timeout 0x10",      "--timeout 5s",       "--timeout=",         "--timeout .",
        "--calls 0",           "--calls -3",         "--calls 1.5",        "--calls 1,2",
        "--calls 99999999999", "--threshold 1,2",    "--threshold 1,2,",   "--threshold 1,2,3,4",
        "--threshold a,b,c",   "--threshold -1,2,3", "--threshold 1,,3",   "--timeout 1.2.3",
        "--calls ''",          "--color blue",       "--threshold 1,2,3x", "--calls 4294967297",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (reads(wrong[i])) {
            printf("# was taken: %s\n", wrong[i]);
            EXPECT(false);
        }
}

TEST(a_choice_is_its_place_in_the_list)
{
    EXPECT(reads("--color never") && got.color == UF_COLOR_NEVER);
    EXPECT(!reads("--color blue"));
    EXPECT_TEXT(got.said, "unfreed: --color 'blue': not one of auto, always, never\n");
}

TEST(what_is_wrong_is_said_in_one_line)
{
    EXPECT(!reads("--jsn"));
    EXPECT_TEXT(got.said, "unfreed: --jsn: unknown option (did you mean --json?)\n");
    EXPECT(!reads("--colour=never"));
    EXPECT_TEXT(got.said, "unfreed: --colour: unknown option (did you mean --color?)\n");
    EXPECT(!reads("-x"));
    EXPECT_TEXT(got.said, "unfreed: -x: unknown option (see unfreed test --help)\n");
    EXPECT(!reads("--json=yes"));
    EXPECT_TEXT(got.said, "unfreed: --json takes no value\n");
    EXPECT(!reads("--setup"));
    EXPECT_TEXT(got.said, "unfreed: --setup needs a value (see unfreed test --help)\n");
    EXPECT(!reads("--calls a\nb\033[31m"));
    EXPECT_TEXT(got.said, "unfreed: --calls 'a?b?[31m': not a whole number from 1 to 1000000000\n");
}

TEST(colours_are_for_terminals_unless_told_otherwise)
{
    EXPECT(uf_color_wanted(UF_COLOR_ALWAYS));
    EXPECT(!uf_color_wanted(UF_COLOR_NEVER));
    int before = dup(1), ends[2];
    EXPECT(!pipe(ends));
    dup2(ends[1], 1);
    bool wanted = uf_color_wanted(UF_COLOR_AUTO);
    uint16_t width = uf_terminal_width();
    dup2(before, 1);
    close(before);
    close(ends[0]);
    close(ends[1]);
    EXPECT(!wanted && width == 0);
}

int main(void)
{
    RUN(options_and_arguments_may_be_mixed);
    RUN(everything_behind_two_dashes_is_left_alone);
    RUN(a_single_dash_is_an_argument);
    RUN(values_may_look_like_options_and_be_empty);
    RUN(a_program_to_be_run_keeps_its_own_options);
    RUN(times_have_units_and_no_sign);
    RUN(process_ids_are_a_list_without_doubles);
    RUN(numbers_are_read_whole);
    RUN(a_choice_is_its_place_in_the_list);
    RUN(what_is_wrong_is_said_in_one_line);
    RUN(colours_are_for_terminals_unless_told_otherwise);
    forget();
    return test_end();
}
