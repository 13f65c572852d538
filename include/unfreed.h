/* unfreed.h - the public header: what the program, a C caller and the tests of others use.
 *
 * `unfreed check` is two processes: the program (this side), and the Python
 * interpreter that it starts and in which the engine measures. They share one
 * mapping, the channel: the program writes the request into it before the
 * start; the interpreter writes its progress, and at the end the report. The
 * mapping stays even if the target closes every descriptor, and what was
 * written stays even if the target dies.
 */
#ifndef UNFREED_H
#define UNFREED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNFREED_VERSION "0.1.0"

enum uf_exit {
    UF_EXIT_DONE = 0,
    UF_EXIT_FINDING = 1,
    UF_EXIT_USAGE = 2,
    UF_EXIT_TARGET_FAILED = 3,
    UF_EXIT_INPUT = 4,
    UF_EXIT_UNDECIDED = 5,
    UF_EXIT_FAULT = 70,
    UF_EXIT_INTERRUPTED = 130,
};

enum uf_fail_on { UF_FAIL_ON_LEAK, UF_FAIL_ON_DELAYED };

/* What one check is asked to do. Offsets of texts point into the channel's text area; 0 = not given. */
struct uf_check_request {
    uint32_t spec;  /* TARGET as given */
    uint32_t setup; /* --setup CODE */
    uint32_t args;  /* first of arg_count texts, one behind the other */
    uint32_t arg_count;
    uint32_t ignores; /* --ignore PATTERN, ignore_count of them */
    uint32_t ignore_count;
    uint32_t baseline; /* ids of a --baseline file, baseline_count of them */
    uint32_t baseline_count;
    uint32_t profile; /* --pprof FILE, an absolute path */
    double budget_seconds;
    uint32_t calls; /* --calls; 0 = as many as certainty needs */
    bool collector_on, debug_collector, has_threshold;
    int32_t threshold[3];
    bool json, color, quiet;
    uint16_t width;  /* columns of the terminal; 0 = not a terminal */
    uint8_t fail_on; /* enum uf_fail_on */
};

enum uf_state {
    UF_STATE_STARTING, /* the interpreter has not reached the engine yet */
    UF_STATE_LOADING,  /* importing the target */
    UF_STATE_WARMUP,
    UF_STATE_MEASURING,
    UF_STATE_ANALYSING,
    UF_STATE_DONE,   /* report and exit code are complete; what follows is the target's atexit */
    UF_STATE_FAILED, /* `error` holds one line; exit code is set */
};

struct uf_progress {
    uint32_t calls;       /* finished calls */
    double call_started;  /* CLOCK_MONOTONIC seconds; 0 between calls */
    double seconds_limit; /* the budget in force */
};

struct uf_channel; /* the mapping; opaque */

/* The program's side: creates the mapping with the request in it; returns NULL with errno set.
 * `*fd` is to be inherited by the interpreter, its number goes into UNFREED_CHANNEL. */
struct uf_channel *uf_channel_create(int *fd);
/* The interpreter's side: maps the descriptor, closes it. NULL with errno set: EPROTO when it is not
 * the channel of an unfreed of this version (the descriptor is then left open). */
struct uf_channel *uf_channel_open(int fd);
void uf_channel_close(struct uf_channel *channel);
/* In a forked copy of the interpreter: gives the mapping up; any use of the channel from now on ends
 * the copy (SIGSEGV). False with errno set: it is as before. */
bool uf_channel_leave(struct uf_channel *channel);

/* Enters a text (len bytes, NUL added); 0 when the text area is full. Texts entered one after the
 * other lie one behind the other. The text of offset 0 is NULL. */
uint32_t uf_channel_add_text(struct uf_channel *channel, const char *text, size_t len);
const char *uf_channel_text(const struct uf_channel *channel, uint32_t offset);
struct uf_check_request *uf_channel_request(struct uf_channel *channel);
struct uf_progress *uf_channel_progress(struct uf_channel *channel);

enum uf_state uf_channel_state(const struct uf_channel *channel);
void uf_channel_set_state(struct uf_channel *channel, enum uf_state state);
/* The program asks the interpreter to stop after the present call and report what it has.
 * The first reason stays. UF_ASKED_NOT is 0, so the answer also serves as a truth value. */
enum uf_asked { UF_ASKED_NOT, UF_ASKED_BY_INTERRUPT, UF_ASKED_BY_TIMEOUT };
void uf_channel_ask_stop(struct uf_channel *channel, enum uf_asked why);
enum uf_asked uf_channel_stop_asked(const struct uf_channel *channel);

/* The interpreter's last word: exit code, and either the report or one error line ("unfreed: WHAT:
 * WHY (what to do)"; empty when the target's traceback already says all). Only the first word counts,
 * and only from the process that opened the channel, never from one that the target forked: false
 * then, and when the report is larger than the mapping (some 190 MiB) or memory is out. */
bool uf_channel_finish(struct uf_channel *channel, int exit_code, const char *report, size_t len);
bool uf_channel_fail(struct uf_channel *channel, int exit_code, const char *error_line);
int uf_channel_exit_code(const struct uf_channel *channel);
const char *uf_channel_report(const struct uf_channel *channel, size_t *len);

/* A report for a check that came to no verdict because the target did not return, in the form that
 * the request asks for (text or JSON). Free with uf_report_free. NULL when memory is out. */
char *uf_report_undecided(struct uf_channel *channel, const char *python, const char *why,
                          size_t *len);
void uf_report_free(char *report);

/* The name that `word` was probably meant to be, or NULL; `names` ends with NULL. */
const char *uf_nearest(const char *word, const char *const *names);

/* --- heaps: of a snapshot file, a live process, a core file ------------------------------------- */

enum uf_heap_order { UF_ORDER_BYTES, UF_ORDER_OBJECTS, UF_ORDER_RETAINED };

/* What a command that reads a heap is asked for; each takes what concerns it. Texts stay the caller's. A heap
 * is named by a file (a snapshot or a core), or by a word of digits that no file is called: a process id. */
struct uf_heap_request {
    const char *file;    /* the heap; diff: OLD. NULL: pids or children */
    const char *newer;   /* diff: NEW; NULL: the same process, after after_seconds */
    const char *object;  /* why: "0x7f..." or the name of a type; tree: where to begin, or NULL */
    const char *format;  /* export: "heapsnapshot", "pprof", "arrow", "json" */
    const char *out;     /* export, snapshot: the file to write; export "-": standard output */
    const char *binary;  /* of a core: its program; NULL: as the core says */
    const char *sysroot; /* of a core: the folder where its files are; NULL: as it says */
    const int *pids;     /* summary, diff: these processes, pid_count of them, in one report */
    size_t pid_count;
    int children;         /* ... or this process and all below it; 0: not asked for */
    double after_seconds; /* diff: from the first look to the second; 0: NEW is named */
    bool redact;          /* snapshot: contents are left out */
    bool rss;             /* summary: resident memory, balanced */
    uint32_t rows;  /* at most so many rows of a table, paths or groups; 0: the command's default */
    uint32_t depth; /* tree: levels to show; 0: the default */
    int order;      /* summary: enum uf_heap_order, of types */
    bool has_growth_limit; /* diff --fail-on-growth */
    uint64_t growth_limit_bytes;
    bool json, color, quiet;
    uint16_t width; /* columns of the terminal; 0 = not a terminal */
    /* Called now and then with what is being done ("reading", "dominators"); may be NULL. False: stop
     * (interrupted). */
    bool (*progress)(void *context, const char *doing);
    /* diff: waits for `seconds`, with `left` to go until the second picture. False: the user wants to wait no
     * longer. NULL: nobody can say so. */
    bool (*wait)(void *context, double seconds, double left);
    void *progress_context; /* of both */
};

/* Either `text` (what goes to standard output) or `error` (one line, without "unfreed: "); never both.
 * `note`: what standard error is told beside the text, the same form; mostly empty. */
struct uf_answer {
    char *text;
    size_t len;
    int exit_code; /* enum uf_exit */
    char error[400];
    char note[200];
};

void uf_summary(const struct uf_heap_request *request, struct uf_answer *ret);
void uf_tree(const struct uf_heap_request *request, struct uf_answer *ret);
void uf_why(const struct uf_heap_request *request, struct uf_answer *ret);
void uf_diff(const struct uf_heap_request *request, struct uf_answer *ret);
void uf_export(const struct uf_heap_request *request, struct uf_answer *ret);
void uf_take_snapshot(const struct uf_heap_request *request, struct uf_answer *ret);
/* The formats of uf_export(), the first is number 0: name and, unless NULL, what reads it. NULL: there are
 * no more. */
const char *uf_export_format_name(size_t number, const char **description);
void uf_answer_release(struct uf_answer *answer);

#endif
