/* write.h - a graph into a snapshot file (docs/snapshot-format.md).
 *
 * One pass, through a buffer of fixed size; into a temporary file beside the
 * final name, mode 0600, renamed when it is whole and on the disk. After any
 * failure there is no file under the final name that was not there before, and
 * no temporary one.
 */
#ifndef UF_SNAPSHOT_WRITE_H
#define UF_SNAPSHOT_WRITE_H

#include "base/error.h"
#include "graph/shapes.h"
#include "snapshot/meta.h"

struct uf_snapshot_content {
    const struct uf_graph *graph;
    const struct uf_shapes *shapes;
    const struct uf_meta *meta;
    bool redact; /* texts of kind UF_TEXT_CONTENT are left out, but for attribute names */
};

/* UF_EIO with os_errno (a full disk, a folder that is not there), UF_ENOMEM. *bytes: size of the file. */
enum uf_code uf_snapshot_write(const char *path, const struct uf_snapshot_content *content,
                               uint64_t *bytes, struct uf_error *err);

#endif
