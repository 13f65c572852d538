#include "export/arrow_stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct stream {
    struct uf_arrow_memory *memory; /* this struct lies in it */
    struct uf_arrow_heap *heap;
    const struct uf_arrow_table *table;
    struct uf_arrow_selection selection;
    uint32_t batch_rows;
    uint64_t at; /* the next place of the table */
    struct uf_error error;
};

static int failed(struct stream *stream, enum uf_code code)
{
    switch (code) {
    case UF_OK:
        return 0;
    case UF_ENOMEM:
        return ENOMEM;
    default:
        return stream->error.os_errno ? stream->error.os_errno : EIO;
    }
}

static bool enter(struct stream *stream, intptr_t *state)
{
    const struct uf_arrow_host *host = stream->heap->host;
    uf_error_clear(&stream->error);
    if (!host || host->enter(state))
        return true;
    uf_error_set(&stream->error, UF_EIO, "the interpreter has ended");
    return false;
}

static void leave(struct stream *stream, intptr_t state)
{
    if (stream->heap->host)
        stream->heap->host->leave(state);
}

static int get_schema(struct ArrowArrayStream *self, struct ArrowSchema *ret)
{
    struct stream *stream = self->private_data;
    uf_error_clear(&stream->error);
    return failed(stream, uf_arrow_schema(ret, stream->table, &stream->selection, &stream->error));
}

static enum uf_code next_batch(struct stream *stream, struct ArrowArray *ret)
{
    uint32_t first, count;
    memset(ret, 0, sizeof *ret); /* a released array is the end of the stream */
    if (stream->at > UINT32_MAX ||
        !stream->table->run(stream->heap, (uint32_t)stream->at, stream->batch_rows, &first, &count))
        return UF_OK;
    enum uf_code code = uf_arrow_batch(ret, stream->heap, stream->table, &stream->selection, first,
                                       count, &stream->error);
    if (!code)
        stream->at = (uint64_t)first + count;
    return code;
}

static int get_next(struct ArrowArrayStream *self, struct ArrowArray *ret)
{
    struct stream *stream = self->private_data;
    intptr_t state = 0;
    if (!enter(stream, &state))
        return EIO;
    enum uf_code code = next_batch(stream, ret);
    leave(stream, state);
    return failed(stream, code);
}

static const char *get_last_error(struct ArrowArrayStream *self)
{
    struct stream *stream = self->private_data;
    return stream->error.code ? stream->error.message : NULL;
}

static void release(struct ArrowArrayStream *self)
{
    struct stream *stream = self->private_data;
    self->release = NULL;
    self->private_data = NULL;
    uf_arrow_memory_drop(stream->memory);
}

enum uf_code uf_arrow_stream(struct ArrowArrayStream *ret, struct uf_arrow_heap *heap,
                             const struct uf_arrow_table *table,
                             const struct uf_arrow_selection *selection, uint32_t batch_rows,
                             struct uf_error *err)
{
    memset(ret, 0, sizeof *ret);
    struct uf_arrow_memory *memory = uf_arrow_memory_create(heap);
    struct stream *stream = memory ? uf_arrow_memory_take(memory, sizeof *stream) : NULL;
    if (!stream) {
        if (memory)
            uf_arrow_memory_drop(memory);
        return uf_error_nomem(err);
    }
    stream->memory = memory;
    stream->heap = heap;
    stream->table = table;
    stream->selection = *selection;
    stream->batch_rows = batch_rows;
    *ret = (struct ArrowArrayStream){
        .get_schema = get_schema,
        .get_next = get_next,
        .get_last_error = get_last_error,
        .release = release,
        .private_data = stream,
    };
    return UF_OK;
}
