/* arrow_table.h - the tables: which columns they have, and how a run of rows is filled in.
 *
 * A table has places (nodes, references, types); a row is a place that is not
 * of unfreed's own objects, so rows are made in runs between those. A column
 * either points into the graph (nothing is copied) or is computed into the
 * batch's memory. docs/sql.md says what the columns mean.
 */
#ifndef UF_EXPORT_ARROW_TABLE_H
#define UF_EXPORT_ARROW_TABLE_H

#include "export/arrow_heap.h"
#include "export/arrow_memory.h"

#define UF_ARROW_COLUMNS_MAX 24

enum uf_arrow_type {
    UF_ARROW_U32,
    UF_ARROW_U64,
    UF_ARROW_I64,
    UF_ARROW_BOOL,
    UF_ARROW_UTF8,
    UF_ARROW_DICT8,  /* 8-bit numbers of texts */
    UF_ARROW_DICT32, /* 32-bit numbers of texts */
};

/* The run of rows being made. */
struct uf_arrow_rows {
    struct uf_arrow_heap *heap;
    struct uf_arrow_memory *memory;
    uint32_t first, count; /* places; none is left out */
};

/* One column of a batch, as its buffers. */
struct uf_arrow_column {
    const void *validity; /* a bit per row; NULL: no nulls */
    int64_t nulls;
    const void *values; /* numbers, bits or numbers of texts; of UTF8 the offsets */
    const char *bytes;  /* of UTF8 */
};

struct uf_arrow_field {
    const char *name;
    enum uf_arrow_type type;
    bool nullable;
    unsigned needs; /* enum uf_arrow_need */
    /* UF_ENOMEM, UF_ELIMIT. */
    enum uf_code (*fill)(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                         struct uf_error *err);
    const struct uf_arrow_texts *(*texts)(struct uf_arrow_heap *heap); /* of DICT8 and DICT32 */
};

struct uf_arrow_table {
    const char *name;
    const struct uf_arrow_field *fields;
    uint32_t field_count;
    uint64_t (*rows)(const struct uf_arrow_heap *heap);
    /* The first run at or behind place `at`, `limit` rows at most; false: there is none. */
    bool (*run)(const struct uf_arrow_heap *heap, uint32_t at, uint32_t limit, uint32_t *first,
                uint32_t *count);
};

extern const struct uf_arrow_table uf_arrow_objects, uf_arrow_references, uf_arrow_types;

/* --- for those who fill columns ------------------------------------------------------------- */

/* Room for `count` items in the rows' memory; sets ret->values to it. */
void *uf_arrow_values(struct uf_arrow_rows *rows, struct uf_arrow_column *ret, size_t item_bytes,
                      struct uf_error *err);
/* A bit per row: does `is(rows, place)` hold? As values, or as validity with the nulls counted (no bitmap
 * is kept where there are none). */
typedef bool uf_arrow_is(const struct uf_arrow_rows *rows, uint32_t place);
enum uf_code uf_arrow_bits(struct uf_arrow_rows *rows, uf_arrow_is *is, struct uf_arrow_column *ret,
                           struct uf_error *err);
enum uf_code uf_arrow_validity(struct uf_arrow_rows *rows, uf_arrow_is *is,
                               struct uf_arrow_column *ret, struct uf_error *err);
/* The first row's place, then one more for each. */
enum uf_code uf_arrow_ids(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                          struct uf_error *err);
/* Copies texts into the rows' memory as an UTF8 column's values and bytes. */
enum uf_code uf_arrow_keep_texts(struct uf_arrow_rows *rows, const struct uf_arrow_texts *texts,
                                 struct uf_arrow_column *ret, struct uf_error *err);
const struct uf_arrow_texts *uf_arrow_type_names(struct uf_arrow_heap *heap);

#endif
