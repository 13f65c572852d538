#include "pyext/import_file.h"

PyObject *uf_source_loader(const char *name, PyObject *path)
{
    PyObject *bootstrap = PyImport_ImportModule("_frozen_importlib_external");
    if (!bootstrap)
        return NULL;
    PyObject *loader = PyObject_CallMethod(bootstrap, "SourceFileLoader", "sO", name, path);
    Py_DECREF(bootstrap);
    return loader;
}

PyObject *uf_import_file(const char *stem, PyObject *path)
{
    PyObject *bootstrap = NULL, *external = NULL, *loader = NULL, *spec = NULL, *module = NULL,
             *code = NULL, *done = NULL;
    loader = uf_source_loader(stem, path);
    external = PyImport_ImportModule("_frozen_importlib_external");
    bootstrap = PyImport_ImportModule("_frozen_importlib");
    if (!loader || !external || !bootstrap)
        goto out;
    spec = PyObject_CallMethod(external, "spec_from_file_location", "sO", stem, path);
    if (!spec)
        goto out;
    module = PyObject_CallMethod(bootstrap, "module_from_spec", "O", spec);
    code = module ? PyObject_CallMethod(loader, "get_code", "s", stem) : NULL;
    if (!code || PyDict_SetItemString(PyImport_GetModuleDict(), stem, module) < 0)
        goto out;
    PyObject *globals = PyModule_GetDict(module);
    if (PyDict_SetItemString(globals, "__builtins__", PyEval_GetBuiltins()) < 0)
        goto out;
    PyObject *result = PyEval_EvalCode(code, globals, globals);
    if (!result) {
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        if (PyDict_DelItemString(PyImport_GetModuleDict(), stem) < 0)
            PyErr_Clear();
        PyErr_Restore(type, value, traceback);
        goto out;
    }
    Py_DECREF(result);
    /* as the import system does: a module may have put another object in its place */
    done = PyDict_GetItemString(PyImport_GetModuleDict(), stem);
    Py_XINCREF(done ? done : (done = module));
out:
    Py_XDECREF(bootstrap);
    Py_XDECREF(external);
    Py_XDECREF(loader);
    Py_XDECREF(spec);
    Py_XDECREF(module);
    Py_XDECREF(code);
    return done;
}
