/* layouts.h - the layout rows for reading from outside: generated from each version's headers, checked in.
 *
 * tools/make_layouts.py compiles the same rows that the extension is compiled
 * with against the headers of each version, and writes layouts_3_N*.c. A row
 * serves the releases `first` to `last` of its minor version (PY_VERSION_HEX
 * without its last byte), of a release or a debug build.
 */
#ifndef UF_CPYTHON_LAYOUTS_H
#define UF_CPYTHON_LAYOUTS_H

#include "cpython/layout.h"

#include <stdbool.h>
#include <stddef.h>

struct uf_layout_row {
    uint32_t first, last; /* PY_VERSION_HEX & 0xffffff00: releases that it was found to serve */
    bool debug;           /* Py_DEBUG */
    const char *name;     /* "3.11.2 to 3.11.7 (release)" */
    const struct uf_layout *layout;
};

/* All rows, oldest version first. */
const struct uf_layout_row *uf_layout_rows(size_t *count);

/* How many releases lie between a row and a PY_VERSION_HEX, whose last byte is not looked at: 0, the row was found
 * to serve it; UINT32_MAX, it is of another minor version. */
uint32_t uf_layout_distance(const struct uf_layout_row *row, uint32_t version_hex);

/* The row for a build: one that was found to serve its release, else that of the nearest release of its
 * minor version (which then has to be validated all the more). NULL: the minor version is not known.
 * `version_hex` is a PY_VERSION_HEX; its last byte is not looked at. */
const struct uf_layout_row *uf_layout_find(uint32_t version_hex, bool debug);

#endif
