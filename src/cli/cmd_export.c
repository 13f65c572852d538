/* cmd_export.c - `unfreed export`: a heap in a format that others open. */
#include "commands.h"

#include "heap_command.h"
#include "output.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define FORMATS_MOST 16

static const char help_start[] = "usage: unfreed export [OPTIONS] FILE --to FORMAT -o OUT\n"
                                 "\n"
                                 "Writes a heap in a format that other tools open.\n"
                                 "\n" UF_HEAP_HELP "\n"
                                 "FORMAT is one of\n";

static const char help_end[] =
    "\n"
    "options\n"
    "  --to FORMAT          what to write\n"
    "  -o, --output OUT     where to; - is standard output. OUT is whole or not\n"
    "                       there, and its owner's alone: a heap holds secrets\n" UF_HEAP_CORE_HELP
    "  --json               what was written, as one JSON object on standard output\n"
    "  --color auto|always|never    (default auto; NO_COLOR is honoured)\n"
    "  -q, --quiet          say nothing\n"
    "  --help               this text\n"
    "\n"
    "examples\n"
    "  unfreed export app.snapshot --to pprof -o heap.pb.gz\n"
    "  go tool pprof -http=: heap.pb.gz\n"
    "  unfreed export app.snapshot --to json -o - | grep shop.Session\n"
    "\n"
    "exit codes\n"
    "    0  written\n"
    "    2  wrong usage\n"
    "    4  FILE cannot be read, or OUT cannot be written\n"
    "   70  a fault of unfreed's own\n"
    "  130  interrupted (nothing is left under OUT's name)\n";

static int show_help(void)
{
    char text[4096];
    const char *description = "", *name;
    size_t len = (size_t)snprintf(text, sizeof text, "%s", help_start);
    for (size_t i = 0; (name = uf_export_format_name(i, &description)); i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "  %-14s %s\n", name, description);
    len += (size_t)snprintf(text + len, sizeof text - len, "%s", help_end);
    return uf_output_write(text, len, UF_EXIT_DONE);
}

/* 0, or the exit code after a complaint. */
static int check_format(const char *format)
{
    const char *names[FORMATS_MOST + 1] = {NULL};
    char list[256] = "";
    size_t len = 0;
    for (size_t i = 0; i < FORMATS_MOST && (names[i] = uf_export_format_name(i, NULL)); i++) {
        if (format && strcmp(names[i], format) == 0)
            return 0;
        if (len < sizeof list)
            len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", i > 0 ? ", " : "",
                                    names[i]);
    }
    if (!format)
        return uf_complain(UF_EXIT_USAGE, "export: no format given (--to is one of %s)", list);
    const char *nearest = uf_nearest(format, names);
    if (nearest)
        return uf_complain(UF_EXIT_USAGE, "export: %s: unknown format (did you mean %s?)", format,
                           nearest);
    return uf_complain(UF_EXIT_USAGE, "export: %s: unknown format (there are %s)", format, list);
}

static int run(struct uf_heap_command *command)
{
    static const char example[] = "unfreed export app.snapshot --to pprof -o heap.pb.gz";
    static const char *const names[] = {"FILE"};
    const char **const takes[] = {&command->request.file};
    int code = uf_heap_command_take(command, 1, names, takes, 1, example);
    if (!code)
        code = check_format(command->request.format);
    if (code)
        return code;
    if (!command->request.out || !*command->request.out)
        return uf_complain(UF_EXIT_USAGE, "export: no file to write given (as in %s)", example);
    signal(SIGPIPE, SIG_IGN); /* a reader that goes early shows as EPIPE */
    return uf_heap_command_run(command, uf_export);
}

int uf_cmd_export(char **argv)
{
    struct uf_heap_command command = {.name = "export"};
    const struct uf_option own[] = {
        {"--to", NULL, UF_OPTION_TEXT, &command.request.format, NULL, NULL},
        {"--output", "-o", UF_OPTION_TEXT, &command.request.out, NULL, NULL},
        {0},
    };
    int code = UF_EXIT_USAGE;
    if (uf_heap_command_read(&command, own, argv))
        code = command.help ? show_help() : run(&command);
    uf_heap_command_release(&command);
    return code;
}
