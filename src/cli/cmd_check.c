/* cmd_check.c - `unfreed check`: usage in, a request into the channel, the interpreter started and
 * watched, its report out. What is measured and found is the engine's business, inside the
 * interpreter. */
#include "commands.h"

#include "baseline.h"
#include "options.h"
#include "outcome.h"
#include "output.h"
#include "preload.h"
#include "python.h"
#include "supervise.h"
#include "unfreed.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "usage: unfreed check [OPTIONS] TARGET [-- ARGS]\n"
    "\n"
    "Calls TARGET again and again and says whether a call leaves anything behind:\n"
    "what, how much per call, who holds it, and what to change.\n"
    "\n"
    "TARGET is one of\n"
    "  path/to/file.py:function       a function of a file\n"
    "  package.module:Class.method    a function, static or class method of a module\n"
    "  path/to/file.py                the whole file: one call runs it once\n"
    "ARGS become sys.argv[1:], and the function's arguments if it takes any.\n"
    "An `async def` function is run in one event loop for all calls.\n"
    "\n"
    "what to call\n"
    "  --setup CODE         Python code to run once before, unmeasured\n"
    "  --python PATH        interpreter or environment (default: the one that\n"
    "                       unfreed is installed in)\n"
    "how long\n"
    "  --budget SECONDS     time for measured calls (default 10)\n"
    "  --calls N            exactly N measured calls\n"
    "  --timeout SECONDS    give up after this time in all (default: never)\n"
    "the collector\n"
    "  --collector on|off   automatic collection during measured calls (default off)\n"
    "  --threshold A,B,C    thresholds to judge waiting garbage by\n"
    "  --debug-collector    show what the collector reports about each collection\n"
    "the verdict\n"
    "  --fail-on leak|delayed   what exit code 1 stands for (default leak)\n"
    "  --ignore PATTERN     leave out findings by their id (with * and ?); repeatable\n"
    "  --baseline FILE      leave out findings of an earlier --json report, or ids\n"
    "                       of a text file, one a line; repeatable\n"
    "output\n"
    "  --pprof FILE         where what stayed was allocated, for go tool pprof\n"
    "  --json               one JSON object on standard output, nothing else\n"
    "  --color auto|always|never    (default auto; NO_COLOR is honoured)\n"
    "  -q, --quiet          the verdict and one line for each finding\n"
    "  --help               this text\n"
    "\n"
    "examples\n"
    "  unfreed check shop.py:checkout\n"
    "  unfreed check shop.orders:Order.place -- 42 --express\n"
    "  unfreed check --setup 'import shop; shop.connect()' shop:checkout\n"
    "  unfreed check --json shop.py:checkout > known.json\n"
    "  unfreed check --baseline known.json --fail-on delayed shop.py:checkout\n"
    "\n"
    "exit codes\n"
    "    0  clean, or nothing at or above --fail-on\n"
    "    1  a finding at or above --fail-on\n"
    "    2  wrong usage, or TARGET cannot be found or imported\n"
    "    3  TARGET's own code failed\n"
    "    4  a file cannot be read, or the report cannot be written\n"
    "    5  undecided: --timeout ran out, or too few calls for a verdict\n"
    "   70  a fault of unfreed's own\n"
    "  130  interrupted (findings so far are printed)\n";

struct check {
    struct uf_arguments args;
    const char *setup, *python, *profile;
    double budget_seconds, timeout_seconds;
    uint32_t calls;
    int collector, fail_on, color;
    int32_t threshold[3];
    bool has_threshold, debug_collector, json, quiet, help;
    struct uf_texts ignores, baseline_files;
    struct uf_baseline baseline;
};

static bool read_options(struct check *check, char **argv)
{
    static const char *const collector_choices[] = {"off", "on", NULL};
    static const char *const fail_on_choices[] = {"leak", "delayed", NULL}; /* enum uf_fail_on */
    const struct uf_option table[] = {
        {"--setup", NULL, UF_OPTION_TEXT, &check->setup, NULL, NULL},
        {"--python", NULL, UF_OPTION_TEXT, &check->python, NULL, NULL},
        {"--budget", NULL, UF_OPTION_SECONDS, &check->budget_seconds, NULL, NULL},
        {"--calls", NULL, UF_OPTION_COUNT, &check->calls, NULL, NULL},
        {"--timeout", NULL, UF_OPTION_SECONDS, &check->timeout_seconds, NULL, NULL},
        {"--collector", NULL, UF_OPTION_CHOICE, &check->collector, NULL, collector_choices},
        {"--threshold", NULL, UF_OPTION_THREE, check->threshold, &check->has_threshold, NULL},
        {"--debug-collector", NULL, UF_OPTION_FLAG, &check->debug_collector, NULL, NULL},
        {"--fail-on", NULL, UF_OPTION_CHOICE, &check->fail_on, NULL, fail_on_choices},
        {"--ignore", NULL, UF_OPTION_LIST, &check->ignores, NULL, NULL},
        {"--baseline", NULL, UF_OPTION_LIST, &check->baseline_files, NULL, NULL},
        {"--pprof", NULL, UF_OPTION_TEXT, &check->profile, NULL, NULL},
        {"--json", NULL, UF_OPTION_FLAG, &check->json, NULL, NULL},
        {"--color", NULL, UF_OPTION_CHOICE, &check->color, NULL, uf_color_choices},
        {"--quiet", "-q", UF_OPTION_FLAG, &check->quiet, NULL, NULL},
        {"--help", "-h", UF_OPTION_FLAG, &check->help, NULL, NULL},
        {0},
    };
    return uf_options_read(table, argv, "unfreed check", &check->args);
}

/* Better said now than after the run. Sets errno. */
static bool can_write(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    struct stat is;
    if (stat(path, &is) == 0 && S_ISDIR(is.st_mode))
        errno = EISDIR;
    else if ((size_t)snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path + 1) : 1,
                              slash ? path : ".") >= sizeof folder)
        errno = ENAMETOOLONG;
    else
        return access(folder, W_OK | X_OK) == 0;
    return false;
}

/* 0, or the exit code after a complaint. */
static int validate(struct check *check)
{
    const struct uf_texts *given = &check->args.positional;
    if (!given->len)
        return uf_complain(UF_EXIT_USAGE,
                           "check: no TARGET given (as in unfreed check app.py:function)");
    if (given->len > 1)
        return uf_complain(UF_EXIT_USAGE,
                           "check: one TARGET only, '%s' is a second one (arguments "
                           "for it go behind --: %s -- %s)",
                           given->at[1], given->at[0], given->at[1]);
    if (!*given->at[0])
        return uf_complain(UF_EXIT_USAGE, "check: TARGET is empty (as in unfreed check "
                                          "app.py:function)");
    if (check->profile && !can_write(check->profile))
        return uf_complain(UF_EXIT_INPUT,
                           "%s: the profile cannot be written: %s (name another file)",
                           check->profile, strerror(errno));
    for (size_t i = 0; i < check->baseline_files.len; i++)
        if (!uf_baseline_read(&check->baseline, check->baseline_files.at[i]))
            return UF_EXIT_INPUT;
    return 0;
}

/* Enters the texts one behind the other; false when the text area is full. */
static bool add_texts(struct uf_channel *channel, const struct uf_texts *texts, uint32_t *first,
                      uint32_t *count)
{
    for (size_t i = 0; i < texts->len; i++) {
        uint32_t at = uf_channel_add_text(channel, texts->at[i], strlen(texts->at[i]));
        if (!at)
            return false;
        if (!i)
            *first = at;
    }
    *count = (uint32_t)texts->len;
    return true;
}

/* From the root on: the target may change the folder. */
static bool add_path(struct uf_channel *channel, const char *path, uint32_t *ret)
{
    char whole[2 * PATH_MAX] = "";
    if (path[0] != '/' && !getcwd(whole, PATH_MAX))
        return false;
    size_t len = strlen(whole);
    len += (size_t)snprintf(whole + len, sizeof whole - len, "%s%s", len > 0 ? "/" : "", path);
    *ret = len < sizeof whole ? uf_channel_add_text(channel, whole, len) : 0;
    return *ret != 0;
}

static bool fill_request(const struct check *check, struct uf_channel *channel)
{
    struct uf_check_request *request = uf_channel_request(channel);
    const char *spec = check->args.positional.at[0];
    *request = (struct uf_check_request){
        .spec = uf_channel_add_text(channel, spec, strlen(spec)),
        .budget_seconds = check->budget_seconds,
        .calls = check->calls,
        .collector_on = check->collector == 1,
        .debug_collector = check->debug_collector,
        .has_threshold = check->has_threshold,
        .json = check->json,
        .color = !check->json && uf_color_wanted(check->color),
        .quiet = check->quiet,
        .width = uf_terminal_width(),
        .fail_on = (uint8_t)check->fail_on,
    };
    memcpy(request->threshold, check->threshold, sizeof request->threshold);
    if (check->profile && !add_path(channel, check->profile, &request->profile))
        return false;
    if (check->setup)
        request->setup = uf_channel_add_text(channel, check->setup, strlen(check->setup));
    return request->spec && (!check->setup || request->setup) &&
           add_texts(channel, &check->args.rest, &request->args, &request->arg_count) &&
           add_texts(channel, &check->ignores, &request->ignores, &request->ignore_count) &&
           add_texts(channel, &check->baseline.ids, &request->baseline, &request->baseline_count);
}

static int run(const struct check *check, struct uf_channel *channel, int fd, char *python)
{
    char preload[PATH_MAX];
    char *argv[] = {python, (char[]){"-c"}, (char *)(uintptr_t)uf_python_bootstrap, NULL};
    const struct uf_supervision supervision = {
        .argv = argv,
        .channel = channel,
        .channel_fd = fd,
        .output_to_stderr = check->json,
        .timeout_seconds = check->timeout_seconds,
        .preload = uf_preload_find(python, preload, sizeof preload) ? preload : NULL,
        .show_progress = !check->quiet,
        .target = check->args.positional.at[0],
    };
    const struct uf_telling telling = {
        .channel = channel,
        .python = python,
        .timeout_seconds = check->timeout_seconds,
        .json = check->json,
        .quiet = check->quiet,
    };
    struct uf_outcome outcome;
    (void)uf_supervise(&supervision, &outcome); /* the outcome says as much */
    return uf_outcome_tell(&outcome, &telling);
}

static int prepare_and_run(struct check *check)
{
    char python[PATH_MAX];
    int fd, code = validate(check);
    if (code)
        return code;
    if (!uf_python_choose(check->python, python, sizeof python))
        return UF_EXIT_USAGE;
    struct uf_channel *channel = uf_channel_create(&fd);
    if (!channel)
        return uf_complain(UF_EXIT_FAULT, "no shared memory: %s (see ulimit -v and ulimit -f)",
                           strerror(errno));
    if (fill_request(check, channel))
        code = run(check, channel, fd, python);
    else
        code = uf_complain(UF_EXIT_INPUT, "the arguments and baselines are too large (64 MiB are "
                                          "the limit)");
    uf_channel_close(channel);
    close(fd);
    return code;
}

int uf_cmd_check(char **argv)
{
    struct check check = {.budget_seconds = 10};
    int code = UF_EXIT_USAGE;
    if (read_options(&check, argv))
        code = check.help ? uf_output_write(help, sizeof help - 1, UF_EXIT_DONE)
                          : prepare_and_run(&check);
    uf_arguments_release(&check.args);
    uf_texts_release(&check.ignores);
    uf_texts_release(&check.baseline_files);
    uf_baseline_release(&check.baseline);
    return code;
}
