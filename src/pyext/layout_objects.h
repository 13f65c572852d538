/* layout_objects.h - the object half of the layout row of the interpreter that we are compiled for. */
#ifndef UF_PYEXT_LAYOUT_OBJECTS_H
#define UF_PYEXT_LAYOUT_OBJECTS_H

#include "cpython/layout_objects.h"

/* Complete except for the bits of a str's state word: bit fields have no offset, so those are read
 * off a specimen at run time. Always the same answer. */
const struct uf_layout_objects *uf_layout_objects_self(void);

/* layout_records.c */
extern const struct uf_layout_record uf_layout_records_self[];
extern const uint16_t uf_layout_records_self_count;

#endif
