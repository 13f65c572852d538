/* opened.h - snapshots for Python: unfreed.open(path), its tables, and what they hand to consumers.
 *
 * The types are made when the first snapshot is opened: a program under
 * `unfreed check` never has them.
 */
#ifndef UF_PYEXT_OPENED_H
#define UF_PYEXT_OPENED_H

#include "export/arrow_stream.h"
#include "pyext/python.h"

struct uf_opened_snapshot {
    PyObject_HEAD PyObject *path;
    struct uf_arrow_heap *heap; /* NULL: closed */
};

/* unfreed._engine.open(path): OSError, ValueError (no snapshot, damaged), MemoryError. */
PyObject *uf_open_snapshot(PyObject *module, PyObject *path);

/* A table of an open snapshot, all columns. */
PyObject *uf_table_new(struct uf_opened_snapshot *snapshot, const struct uf_arrow_table *table);

/* The snapshot's heap, or NULL with ValueError when it is closed. */
struct uf_arrow_heap *uf_opened_heap(struct uf_opened_snapshot *snapshot);
/* Raises what `err` says of `path`; returns NULL. */
PyObject *uf_raise(const struct uf_error *err, PyObject *path);

/* Capsules "arrow_schema" and "arrow_array_stream", which release what nobody took. NULL: raised. */
PyObject *uf_schema_capsule(const struct uf_arrow_table *table,
                            const struct uf_arrow_selection *selection);
PyObject *uf_stream_capsule(struct uf_arrow_heap *heap, const struct uf_arrow_table *table,
                            const struct uf_arrow_selection *selection, uint32_t batch_rows);
/* May the consumer's request be answered with the table's own schema? None: yes. A capsule of a schema
 * with the same columns: yes, the request is for other representations, which the specification lets a
 * producer leave to the consumer. Else -1, raised. */
int uf_schema_request(PyObject *requested, const struct uf_arrow_table *table,
                      const struct uf_arrow_selection *selection);

#endif
