#include "pyext/snapshot_take.h"

#include "cpython/gc_lists.h"
#include "pyext/proof_sandbox.h"
#include "pyext/python.h"
#include "pyext/readings.h"
#include "pyext/self.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 500

_Static_assert(sizeof(struct uf_snapshot_message) <= 4096, "a message is written in one piece");

/* Asked once for each interpreter: it looks for types through the import system. */
static enum uf_code know_heap(struct uf_heap_config *ret, struct uf_error *err)
{
    static struct uf_heap_config known;
    uint64_t interpreter = (uint64_t)(uintptr_t)PyInterpreterState_Get();
    enum uf_code code = UF_OK;
    if (known.interpreter != interpreter) {
        struct uf_heap_config now;
        code = uf_self_config(&now, err);
        if (code == UF_OK)
            known = now;
    }
    *ret = known;
    return code;
}

enum uf_code uf_snapshot_warm_up(struct uf_error *err)
{
    struct uf_heap_config config;
    return know_heap(&config, err);
}

/* A folder that cannot be written to is told before a second is spent on the heap. */
static enum uf_code check_path(const char *path, struct uf_error *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (!*path || strlen(path) >= PATH_MAX)
        return uf_error_os(err, *path ? ENAMETOOLONG : ENOENT, "the snapshot cannot be written");
    (void)snprintf(folder, sizeof folder, "%.*s", slash ? (int)(len ? len : 1) : 1,
                   slash ? path : ".");
    if (access(folder, W_OK | X_OK))
        return uf_error_os(err, errno, "the snapshot cannot be written to %.120s", folder);
    return UF_OK;
}

enum uf_code uf_snapshot_prepare(struct uf_snapshot_order *order, const char *path, bool redact,
                                 struct uf_error *err)
{
    enum uf_code code = check_path(path, err);
    if (code)
        return code;
    (void)snprintf(order->path, sizeof order->path, "%s", path);
    order->redact = redact;
    order->shown = NULL;
    if ((code = know_heap(&order->heap, err)) != UF_OK)
        return code;
    order->started = uf_now_seconds();
    if (uf_gc_collecting(&order->heap))
        return uf_error_set(err, UF_EINVAL,
                            "the collector is running, so the heap is in pieces (try again when "
                            "it has ended)");
    uf_snapshot_describe(order);
    return UF_OK;
}

static void close_both(const int *ends)
{
    close(ends[0]);
    close(ends[1]);
}

enum uf_code uf_snapshot_start(struct uf_snapshot_order *order, struct uf_snapshot_copy *copy,
                               struct uf_error *err)
{
    int report[2], pause[2];
    if (pipe2(report, O_CLOEXEC))
        return uf_error_os(err, errno, "no pipe to the copy that writes the snapshot");
    if (pipe2(pause, O_CLOEXEC)) {
        int why = errno;
        close_both(report);
        return uf_error_os(err, why, "no pipe to the copy that writes the snapshot");
    }
    copy->pid = uf_sandbox_fork();
    if (copy->pid == 0)
        uf_snapshot_live(order, &(struct uf_snapshot_ends){report[1], pause[0]});
    int why = errno;
    copy->pause_seconds = uf_now_seconds() - order->started;
    if (copy->pid > 0) {
        ssize_t done = write(pause[1], &copy->pause_seconds, sizeof copy->pause_seconds);
        (void)done;
    }
    close_both(pause);
    close(report[1]);
    if (copy->pid < 0) {
        close(report[0]);
        return uf_error_os(err, why, "no copy of the process could be made");
    }
    copy->report = report[0];
    return UF_OK;
}

/* What is to be said of a copy that said nothing. */
static enum uf_code tell_end(int status, struct uf_error *err)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return uf_error_set(err, UF_EINTERNAL,
                            "the copy of the process that wrote the snapshot was killed, and no "
                            "file was made (when nobody sent SIGKILL, memory was out: see dmesg)");
    if (WIFSIGNALED(status))
        return uf_error_set(err, UF_EINTERNAL,
                            "the copy of the process that wrote the snapshot crashed (signal %d), "
                            "and no file was made (please report it)",
                            WTERMSIG(status));
    return uf_error_set(err, UF_EINTERNAL,
                        "the copy of the process that wrote the snapshot ended without a word, "
                        "and no file was made (please report it)");
}

/* A descriptor that another thread's fork took along would keep the pipe open: so it is looked, too, whether
 * the copy is still there. -1: it is gone. */
static int poll_copy(struct uf_snapshot_copy *copy, int *status, bool *reaped)
{
    struct pollfd wait = {.fd = copy->report, .events = POLLIN};
    int ready = poll(&wait, 1, LOOK_MS);
    if (ready != 0)
        return ready > 0 ? 1 : 0;
    *reaped = waitpid(copy->pid, status, __WALL | WNOHANG) == copy->pid;
    if (!*reaped)
        return 0;
    return poll(&wait, 1, 0) > 0 ? 1 : -1;
}

enum uf_code uf_snapshot_wait(struct uf_snapshot_copy *copy, bool (*stop)(void *context),
                              void *context, struct uf_snapshot_taken *ret, struct uf_error *err)
{
    struct uf_snapshot_message message = {0};
    bool stopped = false, reaped = false;
    ssize_t len = -1;
    int status = 0, ready;
    while ((ready = poll_copy(copy, &status, &reaped)) == 0)
        if (stop && !stopped && stop(context)) {
            stopped = true;
            (void)kill(copy->pid, SIGKILL); /* not waited for yet: the number is still its own */
        }
    if (ready > 0)
        len = read(copy->report, &message, sizeof message);
    while (!reaped && waitpid(copy->pid, &status, __WALL) < 0 && errno == EINTR)
        ;
    close(copy->report);
    copy->report = -1;
    if (stopped)
        return uf_error_set(err, UF_EINVAL, "interrupted");
    if (len != (ssize_t)sizeof message || message.magic != UF_SNAPSHOT_MAGIC)
        return tell_end(status, err);
    *ret = message.taken;
    ret->told[sizeof ret->told - 1] = '\0';
    *err = message.error;
    err->message[sizeof err->message - 1] = '\0';
    return err->code;
}
