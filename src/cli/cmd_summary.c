/* cmd_summary.c - `unfreed summary FILE`. */
#include "commands.h"

#include "heap_command.h"

static const char help[] =
    "usage: unfreed summary [OPTIONS] FILE\n"
    "\n"
    "Says what is in a heap: how many objects of which types and what they keep\n"
    "alive, what is garbage that waits for the collector and by which cycles, what\n"
    "is held only from C code, and the largest objects.\n"
    "\n"
    "FILE is a snapshot: unfreed.snapshot(path) in the program writes one, or\n"
    "unfreed run --snapshot-on SIGUSR2.\n"
    "\n"
    "  size       what sys.getsizeof says, all objects of the type together\n"
    "  retained   what would be freed if all of them went: they, and what only they\n"
    "             keep alive (nothing is counted twice)\n"
    "\n"
    "options\n"
    "  --sort size|objects|retained   order of the types (default size)\n"
    "  --rows N             rows of each table (default 15 types, 5 of the others)\n"
    "output\n"
    "  --json               one JSON object on standard output, nothing else\n"
    "  --color auto|always|never    (default auto; NO_COLOR is honoured)\n"
    "  -q, --quiet          the first line only\n"
    "  --help               this text\n"
    "\n"
    "examples\n"
    "  unfreed summary app.snapshot\n"
    "  unfreed summary --sort retained --rows 40 app.snapshot\n"
    "\n"
    "exit codes\n"
    "    0  done\n"
    "    2  wrong usage\n"
    "    4  the file cannot be read, is damaged or no snapshot\n"
    "   70  a fault of unfreed's own\n"
    "  130  interrupted\n";

int uf_cmd_summary(char **argv)
{
    static const char *const sorts[] = {"size", "objects", "retained", NULL}; /* uf_heap_order */
    static const char *const names[] = {"FILE"};
    struct uf_heap_command command = {.name = "summary"};
    const struct uf_option own[] = {
        {"--sort", NULL, UF_OPTION_CHOICE, &command.request.order, NULL, sorts},
        {0},
    };
    const char **const ret[] = {&command.request.file};
    const struct uf_heap_asked asked = {
        .help = help,
        .least = 1,
        .count = 1,
        .names = names,
        .ret = ret,
        .example = "unfreed summary app.snapshot",
        .ask = uf_summary,
    };
    return uf_heap_command_do(&command, own, argv, &asked);
}
