/* arrow_stream.h - a table as an Arrow C stream, made batch by batch as the consumer asks.
 *
 * Schema, stream and batches hold the heap; each may be released on its own, in
 * any order, on any thread (arrow_memory.h). A batch that fails says why through
 * get_last_error, and the stream may be asked again.
 */
#ifndef UF_EXPORT_ARROW_STREAM_H
#define UF_EXPORT_ARROW_STREAM_H

#include "export/arrow_abi.h"
#include "export/arrow_table.h"

#define UF_ARROW_BATCH_ROWS (UINT32_C(1) << 20)

/* Which columns, in which order: indices into table->fields. */
struct uf_arrow_selection {
    uint8_t count;
    uint8_t fields[UF_ARROW_COLUMNS_MAX];
};

struct uf_arrow_selection uf_arrow_all_columns(const struct uf_arrow_table *table);

/* On failure (UF_ENOMEM) ret->release is NULL. */
enum uf_code uf_arrow_schema(struct ArrowSchema *ret, const struct uf_arrow_table *table,
                             const struct uf_arrow_selection *selection, struct uf_error *err);
/* The places [first, first + count) of the table, which are rows all; on failure ret->release is NULL.
 * Loads and computes what the columns need. */
enum uf_code uf_arrow_batch(struct ArrowArray *ret, struct uf_arrow_heap *heap,
                            const struct uf_arrow_table *table,
                            const struct uf_arrow_selection *selection, uint32_t first,
                            uint32_t count, struct uf_error *err);
/* Batches of at most `batch_rows` rows. On failure (UF_ENOMEM) ret->release is NULL. */
enum uf_code uf_arrow_stream(struct ArrowArrayStream *ret, struct uf_arrow_heap *heap,
                             const struct uf_arrow_table *table,
                             const struct uf_arrow_selection *selection, uint32_t batch_rows,
                             struct uf_error *err);

#endif
