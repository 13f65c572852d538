/* snapshot_meta.c - what a snapshot says of the process, gathered before the fork. */
#include "memory/proc.h"
#include "pyext/collector.h"
#include "pyext/readings.h"
#include "pyext/snapshot_take.h"
#include "unfreed.h"

#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* Asked once: see memory/proc.h. */
static uint64_t process_started_ns(void)
{
    static uint64_t known;
    static pid_t of;
    if (of != getpid()) {
        of = getpid();
        known = uf_proc_started_ns(of);
    }
    return known ? known : UF_META_UNKNOWN;
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
    uf_proc_command_line((int)getpid(), order->redact, order->command_line,
                         sizeof order->command_line);
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
