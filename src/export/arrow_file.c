#include "export/arrow_file.h"

#include "export/arrow_message.h"

#include <errno.h>
#include <string.h>

struct writer {
    struct uf_sink *sink;
    struct ArrowSchema schema;
    uf_arrow_blocks dictionaries, batches;
    UF_VEC(const void *) written; /* by column: the texts of the dictionary that was written */
};

static void put_padding(struct uf_sink *sink, uint64_t bytes)
{
    static const char zeros[UF_ARROW_PADDING];
    uf_sink_add(sink, zeros, (size_t)bytes);
}

static void put_u32(struct uf_sink *sink, uint32_t value)
{
    const uint8_t bytes[] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                             (uint8_t)(value >> 24)};
    uf_sink_add(sink, bytes, sizeof bytes);
}

static uint64_t missing(uint64_t bytes)
{
    return (UF_ARROW_PADDING - bytes % UF_ARROW_PADDING) % UF_ARROW_PADDING;
}

/* Writes a message and, if `blocks` is not NULL, enters where it stands. The metadata is padded so that
 * the body begins at a multiple of 64 in the file. */
static enum uf_code put_message(struct writer *w, struct uf_flat *flat,
                                const struct uf_arrow_body *body, uf_arrow_blocks *blocks,
                                struct uf_error *err)
{
    struct uf_arrow_block block = {.offset = uf_sink_offset(w->sink),
                                   .body_bytes = body ? body->bytes : 0};
    if (flat->failed)
        return uf_error_nomem(err);
    uint64_t padding = missing(block.offset + 8 + flat->bytes.len);
    block.metadata_bytes = (uint32_t)(8 + flat->bytes.len + padding);
    if (blocks && uf_vec_push(blocks, block))
        return uf_error_nomem(err);
    put_u32(w->sink, UINT32_MAX);
    put_u32(w->sink, block.metadata_bytes - 8);
    uf_sink_add(w->sink, flat->bytes.at, flat->bytes.len);
    put_padding(w->sink, padding);
    for (size_t i = 0; body && i < body->buffers.len; i++) {
        uf_sink_add(w->sink, body->buffers.at[i].at, (size_t)body->buffers.at[i].bytes);
        put_padding(w->sink, missing(body->buffers.at[i].bytes));
    }
    return UF_OK;
}

static enum uf_code put_schema(struct writer *w, struct uf_error *err)
{
    struct uf_flat flat;
    uf_flat_init(&flat);
    uf_arrow_schema_message(&flat, &w->schema);
    enum uf_code code = put_message(w, &flat, NULL, NULL, err);
    uf_flat_release(&flat);
    return code;
}

static enum uf_code put_dictionary(struct writer *w, int64_t column, const struct ArrowArray *texts,
                                   struct uf_error *err)
{
    struct uf_arrow_body body = {.rows = texts->length};
    struct uf_flat flat;
    enum uf_code code =
        uf_arrow_body_add(&body, w->schema.children[column]->dictionary->format, texts, err);
    uf_flat_init(&flat);
    if (!code) {
        uf_arrow_dictionary_message(&flat, &body, column);
        code = put_message(w, &flat, &body, &w->dictionaries, err);
    }
    uf_flat_release(&flat);
    uf_arrow_body_release(&body);
    return code;
}

/* Dictionaries are the same when their texts lie at the same place. */
static enum uf_code put_dictionaries(struct writer *w, const struct ArrowArray *batch,
                                     struct uf_error *err)
{
    bool first = w->written.len == 0;
    enum uf_code code = UF_OK;
    for (int64_t i = 0; i < batch->n_children && !code; i++) {
        const struct ArrowArray *texts = batch->children[i]->dictionary;
        const void *at = texts ? texts->buffers[1] : NULL;
        if (!first && at != w->written.at[i])
            return uf_error_set(err, UF_EUNSUPPORTED, "a dictionary that changes between batches");
        if (first && uf_vec_push(&w->written, at))
            return uf_error_nomem(err);
        if (first && texts)
            code = put_dictionary(w, i, texts, err);
    }
    return code;
}

static enum uf_code put_batch(struct writer *w, const struct ArrowArray *batch,
                              struct uf_error *err)
{
    struct uf_arrow_body body = {.rows = batch->length};
    struct uf_flat flat;
    enum uf_code code = UF_OK;
    for (int64_t i = 0; i < batch->n_children && !code; i++)
        code = uf_arrow_body_add(&body, w->schema.children[i]->format, batch->children[i], err);
    uf_flat_init(&flat);
    if (!code) {
        uf_arrow_batch_message(&flat, &body);
        code = put_message(w, &flat, &body, &w->batches, err);
    }
    uf_flat_release(&flat);
    uf_arrow_body_release(&body);
    return code;
}

/* End of stream, footer, its length, magic. */
static enum uf_code put_end(struct writer *w, struct uf_error *err)
{
    struct uf_flat flat;
    uf_flat_init(&flat);
    uf_arrow_footer(&flat, &w->schema, &w->dictionaries, &w->batches);
    bool failed = flat.failed;
    if (!failed) {
        put_u32(w->sink, UINT32_MAX);
        put_u32(w->sink, 0);
        uf_sink_add(w->sink, flat.bytes.at, flat.bytes.len);
        put_u32(w->sink, (uint32_t)flat.bytes.len);
        uf_sink_add_z(w->sink, "ARROW1");
    }
    uf_flat_release(&flat);
    return failed ? uf_error_nomem(err) : UF_OK;
}

static enum uf_code stream_error(struct ArrowArrayStream *stream, int failure, struct uf_error *err)
{
    const char *text = stream->get_last_error(stream);
    if (failure == ENOMEM)
        return uf_error_nomem(err);
    return uf_error_set(err, UF_EIO, "%s", text ? text : "the Arrow stream failed");
}

static enum uf_code put_batches(struct writer *w, struct ArrowArrayStream *stream,
                                bool (*go_on)(void *context), void *context, struct uf_error *err)
{
    for (;;) {
        struct ArrowArray batch;
        int failure = stream->get_next(stream, &batch);
        if (failure)
            return stream_error(stream, failure, err);
        if (!batch.release)
            return UF_OK;
        enum uf_code code = put_dictionaries(w, &batch, err);
        if (!code)
            code = put_batch(w, &batch, err);
        batch.release(&batch);
        if (code)
            return code;
        if (go_on && !go_on(context))
            return UF_OK;
    }
}

enum uf_code uf_arrow_file_write(struct uf_sink *sink, struct ArrowArrayStream *stream,
                                 bool (*go_on)(void *context), void *context, struct uf_error *err)
{
    struct writer w = {.sink = sink};
    int failure = stream->get_schema(stream, &w.schema);
    if (failure)
        return stream_error(stream, failure, err);
    uf_sink_add(sink, "ARROW1\0", 8);
    enum uf_code code = put_schema(&w, err);
    if (!code)
        code = put_batches(&w, stream, go_on, context, err);
    if (!code)
        code = put_end(&w, err);
    w.schema.release(&w.schema);
    uf_vec_release(&w.dictionaries);
    uf_vec_release(&w.batches);
    uf_vec_release(&w.written);
    return code;
}
