/* snapshot_take.h - a picture of this interpreter's heap, taken by a copy of the process.
 *
 *     uf_snapshot_prepare(&order, path, redact, err)     with the interpreter lock
 *     uf_snapshot_start(&order, &copy, err)              with it; the process stands still for the fork only
 *     uf_snapshot_wait(&copy, &taken, err)               without it, in any thread
 *
 * The copy has this thread only. It captures, writes the file and ends by _exit; nothing of Python runs in
 * it, nothing in it calls malloc (another thread may have held its lock), and it closes what it inherited,
 * so that no socket of the program stays open through it. It is no child that wait() of the program would
 * see, and no SIGCHLD is sent. Memory of the program that is written to meanwhile exists twice.
 *
 * Errors: UF_EIO with os_errno (the file), UF_ENOMEM, UF_EINVAL (the collector is running: its lists are in
 * pieces), UF_EINTERNAL (the copy was killed or crashed; the message says how), UF_EUNSUPPORTED.
 */
#ifndef UF_PYEXT_SNAPSHOT_TAKE_H
#define UF_PYEXT_SNAPSHOT_TAKE_H

#include "cpython/heap.h"
#include "graph/graph.h"
#include "snapshot/meta.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#define UF_COMMAND_LINE_BYTES 4096

/* What is known before the fork. Large: on the stack of a thread of Python it is 13 KiB. */
struct uf_snapshot_order {
    char path[PATH_MAX];
    bool redact;
    const char *
        shown; /* NULL, or what the file is called on standard error by a copy that is left alone */
    struct uf_heap_config heap;
    struct uf_meta meta; /* texts: those below */
    char python[32], platform[96], executable[PATH_MAX], command_line[UF_COMMAND_LINE_BYTES];
    double started; /* when the interpreter lock was first needed: the pause begins */
};

struct uf_snapshot_copy {
    pid_t pid;
    int report; /* descriptor: what the copy has to say */
    double pause_seconds;
};

struct uf_snapshot_taken {
    uint64_t bytes, objects, references;
    double pause_seconds, capture_seconds, write_seconds;
    char told[160]; /* "61,965 objects, 2.1 MiB; ...": for people */
};

/* What is asked of an interpreter once, before the first order: with it done, the first pause is no longer
 * than others. */
enum uf_code uf_snapshot_warm_up(struct uf_error *err);
/* Fails early where the file cannot be made. */
enum uf_code uf_snapshot_prepare(struct uf_snapshot_order *order, const char *path, bool redact,
                                 struct uf_error *err);
enum uf_code uf_snapshot_start(struct uf_snapshot_order *order, struct uf_snapshot_copy *copy,
                               struct uf_error *err);
/* Uses up the copy: its process is gone and its descriptor closed afterwards. `stop` is asked when
 * a signal has come; true: the copy is ended, UF_EINVAL. May be NULL. */
enum uf_code uf_snapshot_wait(struct uf_snapshot_copy *copy, bool (*stop)(void *context),
                              void *context, struct uf_snapshot_taken *ret, struct uf_error *err);

/* snapshot_child.c: the copy's whole life. */
struct uf_snapshot_ends {
    int report; /* the message goes in here */
    int pause;  /* how long the process stood still comes out of here, a double */
};
_Noreturn void uf_snapshot_live(struct uf_snapshot_order *order,
                                const struct uf_snapshot_ends *ends);

#define UF_SNAPSHOT_MAGIC UINT64_C(0x756e66736e617021) /* "unfsnap!" */

/* What it says, in one piece: less than PIPE_BUF. */
struct uf_snapshot_message {
    uint64_t magic;
    struct uf_snapshot_taken taken;
    struct uf_error error;
};

/* snapshot_meta.c */
void uf_snapshot_describe(struct uf_snapshot_order *order);

#endif
