/* heap_command.h - what all commands have in common that answer from a heap.
 *
 *     struct uf_heap_command command = {.name = "tree"};
 *     const struct uf_option own[] = {
 *         {"--depth", NULL, UF_OPTION_COUNT, &command.request.depth, NULL, NULL}, {0}};
 *     if (uf_heap_command_read(&command, own, argv)) { ... positional arguments ...
 *         code = uf_heap_command_run(&command, uf_tree); }
 *     uf_heap_command_release(&command);
 *
 * Options that all have: --json, --color, --quiet, --help, --rows, --binary, --sysroot.
 */
#ifndef UF_CLI_HEAP_COMMAND_H
#define UF_CLI_HEAP_COMMAND_H

#include "options.h"
#include "unfreed.h"

/* What each says of the heap that it takes. */
#define UF_HEAP_HELP                                                                               \
    "FILE is a snapshot (unfreed snapshot PID -o FILE, or unfreed.snapshot(path) in\n"             \
    "the program), a core file, or the process id of a running Python program, which\n"            \
    "is read from outside and stands still for some milliseconds.\n"
#define UF_HEAP_CORE_HELP                                                                          \
    "  --binary FILE        of a core: the program that it is of\n"                                \
    "  --sysroot FOLDER     of a core: where the files of its machine are\n"
#define UF_HEAP_INPUT_HELP "    4  FILE cannot be read: no such process, no permission, damaged\n"

struct uf_heap_command {
    const char *name; /* "tree" */
    struct uf_heap_request request;
    struct uf_arguments args;
    bool help;
    int color;
    struct uf_pids pids; /* --pids and --children, of commands that take several processes: */
    uint32_t children;
};
#define UF_HEAP_MANY_OPTIONS(command)                                                              \
    {"--pids", NULL, UF_OPTION_PIDS, &(command).pids, NULL, NULL},                                 \
    {                                                                                              \
        "--children", NULL, UF_OPTION_COUNT, &(command).children, NULL, NULL                       \
    }
/* Are several processes asked for? Fills in the request; 0 in *code, or the exit code after a complaint: both
 * options, or a heap beside them. */
bool uf_heap_command_many(struct uf_heap_command *command, const char *example, int *code);

/* `own`: the command's own options, ended by {0}. False after a complaint (exit UF_EXIT_USAGE). */
bool uf_heap_command_read(struct uf_heap_command *command, const struct uf_option *own,
                          char **argv);
/* Checks that there are at least `least` and at most as many positional arguments as there are names, and
 * lets each into *ret[i]; names like "FILE". `example`: a command line that would be right. 0, or the exit
 * code after a complaint. */
int uf_heap_command_take(struct uf_heap_command *command, size_t least, const char *const *names,
                         const char **const *ret, size_t count, const char *example);
/* Asks the engine, prints what it answers, returns the exit code. */
int uf_heap_command_run(struct uf_heap_command *command,
                        void (*ask)(const struct uf_heap_request *, struct uf_answer *));
void uf_heap_command_release(struct uf_heap_command *command);

/* A command that needs nothing between these steps: what it takes, and who answers. */
struct uf_heap_asked {
    const char *help;
    size_t least; /* positional arguments */
    size_t count; /* at most; names and ret are as uf_heap_command_take() has them */
    const char *const *names;
    const char **const *ret;
    const char *example;
    void (*ask)(const struct uf_heap_request *, struct uf_answer *);
};
/* Reads, takes, runs and releases; the exit code. */
int uf_heap_command_do(struct uf_heap_command *command, const struct uf_option *own, char **argv,
                       const struct uf_heap_asked *asked);

#endif
