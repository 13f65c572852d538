/* cmd_run.c - `unfreed run`: becomes the interpreter that runs the program, so that signals, the terminal and
 * the exit status are the program's own.
 *
 * The interpreter is started as Python itself would be, `python SCRIPT ARGS`: what the program sees of its
 * start is what it always sees. One folder is put in front of PYTHONPATH, with a sitecustomize that loads the
 * engine, takes all of this back and hands over to the environment's own (python/unfreed/_run). */
#include "commands.h"

#include "options.h"
#include "output.h"
#include "preload.h"
#include "python.h"
#include "unfreed.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PATTERN "unfreed-{pid}-{n}.snapshot"

static const char help[] =
    "usage: unfreed run --snapshot-on SIGNAL [OPTIONS] SCRIPT [ARGS]\n"
    "       unfreed run --snapshot-on SIGNAL [OPTIONS] -m MODULE [ARGS]\n"
    "\n"
    "Runs a program as Python would. Each SIGNAL that it is sent writes its heap into a\n"
    "file: the program stands still for a moment (some 30 ms per GB) and goes on, while\n"
    "a copy of it writes. Every worker that it forks answers for itself.\n"
    "\n"
    "A heap holds secrets: passwords, keys, what users sent. Files are for their owner\n"
    "only (mode 0600); --redact leaves all contents out.\n"
    "\n"
    "  --snapshot-on SIGNAL   SIGUSR2, say\n"
    "  -o, --output PATTERN   name of the files (default " DEFAULT_PATTERN ");\n"
    "                         {pid} is the process, {n} counts its snapshots\n"
    "  --redact               only names of code, types and attributes are kept, no contents\n"
    "  --python PATH          interpreter or environment (default: the one that unfreed is\n"
    "                         installed in)\n"
    "  --help                 this text\n"
    "\n"
    "examples\n"
    "  unfreed run --snapshot-on SIGUSR2 server.py --port 8000\n"
    "  unfreed run --snapshot-on SIGUSR2 -o '/var/tmp/{pid}-{n}.snapshot' -m gunicorn app:app\n"
    "  kill -USR2 PID;  unfreed summary unfreed-PID-1.snapshot\n"
    "\n"
    "exit codes: those of the program; 2 for wrong usage\n";

struct run {
    const char *signal_name, *output, *python;
    bool redact, help;
    int signal_number;
    char **program; /* SCRIPT or "-m", and what follows */
};

static const struct {
    const char *name;
    int number;
} signals[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"USR1", SIGUSR1},
    {"USR2", SIGUSR2},     {"PIPE", SIGPIPE}, {"ALRM", SIGALRM}, {"TERM", SIGTERM},
    {"CONT", SIGCONT},     {"TSTP", SIGTSTP}, {"URG", SIGURG},   {"XCPU", SIGXCPU},
    {"WINCH", SIGWINCH},   {"IO", SIGIO},     {"PWR", SIGPWR},   {"PROF", SIGPROF},
    {"VTALRM", SIGVTALRM},
};

/* 0 after a complaint. */
static int read_signal(const char *given)
{
    const char *name = strncmp(given, "SIG", 3) == 0 ? given + 3 : given;
    char *end;
    long number = strtol(given, &end, 10);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (!strcmp(signals[i].name, name) || (*given && !*end && number == signals[i].number))
            return signals[i].number;
    if (*given && !*end && number >= SIGRTMIN && number <= SIGRTMAX)
        return (int)number;
    if (!strcmp(name, "KILL") || !strcmp(name, "STOP") ||
        (!*end && (number == SIGKILL || number == SIGSTOP)))
        uf_complain(0,
                    "run: --snapshot-on %s: no program can answer that signal (SIGUSR2 is free in "
                    "most)",
                    given);
    else
        uf_complain(0,
                    "run: --snapshot-on %s: not a signal that a program can wait for (SIGUSR2 is "
                    "free in most)",
                    given);
    return 0;
}

/* 0, or the exit code after a complaint. */
static int validate(struct run *run)
{
    if (!run->signal_name)
        return uf_complain(UF_EXIT_USAGE,
                           "run: say what to answer with a snapshot (as in unfreed run "
                           "--snapshot-on SIGUSR2 app.py)");
    if (!(run->signal_number = read_signal(run->signal_name)))
        return UF_EXIT_USAGE;
    if (!*run->output)
        return uf_complain(UF_EXIT_USAGE, "run: --output is empty (as in -o '{pid}-{n}.snapshot')");
    const char *script = run->program[0];
    if (!script)
        return uf_complain(UF_EXIT_USAGE,
                           "run: no SCRIPT given (as in unfreed run --snapshot-on %s "
                           "app.py)",
                           run->signal_name);
    if (!strcmp(script, "-m"))
        return run->program[1] ? 0
                               : uf_complain(UF_EXIT_USAGE, "run: -m needs the name of a module");
    if (access(script, R_OK))
        return uf_complain(UF_EXIT_USAGE, "run: %s: %s (name a Python file, or -m MODULE)", script,
                           strerror(errno));
    return 0;
}

static bool set_environment(const struct run *run, const char *folder)
{
    const char *path = getenv("PYTHONPATH");
    char number[16];
    size_t size = strlen(folder) + (path ? strlen(path) : 0) + 2;
    char *first = malloc(size);
    if (!first)
        return false;
    snprintf(first, size, "%s%s%s", folder, path && *path ? ":" : "", path ? path : "");
    snprintf(number, sizeof number, "%d", run->signal_number);
    bool set = (!path || !setenv("UNFREED_RUN_PYTHONPATH", path, 1)) &&
               !setenv("UNFREED_RUN_SIGNAL", number, 1) &&
               !setenv("UNFREED_RUN_OUTPUT", run->output, 1) &&
               !setenv("UNFREED_RUN_REDACT", run->redact ? "1" : "", 1) &&
               !setenv("PYTHONPATH", first, 1);
    free(first);
    return set;
}

static int become_program(struct run *run)
{
    char python[PATH_MAX], folder[PATH_MAX];
    int code = validate(run);
    size_t count = 0;
    if (code)
        return code;
    if (!uf_python_choose(run->python, python, sizeof python))
        return UF_EXIT_USAGE;
    if (!uf_run_folder_find(python, folder, sizeof folder))
        return uf_complain(UF_EXIT_USAGE,
                           "unfreed is not installed for %s (%s -m pip install unfreed)", python,
                           python);
    while (run->program[count])
        count++;
    char **argv = malloc((count + 2) * sizeof *argv);
    if (!argv || !set_environment(run, folder)) {
        free(argv);
        return uf_complain(UF_EXIT_FAULT, "out of memory");
    }
    argv[0] = python;
    memcpy(argv + 1, run->program, (count + 1) * sizeof *argv);
    execv(python, argv);
    code = uf_complain(UF_EXIT_USAGE,
                       "%s: cannot be started: %s (name another interpreter with "
                       "--python PATH)",
                       python, strerror(errno));
    free(argv);
    return code;
}

int uf_cmd_run(char **argv)
{
    struct run run = {.output = DEFAULT_PATTERN};
    struct uf_arguments none;
    const struct uf_option table[] = {
        {"--snapshot-on", NULL, UF_OPTION_TEXT, &run.signal_name, NULL, NULL},
        {"--output", "-o", UF_OPTION_TEXT, &run.output, NULL, NULL},
        {"--redact", NULL, UF_OPTION_FLAG, &run.redact, NULL, NULL},
        {"--python", NULL, UF_OPTION_TEXT, &run.python, NULL, NULL},
        {"--help", "-h", UF_OPTION_FLAG, &run.help, NULL, NULL},
        {0},
    };
    int code = UF_EXIT_USAGE;
    if (uf_options_read_before(table, argv, "unfreed run", &none, &run.program))
        code = run.help ? uf_output_write(help, sizeof help - 1, UF_EXIT_DONE)
                        : become_program(&run);
    uf_arguments_release(&none);
    return code;
}
