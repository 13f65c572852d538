/* cmd_diff.c - `unfreed diff OLD NEW`. */
#include "commands.h"

#include "heap_command.h"
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: unfreed diff [OPTIONS] OLD NEW\n"
    "\n"
    "Compares two snapshots: what is in NEW and not in OLD, by who holds it, most\n"
    "first; what the new objects hold in turn is counted with them. Of one process\n"
    "or of two: a program that was started anew can be compared with its last run.\n"
    "\n"
    "OLD and NEW are snapshots: unfreed.snapshot(path) in the program writes one, or\n"
    "unfreed run --snapshot-on SIGUSR2.\n"
    "\n"
    "options\n"
    "  --fail-on-growth BYTES   exit 1 when all objects of NEW together take over BYTES\n"
    "                           more than those of OLD (500k, 1MiB, 10M, 1.5G; kB, MB\n"
    "                           and GB are powers of 1000)\n"
    "  --rows N                 at most so many places that grew (default 10)\n"
    "output\n"
    "  --json                   one JSON object on standard output, nothing else\n"
    "  --color auto|always|never    (default auto; NO_COLOR is honoured)\n"
    "  -q, --quiet              the verdict only\n"
    "  --help                   this text\n"
    "\n"
    "examples\n"
    "  unfreed diff before.snapshot after.snapshot\n"
    "  unfreed diff --fail-on-growth 1MiB before.snapshot after.snapshot\n"
    "\n"
    "exit codes\n"
    "    0  done\n"
    "    1  --fail-on-growth: it grew by more\n"
    "    2  wrong usage\n"
    "    4  a file cannot be read, is damaged or no snapshot\n"
    "   70  a fault of unfreed's own\n"
    "  130  interrupted\n";

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

int uf_cmd_diff(char **argv)
{
    static const char *const names[] = {"OLD", "NEW"};
    struct uf_heap_command command = {.name = "diff"};
    const char *limit = NULL;
    const struct uf_option own[] = {
        {"--fail-on-growth", NULL, UF_OPTION_TEXT, &limit, &command.request.has_growth_limit, NULL},
        {0},
    };
    const char **const ret[] = {&command.request.file, &command.request.newer};
    int code = UF_EXIT_USAGE;
    if (uf_heap_command_read(&command, own, argv)) {
        if (command.help)
            code = uf_output_write(help, sizeof help - 1, UF_EXIT_DONE);
        else if (limit && !read_bytes(limit, &command.request.growth_limit_bytes))
            code = uf_complain(UF_EXIT_USAGE,
                               "diff: --fail-on-growth %s: not a number of bytes (10M, 500k, 1MiB)",
                               limit);
        else if (!(code = uf_heap_command_take(&command, 2, names, ret, 2,
                                               "unfreed diff before.snapshot after.snapshot")))
            code = uf_heap_command_run(&command, uf_diff);
    }
    uf_heap_command_release(&command);
    return code;
}
