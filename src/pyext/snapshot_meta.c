/* snapshot_meta.c - what a snapshot says of the process, gathered before the fork. */
#include "pyext/collector.h"
#include "pyext/readings.h"
#include "pyext/snapshot_take.h"
#include "unfreed.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static ssize_t read_file(const char *path, char *ret, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, ret, size - 1) : -1;
    if (fd >= 0)
        close(fd);
    ret[len > 0 ? len : 0] = '\0';
    return len;
}

/* "btime" of /proc/stat stands behind a line per processor and one of all interrupts. */
static uint64_t boot_seconds(void)
{
    char text[4096];
    uint64_t boot = 0;
    size_t kept = 0;
    int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && !boot) {
        ssize_t len = read(fd, text + kept, sizeof text - 1 - kept);
        if (len <= 0)
            break;
        kept += (size_t)len;
        text[kept] = '\0';
        const char *at = strstr(text, "btime ");
        if (at && strchr(at, '\n'))
            boot = strtoull(at + 6, NULL, 10);
        const char *rest = at ? at : text + (kept > 8 ? kept - 8 : 0); /* may be cut in two */
        kept -= (size_t)(rest - text);
        memmove(text, rest, kept);
    }
    if (fd >= 0)
        close(fd);
    return boot;
}

/* When the process began: field 22 of /proc/PID/stat in ticks after boot, "btime" of /proc/stat when that
 * was (proc(5)). Asked once: the kernel works btime out anew each time, and it moves with the clock. */
static uint64_t process_started_ns(void)
{
    static uint64_t known;
    static pid_t of;
    char text[1024];
    unsigned long long ticks = 0;
    uint64_t boot;
    if (of == getpid())
        return known;
    known = UF_META_UNKNOWN;
    of = getpid();
    const char *at = read_file("/proc/self/stat", text, sizeof text) > 0 ? strrchr(text, ')')
                                                                         : NULL;
    if (!at ||
        sscanf(at,
               ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
               "%llu",
               &ticks) != 1) // NOLINT
        return known;
    boot = boot_seconds();
    if (boot)
        known = boot * 1000000000U + (uint64_t)((double)ticks / (double)sysconf(_SC_CLK_TCK) * 1e9);
    return known;
}

/* Arguments as a shell shows them, and with `redact` the program's name only. */
static void read_command_line(char *ret, size_t size, bool redact)
{
    ssize_t len = read_file("/proc/self/cmdline", ret, size);
    for (ssize_t i = 0; i + 1 < len; i++)
        if (ret[i] == '\0') {
            if (redact)
                break;
            ret[i] = ' ';
        }
}

/* Through the collector's own state and gc.get_stats(); nothing may be collected meanwhile. */
static void read_collector(struct uf_snapshot_order *order)
{
    const struct uf_layout_runtime *r = &order->heap.layout->runtime;
    const char *state = (const char *)(uintptr_t)(order->heap.interpreter + r->interpreter.gc);
    struct uf_meta *meta = &order->meta;
    struct uf_collector collector = {0};
    struct uf_collector_stats stats;
    for (size_t i = 0; i < UF_GC_GENERATIONS; i++) {
        int threshold;
        memcpy(&threshold, state + r->gc.generations + i * r->gc.generation_size + r->gc.threshold,
               sizeof threshold);
        meta->threshold[i] = threshold < 0 ? 0 : (uint64_t)threshold;
    }
    int enabled = PyGC_Disable();
    meta->collector_enabled = enabled != 0;
    if (uf_collector_init(&collector, &order->heap) == 0 &&
        PyCFunction_Check(collector.get_stats) && /* nobody's Python code */
        uf_collector_stats(&collector, &stats) == 0)
        for (size_t i = 0; i < UF_GC_GENERATIONS; i++)
            meta->collections[i] = (uint64_t)stats.collections[i];
    uf_collector_release(&collector);
    PyErr_Clear();
    if (enabled)
        (void)PyGC_Enable();
}

void uf_snapshot_describe(struct uf_snapshot_order *order)
{
    struct uf_meta *meta = &order->meta;
    struct utsname machine;
    const char *version = Py_GetVersion();
    PyObject *executable = PySys_GetObject("executable"); /* borrowed */
    const char *path = executable && PyUnicode_Check(executable) ? PyUnicode_AsUTF8(executable)
                                                                 : NULL;
    double rss = uf_read_rss_bytes();
    struct timespec now;
    PyErr_Clear();
    snprintf(order->python, sizeof order->python, "%.*s", (int)strcspn(version, " "), version);
    snprintf(order->platform, sizeof order->platform, "%s-%s", Py_GetPlatform(),
             uname(&machine) ? "?" : machine.machine);
    snprintf(order->executable, sizeof order->executable, "%s", path ? path : "");
    read_command_line(order->command_line, sizeof order->command_line, order->redact);
    clock_gettime(CLOCK_REALTIME, &now);
    *meta = (struct uf_meta){
        .unfreed = UNFREED_VERSION,
        .python = order->python,
        .implementation = "cpython",
        .platform = order->platform,
        .executable = order->executable[0] ? order->executable : NULL,
        .command_line = order->command_line[0] ? order->command_line : NULL,
        .pid = (uint64_t)getpid(),
        .process_started_ns = process_started_ns(),
        .taken_ns = (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec,
        .pause_ns = UF_META_UNKNOWN,
        .capture_ns = UF_META_UNKNOWN,
        .write_ns = UF_META_UNKNOWN,
        .rss_bytes = rss > 0 ? (uint64_t)rss : UF_META_UNKNOWN,
        .collections = {UF_META_UNKNOWN, UF_META_UNKNOWN, UF_META_UNKNOWN},
        .redacted = order->redact,
    };
    read_collector(order);
}
