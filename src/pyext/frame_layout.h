/* frame_layout.h - a thread's frames as this version of the interpreter keeps them.
 *
 * For the hooks, which ask for a stack at every allocation: inline, and no more
 * than the loads that are needed. The general decoder is cpython/frames.h.
 *
 * A position is one word that tells code object and instruction of a frame, as
 * long as the code object lives; never 0.
 */
#ifndef UF_PYEXT_FRAME_LAYOUT_H
#define UF_PYEXT_FRAME_LAYOUT_H

#define Py_BUILD_CORE 1
#include <Python.h>
#include <frameobject.h>
#include <pycore_code.h>
#include <pycore_interp.h>
#include <pycore_pystate.h>
#include <pycore_runtime.h>
#if PY_VERSION_HEX >= 0x030b0000
#include <pycore_frame.h>
#endif
#if PY_VERSION_HEX >= 0x030e0000
#include <pycore_interpframe.h>
#include <pycore_stackref.h>
#endif

#include "cpython/layout_runtime.h"

#include <stdint.h>

#if PY_VERSION_HEX < 0x030b0000

typedef PyFrameObject uf_own_frame;
#define UF_POSITION_BITS 20 /* for the number of the instruction */
#define UF_LINE_FORM UF_LINES_PAIRS

static inline uf_own_frame *uf_frame_innermost(PyThreadState *thread)
{
    return thread->frame;
}

static inline uf_own_frame *uf_frame_caller(const uf_own_frame *f)
{
    return f->f_back;
}

/* Code objects may share their bytes (code.replace()): the object, and the number of the instruction. */
static inline uint64_t uf_frame_position(const uf_own_frame *f)
{
    return (uint64_t)(uintptr_t)f->f_code >> 4 << UF_POSITION_BITS |
           ((uint32_t)f->f_lasti & ((1U << UF_POSITION_BITS) - 1));
}

static inline PyCodeObject *uf_frame_code(uf_own_frame *f)
{
    return f->f_code;
}

static inline int64_t uf_frame_offset_bytes(const uf_own_frame *f, PyCodeObject *code)
{
    (void)code;
    return (int64_t)f->f_lasti * 2;
}

/* All positions in a code object are in [*from, *to). */
static inline void uf_code_positions(PyCodeObject *code, uint64_t *from, uint64_t *to)
{
    *from = (uint64_t)(uintptr_t)code >> 4 << UF_POSITION_BITS;
    *to = *from + ((uint64_t)1 << UF_POSITION_BITS);
}

static inline PyObject *uf_code_name(PyCodeObject *code)
{
    return code->co_name;
}

#else

typedef struct _PyInterpreterFrame uf_own_frame;
#define UF_LINE_FORM UF_LINES_LOCATIONS

static inline uf_own_frame *uf_frame_innermost(PyThreadState *thread)
{
#if PY_VERSION_HEX < 0x030d0000
    return thread->cframe ? thread->cframe->current_frame : NULL;
#else
    return thread->current_frame;
#endif
}

static inline uf_own_frame *uf_frame_caller(const uf_own_frame *f)
{
    return f->previous;
}

static inline uint64_t uf_frame_position(const uf_own_frame *f)
{
#if PY_VERSION_HEX < 0x030d0000
    return (uint64_t)(uintptr_t)f->prev_instr;
#else
    return (uint64_t)(uintptr_t)f->instr_ptr;
#endif
}

/* NULL: a frame that stands for no Python code, or not yet (_PyFrame_IsIncomplete(),
 * Include/internal/pycore_frame.h): what is allocated in it belongs to its caller. */
static inline PyCodeObject *uf_frame_code(uf_own_frame *f)
{
#if PY_VERSION_HEX >= 0x030c0000
    if (f->owner > FRAME_OWNED_BY_FRAME_OBJECT)
        return NULL;
#endif
    if (_PyFrame_IsIncomplete(f))
        return NULL;
#if PY_VERSION_HEX < 0x030d0000
    return f->f_code;
#else
    return _PyFrame_GetCode(f);
#endif
}

static inline int64_t uf_frame_offset_bytes(const uf_own_frame *f, PyCodeObject *code)
{
    return (int64_t)(uf_frame_position(f) - (uint64_t)(uintptr_t)_PyCode_CODE(code));
}

static inline void uf_code_positions(PyCodeObject *code, uint64_t *from, uint64_t *to)
{
    *from = (uint64_t)(uintptr_t)code;
    *to = (uint64_t)(uintptr_t)_PyCode_CODE(code) + (uint64_t)_PyCode_NBYTES(code);
}

static inline PyObject *uf_code_name(PyCodeObject *code)
{
    return code->co_qualname;
}

#endif

#endif
