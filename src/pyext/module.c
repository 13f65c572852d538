/* module.c - the extension unfreed._engine: main(), which the program starts in a fresh interpreter. */
#include "pyext/finish.h"
#include "pyext/native_preload.h"
#include "pyext/opened.h"
#include "pyext/python.h"
#include "pyext/run.h"
#include "pyext/self.h"
#include "pyext/session.h"
#include "pyext/snapshot.h"
#include "report/report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct uf_channel *open_channel(void)
{
    const char *number = getenv("UNFREED_CHANNEL");
    if (!number)
        return NULL;
    struct uf_channel *channel = uf_channel_open(atoi(number));
    unsetenv("UNFREED_CHANNEL");
    PyObject *os = PyImport_ImportModule("os");
    PyObject *environ = os ? PyObject_GetAttrString(os, "environ") : NULL;
    PyObject *gone = environ ? PyObject_CallMethod(environ, "pop", "sO", "UNFREED_CHANNEL", Py_None)
                             : NULL;
    Py_XDECREF(gone);
    Py_XDECREF(environ);
    Py_XDECREF(os);
    PyErr_Clear();
    return channel;
}

static void fail_line(struct uf_channel *channel, int exit_code, const char *what)
{
    char line[700];
    (void)snprintf(line, sizeof line, "unfreed: %s", what);
    uf_channel_fail(channel, exit_code, line);
}

static void describe_target(struct uf_session *session)
{
    struct uf_check_result *result = &session->result;
    result->spec = uf_mem_strdup(uf_channel_text(session->channel, session->request->spec));
    result->function = uf_mem_strdup(session->target.function);
    const char *version = Py_GetVersion();
    size_t len = strcspn(version, " ");
    result->python = uf_mem_printf("%.*s", (int)len, version);
    result->implementation = uf_mem_strdup("cpython");
    result->platform = uf_mem_printf("%s-%s", Py_GetPlatform(), "x86_64");
    result->unfreed_version = uf_mem_strdup(UNFREED_VERSION);
}

static int exit_code_of(const struct uf_session *session)
{
    const struct uf_check_result *result = &session->result;
    if (session->stop == UF_STOP_INTERRUPTED)
        return UF_EXIT_INTERRUPTED;
    if (session->request->profile && !session->profile_written && result->verdict != UF_UNDECIDED)
        return UF_EXIT_INPUT; /* a warning says why */
    switch (result->verdict) {
    case UF_LEAK:
        return UF_EXIT_FINDING;
    case UF_DELAYED:
        return session->request->fail_on == UF_FAIL_ON_DELAYED ? UF_EXIT_FINDING : UF_EXIT_DONE;
    case UF_UNDECIDED:
        return UF_EXIT_UNDECIDED;
    default:
        return UF_EXIT_DONE;
    }
}

static void hand_over_report(struct uf_session *session)
{
    struct uf_text text = {0};
    if (session->request->json)
        uf_report_json(&text, &session->result);
    else
        uf_report_text(&text, &session->result,
                       &(struct uf_report_style){.width = session->request->width,
                                                 .color = session->request->color,
                                                 .quiet = session->request->quiet});
    if (text.failed ||
        !uf_channel_finish(session->channel, exit_code_of(session), text.at, text.len))
        fail_line(session->channel, UF_EXIT_FAULT, "the report does not fit into memory");
    uf_text_release(&text);
}

static void hand_over_failure(struct uf_session *session)
{
    char line[400];
    switch (session->stop) {
    case UF_STOP_FAILED:
        uf_channel_fail(session->channel, UF_EXIT_TARGET_FAILED, "");
        break;
    case UF_STOP_USAGE: {
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        PyErr_NormalizeException(&type, &value, &traceback);
        PyObject *text = value ? PyObject_Str(value) : NULL;
        const char *utf8 = text ? PyUnicode_AsUTF8(text) : NULL;
        (void)snprintf(line, sizeof line, "%s: cannot be called: %s (give arguments after --)",
                       uf_channel_text(session->channel, session->request->spec),
                       utf8 ? utf8 : "wrong arguments");
        fail_line(session->channel, UF_EXIT_USAGE, line);
        Py_XDECREF(text);
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
        break;
    }
    default:
        (void)snprintf(line, sizeof line, "%s (please report it with the command you ran)",
                       session->error.message[0] ? session->error.message : "internal fault");
        fail_line(session->channel, UF_EXIT_FAULT, line);
    }
}

static int load(struct uf_session *session)
{
    struct uf_check_target_failure failure;
    uf_channel_set_state(session->channel, UF_STATE_LOADING);
    if (uf_check_target_load(&session->target, session->channel, session->request, &failure) == 0)
        return 0;
    if (PyErr_Occurred() && !failure.line[0]) {
        if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt))
            failure.exit_code = UF_EXIT_INTERRUPTED;
        else
            uf_show_exception();
        PyErr_Clear();
        uf_channel_fail(session->channel, failure.exit_code, "");
    } else {
        fail_line(session->channel, failure.exit_code, failure.line);
    }
    return -1;
}

static void run_session(struct uf_session *session)
{
    if (uf_self_config(&session->heap, &session->error) || uf_own_find(session)) {
        session->stop = UF_STOP_FAULT;
        hand_over_failure(session);
        return;
    }
    if (uf_collector_init(&session->collector, &session->heap) < 0) {
        PyErr_Clear();
        uf_error_set(&session->error, UF_EINTERNAL, "module gc is not to be had");
        session->stop = UF_STOP_FAULT;
        hand_over_failure(session);
        return;
    }
    uf_native_prepare();
    if (load(session) < 0)
        return;
    describe_target(session);
    if (session->request->has_threshold)
        uf_collector_set_thresholds(&session->collector, session->request->threshold);
    uf_collector_debug(&session->collector, session->request->debug_collector);
    uf_collector_hold(&session->collector);
    int status = uf_runner_run(session);
    if (session->stop == UF_STOP_FORKED)
        _exit(0); /* the copy that the target forked has nothing to report */
    uf_collector_release(&session->collector);
    if (status == 0)
        hand_over_report(session);
    else
        hand_over_failure(session);
}

static PyObject *engine_main(PyObject *module, PyObject *nothing)
{
    (void)module;
    (void)nothing;
    struct uf_channel *channel = open_channel();
    if (!channel) {
        PyErr_SetString(PyExc_RuntimeError,
                        "unfreed._engine.main() is started by the program unfreed");
        return NULL;
    }
    struct uf_session *session = uf_mem_zalloc(sizeof *session);
    if (!session) {
        fail_line(channel, UF_EXIT_FAULT, "out of memory");
        _exit(UF_EXIT_FAULT);
    }
    session->channel = channel;
    session->request = uf_channel_request(channel);
    uf_check_result_init(&session->result);
    run_session(session);
    uf_finish_process(uf_channel_exit_code(channel));
}

static PyMethodDef methods[] = {
    {"main", engine_main, METH_NOARGS,
     "Runs the check that the program unfreed asked for; does not return."},
    {"open", uf_open_snapshot, METH_O, "Opens a snapshot file."},
    {"snapshot", (PyCFunction)(void (*)(void))uf_snapshot_from_python, METH_VARARGS | METH_KEYWORDS,
     "snapshot(path, *, redact=False)\n--\n\n"
     "Writes the heap of this process into a file, from a copy of the process.\n\n"
     "Returns when the file is whole; other threads go on meanwhile. A heap holds secrets: the\n"
     "file is for its owner only (mode 0600), and redact=True leaves all contents out."},
    {"run", uf_run_start, METH_VARARGS,
     "run(signal, pattern, redact)\n--\n\nAnswers a signal with snapshots; for the program "
     "unfreed."},
    {"answer_signal", uf_run_answer, METH_VARARGS,
     "answer_signal(signal, frame)\n--\n\nThe handler that run() sets."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "unfreed._engine",
    .m_doc = "The engine of unfreed.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__engine(void);

PyMODINIT_FUNC PyInit__engine(void)
{
    return PyModuleDef_Init(&definition);
}
