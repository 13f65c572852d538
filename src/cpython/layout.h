/* layout.h - where the fields of CPython's structures lie, one row per version.
 *
 * A row is data: byte offsets, sizes and constants. The row of the running
 * interpreter is compiled from its own headers (pyext/layout_*.c); nothing
 * else in the engine includes Python.h. Two halves: objects (layout_objects.h)
 * and the runtime with its threads, frames and code (layout_runtime.h).
 * UF_NO_FIELD marks a field that the version does not have.
 */
#ifndef UF_CPYTHON_LAYOUT_H
#define UF_CPYTHON_LAYOUT_H

#include <stdint.h>

#define UF_NO_FIELD UINT16_MAX

#include "cpython/layout_objects.h"
#include "cpython/layout_runtime.h"

struct uf_layout {
    uint32_t version_hex; /* PY_VERSION_HEX of the headers */
    struct uf_layout_objects objects;
    struct uf_layout_runtime runtime;
};

#endif
