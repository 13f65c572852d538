/* collector.h - the cyclic collector, held still while the tool measures and put back afterwards.
 *
 * Works on the collector's own state through the layout row, so that looking at
 * it creates nothing. Automatic collection is held off by a youngest threshold
 * of 0 (Modules/gcmodule.c: 0 disables it), not by the enabled flag: so a target
 * that asks or sets gc.isenabled() sees and changes its own flag, and a target
 * that sets thresholds is noticed.
 */
#ifndef UF_PYEXT_COLLECTOR_H
#define UF_PYEXT_COLLECTOR_H

#include "cpython/heap.h"
#include "pyext/python.h"

#include <stdbool.h>

struct uf_collector {
    char *state; /* struct _gc_runtime_state of this interpreter */
    const struct uf_layout_runtime *layout;
    PyObject *collect;                 /* gc.collect as it was before the target could replace it */
    PyObject *get_stats;               /* gc.get_stats, likewise */
    int thresholds[UF_GC_GENERATIONS]; /* as the target left them */
    int debug_before;                  /* debug flags of the target, while ours are set */
    bool held;
    bool debug_set;
    /* what the target did to it during its calls; for the report's warnings */
    bool target_set_thresholds, target_switched, target_set_debug, target_froze;
    int enabled_seen;
    int debug_seen;
    uint64_t frozen_seen;
};

int uf_collector_init(struct uf_collector *collector, const struct uf_heap_config *config);
void uf_collector_release(struct uf_collector *collector);

/* Holds automatic collection off. Remembers thresholds that the target set since the last hold. */
void uf_collector_hold(struct uf_collector *collector);
/* Lets it run with the target's thresholds (--collector on, the waiting phase, the end). */
void uf_collector_let_go(struct uf_collector *collector);
/* DEBUG_STATS | DEBUG_UNCOLLECTABLE on top of the target's flags; never DEBUG_SAVEALL. */
void uf_collector_debug(struct uf_collector *collector, bool on);

bool uf_collector_enabled(const struct uf_collector *collector);
void uf_collector_set_thresholds(struct uf_collector *collector,
                                 const int thresholds[UF_GC_GENERATIONS]);

/* One full collection: what it says it freed or found uncollectable; -1 with an exception set (KeyboardInterrupt in a callback of the target, say). */
long uf_collector_round(struct uf_collector *collector);

/* Notes what the target did since the last look. */
void uf_collector_watch(struct uf_collector *collector, uint64_t frozen);

struct uf_collector_stats {
    double collections[UF_GC_GENERATIONS], collected[UF_GC_GENERATIONS],
        uncollectable[UF_GC_GENERATIONS];
};
int uf_collector_stats(struct uf_collector *collector, struct uf_collector_stats *ret);

#endif
