#include "pyext/invoke.h"

#include <string.h>
#include <unistd.h>

/* Runs a coroutine to its end in the one event loop of all calls. Steals `coroutine`. */
static PyObject *run_coroutine(struct uf_check_target *target, PyObject *coroutine)
{
    PyObject *result = NULL;
    if (!target->loop) {
        PyObject *asyncio = PyImport_ImportModule("asyncio");
        if (asyncio) {
            target->loop = PyObject_CallMethod(asyncio, "new_event_loop", NULL);
            PyObject *set = target->loop
                                ? PyObject_CallMethod(asyncio, "set_event_loop", "O", target->loop)
                                : NULL;
            Py_XDECREF(set);
            Py_DECREF(asyncio);
        }
    }
    if (target->loop && !PyErr_Occurred())
        result = PyObject_CallMethod(target->loop, "run_until_complete", "O", coroutine);
    Py_DECREF(coroutine);
    return result;
}

static PyObject *call_function(struct uf_check_target *target)
{
    PyObject *result = PyObject_Call(target->callable, target->args, NULL);
    if (result && PyCoro_CheckExact(result))
        return run_coroutine(target, result);
    return result;
}

/* A fresh __main__ with the names that Python gives to a script (Lib/runpy.py, Modules/main.c). */
static PyObject *new_main(const struct uf_check_target *target)
{
    PyObject *module = PyModule_New("__main__");
    if (!module)
        return NULL;
    PyObject *dict = PyModule_GetDict(module);
    if (PyDict_SetItemString(dict, "__builtins__", PyEval_GetBuiltins()) < 0 ||
        PyDict_SetItemString(dict, "__file__", target->path) < 0 ||
        PyDict_SetItemString(dict, "__cached__", Py_None) < 0 ||
        PyDict_SetItemString(dict, "__loader__", target->loader) < 0 ||
        PyDict_SetItemString(PyImport_GetModuleDict(), "__main__", module) < 0)
        Py_CLEAR(module);
    return module;
}

static PyObject *call_file(struct uf_check_target *target, uint64_t *module_dict)
{
    PyObject *module = new_main(target);
    if (!module)
        return NULL;
    PyObject *dict = Py_NewRef(PyModule_GetDict(module));
    PyObject *result = PyEval_EvalCode(target->code, dict, dict);
    if (module_dict)
        *module_dict = (uint64_t)(uintptr_t)dict;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (target->main &&
        PyDict_SetItemString(PyImport_GetModuleDict(), "__main__", target->main) < 0)
        PyErr_Clear();
    Py_DECREF(module);
    Py_DECREF(dict);
    PyErr_Restore(type, value, traceback);
    return result;
}

/* SystemExit(None) and SystemExit(0) are a normal return. */
static bool is_normal_exit(void)
{
    if (!PyErr_ExceptionMatches(PyExc_SystemExit))
        return false;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *code = value ? PyObject_GetAttrString(value, "code") : NULL;
    bool normal = code && (code == Py_None || (PyLong_Check(code) && PyLong_AsLong(code) == 0));
    Py_XDECREF(code);
    if (normal || !value) {
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
        PyErr_Clear();
        return normal;
    }
    PyErr_Restore(type, value, traceback);
    return false;
}

static bool raised_before_any_frame(void)
{
    if (!PyErr_ExceptionMatches(PyExc_TypeError))
        return false;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    bool none = traceback == NULL;
    PyErr_Restore(type, value, traceback);
    return none;
}

enum uf_outcome uf_check_target_invoke(struct uf_check_target *target, uint64_t *module_dict)
{
    pid_t before = getpid();
    PyObject *result = target->form == UF_TARGET_FILE ? call_file(target, module_dict)
                                                      : call_function(target);
    if (getpid() != before) {
        if (!result)
            uf_show_exception();
        return UF_CALL_FORKED;
    }
    if (result) {
        Py_DECREF(result);
        if (!PyErr_Occurred())
            return UF_CALL_RETURNED;
    }
    if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) {
        PyErr_Clear();
        return UF_CALL_INTERRUPTED;
    }
    if (is_normal_exit())
        return UF_CALL_RETURNED;
    if (target->form == UF_TARGET_FUNCTION && raised_before_any_frame())
        return UF_CALL_BAD_ARGUMENTS;
    return UF_CALL_RAISED;
}

void uf_show_exception(void)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (!type)
        return;
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback && value)
        PyException_SetTraceback(value, traceback);
    /* not PyErr_Print: it would end the process on SystemExit */
    PyErr_Display(type, value, traceback);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    PyObject *errors = PySys_GetObject("stderr");
    if (errors && errors != Py_None)
        Py_XDECREF(PyObject_CallMethod(errors, "flush", NULL));
    PyErr_Clear();
}
