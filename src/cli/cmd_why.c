/* cmd_why.c - `unfreed why FILE OBJECT`. */
#include "commands.h"

#include "heap_command.h"

static const char help[] =
    "usage: unfreed why [OPTIONS] FILE OBJECT\n"
    "\n"
    "Says why OBJECT is alive: the shortest paths from modules, threads, the\n"
    "interpreter or C code to it, the best first, and which reference has to be cut\n"
    "so that it is freed, with what goes with it. What nothing reaches is garbage:\n"
    "then it shows the cycle that the collector has to break.\n"
    "\n" UF_HEAP_HELP "OBJECT is\n"
    "  0x7f5a3c0b1d40       the address of an object, as tree and summary show it, or\n"
    "                       what id() gave\n"
    "  shop.Session         the name of a type: all its objects, grouped by who holds\n"
    "                       them; without the module where that is clear\n"
    "\n"
    "options\n"
    "  --rows N             paths of an object (default 3), or groups of a type\n"
    "                       (default 10)\n" UF_HEAP_CORE_HELP "output\n"
    "  --json               one JSON object on standard output, nothing else\n"
    "  --color auto|always|never    (default auto; NO_COLOR is honoured)\n"
    "  -q, --quiet          the first line only\n"
    "  --help               this text\n"
    "\n"
    "examples\n"
    "  unfreed why app.snapshot shop.Session\n"
    "  unfreed why app.snapshot 0x7f5a3c0b1d40\n"
    "  unfreed why 4711 shop.Session\n"
    "\n"
    "exit codes\n"
    "    0  done\n"
    "    2  wrong usage, or OBJECT cannot be found\n" UF_HEAP_INPUT_HELP
    "   70  a fault of unfreed's own\n"
    "  130  interrupted\n";

int uf_cmd_why(char **argv)
{
    static const char *const names[] = {"FILE", "OBJECT"};
    static const struct uf_option own[] = {{0}};
    struct uf_heap_command command = {.name = "why"};
    const char **const ret[] = {&command.request.file, &command.request.object};
    const struct uf_heap_asked asked = {
        .help = help,
        .least = 2,
        .count = 2,
        .names = names,
        .ret = ret,
        .example = "unfreed why app.snapshot shop.Session",
        .ask = uf_why,
    };
    return uf_heap_command_do(&command, own, argv, &asked);
}
