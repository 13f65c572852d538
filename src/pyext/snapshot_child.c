/* snapshot_child.c - the life of the copy that writes a snapshot.
 *
 * It was made by a bare clone in the middle of whatever the other threads did: locks of the C library may be
 * held for ever. So nothing in here calls malloc, stdio or Python; the engine has its own memory. */
#include "capture/capture.h"
#include "capture/own.h"
#include "cpython/shapes.h"
#include "pyext/python.h"
#include "pyext/readings.h"
#include "pyext/snapshot_take.h"
#include "report/units.h"
#include "snapshot/write.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 65536 /* closed one by one, before Linux 5.9 */

/* Faults end it as they would any process; no other signal is for it. */
static void leave_signals(void)
{
    static const int deadly[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS};
    sigset_t held;
    sigfillset(&held);
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) {
        (void)signal(deadly[i], SIG_DFL); /* not faulthandler's, not the program's */
        sigdelset(&held, deadly[i]);
    }
    (void)sigprocmask(SIG_SETMASK, &held, NULL);
}

static void close_range_of(unsigned first, unsigned last)
{
    if (first > last || syscall(SYS_close_range, first, last, 0U) == 0)
        return;
    for (unsigned fd = first; fd <= last && fd < DESCRIPTORS_MAX; fd++)
        (void)close((int)fd);
}

/* A socket is closed when the last process that has it closes it. */
static void leave_descriptors(const struct uf_snapshot_ends *ends, bool keep_stderr)
{
    unsigned low = (unsigned)(ends->report < ends->pause ? ends->report : ends->pause);
    unsigned high = (unsigned)(ends->report < ends->pause ? ends->pause : ends->report);
    unsigned first = keep_stderr ? STDERR_FILENO + 1 : 0;
    if (keep_stderr)
        close_range_of(0, STDERR_FILENO - 1);
    if (low > first)
        close_range_of(first, low - 1);
    close_range_of(low + 1, high - 1);
    close_range_of(high + 1, UINT32_MAX);
}

/* When memory is out it is the copy that goes, and it leaves no core of a heap full of secrets. */
static void step_back(void)
{
    struct rlimit none = {0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_NAME, "unfreed-heap");
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t done = write(fd, "1000", 4);
        (void)done;
        close(fd);
    }
}

static uint64_t to_ns(double seconds)
{
    return seconds > 0 ? (uint64_t)(seconds * 1e9) : 0;
}

static enum uf_code write_file(struct uf_snapshot_order *order, struct uf_capture *capture,
                               struct uf_snapshot_message *message)
{
    struct uf_heap_shapes *own = NULL;
    struct uf_shapes shapes;
    struct uf_snapshot_content content = {
        .graph = &capture->graph, .shapes = &shapes, .meta = &order->meta, .redact = order->redact};
    enum uf_code code = uf_heap_shapes_create(&own, capture->heap, &capture->graph, &capture->names,
                                              &shapes, &message->error);
    if (!code)
        code = uf_snapshot_write(order->path, &content, &message->taken.bytes, &message->error);
    uf_heap_shapes_destroy(own);
    return code;
}

static void describe(const struct uf_snapshot_order *order, struct uf_snapshot_taken *taken)
{
    struct uf_text text = {0};
    uf_units_plural(&text, (double)taken->objects, "object", "objects");
    uf_text_add_z(&text, ", ");
    uf_units_bytes(&text, (double)taken->bytes);
    uf_text_add_z(&text, "; the program stood still for ");
    uf_units_seconds(&text, taken->pause_seconds);
    uf_text_add_z(&text, order->redact ? " (contents are left out)"
                                       : " (the file holds what the heap holds, secrets too)");
    (void)snprintf(taken->told, sizeof taken->told, "%s", text.at ? text.at : "");
    uf_text_release(&text);
}

static void work(struct uf_snapshot_order *order, const struct uf_snapshot_ends *ends,
                 struct uf_snapshot_message *message)
{
    struct uf_snapshot_taken *taken = &message->taken;
    struct uf_capture capture;
    uint64_t tracked, frozen;
    double started = uf_now_seconds();
    if (uf_capture_heap(&capture, &order->heap, &(struct uf_capture_options){0}, &message->error))
        return;
    if (uf_own_mark(&capture.graph, &tracked, &frozen, &message->error))
        return;
    taken->objects = capture.graph.node_count;
    taken->references = capture.graph.edge_count;
    taken->capture_seconds = uf_now_seconds() - started;
    /* it was told right after the fork; when not, the program has ended meanwhile */
    if (read(ends->pause, &taken->pause_seconds, sizeof taken->pause_seconds) !=
        (ssize_t)sizeof taken->pause_seconds)
        taken->pause_seconds = started - order->started;
    order->meta.tracked = capture.tracked - tracked;
    order->meta.frozen = capture.frozen - frozen;
    order->meta.pause_ns = to_ns(taken->pause_seconds);
    order->meta.capture_ns = to_ns(taken->capture_seconds);
    started = uf_now_seconds();
    if (write_file(order, &capture, message))
        return;
    taken->write_seconds = uf_now_seconds() - started;
    describe(order, taken);
}

static void tell(const struct uf_snapshot_order *order, const struct uf_snapshot_message *message)
{
    char line[PATH_MAX + 400];
    if (message->error.code)
        (void)snprintf(line, sizeof line, "unfreed: %s: not written: %s\n", order->shown,
                       message->error.message);
    else
        (void)snprintf(line, sizeof line, "unfreed: %s: %s\n", order->shown, message->taken.told);
    ssize_t done = write(STDERR_FILENO, line, strlen(line));
    (void)done;
}

_Noreturn void uf_snapshot_live(struct uf_snapshot_order *order,
                                const struct uf_snapshot_ends *ends)
{
    struct uf_snapshot_message message = {.magic = UF_SNAPSHOT_MAGIC};
    leave_signals();
    leave_descriptors(ends, order->shown != NULL);
    step_back();
    work(order, ends, &message);
    if (write(ends->report, &message, sizeof message) < 0 && order->shown)
        tell(order, &message); /* the program has ended meanwhile */
    _exit(0);
}
