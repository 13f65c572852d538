/* snapshot.h - reads a snapshot file (docs/snapshot-format.md).
 *
 *     uf_snapshot_open(&s, "app.snapshot", err);    milliseconds, whatever the size
 *     uf_snapshot_verify(s, err);                   every byte against its checksum
 *     uf_snapshot_load(s, UF_LOAD_ALL, err);        columns into s's graph
 *     ... uf_snapshot_graph(s), uf_snapshot_names(s), uf_snapshot_meta(s) ...
 *     uf_snapshot_close(s);
 *
 * The file is mapped read-only and is not trusted: whatever it holds, reading
 * it ends in a graph that uf_graph_check() accepts, or in UF_ECORRUPT (damaged
 * or cut short; the message says what), UF_EUNSUPPORTED (a newer format, or no
 * snapshot at all) or UF_EIO. A file that is changed while it is read is beyond
 * this: writers rename, they never write into a file that stands.
 */
#ifndef UF_SNAPSHOT_SNAPSHOT_H
#define UF_SNAPSHOT_SNAPSHOT_H

#include "base/error.h"
#include "graph/shapes.h"
#include "snapshot/meta.h"

struct uf_snapshot;

/* Columns of the graph; those not asked for stay NULL. Edges, sizes and flags, types and roots are what
 * every analysis needs. */
enum uf_snapshot_parts {
    UF_LOAD_BASE = 1 << 0,    /* edge_start, edge_target, guessed, size, flags, types, roots */
    UF_LOAD_ADDRESS = 1 << 1, /* address */
    UF_LOAD_TYPE = 1 << 2,    /* type */
    UF_LOAD_COUNT = 1 << 3,   /* refcount */
    UF_LOAD_NAMES = 1 << 4,   /* uf_snapshot_names() may be asked; needs TYPE */
    UF_LOAD_ALL = (1 << 5) - 1,
};

/* On failure *ret is NULL. */
enum uf_code uf_snapshot_open(struct uf_snapshot **ret, const char *path, struct uf_error *err);
/* The same from memory that the caller keeps until close (tests, fuzzing). */
enum uf_code uf_snapshot_open_memory(struct uf_snapshot **ret, const void *bytes, size_t len,
                                     struct uf_error *err);
void uf_snapshot_close(struct uf_snapshot *snapshot); /* NULL is allowed */

/* What was loaded stays; parts asked for twice are loaded once. Checks the checksums of what it loads. After
 * a failure nothing is loaded. */
enum uf_code uf_snapshot_load(struct uf_snapshot *snapshot, unsigned parts, struct uf_error *err);
/* Checks what was not checked yet: afterwards no byte of the file is unchecked. */
enum uf_code uf_snapshot_verify(struct uf_snapshot *snapshot, struct uf_error *err);

/* Owned by the snapshot, valid until close. */
const struct uf_graph *uf_snapshot_graph(const struct uf_snapshot *snapshot);
const struct uf_names *uf_snapshot_names(const struct uf_snapshot *snapshot);
const struct uf_meta *uf_snapshot_meta(const struct uf_snapshot *snapshot);
uint64_t uf_snapshot_bytes(const struct uf_snapshot *snapshot); /* size of the file */

#endif
