#include "heap_command.h"

#include "output.h"
#include "progress.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define OWN_OPTIONS_MOST 16
#define COMMON_OPTIONS 7

static volatile sig_atomic_t interrupts;
static struct uf_progress_line *volatile shown_line;

/* The first one ends the command at its next step; the second one at once. */
static void on_interrupt(int number)
{
    if (interrupts++) {
        signal(number, SIG_DFL);
        raise(number);
    }
    uf_progress_say(shown_line, "stopping after this step (Ctrl-C again to end at once)");
}

bool uf_heap_command_read(struct uf_heap_command *command, const struct uf_option *own, char **argv)
{
    char name[32];
    struct uf_option table[OWN_OPTIONS_MOST + COMMON_OPTIONS + 1] = {
        {"--rows", NULL, UF_OPTION_COUNT, &command->request.rows, NULL, NULL},
        {"--binary", NULL, UF_OPTION_TEXT, &command->request.binary, NULL, NULL},
        {"--sysroot", NULL, UF_OPTION_TEXT, &command->request.sysroot, NULL, NULL},
        {"--json", NULL, UF_OPTION_FLAG, &command->request.json, NULL, NULL},
        {"--color", NULL, UF_OPTION_CHOICE, &command->color, NULL, uf_color_choices},
        {"--quiet", "-q", UF_OPTION_FLAG, &command->request.quiet, NULL, NULL},
        {"--help", "-h", UF_OPTION_FLAG, &command->help, NULL, NULL},
    };
    for (size_t i = 0; own[i].name && i < OWN_OPTIONS_MOST; i++)
        table[COMMON_OPTIONS + i] = own[i];
    snprintf(name, sizeof name, "unfreed %s", command->name);
    return uf_options_read(table, argv, name, &command->args);
}

int uf_heap_command_take(struct uf_heap_command *command, size_t least, const char *const *names,
                         const char **const *ret, size_t count, const char *example)
{
    const struct uf_texts *given = &command->args.positional;
    if (given->len < least)
        return uf_complain(UF_EXIT_USAGE, "%s: no %s given (as in %s)", command->name,
                           names[given->len], example);
    if (given->len > count || command->args.has_rest)
        return uf_complain(UF_EXIT_USAGE, "%s: '%s' is one argument too many (as in %s)",
                           command->name,
                           given->len > count           ? given->at[count]
                           : command->args.rest.len > 0 ? command->args.rest.at[0]
                                                        : "--",
                           example);
    for (size_t i = 0; i < given->len; i++) {
        if (!*given->at[i])
            return uf_complain(UF_EXIT_USAGE, "%s: %s is empty (as in %s)", command->name, names[i],
                               example);
        *ret[i] = given->at[i];
    }
    return 0;
}

bool uf_heap_command_many(struct uf_heap_command *command, const char *example, int *code)
{
    struct uf_heap_request *request = &command->request;
    const struct uf_texts *given = &command->args.positional;
    *code = 0;
    if (command->pids.len == 0 && command->children == 0)
        return false;
    if (command->pids.len > 0 && command->children > 0)
        *code = uf_complain(UF_EXIT_USAGE,
                            "%s: --pids and --children both say which processes "
                            "(leave out one of them)",
                            command->name);
    else if (given->len > 0 || command->args.has_rest)
        *code = uf_complain(UF_EXIT_USAGE, "%s: '%s' beside --%s (as in %s)", command->name,
                            given->len > 0 ? given->at[0] : "--",
                            command->children ? "children" : "pids", example);
    request->pids = command->pids.at;
    request->pid_count = command->pids.len;
    request->children = (int)command->children;
    return true;
}

static bool on_step(void *context, const char *doing)
{
    if (!interrupts)
        uf_progress_say(context, doing);
    return !interrupts;
}

#define LOOK_SECONDS 0.1 /* a Ctrl-C that comes just before a sleep is seen after it */

/* Ctrl-C ends the waiting, not the command; the next one is as always. */
static bool on_wait(void *context, double seconds, double left)
{
    static char texts[2][64]; /* one is shown while the other is written */
    static int turn;
    turn = !turn;
    (void)snprintf(texts[turn], sizeof texts[turn], "waiting, %.0f s to go (Ctrl-C: look now)",
                   ceil(left));
    uf_progress_say(context, texts[turn]);
    while (seconds > 0 && !interrupts) {
        double part = seconds < LOOK_SECONDS ? seconds : LOOK_SECONDS;
        struct timespec time = {.tv_nsec = (long)(part * 1e9)};
        (void)nanosleep(&time, NULL);
        seconds -= part;
    }
    bool done = !interrupts;
    interrupts = 0;
    return done;
}

int uf_heap_command_run(struct uf_heap_command *command,
                        void (*ask)(const struct uf_heap_request *, struct uf_answer *))
{
    struct uf_heap_request *request = &command->request;
    struct uf_progress_line line;
    struct uf_answer answer = {0};
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};
    int code;

    request->color = !request->json && uf_color_wanted(command->color);
    request->width = uf_terminal_width();
    request->progress = on_step;
    request->wait = on_wait;
    request->progress_context = &line;
    uf_progress_start_steps(&line, !request->quiet, request->file ? request->file : "");
    shown_line = &line;
    sigaction(SIGINT, &action, NULL);
    ask(request, &answer);
    signal(SIGINT, SIG_DFL);
    uf_progress_erase(&line);
    if (answer.error[0])
        code = uf_complain(answer.exit_code, "%s", answer.error);
    else
        code = uf_output_write(answer.text, answer.len, answer.exit_code);
    if (answer.note[0] && !request->quiet)
        uf_complain(0, "%s", answer.note);
    uf_answer_release(&answer);
    return code;
}

void uf_heap_command_release(struct uf_heap_command *command)
{
    uf_arguments_release(&command->args);
    uf_pids_release(&command->pids);
}

int uf_heap_command_do(struct uf_heap_command *command, const struct uf_option *own, char **argv,
                       const struct uf_heap_asked *asked)
{
    int code = UF_EXIT_USAGE;
    if (uf_heap_command_read(command, own, argv)) {
        if (command->help)
            code = uf_output_write(asked->help, strlen(asked->help), UF_EXIT_DONE);
        else if (!(code = uf_heap_command_take(command, asked->least, asked->names, asked->ret,
                                               asked->count, asked->example)))
            code = uf_heap_command_run(command, asked->ask);
    }
    uf_heap_command_release(command);
    return code;
}
