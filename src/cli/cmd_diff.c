/* cmd_diff.c - `unfreed diff OLD NEW`, or of processes that are looked at twice. */
#include "commands.h"

#include "heap_command.h"
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: unfreed diff [OPTIONS] OLD NEW\n"
    "       unfreed diff [OPTIONS] PID --after TIME\n"
    "       unfreed diff [OPTIONS] --pids PID,PID,... --after TIME\n"
    "       unfreed diff [OPTIONS] --children PID --after TIME\n"
    "\n"
    "Compares two heaps: what is in NEW and not in OLD, by who holds it, most\n"
    "first; what the new objects hold in turn is counted with them. Of one process\n"
    "or of two: a program that was started anew can be compared with its last run.\n"
    "\n"
    "OLD and NEW are snapshots (unfreed snapshot PID -o FILE, or\n"
    "unfreed.snapshot(path) in the program), core files, or process ids of running\n"
    "Python programs: these are read from outside and stand still for some\n"
    "milliseconds.\n"
    "\n"
    "options\n"
    "  --after TIME             look at a process, wait so long (500ms, 60s, 5m, 1h),\n"
    "                           look again: what grew in between. Ctrl-C ends the\n"
    "                           waiting: the second look is then taken at once\n"
    "  --pids PID,PID,...       these processes, all in one report\n"
    "  --children PID           this process and all that descend from it, in one\n"
    "                           report: the master and the workers of a pre-fork\n"
    "                           server. What grew in all of them is named once\n"
    "  --fail-on-growth BYTES   exit 1 when all objects together have grown by over\n"
    "                           BYTES (500k, 1MiB, 10M, 1.5G; kB, MB and GB are\n"
    "                           powers of 1000); of several processes: in all of\n"
    "                           them together\n"
    "  --rows N                 at most so many places that grew (default 10)\n"
    "  --binary FILE            of a core: the program that it is of\n"
    "  --sysroot FOLDER         of a core: where the files of its machine are\n"
    "output\n"
    "  --json                   one JSON object on standard output, nothing else\n"
    "  --color auto|always|never    (default auto; NO_COLOR is honoured)\n"
    "  -q, --quiet              the verdict only\n"
    "  --help                   this text\n"
    "\n"
    "examples\n"
    "  unfreed diff before.snapshot after.snapshot\n"
    "  unfreed diff before.snapshot 4711\n"
    "  unfreed diff 4711 --after 60s\n"
    "  unfreed diff --children 4700 --after 5m\n"
    "  unfreed diff --fail-on-growth 1MiB before.snapshot after.snapshot\n"
    "\n"
    "exit codes\n"
    "    0  done\n"
    "    1  --fail-on-growth: it grew by more\n"
    "    2  wrong usage\n"
    "    4  OLD, NEW or a process cannot be read, or is gone at the second look\n"
    "   70  a fault of unfreed's own\n"
    "  130  interrupted (while waiting: with a report until then)\n";

/* "10", "500k", "1MiB", "1.5GB": false when it is none of these, or too large. */
static bool read_bytes(const char *text, uint64_t *ret)
{
    static const char units[] = "kmgt";
    char *end;
    if (!strchr("0123456789.", text[0]) || text[strspn(text, "0")] == 'x')
        return false;
    errno = 0;
    double value = strtod(text, &end);
    const char *unit = *end ? strchr(units, *end | 32) : NULL;
    if (end == text || errno)
        return false;
    if (unit) {
        bool thousands = (end[1] | 32) == 'b' && !end[2];
        bool whole = !end[1] || thousands || (end[1] == 'i' && (end[2] | 32) == 'b' && !end[3]);
        if (!whole)
            return false;
        for (const char *at = units; at <= unit; at++)
            value *= thousands ? 1000 : 1024;
    } else if (*end && ((*end | 32) != 'b' || end[1])) {
        return false;
    }
    if (!(value >= 0 && value < 1e18))
        return false;
    *ret = (uint64_t)value;
    return true;
}

/* Which heaps are meant; 0, or the exit code after a complaint. */
static int take_heaps(struct uf_heap_command *command)
{
    static const char *const names[] = {"OLD", "NEW"};
    static const char of_two[] =
        "unfreed diff before.snapshot after.snapshot, or unfreed diff 4711 --after 60s";
    static const char of_many[] = "unfreed diff --children 4700 --after 60s";
    const char **const ret[] = {&command->request.file, &command->request.newer};
    bool after = command->request.after_seconds > 0;
    int code;
    if (uf_heap_command_many(command, of_many, &code))
        return !code && !after
                   ? uf_complain(UF_EXIT_USAGE, "diff: no --after TIME given (as in %s)", of_many)
                   : code;
    if (!after)
        return uf_heap_command_take(command, 2, names, ret, 2, of_two);
    if (command->args.positional.len > 1)
        return uf_complain(UF_EXIT_USAGE,
                           "diff: --after is for one process that is looked at twice, and '%s' is "
                           "a second heap (as in unfreed diff %s --after 60s)",
                           command->args.positional.at[1], command->args.positional.at[0]);
    static const char *const process[] = {"PID"};
    return uf_heap_command_take(command, 1, process, ret, 1, "unfreed diff 4711 --after 60s");
}

int uf_cmd_diff(char **argv)
{
    struct uf_heap_command command = {.name = "diff"};
    const char *limit = NULL;
    const struct uf_option own[] = {
        {"--fail-on-growth", NULL, UF_OPTION_TEXT, &limit, &command.request.has_growth_limit, NULL},
        {"--after", NULL, UF_OPTION_SPAN, &command.request.after_seconds, NULL, NULL},
        UF_HEAP_MANY_OPTIONS(command),
        {0},
    };
    int code = UF_EXIT_USAGE;
    if (uf_heap_command_read(&command, own, argv)) {
        if (command.help)
            code = uf_output_write(help, sizeof help - 1, UF_EXIT_DONE);
        else if (limit && !read_bytes(limit, &command.request.growth_limit_bytes))
            code = uf_complain(UF_EXIT_USAGE,
                               "diff: --fail-on-growth %s: not a number of bytes (10M, 500k, 1MiB)",
                               limit);
        else if (!(code = take_heaps(&command)))
            code = uf_heap_command_run(&command, uf_diff);
    }
    uf_heap_command_release(&command);
    return code;
}
