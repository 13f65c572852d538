#include "export/gzip.h"

#include "base/mem.h"

#include <limits.h>

#define LEVEL 6        /* gzip's own default */
#define GZIP_WINDOW 31 /* 15 bits of window, and 16 for a header of gzip's (zlib.h, deflateInit2) */
#define MEMORY_LEVEL 8 /* zlib's default */
#define ROOM UF_SINK_ROOM

static void *take(void *opaque, unsigned items, unsigned item_bytes)
{
    (void)opaque;
    return uf_mem_zalloc((size_t)items * item_bytes); /* two unsigned ints: cannot overflow */
}

static void give_back(void *opaque, void *block)
{
    (void)opaque;
    uf_mem_free(block);
}

enum uf_code uf_gzip_open(struct uf_gzip *gzip, struct uf_sink *sink, struct uf_error *err)
{
    *gzip = (struct uf_gzip){.sink = sink, .stream = {.zalloc = take, .zfree = give_back}};
    int code = deflateInit2(&gzip->stream, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
                            Z_DEFAULT_STRATEGY);
    if (code == Z_MEM_ERROR)
        return uf_error_nomem(err);
    if (code != Z_OK)
        return uf_error_set(err, UF_EINTERNAL, "zlib refuses to start (%d)", code);
    gzip->open = true;
    return UF_OK;
}

/* Moves what is ready into the sink, until all of the input is taken; at the end all there is. */
static void run(struct uf_gzip *gzip, int flush)
{
    z_stream *stream = &gzip->stream;
    int code = Z_OK;
    do {
        stream->next_out = (Bytef *)uf_sink_room(gzip->sink, ROOM);
        stream->avail_out = ROOM;
        code = deflate(stream, flush);
        uf_sink_took(gzip->sink, ROOM - stream->avail_out);
    } while (code == Z_OK && (stream->avail_in > 0 || stream->avail_out == 0 || flush == Z_FINISH));
    /* Z_BUF_ERROR: nothing was left to do (zlib.h, deflate) */
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        gzip->failed = true;
}

void uf_gzip_add(struct uf_gzip *gzip, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0 && gzip->open && !gzip->failed) {
        size_t part = len < UINT_MAX ? len : UINT_MAX;
        gzip->stream.next_in = (z_const Bytef *)(uintptr_t)at;
        gzip->stream.avail_in = (uInt)part;
        run(gzip, Z_NO_FLUSH);
        at += part;
        len -= part;
    }
}

enum uf_code uf_gzip_finish(struct uf_gzip *gzip, struct uf_error *err)
{
    if (gzip->open && !gzip->failed) {
        gzip->stream.avail_in = 0;
        run(gzip, Z_FINISH);
    }
    return gzip->failed ? uf_error_set(err, UF_EINTERNAL, "zlib cannot go on") : UF_OK;
}

void uf_gzip_release(struct uf_gzip *gzip)
{
    if (gzip->open)
        deflateEnd(&gzip->stream);
    *gzip = (struct uf_gzip){0};
}
