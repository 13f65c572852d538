/* arrow_message.h - the metadata of Arrow's IPC format: schema, batches and footer as FlatBuffers.
 *
 * Fields and their numbers are those of format/Schema.fbs, Message.fbs and
 * File.fbs of Apache Arrow, metadata version 5. Only what tables of numbers,
 * bits, texts and dictionaries of texts need.
 */
#ifndef UF_EXPORT_ARROW_MESSAGE_H
#define UF_EXPORT_ARROW_MESSAGE_H

#include "base/error.h"
#include "export/arrow_abi.h"
#include "export/flatbuffer.h"

/* A column's buffers as the file gets them, each padded to UF_ARROW_PADDING. */
#define UF_ARROW_PADDING 64

struct uf_arrow_buffer {
    const void *at;
    uint64_t bytes;
};

/* The nodes and buffers of one batch: of all columns, or of one dictionary. */
struct uf_arrow_body {
    int64_t rows;
    UF_VEC(const struct ArrowArray *) nodes;
    UF_VEC(struct uf_arrow_buffer) buffers;
    uint64_t bytes; /* with the padding */
};

/* A message in the file. */
struct uf_arrow_block {
    uint64_t offset, body_bytes;
    uint32_t metadata_bytes;
};
typedef UF_VEC(struct uf_arrow_block) uf_arrow_blocks;

/* Bits of a value by its format string: 1, 8, 32, 64; 0: a text; -1: not known here. */
int uf_arrow_width(const char *format);

/* Appends an array of this format to the body. UF_ENOMEM; UF_EUNSUPPORTED: a format or an offset that is
 * not written here. */
enum uf_code uf_arrow_body_add(struct uf_arrow_body *body, const char *format,
                               const struct ArrowArray *array, struct uf_error *err);
void uf_arrow_body_release(struct uf_arrow_body *body);

/* Each writes a whole FlatBuffer into an initialised `flat`; look at flat->failed afterwards. A column's
 * dictionary has the column's number. */
void uf_arrow_schema_message(struct uf_flat *flat, const struct ArrowSchema *schema);
void uf_arrow_batch_message(struct uf_flat *flat, const struct uf_arrow_body *body);
void uf_arrow_dictionary_message(struct uf_flat *flat, const struct uf_arrow_body *body,
                                 int64_t column);
void uf_arrow_footer(struct uf_flat *flat, const struct ArrowSchema *schema,
                     const uf_arrow_blocks *dictionaries, const uf_arrow_blocks *batches);

#endif
