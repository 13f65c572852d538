/* emit.h - chunks into a sink: aligned, checksummed, entered into the table of contents (private).
 *
 *     uf_emit_init(&emit, &sink)
 *     uf_emit_begin(&emit, UF_CHUNK_FLAGS); uf_emit_bytes(&emit, graph->flags, graph->node_count);
 *     ...
 *     uf_emit_finish(&emit);
 *
 * Nothing fails here: a failed write is remembered by the sink, and its commit says so. A chunk that is
 * begun ends the one before. Small items go through `room`, a buffer that stays in the processor's cache.
 */
#ifndef UF_SNAPSHOT_EMIT_H
#define UF_SNAPSHOT_EMIT_H

#include "base/sink.h"
#include "snapshot/format.h"

#include <stdbool.h>

#define UF_EMIT_ROOM ((size_t)32 << 10)
#define UF_EMIT_CHUNKS 32

struct uf_emit {
    struct uf_sink *sink;
    struct uf_format_entry toc[UF_EMIT_CHUNKS];
    uint32_t count;
    bool open; /* toc[count - 1] is being written */
    uint32_t crc;
    size_t used;
    _Alignas(8) uint8_t room[UF_EMIT_ROOM];
};

/* Writes the header. */
void uf_emit_init(struct uf_emit *emit, struct uf_sink *sink);
void uf_emit_begin(struct uf_emit *emit, uint32_t id);
void uf_emit_bytes(struct uf_emit *emit, const void *bytes, size_t len);
/* Writes table of contents and trailer. */
void uf_emit_finish(struct uf_emit *emit);

void uf_emit_flush(struct uf_emit *emit);

/* `len` bytes (UF_EMIT_ROOM at most) to be filled in by the caller, all of them. */
static inline void *uf_emit_room(struct uf_emit *emit, size_t len)
{
    if (len > UF_EMIT_ROOM - emit->used)
        uf_emit_flush(emit);
    void *at = emit->room + emit->used;
    emit->used += len;
    return at;
}

#endif
