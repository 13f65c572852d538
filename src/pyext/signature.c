#include "pyext/signature.h"

#include "base/text.h"

struct parameters {
    PyObject *names; /* tuple of str: co_varnames */
    int first;       /* 1 for a bound method: self is given */
    int positional, keyword_only;
    int required_positional, required_keyword;
    int variadic;
    PyObject *defaults;         /* tuple or NULL, borrowed */
    PyObject *keyword_defaults; /* dict or NULL, borrowed */
};

static int read_parameters(PyObject *callable, struct parameters *ret)
{
    *ret = (struct parameters){0};
    if (PyMethod_Check(callable)) {
        ret->first = 1;
        callable = PyMethod_GET_FUNCTION(callable);
    }
    if (!PyFunction_Check(callable))
        return -1;
    PyCodeObject *code = (PyCodeObject *)PyFunction_GET_CODE(callable);
    ret->names = PyObject_GetAttrString((PyObject *)code, "co_varnames");
    if (!ret->names)
        return -1;
    ret->positional = code->co_argcount;
    ret->keyword_only = code->co_kwonlyargcount;
    ret->variadic = (code->co_flags & CO_VARARGS) != 0;
    ret->defaults = PyFunction_GET_DEFAULTS(callable);
    ret->keyword_defaults = PyFunction_GET_KW_DEFAULTS(callable);
    int defaults = ret->defaults ? (int)PyTuple_GET_SIZE(ret->defaults) : 0;
    ret->required_positional = ret->positional - defaults;
    if (ret->required_positional < ret->first)
        ret->required_positional = ret->first;
    for (int i = 0; i < ret->keyword_only; i++) {
        PyObject *name = PyTuple_GET_ITEM(ret->names, ret->positional + i);
        if (!ret->keyword_defaults || !PyDict_GetItem(ret->keyword_defaults, name))
            ret->required_keyword++;
    }
    return 0;
}

static void write_signature(struct uf_text *text, const struct parameters *p, const char *name)
{
    uf_text_printf(text, "%s(", name);
    for (int i = p->first; i < p->positional + p->keyword_only; i++) {
        if (i > p->first)
            uf_text_add_z(text, ", ");
        if (i == p->positional)
            uf_text_add_z(text, p->variadic ? "*args, " : "*, ");
        PyObject *parameter = PyTuple_GET_ITEM(p->names, i);
        const char *utf8 = PyUnicode_AsUTF8(parameter);
        uf_text_add_z(text, utf8 ? utf8 : "?");
        bool has_default =
            i < p->positional
                ? p->defaults && i >= p->positional - (int)PyTuple_GET_SIZE(p->defaults)
                : p->keyword_defaults && PyDict_GetItem(p->keyword_defaults, parameter);
        if (has_default)
            uf_text_add_z(text, "=...");
    }
    uf_text_add_z(text, ")");
}

int uf_signature_check(PyObject *callable, PyObject **args, const char *name, char *why,
                       size_t size)
{
    struct parameters p;
    if (read_parameters(callable, &p) < 0) {
        PyErr_Clear();
        return 0;
    }
    int given = (int)PyTuple_GET_SIZE(*args);
    int least = p.required_positional - p.first, most = p.positional - p.first;
    int status = 0;
    if (most <= 0 && !p.variadic && given > 0) {
        Py_SETREF(*args, PyTuple_New(0));
        given = 0;
    }
    struct uf_text signature = {0};
    if (given < least || (given > most && !p.variadic) || p.required_keyword > 0) {
        write_signature(&signature, &p, name);
        const char *text = signature.at ? signature.at : name;
        if (p.required_keyword > 0)
            (void)snprintf(why, size, "%s needs keyword arguments (name a function that calls it)",
                           text);
        else if (given < least)
            (void)snprintf(why, size, "%s needs %d argument%s, %d given (give them after --)", text,
                           least, least == 1 ? "" : "s", given);
        else
            (void)snprintf(why, size, "%s takes %d argument%s, %d given (give fewer after --)",
                           text, most, most == 1 ? "" : "s", given);
        status = -1;
    }
    uf_text_release(&signature);
    Py_DECREF(p.names);
    return status;
}
