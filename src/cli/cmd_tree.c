/* cmd_tree.c - `unfreed tree FILE [OBJECT]`. */
#include "commands.h"

#include "heap_command.h"

static const char help[] =
    "usage: unfreed tree [OPTIONS] FILE [OBJECT]\n"
    "\n"
    "Says what keeps most of a heap alive: below each object stands what it alone\n"
    "keeps alive (its dominator tree), the largest first. Many objects of one type\n"
    "that are held in the same way are one line.\n"
    "\n" UF_HEAP_HELP
    "OBJECT, where to begin, is an address (0x7f5a3c0b1d40) or the name of a type\n"
    "(shop.Session: all its objects together). Without it the tree begins at what\n"
    "modules, threads, the interpreter and C code hold.\n"
    "\n"
    "  retained   what would be freed without it: it, and what only it keeps alive\n"
    "  held by    how the object above holds it, as Python would write it; [*] for\n"
    "             many; (through several): no single reference holds it, cutting one\n"
    "             of them frees nothing\n"
    "\n"
    "options\n"
    "  --rows N             so many lines in all, the largest (default 30)\n"
    "  --depth N            so many levels (default 10)\n" UF_HEAP_CORE_HELP "output\n"
    "  --json               one JSON object on standard output, nothing else\n"
    "  --color auto|always|never    (default auto; NO_COLOR is honoured)\n"
    "  -q, --quiet          the first line only\n"
    "  --help               this text\n"
    "\n"
    "examples\n"
    "  unfreed tree app.snapshot\n"
    "  unfreed tree 4711\n"
    "  unfreed tree --rows 100 app.snapshot shop.Session\n"
    "\n"
    "exit codes\n"
    "    0  done\n"
    "    2  wrong usage, or OBJECT cannot be found\n" UF_HEAP_INPUT_HELP
    "   70  a fault of unfreed's own\n"
    "  130  interrupted\n";

int uf_cmd_tree(char **argv)
{
    static const char *const names[] = {"FILE", "OBJECT"};
    struct uf_heap_command command = {.name = "tree"};
    const struct uf_option own[] = {
        {"--depth", NULL, UF_OPTION_COUNT, &command.request.depth, NULL, NULL},
        {0},
    };
    const char **const ret[] = {&command.request.file, &command.request.object};
    const struct uf_heap_asked asked = {
        .help = help,
        .least = 1,
        .count = 2,
        .names = names,
        .ret = ret,
        .example = "unfreed tree app.snapshot",
        .ask = uf_tree,
    };
    return uf_heap_command_do(&command, own, argv, &asked);
}
