/* debug_offsets.h - the table in which CPython 3.13 and later tells some of its offsets to other processes.
 *
 * _Py_DebugOffsets lies at the start of the runtime: a cookie, the version, whether
 * the build is free-threaded, then offsets as 64-bit numbers. It knows a fifth
 * of what a layout row has (no heads of generations, no keys of dicts), so a row
 * is needed all the same; but what it knows is the target's own word, so it can
 * refute a row, or put one right that was made for another release. Where in
 * the table an offset is told differs between minor versions and is a part of
 * the row. The target's memory is not trusted.
 */
#ifndef UF_CPYTHON_DEBUG_OFFSETS_H
#define UF_CPYTHON_DEBUG_OFFSETS_H

#include "cpython/layout.h"
#include "memory/source.h"

#include <stdbool.h>
#include <stddef.h>

struct uf_debug_offsets {
    uint32_t version_hex; /* of the target */
    bool free_threaded;
};

/* False: no such table begins at `runtime`, the address of _PyRuntime (before 3.13, or not a runtime). */
bool uf_debug_offsets_read(const struct uf_source *source, uint64_t runtime,
                           struct uf_debug_offsets *ret);

/* A field of which the row says otherwise than the target. */
struct uf_contradiction {
    const char *name; /* as CPython calls it: "interpreter_state.gc" */
    uint64_t told, row;
};

/* How many fields of a row the table contradicts; the first `max` of them into `ret` (may be NULL). 0 also
 * where there is no table, or the row is not of its minor version, or has none. */
size_t uf_debug_offsets_check(const struct uf_source *source, uint64_t runtime,
                              const struct uf_layout *layout, struct uf_contradiction *ret,
                              size_t max);

/* Puts a copy of a row right: what the table tells and would fit replaces what the row says. Returns how
 * many fields changed. What the table does not tell may be wrong still: validate the row afterwards. */
size_t uf_debug_offsets_apply(const struct uf_source *source, uint64_t runtime,
                              struct uf_layout *layout);

#endif
