/* stack_walk.c - the running thread's Python stack as a site, by the interpreter's own structures. */
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

#include "cpython/code.h"
#include "cpython/layout_runtime.h"
#include "cpython/str.h"
#include "pyext/tracing_private.h"

#define FRAMES_MAX 256 /* the innermost; a stack deeper than this is cut */

/* --- threads ----------------------------------------------------------------------------------- */

static PyInterpreterState *main_interpreter;

/* The state of the thread that runs, if it holds the lock of the main interpreter. */
static PyThreadState *running(bool certain)
{
#if PY_VERSION_HEX < 0x030c0000
    /* One lock for all; who does not hold it sees the state of the thread that does. */
    PyThreadState *thread = _PyThreadState_UncheckedGet();
    return certain || thread == PyGILState_GetThisThreadState() ? thread : NULL;
#else
    (void)certain;
    PyThreadState *thread = _PyThreadState_GetCurrent();
    if (thread && thread->interp != main_interpreter &&
        thread->interp->ceval.gil != main_interpreter->ceval.gil)
        return NULL;
    return thread;
#endif
}

bool uf_stack_main_lock_held(bool certain)
{
    return running(certain) != NULL;
}

/* --- frames ------------------------------------------------------------------------------------ */

#if PY_VERSION_HEX < 0x030b0000

typedef PyFrameObject frame;
enum { POSITION_BITS = 20 }; /* for the number of the instruction */

static frame *innermost(PyThreadState *thread)
{
    return thread->frame;
}

static frame *caller(frame *f)
{
    return f->f_back;
}

static PyCodeObject *code_of(frame *f)
{
    return f->f_code;
}

/* Code objects may share their bytes (code.replace()): the object and the number of the instruction. */
static uint64_t position_of(frame *f)
{
    return (uint64_t)(uintptr_t)f->f_code >> 4 << POSITION_BITS |
           ((uint32_t)f->f_lasti & ((1U << POSITION_BITS) - 1));
}

static int64_t offset_of(frame *f, PyCodeObject *code)
{
    (void)code;
    return (int64_t)f->f_lasti * 2;
}

static void positions_of(PyCodeObject *code, uint64_t *from, uint64_t *to)
{
    *from = (uint64_t)(uintptr_t)code >> 4 << POSITION_BITS;
    *to = *from + ((uint64_t)1 << POSITION_BITS);
}

#define LINE_FORM UF_LINES_PAIRS
#define QUALIFIED_NAME(code) (code)->co_name

#else

typedef struct _PyInterpreterFrame frame;

static frame *innermost(PyThreadState *thread)
{
#if PY_VERSION_HEX < 0x030d0000
    return thread->cframe ? thread->cframe->current_frame : NULL;
#else
    return thread->current_frame;
#endif
}

static frame *caller(frame *f)
{
    return f->previous;
}

/* NULL: a frame that stands for no Python code (yet), Include/internal/pycore_frame.h:
 * _PyFrame_IsIncomplete(). What it allocates belongs to its caller. */
static PyCodeObject *code_of(frame *f)
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

static uint64_t position_of(frame *f)
{
#if PY_VERSION_HEX < 0x030d0000
    return (uint64_t)(uintptr_t)f->prev_instr;
#else
    return (uint64_t)(uintptr_t)f->instr_ptr;
#endif
}

static int64_t offset_of(frame *f, PyCodeObject *code)
{
    return (int64_t)(position_of(f) - (uint64_t)(uintptr_t)_PyCode_CODE(code));
}

static void positions_of(PyCodeObject *code, uint64_t *from, uint64_t *to)
{
    *from = (uint64_t)(uintptr_t)code;
    *to = (uint64_t)(uintptr_t)_PyCode_CODE(code) + (uint64_t)_PyCode_NBYTES(code);
}

#define LINE_FORM UF_LINES_LOCATIONS
#define QUALIFIED_NAME(code) (code)->co_qualname

#endif

/* --- entering a frame -------------------------------------------------------------------------- */

/* UTF-8 of a str, cut to fit. PyUnicode_AsUTF8() would allocate for text that is not ASCII. */
static void copy_text(char *ret, size_t size, PyObject *text)
{
    size_t len = 0;
    if (text && PyUnicode_Check(text))
        for (Py_ssize_t i = 0; i < PyUnicode_GET_LENGTH(text) && len + 5 < size; i++)
            len += uf_utf8_put(ret + len, PyUnicode_READ_CHAR(text, i));
    ret[len] = 0;
}

/* The site of a frame that no step was remembered for. */
static uint32_t enter(struct uf_tracing *tracing, uint32_t parent, frame *f)
{
    char file[1024], name[256];
    PyCodeObject *code = code_of(f);
    uint32_t site = parent;
    if (code) {
        copy_text(file, sizeof file, code->co_filename);
        copy_text(name, sizeof name, QUALIFIED_NAME(code));
        uint32_t function =
            uf_sites_function(&tracing->sites, file, name, (uint32_t)code->co_firstlineno);
        if (function == UF_SITE_FAILED)
            return UF_SITE_FAILED;
        int64_t offset = offset_of(f, code);
        int line = offset < 0
                       ? 0
                       : uf_code_line_in_table(
                             LINE_FORM, (const uint8_t *)PyBytes_AS_STRING(code->co_linetable),
                             (size_t)PyBytes_GET_SIZE(code->co_linetable), code->co_firstlineno,
                             (uint64_t)offset);
        site = uf_sites_enter(&tracing->sites, parent, function,
                              (uint32_t)(line ? line : code->co_firstlineno));
        if (site == UF_SITE_FAILED)
            return UF_SITE_FAILED;
        uf_blocks_mark(&tracing->blocks, (uint64_t)(uintptr_t)code);
    }
    uf_sites_remember(&tracing->sites, parent, position_of(f), site);
    return site;
}

uint32_t uf_stack_site(struct uf_tracing *tracing, bool certain)
{
    frame *frames[FRAMES_MAX];
    size_t depth = 0;
    PyThreadState *thread = running(certain);
    if (!thread)
        return UF_SITE_NONE;
    for (frame *f = innermost(thread); f && depth < FRAMES_MAX; f = caller(f))
        frames[depth++] = f;
    uint32_t site = UF_SITE_NONE;
    while (depth > 0) {
        frame *f = frames[--depth];
        uint32_t next = uf_sites_step(&tracing->sites, site, position_of(f));
        if (next == UF_SITE_FAILED)
            next = enter(tracing, site, f);
        if (next == UF_SITE_FAILED)
            return UF_SITE_NONE;
        site = next;
    }
    return site;
}

void uf_stack_code_died(struct uf_tracing *tracing, uint64_t block)
{
    uint64_t from, to;
    positions_of((PyCodeObject *)(uintptr_t)block, &from, &to); // NOLINT
    uf_sites_forget(&tracing->sites, from, to);
}

void uf_stack_reset(void)
{
    main_interpreter = PyInterpreterState_Main();
}
