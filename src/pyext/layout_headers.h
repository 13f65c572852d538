/* layout_headers.h - the interpreter's headers, as the rows (layout_*.c) need them, of 3.8 and later.
 *
 * The extension itself is for 3.10 and later: for 3.8 and 3.9 the rows are only generated
 * (tools/make_layouts.py), without the interpreter. What a row is made of therefore calls nothing.
 */
#ifndef UF_PYEXT_LAYOUT_HEADERS_H
#define UF_PYEXT_LAYOUT_HEADERS_H

#define Py_BUILD_CORE 1
#include <Python.h>
#include <frameobject.h>
#include <pycore_code.h>
#include <pycore_object.h>
#include <pycore_pystate.h>
#include <structmember.h>
#if PY_VERSION_HEX >= 0x03090000
#include <pycore_gc.h>
#include <pycore_interp.h>
#include <pycore_runtime.h>
#else
#include <pycore_pymem.h>
#endif
#if PY_VERSION_HEX >= 0x030a0000
#include <pycore_moduleobject.h>
#endif
#if PY_VERSION_HEX >= 0x030b0000
#include <pycore_dict.h>
#include <pycore_frame.h>
#endif
#if PY_VERSION_HEX >= 0x030d0000
#include <pycore_tstate.h>
#endif
#if PY_VERSION_HEX >= 0x030e0000
#include <pycore_genobject.h>
#include <pycore_interpframe.h>
#include <pycore_stackref.h>
#endif

#include <stddef.h>

#if PY_VERSION_HEX < 0x030a0000
/* Objects/moduleobject.c of 3.8 and 3.9 */
typedef struct {
    PyObject head;
    PyObject *md_dict;
    struct PyModuleDef *md_def;
    void *md_state;
    PyObject *md_weaklist;
    PyObject *md_name;
} PyModuleObject;
#endif

#if PY_VERSION_HEX < 0x030b0000
/* Objects/dict-common.h of 3.8 to 3.10, which is not installed */
struct uf_dict_keys {
    Py_ssize_t dk_refcnt, dk_size;
    void *dk_lookup;
    Py_ssize_t dk_usable, dk_nentries;
    char dk_indices[];
};
#endif

#endif
