/* python.h - the CPython in a program, read from outside: its layout, its interpreters, its types.
 *
 *     struct uf_python python;
 *     uf_python_find(&python, memory, &err)
 *     uf_python_config(&python) -> uf_capture_heap()
 *
 * A layout row is a claim; it is used only where everything holds that can be
 * checked of it (validate.h) and where the interpreter itself says that it is
 * of that version (sys.hexversion). Of a live process this may be asked while
 * it runs, to learn what stands still; and again of its copy.
 *
 * The struct refers to itself once it is found: not to be copied or moved.
 */
#ifndef UF_TARGET_PYTHON_H
#define UF_TARGET_PYTHON_H

#include "cpython/heap.h"
#include "cpython/known.h"
#include "cpython/layouts.h"
#include "target/locate.h"

#define UF_INTERPRETERS_MAX ((size_t)1 << 16)

struct uf_python {
    const struct uf_outside_memory *memory;
    struct uf_location location;
    const struct uf_layout_row *row;
    struct uf_layout layout; /* the row's; offsets of the collector as calibration corrected them */
    bool calibrated;         /* it did */
    uint32_t version_hex;    /* sys.hexversion */
    UF_VEC(uint64_t) interpreters; /* PyInterpreterState *, the main one first */
    struct uf_known_types known;
    uint64_t sys; /* the sys module's dict of the main interpreter */
};

/* `ret` need not be initialised; release it in any case. UF_ETARGET: not a Python process, a build or
 * version that is not known, a row that does not hold. UF_EUNSUPPORTED: an interpreter that is just starting
 * or ending: ask again. UF_ENOMEM. */
enum uf_code uf_python_find(struct uf_python *ret, const struct uf_outside_memory *memory,
                            struct uf_error *err);
void uf_python_release(struct uf_python *python);

/* Valid while `python` and its memory are. */
struct uf_heap_config uf_python_config(const struct uf_python *python);

#endif
