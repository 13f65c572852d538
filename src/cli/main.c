/* main.c - the table of commands, and what is to be said when none of them is meant. */
#include "commands.h"
#include "options.h"
#include "output.h"
#include "unfreed.h"

#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(char **argv);
    const char *description;
} commands[] = {
    {"check", uf_cmd_check, "call a function repeatedly: does a call leave anything behind?"},
    {"run", uf_cmd_run, "run a program; a signal writes its heap into a file"},
    {"snapshot", uf_cmd_snapshot, "the heap of a live process or a core into a file"},
    {"summary", uf_cmd_summary, "what is in a heap: types, garbage, what C code holds"},
    {"tree", uf_cmd_tree, "what keeps most of a heap alive: the dominator tree"},
    {"diff", uf_cmd_diff, "two heaps compared: what grew, and who holds it"},
    {"why", uf_cmd_why, "why an object, or all of a type, are alive, and what to cut"},
    {"export", uf_cmd_export, "a heap in a format that other tools open"},
};
#define COMMANDS (sizeof commands / sizeof *commands)

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (!strcmp(commands[i].name, name))
            return &commands[i];
    return NULL;
}

static int show_help(void)
{
    char text[2048];
    size_t len = (size_t)snprintf(text, sizeof text,
                                  "usage: unfreed COMMAND [OPTIONS] ...\n"
                                  "\n"
                                  "Finds what a Python program never lets go of.\n"
                                  "\n");
    for (size_t i = 0; i < COMMANDS; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "  %-10s %s\n", commands[i].name,
                                commands[i].description);
    len += (size_t)snprintf(text + len, sizeof text - len,
                            "\n"
                            "  unfreed COMMAND --help     options, examples, exit codes\n"
                            "  unfreed --version\n"
                            "\n"
                            "examples\n"
                            "  unfreed check app.py:handle_request\n"
                            "  unfreed summary 4711\n"
                            "  unfreed diff 4711 --after 60s\n");
    return uf_output_write(text, len, UF_EXIT_DONE);
}

static int show_version(void)
{
    static const char text[] = "unfreed " UNFREED_VERSION "\n";
    return uf_output_write(text, sizeof text - 1, UF_EXIT_DONE);
}

static int unknown(const char *name)
{
    const char *names[COMMANDS + 4] = {"help", "--help", "--version"}; /* and NULL at the end */
    const char *what = name[0] == '-' ? "option" : "command";
    for (size_t i = 0; i < COMMANDS; i++)
        names[3 + i] = commands[i].name;
    const char *nearest = uf_nearest(name, names);
    if (nearest)
        return uf_complain(UF_EXIT_USAGE, "%s: unknown %s (did you mean %s?)", name, what, nearest);
    return uf_complain(UF_EXIT_USAGE, "%s: unknown %s (see unfreed --help)", name, what);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return uf_complain(UF_EXIT_USAGE, "no command given (see unfreed --help)");
    const char *name = argv[1];
    if (!strcmp(name, "--help") || !strcmp(name, "-h") || (!strcmp(name, "help") && argc == 2))
        return show_help();
    if (!strcmp(name, "--version"))
        return show_version();
    bool wants_help = !strcmp(name, "help"); /* help COMMAND */
    const struct command *command = find(wants_help ? argv[2] : name);
    if (!command)
        return unknown(wants_help ? argv[2] : name);
    char *only_help[] = {(char[]){"--help"}, NULL};
    return command->run(wants_help ? only_help : argv + 2);
}
