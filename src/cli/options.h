/* options.h - reads a command line by a table.
 *
 * `--name value` and `--name=value`; flags take no value; options and
 * positional arguments may be mixed; `--` ends the options. Names are not
 * abbreviated, so that a later option breaks no script. Whatever is wrong is
 * one line on standard error.
 *
 * Values are pointers into argv: nothing is copied but the arrays of lists,
 * which the caller releases, after a failure too.
 */
#ifndef UF_CLI_OPTIONS_H
#define UF_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum uf_option_kind {
    UF_OPTION_FLAG,    /* bool: true when given */
    UF_OPTION_TEXT,    /* const char * */
    UF_OPTION_LIST,    /* struct uf_texts: every one given, in order */
    UF_OPTION_SECONDS, /* double, above 0 */
    UF_OPTION_SPAN,    /* double, seconds above 0: "500ms", "60s", "5m", "1h", "60" */
    UF_OPTION_COUNT,   /* uint32_t, above 0 */
    UF_OPTION_PIDS,    /* struct uf_pids: "4711,4712", every one given, each once */
    UF_OPTION_THREE,   /* int32_t[3], none below 0, "A,B,C" */
    UF_OPTION_CHOICE,  /* int: index in `choices` */
};

struct uf_texts {
    const char **at; /* from malloc; the texts themselves belong to others */
    size_t len;
};

/* False after a complaint: memory is out. */
bool uf_texts_add(struct uf_texts *texts, const char *text);
void uf_texts_release(struct uf_texts *texts);

/* Process ids. */
struct uf_pids {
    int *at; /* from malloc */
    size_t len;
};
void uf_pids_release(struct uf_pids *pids);

struct uf_option {
    const char *name;  /* with its dashes; the table ends with NULL */
    const char *brief; /* "-q", or NULL */
    enum uf_option_kind kind;
    void *ret;                  /* what the kind says */
    bool *given;                /* set when given; may be NULL */
    const char *const *choices; /* ends with NULL */
};

struct uf_arguments {
    struct uf_texts positional; /* before "--" */
    struct uf_texts rest;       /* behind "--" */
    bool has_rest;
};

/* `argv` ends with NULL and starts with the first argument. False after a complaint. `command` is
 * for the complaint: "unfreed check". */
bool uf_options_read(const struct uf_option *table, char **argv, const char *command,
                     struct uf_arguments *ret);
/* The same for a command that runs a program with arguments of its own: it ends at the first word that is no
 * option, at "-m" or behind "--"; *program is where that is. */
bool uf_options_read_before(const struct uf_option *table, char **argv, const char *command,
                            struct uf_arguments *ret, char ***program);
void uf_arguments_release(struct uf_arguments *arguments);

/* --color and its surroundings. */
enum uf_color { UF_COLOR_AUTO, UF_COLOR_ALWAYS, UF_COLOR_NEVER };
extern const char *const uf_color_choices[];
/* Whether standard output gets colours: auto = a terminal, unless NO_COLOR is set and not empty
 * (no-color.org) or TERM is "dumb". */
bool uf_color_wanted(int color);
/* Columns of the terminal that standard output is; 0 = not a terminal. */
uint16_t uf_terminal_width(void);

#endif
