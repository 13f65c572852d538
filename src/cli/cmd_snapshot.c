/* cmd_snapshot.c - `unfreed snapshot PID|CORE -o FILE`. */
#include "commands.h"

#include "heap_command.h"
#include "output.h"

#include <string.h>

static const char help[] =
    "usage: unfreed snapshot [OPTIONS] PID|CORE -o FILE\n"
    "\n"
    "Writes the heap of a running Python program, or of a core file, into a snapshot\n"
    "that summary, tree, why, diff and export read. The program needs nothing for it;\n"
    "it is read from outside and stands still for some milliseconds. Nothing is ever\n"
    "written into it, and it goes on if unfreed is killed.\n"
    "\n"
    "PID is the process id of a CPython 3.8 to 3.15, of the same user or as root.\n"
    "CORE is a core file, of the kernel or of gcore.\n"
    "\n"
    "options\n"
    "  -o, --output FILE    the snapshot to write. FILE is whole or not there, and\n"
    "                       its owner's alone: a heap holds secrets\n"
    "  --redact             leave out contents: texts, keys, numbers\n" UF_HEAP_CORE_HELP "output\n"
    "  --json               one JSON object on standard output, nothing else\n"
    "  --color auto|always|never    (default auto; NO_COLOR is honoured)\n"
    "  -q, --quiet          say nothing\n"
    "  --help               this text\n"
    "\n"
    "examples\n"
    "  unfreed snapshot 4711 -o app.snapshot\n"
    "  unfreed snapshot core.4711 --sysroot /mnt/image -o app.snapshot\n"
    "\n"
    "exit codes\n"
    "    0  written\n"
    "    2  wrong usage\n"
    "    4  the process or the core cannot be read, or FILE cannot be written\n"
    "   70  a fault of unfreed's own\n"
    "  130  interrupted (nothing is left under FILE's name)\n";

static const char example[] = "unfreed snapshot 4711 -o app.snapshot";

static int run(struct uf_heap_command *command)
{
    static const char *const names[] = {"PID"};
    const char **const takes[] = {&command->request.file};
    const char *out = command->request.out;
    int code = uf_heap_command_take(command, 1, names, takes, 1, example);
    if (code)
        return code;
    if (!out || !*out)
        return uf_complain(UF_EXIT_USAGE, "snapshot: no file to write given (as in %s)", example);
    if (strcmp(out, "-") == 0)
        return uf_complain(UF_EXIT_USAGE,
                           "snapshot: a snapshot is not written to standard output (as in %s)",
                           example);
    return uf_heap_command_run(command, uf_take_snapshot);
}

int uf_cmd_snapshot(char **argv)
{
    struct uf_heap_command command = {.name = "snapshot"};
    const struct uf_option own[] = {
        {"--output", "-o", UF_OPTION_TEXT, &command.request.out, NULL, NULL},
        {"--redact", NULL, UF_OPTION_FLAG, &command.request.redact, NULL, NULL},
        {0},
    };
    int code = UF_EXIT_USAGE;
    if (uf_heap_command_read(&command, own, argv))
        code = command.help ? uf_output_write(help, sizeof help - 1, UF_EXIT_DONE) : run(&command);
    uf_heap_command_release(&command);
    return code;
}
