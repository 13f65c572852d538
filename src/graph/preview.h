/* preview.h - "dict, 5,012 entries": what a container is shown as. */
#ifndef UF_GRAPH_PREVIEW_H
#define UF_GRAPH_PREVIEW_H

#include <stddef.h>
#include <stdint.h>

enum uf_length_unit {
    UF_UNIT_ITEMS,
    UF_UNIT_ENTRIES,
    UF_UNIT_MEMBERS,
    UF_UNIT_CHARACTERS,
    UF_UNIT_BYTES,
};

/* "<shop.Session>" where the length is below 0. At most size - 1 bytes, never cut within a character. */
void uf_preview_of_length(char *ret, size_t size, const char *type, int64_t length,
                          enum uf_length_unit unit);

#endif
