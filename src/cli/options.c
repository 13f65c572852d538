#include "options.h"

#include "output.h"
#include "unfreed.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAX_NAMES 64

const char *const uf_color_choices[] = {"auto", "always", "never", NULL};

bool uf_texts_add(struct uf_texts *texts, const char *text)
{
    /* One at a time: realloc() of glibc rarely has to move the last block of the heap. */
    const char **at = realloc(texts->at, (texts->len + 1) * sizeof *at);
    if (!at) {
        uf_complain(UF_EXIT_FAULT, "out of memory");
        return false;
    }
    texts->at = at;
    texts->at[texts->len++] = text;
    return true;
}

void uf_texts_release(struct uf_texts *texts)
{
    free(texts->at);
    *texts = (struct uf_texts){0};
}

void uf_arguments_release(struct uf_arguments *arguments)
{
    uf_texts_release(&arguments->positional);
    uf_texts_release(&arguments->rest);
}

/* A decimal number without sign, exponent, or anything behind it. */
static bool read_number(const char *text, double *ret)
{
    if (!*text || strspn(text, "0123456789.") != strlen(text))
        return false;
    char *end;
    *ret = strtod(text, &end);
    return !*end && isfinite(*ret);
}

static bool read_whole(const char *text, const char *ends, unsigned long most, unsigned long *ret,
                       const char **behind)
{
    if (*text < '0' || *text > '9')
        return false;
    char *end;
    errno = 0;
    *ret = strtoul(text, &end, 10);
    *behind = end;
    return !errno && *ret <= most && (*end ? strchr(ends, *end) != NULL : true);
}

static bool read_three(const char *text, int32_t *ret)
{
    for (int i = 0; i < 3; i++) {
        unsigned long value;
        const char *behind;
        if (!read_whole(text, i < 2 ? "," : "", INT32_MAX, &value, &behind))
            return false;
        if (i < 2 && *behind != ',')
            return false;
        ret[i] = (int32_t)value;
        text = behind + 1;
    }
    return true;
}

static bool wrong_value(const struct uf_option *option, const char *value, const char *wanted)
{
    uf_complain(UF_EXIT_USAGE, "%s '%s': not %s", option->name, value, wanted);
    return false;
}

static bool read_choice(const struct uf_option *option, const char *value)
{
    char wanted[128] = "one of ";
    for (int i = 0; option->choices[i]; i++) {
        if (!strcmp(option->choices[i], value)) {
            *(int *)option->ret = i;
            return true;
        }
        size_t len = strlen(wanted);
        snprintf(wanted + len, sizeof wanted - len, "%s%s", i ? ", " : "", option->choices[i]);
    }
    return wrong_value(option, value, wanted);
}

#define SPAN_MOST_SECONDS 2592000 /* 30 days */

/* "500ms", "1.5h"; without a unit seconds, as sleep takes them. */
static bool read_span(const char *text, double *ret)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"ms", 1e-3}, {"s", 1}, {"", 1}, {"m", 60}, {"min", 60}, {"h", 3600}};
    char number[32];
    size_t len = strspn(text, "0123456789.");
    if (len == 0 || len >= sizeof number)
        return false;
    memcpy(number, text, len);
    number[len] = '\0';
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcmp(text + len, units[i].name) && read_number(number, ret)) {
            *ret *= units[i].seconds;
            return *ret > 0 && *ret <= SPAN_MOST_SECONDS;
        }
    return false;
}

static bool add_pid(struct uf_pids *pids, int pid)
{
    for (size_t i = 0; i < pids->len; i++)
        if (pids->at[i] == pid)
            return true;
    int *at = realloc(pids->at, (pids->len + 1) * sizeof *at);
    if (!at) {
        uf_complain(UF_EXIT_FAULT, "out of memory");
        return false;
    }
    pids->at = at;
    pids->at[pids->len++] = pid;
    return true;
}

static bool read_pids(const struct uf_option *option, const char *value)
{
    for (const char *text = value;; text++) {
        unsigned long pid;
        if (!read_whole(text, ",", INT32_MAX, &pid, &text) || pid == 0)
            return wrong_value(option, value, "process ids, as in 4711,4712");
        if (!add_pid(option->ret, (int)pid))
            return false;
        if (!*text)
            return true;
    }
}

void uf_pids_release(struct uf_pids *pids)
{
    free(pids->at);
    *pids = (struct uf_pids){0};
}

static bool read_value(const struct uf_option *option, const char *value)
{
    double seconds;
    unsigned long count;
    const char *behind;
    switch (option->kind) {
    case UF_OPTION_FLAG:
        *(bool *)option->ret = true;
        return true;
    case UF_OPTION_TEXT:
        *(const char **)option->ret = value;
        return true;
    case UF_OPTION_LIST:
        return uf_texts_add(option->ret, value);
    case UF_OPTION_SECONDS:
        if (!read_number(value, &seconds) || seconds <= 0 || seconds > 1e9)
            return wrong_value(option, value, "a number of seconds above 0");
        *(double *)option->ret = seconds;
        return true;
    case UF_OPTION_SPAN:
        if (!read_span(value, &seconds))
            return wrong_value(option, value, "a time (500ms, 60s, 5m, 1h; at most 30 days)");
        *(double *)option->ret = seconds;
        return true;
    case UF_OPTION_PIDS:
        return read_pids(option, value);
    case UF_OPTION_COUNT:
        if (!read_whole(value, "", 1000000000, &count, &behind) || !count)
            return wrong_value(option, value, "a whole number from 1 to 1000000000");
        *(uint32_t *)option->ret = (uint32_t)count;
        return true;
    case UF_OPTION_THREE:
        return read_three(value, option->ret) ||
               wrong_value(option, value, "three whole numbers, as in 700,10,10");
    case UF_OPTION_CHOICE:
        return read_choice(option, value);
    }
    return false;
}

static const struct uf_option *find(const struct uf_option *table, const char *word, size_t len)
{
    for (; table->name; table++)
        if ((strlen(table->name) == len && !memcmp(table->name, word, len)) ||
            (table->brief && !strcmp(table->brief, word)))
            return table;
    return NULL;
}

static bool unknown(const struct uf_option *table, const char *word, size_t len,
                    const char *command)
{
    const char *names[MAX_NAMES + 1] = {NULL};
    char name[64];
    for (size_t i = 0; table[i].name && i < MAX_NAMES; i++)
        names[i] = table[i].name;
    snprintf(name, sizeof name, "%.*s", (int)(len < 63 ? len : 63), word);
    const char *nearest = uf_nearest(name, names);
    if (nearest)
        uf_complain(UF_EXIT_USAGE, "%s: unknown option (did you mean %s?)", name, nearest);
    else
        uf_complain(UF_EXIT_USAGE, "%s: unknown option (see %s --help)", name, command);
    return false;
}

/* `program`: where what is to be run begins; NULL: nothing is, all words are read. */
static bool read_words(const struct uf_option *table, char **argv, const char *command,
                       struct uf_arguments *ret, char ***program)
{
    *ret = (struct uf_arguments){0};
    for (; *argv; argv++) {
        const char *word = *argv, *value = NULL;
        if (program) {
            *program = argv + !strcmp(word, "--");
            if (*program != argv || !strcmp(word, "-m") || word[0] != '-' || !word[1])
                return true;
        }
        if (!strcmp(word, "--")) {
            ret->has_rest = true;
            while (*++argv)
                if (!uf_texts_add(&ret->rest, *argv))
                    return false;
            return true;
        }
        if (word[0] != '-' || !word[1]) {
            if (!uf_texts_add(&ret->positional, word))
                return false;
            continue;
        }
        size_t len = strcspn(word, "=");
        const struct uf_option *option = find(table, word, len);
        if (!option)
            return unknown(table, word, len, command);
        if (word[len] == '=')
            value = word + len + 1;
        if (option->kind == UF_OPTION_FLAG && value) {
            uf_complain(UF_EXIT_USAGE, "%s takes no value", option->name);
            return false;
        }
        if (option->kind != UF_OPTION_FLAG && !value && !(value = *++argv)) {
            uf_complain(UF_EXIT_USAGE, "%s needs a value (see %s --help)", option->name, command);
            return false;
        }
        if (!read_value(option, value))
            return false;
        if (option->given)
            *option->given = true;
    }
    if (program)
        *program = argv;
    return true;
}

bool uf_options_read(const struct uf_option *table, char **argv, const char *command,
                     struct uf_arguments *ret)
{
    return read_words(table, argv, command, ret, NULL);
}

bool uf_options_read_before(const struct uf_option *table, char **argv, const char *command,
                            struct uf_arguments *ret, char ***program)
{
    return read_words(table, argv, command, ret, program);
}

bool uf_color_wanted(int color)
{
    if (color != UF_COLOR_AUTO)
        return color == UF_COLOR_ALWAYS;
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(no_color && *no_color) && !(term && !strcmp(term, "dumb"));
}

uint16_t uf_terminal_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO))
        return 0;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col ? 80 : size.ws_col;
}
