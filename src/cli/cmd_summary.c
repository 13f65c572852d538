/* cmd_summary.c - `unfreed summary FILE`, or of several processes. */
#include "commands.h"

#include "heap_command.h"
#include "output.h"

static const char help[] =
    "usage: unfreed summary [OPTIONS] FILE\n"
    "       unfreed summary [OPTIONS] --rss PID\n"
    "       unfreed summary [OPTIONS] --pids PID,PID,...\n"
    "       unfreed summary [OPTIONS] --children PID\n"
    "\n"
    "Says what is in a heap: how many objects of which types and what they keep\n"
    "alive, what is garbage that waits for the collector and by which cycles, what\n"
    "is held only from C code, and the largest objects.\n"
    "\n" UF_HEAP_HELP "\n"
    "  size       what sys.getsizeof says, all objects of the type together\n"
    "  retained   what would be freed if all of them went: they, and what only they\n"
    "             keep alive (nothing is counted twice)\n"
    "\n"
    "options\n"
    "  --sort size|objects|retained   order of the types (default size)\n"
    "  --pids PID,PID,...   these processes, all in one report\n"
    "  --children PID       this process and all that descend from it, in one report:\n"
    "                       the master and the workers of a pre-fork server\n"
    "  --rss                what a running process uses its memory for, to the last\n"
    "                       page: objects, free blocks, C code, stacks, files\n"
    "  --rows N             rows of each table (default 15 types, 5 of the "
    "others)\n" UF_HEAP_CORE_HELP "output\n"
    "  --json               one JSON object on standard output, nothing else\n"
    "  --color auto|always|never    (default auto; NO_COLOR is honoured)\n"
    "  -q, --quiet          the first line only\n"
    "  --help               this text\n"
    "\n"
    "examples\n"
    "  unfreed summary app.snapshot\n"
    "  unfreed summary 4711\n"
    "  unfreed summary --children 4700\n"
    "  unfreed summary --rss 4711\n"
    "  unfreed summary --sort retained --rows 40 app.snapshot\n"
    "\n"
    "exit codes\n"
    "    0  done\n"
    "    2  wrong usage\n" UF_HEAP_INPUT_HELP "   70  a fault of unfreed's own\n"
    "  130  interrupted\n";

int uf_cmd_summary(char **argv)
{
    static const char *const sorts[] = {"size", "objects", "retained", NULL}; /* uf_heap_order */
    static const char *const names[] = {"FILE"};
    static const char example[] = "unfreed summary 4711";
    struct uf_heap_command command = {.name = "summary"};
    const struct uf_option own[] = {
        {"--sort", NULL, UF_OPTION_CHOICE, &command.request.order, NULL, sorts},
        UF_HEAP_MANY_OPTIONS(command),
        {"--rss", NULL, UF_OPTION_FLAG, &command.request.rss, NULL, NULL},
        {0},
    };
    const char **const ret[] = {&command.request.file};
    int code = UF_EXIT_USAGE;
    if (uf_heap_command_read(&command, own, argv)) {
        if (command.help)
            code = uf_output_write(help, sizeof help - 1, UF_EXIT_DONE);
        else if (!uf_heap_command_many(&command, "unfreed summary --pids 4711,4712", &code))
            code = uf_heap_command_take(&command, 1, names, ret, 1, example);
        if (!code && !command.help)
            code = uf_heap_command_run(&command, uf_summary);
    }
    uf_heap_command_release(&command);
    return code;
}
