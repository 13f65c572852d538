#include "snapshot/emit.h"

#include <string.h>
#include <zlib.h>

static void put(struct uf_emit *emit, const void *bytes, size_t len)
{
    emit->crc = (uint32_t)crc32_z(emit->crc, bytes, len);
    uf_sink_add(emit->sink, bytes, len);
}

void uf_emit_flush(struct uf_emit *emit)
{
    if (emit->used)
        put(emit, emit->room, emit->used);
    emit->used = 0;
}

static void end(struct uf_emit *emit)
{
    static const uint8_t zeros[UF_FORMAT_ALIGN] = {0};
    uf_emit_flush(emit);
    if (!emit->open)
        return;
    struct uf_format_entry *entry = &emit->toc[emit->count - 1];
    entry->length = uf_sink_offset(emit->sink) - entry->offset;
    put(emit, zeros, (size_t)(-entry->length % UF_FORMAT_ALIGN));
    entry->crc = emit->crc;
    emit->open = false;
}

void uf_emit_init(struct uf_emit *emit, struct uf_sink *sink)
{
    struct uf_format_header header = {.version = UF_FORMAT_VERSION};
    memcpy(header.magic, UF_FORMAT_MAGIC, sizeof header.magic); /* without the NUL */
    header.crc =
        (uint32_t)crc32_z(0, (const void *)&header, offsetof(struct uf_format_header, crc));
    emit->sink = sink;
    emit->count = 0;
    emit->open = false;
    emit->used = 0;
    uf_sink_add(sink, &header, sizeof header);
}

void uf_emit_begin(struct uf_emit *emit, uint32_t id)
{
    end(emit);
    emit->toc[emit->count++] =
        (struct uf_format_entry){.id = id, .offset = uf_sink_offset(emit->sink)};
    emit->open = true;
    emit->crc = 0;
}

void uf_emit_bytes(struct uf_emit *emit, const void *bytes, size_t len)
{
    const char *at = bytes;
    uf_emit_flush(emit);
    while (len > 0) { /* in pieces that are still in the cache when they are copied */
        size_t piece = len < UF_EMIT_ROOM ? len : UF_EMIT_ROOM;
        put(emit, at, piece);
        at += piece;
        len -= piece;
    }
}

void uf_emit_finish(struct uf_emit *emit)
{
    end(emit);
    struct uf_format_trailer trailer = {
        .toc_offset = uf_sink_offset(emit->sink),
        .chunk_count = emit->count,
    };
    memcpy(trailer.end, UF_FORMAT_END, sizeof trailer.end);
    size_t toc_bytes = emit->count * sizeof *emit->toc;
    trailer.toc_crc = (uint32_t)crc32_z(0, (const void *)emit->toc, toc_bytes);
    trailer.file_bytes = trailer.toc_offset + toc_bytes + sizeof trailer;
    trailer.crc =
        (uint32_t)crc32_z(0, (const void *)&trailer, offsetof(struct uf_format_trailer, crc));
    uf_sink_add(emit->sink, emit->toc, toc_bytes);
    uf_sink_add(emit->sink, &trailer, sizeof trailer);
}
