/* known.h - addresses that tell what a type is.
 *
 * Inside the process they come from the linker (pyext/known.c); for another
 * process (later) from the symbol table of its executable. 0 = not there.
 */
#ifndef UF_CPYTHON_KNOWN_H
#define UF_CPYTHON_KNOWN_H

#include "cpython/layout_objects.h"

#include <stdint.h>

struct uf_known_types {
    uint64_t type[UF_KNOWN_COUNT]; /* by enum uf_known: the type objects */
    /* tp_traverse of classes made by a class statement (subtype_traverse, Objects/typeobject.c) */
    uint64_t subtype_traverse;
    /* The image that holds the interpreter's static objects: they were never allocated. */
    uint64_t static_start, static_end;
};

#endif
