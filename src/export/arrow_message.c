#include "export/arrow_message.h"

#include <string.h>

#define VERSION_5 4 /* MetadataVersion.V5 */

enum header { HEADER_SCHEMA = 1, HEADER_DICTIONARY = 2, HEADER_BATCH = 3 }; /* MessageHeader */
enum type { TYPE_INT = 2, TYPE_UTF8 = 5, TYPE_BOOL = 6 };                   /* Type */

int uf_arrow_width(const char *format)
{
    if (format[0] == '\0' || format[1] != '\0')
        return -1;
    switch (format[0]) {
    case 'b':
        return 1;
    case 'c':
    case 'C':
        return 8;
    case 'i':
    case 'I':
        return 32;
    case 'l':
    case 'L':
        return 64;
    case 'u':
        return 0;
    default:
        return -1;
    }
}

/* --- bodies --------------------------------------------------------------------------------- */

static uint64_t padded(uint64_t bytes)
{
    return (bytes + UF_ARROW_PADDING - 1) / UF_ARROW_PADDING * UF_ARROW_PADDING;
}

static enum uf_code add_buffer(struct uf_arrow_body *body, const void *at, uint64_t bytes,
                               struct uf_error *err)
{
    struct uf_arrow_buffer buffer = {at, bytes};
    if (uf_vec_push(&body->buffers, buffer))
        return uf_error_nomem(err);
    body->bytes += padded(bytes);
    return UF_OK;
}

enum uf_code uf_arrow_body_add(struct uf_arrow_body *body, const char *format,
                               const struct ArrowArray *array, struct uf_error *err)
{
    int width = uf_arrow_width(format);
    if (width < 0 || array->offset != 0 || array->n_children != 0)
        return uf_error_set(err, UF_EUNSUPPORTED, "an Arrow array of format \"%s\"", format);
    uint64_t rows = (uint64_t)array->length;
    if (uf_vec_push(&body->nodes, array))
        return uf_error_nomem(err);
    bool nulls = array->null_count != 0 && array->buffers[0];
    enum uf_code code = add_buffer(body, array->buffers[0], nulls ? (rows + 7) / 8 : 0, err);
    if (code)
        return code;
    if (width > 0)
        return add_buffer(body, array->buffers[1], (rows * (uint64_t)width + 7) / 8, err);
    const int32_t *offsets = array->buffers[1];
    code = add_buffer(body, offsets, (rows + 1) * sizeof *offsets, err);
    if (!code)
        code = add_buffer(body, array->buffers[2], (uint64_t)offsets[rows], err);
    return code;
}

void uf_arrow_body_release(struct uf_arrow_body *body)
{
    uf_vec_release(&body->nodes);
    uf_vec_release(&body->buffers);
}

/* --- schema --------------------------------------------------------------------------------- */

/* Int { bitWidth: int; is_signed: bool } */
static void put_int(struct uf_flat *flat, uint32_t slot, const char *format)
{
    uint32_t at[2];
    uf_flat_table(flat, slot, (const uint8_t[]){4, 1}, 2, at);
    uf_flat_put(flat, at[0], 4, (uint64_t)uf_arrow_width(format));
    uf_flat_put(flat, at[1], 1, format[0] >= 'a');
}

/* The union Type: its number into `type_at`, the table behind `slot`. */
static void put_type(struct uf_flat *flat, uint32_t type_at, uint32_t slot, const char *format)
{
    enum type type = format[0] == 'u' ? TYPE_UTF8 : format[0] == 'b' ? TYPE_BOOL : TYPE_INT;
    uf_flat_put(flat, type_at, 1, type);
    if (type == TYPE_INT)
        put_int(flat, slot, format);
    else
        uf_flat_table(flat, slot, NULL, 0, NULL);
}

/* Field { name; nullable; type_type; type; dictionary; children }; DictionaryEncoding { id; indexType }.
 * A field that is encoded has the type of its dictionary. */
static void put_field(struct uf_flat *flat, uint32_t slot, const struct ArrowSchema *field,
                      int64_t number)
{
    static const uint8_t sizes[] = {UF_FLAT_SLOT, 1, 1, UF_FLAT_SLOT, UF_FLAT_SLOT, UF_FLAT_SLOT};
    uint8_t own[sizeof sizes];
    uint32_t at[sizeof sizes], encoding[2];
    memcpy(own, sizes, sizeof own);
    if (!field->dictionary)
        own[4] = 0;
    uf_flat_table(flat, slot, own, sizeof own, at);
    uf_flat_string(flat, at[0], field->name);
    uf_flat_put(flat, at[1], 1, (field->flags & ARROW_FLAG_NULLABLE) != 0);
    put_type(flat, at[2], at[3], field->dictionary ? field->dictionary->format : field->format);
    if (field->dictionary) {
        uf_flat_table(flat, at[4], (const uint8_t[]){8, UF_FLAT_SLOT}, 2, encoding);
        uf_flat_put(flat, encoding[0], 8, (uint64_t)number);
        put_int(flat, encoding[1], field->format);
    }
    (void)uf_flat_vector(flat, at[5], 0, UF_FLAT_SLOT, 4);
}

/* Schema { endianness = Little; fields } */
static void put_schema(struct uf_flat *flat, uint32_t slot, const struct ArrowSchema *schema)
{
    uint32_t at[2];
    uf_flat_table(flat, slot, (const uint8_t[]){2, UF_FLAT_SLOT}, 2, at);
    uint32_t fields = uf_flat_vector(flat, at[1], (uint32_t)schema->n_children, UF_FLAT_SLOT, 4);
    for (int64_t i = 0; i < schema->n_children; i++)
        put_field(flat, fields + UF_FLAT_SLOT * (uint32_t)i, schema->children[i], i);
}

/* Message { version; header_type; header; bodyLength }: the slot of the header. */
static uint32_t put_message(struct uf_flat *flat, enum header header, uint64_t body_bytes)
{
    uint32_t at[4];
    uf_flat_table(flat, UF_FLAT_ROOT, (const uint8_t[]){2, 1, UF_FLAT_SLOT, 8}, 4, at);
    uf_flat_put(flat, at[0], 2, VERSION_5);
    uf_flat_put(flat, at[1], 1, header);
    uf_flat_put(flat, at[3], 8, body_bytes);
    return at[2];
}

void uf_arrow_schema_message(struct uf_flat *flat, const struct ArrowSchema *schema)
{
    put_schema(flat, put_message(flat, HEADER_SCHEMA, 0), schema);
}

/* --- batches -------------------------------------------------------------------------------- */

/* RecordBatch { length; nodes: [FieldNode { length; null_count }]; buffers: [Buffer { offset; length }] } */
static void put_batch(struct uf_flat *flat, uint32_t slot, const struct uf_arrow_body *body)
{
    uint32_t at[3];
    uint64_t offset = 0;
    uf_flat_table(flat, slot, (const uint8_t[]){8, UF_FLAT_SLOT, UF_FLAT_SLOT}, 3, at);
    uf_flat_put(flat, at[0], 8, (uint64_t)body->rows);
    uint32_t node = uf_flat_vector(flat, at[1], (uint32_t)body->nodes.len, 16, 8);
    for (size_t i = 0; i < body->nodes.len; i++, node += 16) {
        uf_flat_put(flat, node, 8, (uint64_t)body->nodes.at[i]->length);
        uf_flat_put(flat, node + 8, 8, (uint64_t)body->nodes.at[i]->null_count);
    }
    uint32_t buffer = uf_flat_vector(flat, at[2], (uint32_t)body->buffers.len, 16, 8);
    for (size_t i = 0; i < body->buffers.len; i++, buffer += 16) {
        uf_flat_put(flat, buffer, 8, offset);
        uf_flat_put(flat, buffer + 8, 8, body->buffers.at[i].bytes);
        offset += padded(body->buffers.at[i].bytes);
    }
}

void uf_arrow_batch_message(struct uf_flat *flat, const struct uf_arrow_body *body)
{
    put_batch(flat, put_message(flat, HEADER_BATCH, body->bytes), body);
}

/* DictionaryBatch { id; data } */
void uf_arrow_dictionary_message(struct uf_flat *flat, const struct uf_arrow_body *body,
                                 int64_t column)
{
    uint32_t at[2];
    uint32_t header = put_message(flat, HEADER_DICTIONARY, body->bytes);
    uf_flat_table(flat, header, (const uint8_t[]){8, UF_FLAT_SLOT}, 2, at);
    uf_flat_put(flat, at[0], 8, (uint64_t)column);
    put_batch(flat, at[1], body);
}

/* --- footer --------------------------------------------------------------------------------- */

/* [Block { offset: long; metaDataLength: int; bodyLength: long }], 24 bytes each */
static void put_blocks(struct uf_flat *flat, uint32_t slot, const uf_arrow_blocks *blocks)
{
    uint32_t at = uf_flat_vector(flat, slot, (uint32_t)blocks->len, 24, 8);
    for (size_t i = 0; i < blocks->len; i++, at += 24) {
        uf_flat_put(flat, at, 8, blocks->at[i].offset);
        uf_flat_put(flat, at + 8, 4, blocks->at[i].metadata_bytes);
        uf_flat_put(flat, at + 16, 8, blocks->at[i].body_bytes);
    }
}

/* Footer { version; schema; dictionaries; recordBatches } */
void uf_arrow_footer(struct uf_flat *flat, const struct ArrowSchema *schema,
                     const uf_arrow_blocks *dictionaries, const uf_arrow_blocks *batches)
{
    uint32_t at[4];
    static const uint8_t sizes[] = {2, UF_FLAT_SLOT, UF_FLAT_SLOT, UF_FLAT_SLOT};
    uf_flat_table(flat, UF_FLAT_ROOT, sizes, 4, at);
    uf_flat_put(flat, at[0], 2, VERSION_5);
    put_schema(flat, at[1], schema);
    put_blocks(flat, at[2], dictionaries);
    put_blocks(flat, at[3], batches);
}
