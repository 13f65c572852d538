/* read_arrow.h - a consumer of the Arrow C interfaces for tests: finds columns, reads values. */
#ifndef UF_TESTS_UNIT_READ_ARROW_H
#define UF_TESTS_UNIT_READ_ARROW_H

#include "export/arrow_stream.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The place of a column; ends the test program if there is none of this name and format. */
static inline int64_t arrow_column(const struct ArrowSchema *schema, const char *name,
                                   const char *format)
{
    for (int64_t i = 0; i < schema->n_children; i++)
        if (strcmp(schema->children[i]->name, name) == 0 &&
            strcmp(schema->children[i]->format, format) == 0)
            return i;
    printf("# no column %s of format %s\n", name, format);
    exit(1);
}

static inline bool arrow_bit(const void *bits, int64_t row)
{
    return ((const uint8_t *)bits)[row / 8] >> row % 8 & 1;
}

static inline bool arrow_is_null(const struct ArrowArray *column, int64_t row)
{
    return column->buffers[0] && !arrow_bit(column->buffers[0], row);
}

static inline uint64_t arrow_number(const struct ArrowSchema *schema,
                                    const struct ArrowArray *array, const char *name, int64_t row)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (strcmp(schema->children[i]->name, name) != 0)
            continue;
        const void *values = array->children[i]->buffers[1];
        switch (schema->children[i]->format[0]) {
        case 'I':
        case 'i':
            return ((const uint32_t *)values)[row];
        case 'b':
            return arrow_bit(values, row);
        case 'c':
            return ((const uint8_t *)values)[row];
        default:
            return ((const uint64_t *)values)[row];
        }
    }
    printf("# no column %s\n", name);
    exit(1);
}

/* The text of a row, copied; of a dictionary's column, the text that the number means. */
static inline const char *arrow_text(const struct ArrowSchema *schema,
                                     const struct ArrowArray *array, const char *name, int64_t row)
{
    static char text[256];
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (strcmp(schema->children[i]->name, name) != 0)
            continue;
        const struct ArrowArray *column = array->children[i];
        if (arrow_is_null(column, row))
            return "null";
        if (column->dictionary) {
            row = (int64_t)arrow_number(schema, array, name, row);
            column = column->dictionary;
        }
        const int32_t *offsets = column->buffers[1];
        snprintf(text, sizeof text, "%.*s", (int)(offsets[row + 1] - offsets[row]),
                 (const char *)column->buffers[2] + offsets[row]);
        return text;
    }
    return "no such column";
}

#endif
