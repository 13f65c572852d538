/* waiting.c - how the collector fares with this call: a phase of its own, without forced collections. */
#include "pyext/readings.h"
#include "pyext/session.h"

#include <string.h>

#define WAITING_CALLS_MAX 5000
#define WAITING_SECONDS_QUIET 0.25  /* enough to see that nothing waits */
#define WAITING_SECONDS_DELAYED 2.0 /* to see a few collections of the older generations too */

/* Our entry in gc.callbacks while the phase lasts: seconds per generation. One phase at a time. */
static struct {
    double started;
    double seconds[UF_GC_GENERATIONS];
} timer;

static PyObject *time_collection(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    (void)self;
    if (count == 2 && PyUnicode_Check(args[0]) && PyDict_Check(args[1])) {
        PyObject *generation = PyDict_GetItemString(args[1], "generation");
        long g = generation ? PyLong_AsLong(generation) : -1;
        if (PyUnicode_CompareWithASCIIString(args[0], "start") == 0)
            timer.started = uf_now_seconds();
        else if (g >= 0 && g < UF_GC_GENERATIONS)
            timer.seconds[g] += uf_now_seconds() - timer.started;
    }
    Py_RETURN_NONE;
}

static PyMethodDef timer_method = {"unfreed_timer", (PyCFunction)(void (*)(void))time_collection,
                                   METH_FASTCALL, NULL};

static PyObject *install_timer(void)
{
    memset(&timer, 0, sizeof timer);
    PyObject *gc = PyImport_ImportModule("gc");
    PyObject *callbacks = gc ? PyObject_GetAttrString(gc, "callbacks") : NULL;
    PyObject *function = PyCFunction_New(&timer_method, NULL);
    if (!callbacks || !function || !PyList_Check(callbacks) ||
        PyList_Append(callbacks, function) < 0)
        Py_CLEAR(function);
    Py_XDECREF(gc);
    Py_XDECREF(callbacks);
    PyErr_Clear();
    return function;
}

static void remove_timer(PyObject *function)
{
    PyObject *gc = function ? PyImport_ImportModule("gc") : NULL;
    PyObject *callbacks = gc ? PyObject_GetAttrString(gc, "callbacks") : NULL;
    for (Py_ssize_t i = callbacks ? PyList_GET_SIZE(callbacks) - 1 : -1; i >= 0; i--)
        if (PyList_GET_ITEM(callbacks, i) == function)
            PyList_SetSlice(callbacks, i, i + 1, NULL);
    Py_XDECREF(callbacks);
    Py_XDECREF(gc);
    Py_XDECREF(function);
    PyErr_Clear();
}

int uf_waiting_measure(struct uf_session *session)
{
    struct uf_check_result *result = &session->result;
    struct uf_collector_stats before, after;
    bool delayed = result->per_call.garbage_objects > 0;
    double baseline, now, seconds, most = 0;
    uf_session_drop_capture(session);
    if (uf_count_tracked(session, &baseline))
        return -1;
    if (uf_collector_stats(&session->collector, &before) < 0) {
        PyErr_Clear();
        return 0;
    }
    PyObject *function = install_timer();
    double started = uf_now_seconds();
    double until = started + (delayed ? WAITING_SECONDS_DELAYED : WAITING_SECONDS_QUIET);
    uint32_t calls = 0, room = uf_measure_calls_with_room(session);
    uint32_t calls_most = room < WAITING_CALLS_MAX ? room : WAITING_CALLS_MAX;
    int status = 0;
    enum uf_stop stop = session->stop; /* why the measured calls ended does not end this */
    session->stop = UF_STOP_NOT;
    uf_collector_let_go(&session->collector);
    while (calls < calls_most && (calls == 0 || uf_now_seconds() < until)) {
        if (uf_measure_plain_call(session, true, &seconds) || uf_count_tracked(session, &now)) {
            status = -1;
            break;
        }
        calls++;
        if (now - baseline > most)
            most = now - baseline;
    }
    if (session->stop == UF_STOP_NOT)
        session->stop = stop;
    bool enabled = uf_collector_enabled(&session->collector);
    uf_collector_hold(&session->collector);
    remove_timer(function);
    if (session->stop == UF_STOP_FORKED || uf_collector_stats(&session->collector, &after) < 0) {
        PyErr_Clear();
        return -1;
    }
    if (uf_session_note_pass(session, "collector", calls, started))
        return -1;
    result->collector.enabled = enabled;
    result->collector.waiting_calls = calls;
    for (int g = 0; g < UF_GC_GENERATIONS; g++) {
        struct uf_generation_figures *figures = &result->collector.per_generation[g];
        figures->collections = after.collections[g] - before.collections[g];
        figures->collected = after.collected[g] - before.collected[g];
        figures->uncollectable = after.uncollectable[g] - before.uncollectable[g];
        figures->seconds = timer.seconds[g];
    }
    /* with a collector that never runs garbage waits for ever: there is no most */
    result->collector.waiting_max_objects = enabled ? most : UF_UNKNOWN;
    result->collector.waiting_max_bytes = !enabled ? UF_UNKNOWN
                                                   : most * session->waiting_bytes_per_object;
    return status;
}
