/* run.c - `unfreed run`: a signal is answered with a snapshot.
 *
 * The handler is one of Python's: it runs between two instructions of the main thread, with the interpreter
 * lock. It makes the copy of the process, and a thread of C that waits for it and says on standard error
 * what became of it; the program goes on at once. Where the program ends first, the copy says it itself. */
#include "pyext/run.h"

#include "base/mem.h"
#include "pyext/snapshot_take.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static struct {
    char *pattern; /* as given */
    char *folder;  /* where the program was started; what it calls relative */
    bool redact;
    pid_t process;    /* whose counters these are: a forked worker begins anew */
    uint32_t taken;   /* snapshots of this process so far */
    atomic_bool busy; /* one is being written */
} run;

/* Of the one that is being written: the thread that waits may use no memory of the engine, which belongs to
 * who holds the interpreter lock. */
static struct watch {
    struct uf_snapshot_copy copy;
    char shown[PATH_MAX];
} the_watch;

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    char line[PATH_MAX + 700];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (len > 0) {
        ssize_t done =
            write(STDERR_FILENO, line, (size_t)len < sizeof line ? (size_t)len : sizeof line);
        (void)done;
    }
}

/* --- what became of it ---------------------------------------------------------------------------- */

static void *wait_for_copy(void *context)
{
    struct watch *watch = context;
    struct uf_snapshot_taken taken = {0};
    struct uf_error err = {0};
    char line[PATH_MAX + 400];
    if (uf_snapshot_wait(&watch->copy, NULL, NULL, &taken, &err))
        (void)snprintf(line, sizeof line, "%s: not written: %s (the program goes on)", watch->shown,
                       err.message);
    else
        (void)snprintf(line, sizeof line, "%s: %s", watch->shown, taken.told);
    atomic_store(&run.busy, false); /* who reads the line may send the next signal */
    say("unfreed: %s\n", line);
    return NULL;
}

/* All signals are held off in it: they are for the program's own threads. */
static bool start_thread(struct watch *watch)
{
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;
    sigfillset(&all);
    if (pthread_attr_init(&attributes))
        return false;
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&thread, &attributes, wait_for_copy, watch) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return started;
}

/* --- the answer ------------------------------------------------------------------------------------ */

/* {pid} and {n} of the pattern; all else stays as it is. */
static void fill_pattern(char *ret, size_t size)
{
    size_t len = 0;
    for (const char *at = run.pattern; *at && len + 24 < size;) {
        if (strncmp(at, "{pid}", 5) == 0) {
            len += (size_t)snprintf(ret + len, size - len, "%d", (int)getpid());
            at += 5;
        } else if (strncmp(at, "{n}", 3) == 0) {
            len += (size_t)snprintf(ret + len, size - len, "%u", run.taken);
            at += 3;
        } else {
            ret[len++] = *at++;
        }
    }
    ret[len] = '\0';
}

static int answer_again(void *nothing);

static void answer(void)
{
    struct uf_snapshot_order order;
    struct uf_error err = {0};
    char path[PATH_MAX * 2];
    if (run.process != getpid()) {
        run.process = getpid();
        run.taken = 0;
        atomic_store(&run.busy, false);
    }
    if (atomic_load(&run.busy)) {
        say("unfreed: a snapshot is being written already (send the signal again when it is "
            "whole)\n");
        return;
    }
    struct watch *watch = &the_watch;
    run.taken++;
    fill_pattern(watch->shown, sizeof watch->shown);
    (void)snprintf(path, sizeof path, "%s%s%s", watch->shown[0] == '/' ? "" : run.folder,
                   watch->shown[0] == '/' ? "" : "/", watch->shown);
    enum uf_code code = uf_snapshot_prepare(&order, path, run.redact, &err);
    if (code == UF_EINVAL && Py_AddPendingCall(answer_again, NULL) == 0) {
        run.taken--; /* in a finalizer while the collector runs: when it has ended */
        return;
    }
    order.shown = watch->shown;
    if (!code)
        code = uf_snapshot_start(&order, &watch->copy, &err);
    if (code) {
        say("unfreed: %s: not written: %s (the program goes on)\n", watch->shown, err.message);
        return;
    }
    atomic_store(&run.busy, true);
    if (!start_thread(watch)) {
        PyThreadState *thread = PyEval_SaveThread();
        (void)wait_for_copy(watch);
        PyEval_RestoreThread(thread);
    }
}

static int answer_again(void *nothing)
{
    (void)nothing;
    answer();
    return 0;
}

PyObject *uf_run_answer(PyObject *module, PyObject *args)
{
    PyObject *type, *value, *traceback;
    (void)module;
    (void)args;
    PyErr_Fetch(&type, &value, &traceback);
    answer();
    PyErr_Restore(type, value, traceback);
    Py_RETURN_NONE;
}

PyObject *uf_run_start(PyObject *module, PyObject *args)
{
    int number, redact;
    PyObject *pattern = NULL, *signal = NULL, *handler = NULL, *done = NULL;
    char folder[PATH_MAX];
    struct uf_error err = {0};
    if (uf_snapshot_warm_up(&err))
        return PyErr_Format(PyExc_RuntimeError, "%s", err.message);
    if (!PyArg_ParseTuple(args, "iO&p:run", &number, PyUnicode_FSConverter, &pattern, &redact))
        return NULL;
    uf_mem_free(run.pattern);
    uf_mem_free(run.folder);
    run.pattern = uf_mem_strdup(PyBytes_AS_STRING(pattern));
    run.folder = uf_mem_strdup(getcwd(folder, sizeof folder) ? folder : ".");
    run.redact = redact != 0;
    Py_DECREF(pattern);
    if (!run.pattern || !run.folder)
        return PyErr_NoMemory();
    signal = PyImport_ImportModule("_signal");
    handler = PyObject_GetAttrString(module, "answer_signal");
    if (signal && handler)
        done = PyObject_CallMethod(signal, "signal", "iO", number, handler);
    Py_XDECREF(signal);
    Py_XDECREF(handler);
    Py_XDECREF(done);
    if (!done)
        return NULL;
    Py_RETURN_NONE;
}
