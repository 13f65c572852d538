#include "pyext/collector.h"

#include <string.h>

/* Include/internal/pycore_gc.h and Doc/library/gc.rst: the flags of gc.set_debug. */
enum { DEBUG_STATS = 1, DEBUG_UNCOLLECTABLE = 4 };

static int *int_at(const struct uf_collector *collector, uint32_t offset)
{
    return (int *)(void *)(collector->state + offset);
}

static int *threshold(const struct uf_collector *collector, uint32_t generation)
{
    const struct uf_layout_runtime *layout = collector->layout;
    return int_at(collector, layout->gc.generations + generation * layout->gc.generation_size +
                                 layout->gc.threshold);
}

int uf_collector_init(struct uf_collector *collector, const struct uf_heap_config *config)
{
    *collector = (struct uf_collector){0};
    collector->layout = &config->layout->runtime;
    collector->state = (char *)(uintptr_t)config->interpreter +
                       config->layout->runtime.interpreter.gc;
    PyObject *gc = PyImport_ImportModule("gc");
    if (!gc)
        return -1;
    collector->collect = PyObject_GetAttrString(gc, "collect");
    collector->get_stats = PyObject_GetAttrString(gc, "get_stats");
    Py_DECREF(gc);
    if (!collector->collect || !collector->get_stats)
        return -1;
    collector->enabled_seen = *int_at(collector, collector->layout->gc.enabled);
    collector->debug_seen = *int_at(collector, collector->layout->gc.debug);
    return 0;
}

void uf_collector_release(struct uf_collector *collector)
{
    uf_collector_debug(collector, false);
    if (collector->held)
        uf_collector_let_go(collector);
    Py_CLEAR(collector->collect);
    Py_CLEAR(collector->get_stats);
}

/* While held, the youngest threshold is ours (0): anything else was set by the target, all three. */
static void notice_thresholds(struct uf_collector *collector)
{
    if (*threshold(collector, 0) == 0)
        return;
    for (uint32_t i = 0; i < UF_GC_GENERATIONS; i++)
        collector->thresholds[i] = *threshold(collector, i);
    collector->target_set_thresholds = true;
}

void uf_collector_hold(struct uf_collector *collector)
{
    if (collector->held)
        notice_thresholds(collector);
    else
        for (uint32_t i = 0; i < UF_GC_GENERATIONS; i++)
            collector->thresholds[i] = *threshold(collector, i);
    *threshold(collector, 0) = 0;
    collector->held = true;
}

void uf_collector_let_go(struct uf_collector *collector)
{
    if (!collector->held)
        return;
    notice_thresholds(collector);
    for (uint32_t i = 0; i < UF_GC_GENERATIONS; i++)
        *threshold(collector, i) = collector->thresholds[i];
    collector->held = false;
}

void uf_collector_set_thresholds(struct uf_collector *collector,
                                 const int thresholds[UF_GC_GENERATIONS])
{
    for (uint32_t i = 0; i < UF_GC_GENERATIONS; i++) {
        collector->thresholds[i] = thresholds[i];
        if (!collector->held || i > 0)
            *threshold(collector, i) = thresholds[i];
    }
}

void uf_collector_debug(struct uf_collector *collector, bool on)
{
    int *debug = int_at(collector, collector->layout->gc.debug);
    if (on == collector->debug_set)
        return;
    if (on) {
        collector->debug_before = *debug;
        *debug |= DEBUG_STATS | DEBUG_UNCOLLECTABLE;
        collector->debug_seen = *debug;
    } else if (*debug == collector->debug_seen) { /* else the target set its own in between */
        *debug = collector->debug_before;
        collector->debug_seen = *debug;
    }
    collector->debug_set = on;
}

bool uf_collector_enabled(const struct uf_collector *collector)
{
    return *int_at(collector, collector->layout->gc.enabled) != 0;
}

void uf_collector_watch(struct uf_collector *collector, uint64_t frozen)
{
    int enabled = *int_at(collector, collector->layout->gc.enabled);
    int debug = *int_at(collector, collector->layout->gc.debug);
    collector->target_switched |= enabled != collector->enabled_seen;
    collector->target_set_debug |= debug != collector->debug_seen;
    collector->target_froze |= frozen > collector->frozen_seen;
    collector->enabled_seen = enabled;
    collector->debug_seen = debug;
    collector->frozen_seen = frozen;
}

long uf_collector_round(struct uf_collector *collector)
{
    PyObject *result = PyObject_CallNoArgs(collector->collect);
    if (!result)
        return -1;
    long freed = PyLong_AsLong(result);
    Py_DECREF(result);
    return freed;
}

int uf_collector_stats(struct uf_collector *collector, struct uf_collector_stats *ret)
{
    *ret = (struct uf_collector_stats){0};
    PyObject *stats = PyObject_CallNoArgs(collector->get_stats);
    if (!stats)
        return -1;
    for (Py_ssize_t i = 0; i < UF_GC_GENERATIONS && i < PyList_GET_SIZE(stats); i++) {
        PyObject *row = PyList_GET_ITEM(stats, i);
        struct {
            const char *key;
            double *to;
        } fields[] = {{"collections", &ret->collections[i]},
                      {"collected", &ret->collected[i]},
                      {"uncollectable", &ret->uncollectable[i]}};
        for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
            PyObject *value = PyDict_GetItemString(row, fields[f].key);
            *fields[f].to = value ? PyLong_AsDouble(value) : 0;
        }
    }
    Py_DECREF(stats);
    return PyErr_Occurred() ? -1 : 0;
}
