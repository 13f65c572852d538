/* target.h - TARGET as given on the command line, found and loaded.
 *
 * Three forms (CONTRACT "TARGET"): path/to/file.py:function, package.module:function
 * (Class.method works), path/to/file.py alone. Loading runs the target's own import code.
 */
#ifndef UF_PYEXT_TARGET_H
#define UF_PYEXT_TARGET_H

#include "pyext/python.h"
#include "unfreed.h"

enum uf_check_target_form { UF_TARGET_FUNCTION, UF_TARGET_FILE };

struct uf_check_target {
    enum uf_check_target_form form;
    PyObject *callable; /* form FUNCTION */
    PyObject *args;     /* tuple of str: what the callable is given */
    PyObject *code;     /* form FILE: the compiled file */
    PyObject *path;     /* form FILE: its absolute path */
    PyObject *loader;   /* form FILE: what __main__.__loader__ is */
    PyObject *loop;     /* the one event loop, made when the first coroutine comes back */
    PyObject *main;     /* form FILE: the __main__ that stands between calls */
    char function[256]; /* qualified name for people: "checkout", "shop.py" */
};

/* Why loading failed. `line` is one error line without the "unfreed: " in front; empty when the
 * target's own exception is set instead (shown by the caller as Python shows it). */
struct uf_check_target_failure {
    int exit_code;
    char line[600];
};

/* Sets sys.argv and sys.path, runs --setup, imports, resolves and checks the arguments against the
 * signature. 0, or -1 with `failure` filled. */
int uf_check_target_load(struct uf_check_target *target, const struct uf_channel *channel,
                         const struct uf_check_request *request,
                         struct uf_check_target_failure *failure);
void uf_check_target_release(struct uf_check_target *target);

#endif
