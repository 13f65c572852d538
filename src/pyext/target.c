#include "pyext/target.h"

#include "base/mem.h"
#include "pyext/import_file.h"
#include "pyext/signature.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(struct uf_check_target_failure *failure, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int fail(struct uf_check_target_failure *failure, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(failure->line, sizeof failure->line, format, args);
    va_end(args);
    failure->exit_code = UF_EXIT_USAGE;
    PyErr_Clear();
    return -1;
}

/* An exception out of the target's own code. What cannot be imported is wrong usage, told in one
 * line; anything else is the target's failure and keeps its exception set. */
static int fail_import(struct uf_check_target_failure *failure, const char *spec)
{
    if (!PyErr_ExceptionMatches(PyExc_ImportError) && !PyErr_ExceptionMatches(PyExc_SyntaxError)) {
        failure->exit_code = UF_EXIT_TARGET_FAILED;
        failure->line[0] = '\0';
        return -1;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *text = PyObject_Str(value);
    const char *utf8 = text ? PyUnicode_AsUTF8(text) : NULL;
    const char *name = strrchr(((PyTypeObject *)type)->tp_name, '.');
    name = name ? name + 1 : ((PyTypeObject *)type)->tp_name;
    fail(failure, "%s: cannot be imported: %s: %s (run it with Python first)", spec, name,
         utf8 ? utf8 : "?");
    Py_XDECREF(text);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return -1;
}

static int set_argv(const char *program, const struct uf_channel *channel,
                    const struct uf_check_request *request)
{
    PyObject *argv = PyList_New(0);
    if (!argv)
        return -1;
    const char *text = request->arg_count ? uf_channel_text(channel, request->args) : NULL;
    for (uint32_t i = 0; i <= request->arg_count; i++) {
        PyObject *item = PyUnicode_DecodeFSDefault(i == 0 ? program : text);
        if (!item || PyList_Append(argv, item) < 0) {
            Py_XDECREF(item);
            Py_DECREF(argv);
            return -1;
        }
        Py_DECREF(item);
        if (i > 0)
            text += strlen(text) + 1;
    }
    int status = PySys_SetObject("argv", argv);
    Py_DECREF(argv);
    return status;
}

static int put_first_on_path(const char *folder)
{
    PyObject *path = PySys_GetObject("path");
    PyObject *item = PyUnicode_DecodeFSDefault(folder);
    int status = item && path && PyList_Check(path) ? PyList_Insert(path, 0, item) : -1;
    Py_XDECREF(item);
    return status;
}

/* Names in `owner` that may have been meant: those that share the first two letters, at most four. */
static void suggest(PyObject *owner, const char *name, char *ret, size_t size)
{
    ret[0] = '\0';
    PyObject *names = PyObject_Dir(owner);
    if (!names) {
        PyErr_Clear();
        return;
    }
    int found = 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(names) && found < 4; i++) {
        const char *other = PyUnicode_AsUTF8(PyList_GET_ITEM(names, i));
        if (!other || strncasecmp(other, name, 2) != 0 || other[0] == '_')
            continue;
        size_t used = strlen(ret);
        (void)snprintf(ret + used, size - used, "%s%s", found++ ? ", " : "there is ", other);
    }
    PyErr_Clear();
    Py_DECREF(names);
}

static int resolve(struct uf_check_target *target, PyObject *module, const char *spec,
                   const char *dotted, struct uf_check_target_failure *failure)
{
    PyObject *owner = Py_NewRef(module);
    char name[256];
    for (const char *rest = dotted; *rest;) {
        size_t len = strcspn(rest, ".");
        if (len == 0 || len >= sizeof name) {
            Py_DECREF(owner);
            return fail(failure, "%s: \"%s\" is no name of a function (write file.py:function)",
                        spec, dotted);
        }
        memcpy(name, rest, len);
        name[len] = '\0';
        PyObject *next = PyObject_GetAttrString(owner, name);
        if (!next) {
            if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
                Py_DECREF(owner);
                failure->exit_code = UF_EXIT_TARGET_FAILED;
                return -1;
            }
            PyErr_Clear();
            char others[200];
            suggest(owner, name, others, sizeof others);
            Py_DECREF(owner);
            return fail(failure, "%s: no function \"%s\" (%s)", spec, name,
                        others[0] ? others : "check the name after the colon");
        }
        Py_DECREF(owner);
        owner = next;
        rest += len + (rest[len] == '.');
    }
    if (!PyCallable_Check(owner)) {
        const char *type = Py_TYPE(owner)->tp_name;
        fail(failure, "%s: \"%s\" is not callable, it is of type %s (name a function)", spec,
             dotted, type);
        Py_DECREF(owner);
        return -1;
    }
    target->callable = owner;
    PyObject *qualified = PyObject_GetAttrString(owner, "__qualname__");
    const char *text = qualified && PyUnicode_Check(qualified) ? PyUnicode_AsUTF8(qualified) : NULL;
    (void)snprintf(target->function, sizeof target->function, "%s", text ? text : dotted);
    Py_XDECREF(qualified);
    PyErr_Clear();
    return 0;
}

static int run_setup(const struct uf_channel *channel, const struct uf_check_request *request,
                     PyObject *module)
{
    if (!request->setup)
        return 0;
    PyObject *globals = module && PyModule_Check(module) ? PyModule_GetDict(module) : NULL;
    if (!globals) {
        PyObject *main = PyImport_AddModule("__main__");
        globals = main ? PyModule_GetDict(main) : NULL;
    }
    if (!globals)
        return -1;
    PyObject *code =
        Py_CompileString(uf_channel_text(channel, request->setup), "<--setup>", Py_file_input);
    PyObject *result = code ? PyEval_EvalCode(code, globals, globals) : NULL;
    Py_XDECREF(code);
    Py_XDECREF(result);
    return result ? 0 : -1;
}

/* What uf_check_target_load() was asked, taken apart. */
struct order {
    const struct uf_channel *channel;
    const struct uf_check_request *request;
    const char *spec; /* as given */
    const char *head; /* before the colon: the file or module */
    const char *name; /* behind it: the function; NULL: no colon */
    struct uf_check_target_failure *failure;
};

static int refuse_interpreter(const struct order *order)
{
    fail(order->failure, "%s: the interpreter refused sys.argv or sys.path", order->spec);
    order->failure->exit_code = UF_EXIT_FAULT;
    return -1;
}

static int load_function(struct uf_check_target *target, const struct order *order,
                         PyObject *module)
{
    if (run_setup(order->channel, order->request, module) < 0) {
        order->failure->exit_code = UF_EXIT_TARGET_FAILED;
        return -1;
    }
    if (resolve(target, module, order->spec, order->name, order->failure) < 0)
        return -1;
    PyObject *argv = PySys_GetObject("argv");
    PyObject *given = argv && PyList_Check(argv) ? PyList_GetSlice(argv, 1, PyList_GET_SIZE(argv))
                                                 : NULL;
    target->args = given ? PyList_AsTuple(given) : NULL;
    Py_XDECREF(given);
    if (!target->args)
        return refuse_interpreter(order);
    char why[400];
    if (uf_signature_check(target->callable, &target->args, target->function, why, sizeof why) < 0)
        return fail(order->failure, "%s: %s", order->spec, why);
    return 0;
}

static int load_whole_file(struct uf_check_target *target, const char *path,
                           const struct order *order)
{
    target->form = UF_TARGET_FILE;
    target->path = PyUnicode_DecodeFSDefault(path);
    target->loader = target->path ? uf_source_loader("__main__", target->path) : NULL;
    PyObject *data =
        target->loader ? PyObject_CallMethod(target->loader, "get_data", "O", target->path) : NULL;
    if (data)
        target->code =
            PyObject_CallMethod(target->loader, "source_to_code", "OO", data, target->path);
    Py_XDECREF(data);
    if (!target->code)
        return fail_import(order->failure, order->spec);
    target->main = Py_XNewRef(PyDict_GetItemString(PyImport_GetModuleDict(), "__main__"));
    const char *slash = strrchr(path, '/');
    (void)snprintf(target->function, sizeof target->function, "%.255s", slash ? slash + 1 : path);
    if (run_setup(order->channel, order->request, NULL) < 0) {
        order->failure->exit_code = UF_EXIT_TARGET_FAILED;
        return -1;
    }
    return 0;
}

/* The absolute path of the file part of a spec, checked. 0, or -1 with `failure` filled. */
static int find_file(const char *given, const char *spec, char path[PATH_MAX],
                     struct uf_check_target_failure *failure)
{
    struct stat status;
    if (stat(given, &status) != 0)
        return fail(failure, "%s: %s: %s (name a Python file that exists)", spec, given,
                    strerror(errno));
    if (!S_ISREG(status.st_mode))
        return fail(failure,
                    "%s: %s is not a file (name a Python file, or package.module:function)", spec,
                    given);
    if (!realpath(given, path))
        return fail(failure, "%s: %s: %s", spec, given, strerror(errno));
    return 0;
}

static int load_from_module(struct uf_check_target *target, const struct order *order)
{
    char folder[PATH_MAX];
    if (!order->name || !order->name[0])
        return fail(order->failure,
                    "%s: no such file, and no function named (write file.py, file.py:function or "
                    "package.module:function)",
                    order->spec);
    if (set_argv(order->head, order->channel, order->request) < 0 ||
        !getcwd(folder, sizeof folder) || put_first_on_path(folder) < 0)
        return refuse_interpreter(order);
    PyObject *module = PyImport_ImportModule(order->head);
    if (!module)
        return fail_import(order->failure, order->spec);
    int status = load_function(target, order, module);
    Py_DECREF(module);
    return status;
}

static int load_from_file(struct uf_check_target *target, const struct order *order)
{
    char path[PATH_MAX], folder[PATH_MAX], stem[NAME_MAX + 1];
    if (find_file(order->head, order->spec, path, order->failure) < 0)
        return -1;
    const char *slash = strrchr(path, '/');
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    if (set_argv(order->head, order->channel, order->request) < 0 ||
        put_first_on_path(folder[0] ? folder : "/") < 0)
        return refuse_interpreter(order);
    if (!order->name)
        return load_whole_file(target, path, order);
    if (!order->name[0])
        return fail(order->failure,
                    "%s: no function named after the colon (write file.py:function)", order->spec);
    (void)snprintf(stem, sizeof stem, "%.*s", (int)strcspn(slash + 1, "."), slash + 1);
    if (PyDict_GetItemString(PyImport_GetModuleDict(), stem))
        return fail(order->failure,
                    "%s: the interpreter has a module \"%s\" of its own (rename the file)",
                    order->spec, stem);
    PyObject *py_path = PyUnicode_DecodeFSDefault(path);
    PyObject *module = py_path ? uf_import_file(stem, py_path) : NULL;
    Py_XDECREF(py_path);
    if (!module)
        return fail_import(order->failure, order->spec);
    int status = load_function(target, order, module);
    Py_DECREF(module);
    return status;
}

int uf_check_target_load(struct uf_check_target *target, const struct uf_channel *channel,
                         const struct uf_check_request *request,
                         struct uf_check_target_failure *failure)
{
    *target = (struct uf_check_target){0};
    *failure = (struct uf_check_target_failure){0};
    const char *spec = uf_channel_text(channel, request->spec);
    const char *colon = strrchr(spec, ':');
    size_t left = colon ? (size_t)(colon - spec) : strlen(spec);
    bool is_file = (left > 3 && strncmp(spec + left - 3, ".py", 3) == 0) ||
                   memchr(spec, '/', left) != NULL || (!colon && access(spec, F_OK) == 0);
    char *head = uf_mem_printf("%.*s", (int)left, spec);
    if (!head)
        return fail(failure, "%s: out of memory", spec);
    struct order order = {channel, request, spec, head, colon ? colon + 1 : NULL, failure};
    int status = is_file ? load_from_file(target, &order) : load_from_module(target, &order);
    uf_mem_free(head);
    if (status < 0)
        uf_check_target_release(target);
    return status;
}

void uf_check_target_release(struct uf_check_target *target)
{
    Py_CLEAR(target->callable);
    Py_CLEAR(target->args);
    Py_CLEAR(target->code);
    Py_CLEAR(target->path);
    Py_CLEAR(target->loader);
    Py_CLEAR(target->loop);
    Py_CLEAR(target->main);
}
