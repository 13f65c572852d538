/* What nodes are recognised by: a bit per node, records for those that have one, an index of records.
 *
 * Bits and index are known when all records are written: they are kept until then, 1 bit per node and
 * 1 bit per record. */
#include "base/mem.h"
#include "base/vec.h"
#include "snapshot/varint.h"
#include "snapshot/write_private.h"

#include <string.h>

struct texts {
    uint64_t *bits;          /* by node */
    UF_VEC(uint64_t) blocks; /* where each block of UF_TEXTS_PER_BLOCK records begins */
    uint64_t offset;
    uint32_t count;
};

/* Does a text say itself that it is not all: 'abc...'? Its true length has to be kept then. */
static bool is_cut(const char *text, size_t len)
{
    return len >= 5 && (text[len - 1] == '\'' || text[len - 1] == '"') &&
           memcmp(text + len - 4, "...", 3) == 0;
}

/* The opening that a text begins with, if what closes it stands at its end; UF_TEXT_OPENING_COUNT: none. */
static uint8_t opening_of(const char *text, size_t len, size_t *before, size_t *after)
{
    static const char *const openings[UF_TEXT_OPENING_COUNT][2] = UF_TEXT_OPENINGS;
    uint8_t i = 0;
    if (len < 4 || text[0] != '<' || text[len - 1] != '>')
        return UF_TEXT_OPENING_COUNT;
    for (; i < UF_TEXT_OPENING_COUNT; i++) {
        *before = strlen(openings[i][0]);
        *after = strlen(openings[i][1]);
        if (len > *before + *after && memcmp(text, openings[i][0], *before) == 0 &&
            memcmp(text + len - *after, openings[i][1], *after) == 0)
            break;
    }
    return i;
}

/* What stands before the bytes that are kept; cuts *text and *len to those. */
static size_t put_head(uint8_t *to, int64_t length, const char **text, size_t *len)
{
    size_t head = 0;
    bool quoted = *len >= 2 && **text == '\'' && (*text)[*len - 1] == '\'';
    if (quoted && length >= 0 && is_cut(*text, *len) && *len < UF_TEXT_LONG - UF_TEXT_CUT + 5) {
        *text += 1;
        *len -= 5; /* the quotes and "..." */
        to[head++] = (uint8_t)(UF_TEXT_CUT + *len);
        return head + uf_varint_put(to + head, (uint64_t)length);
    }
    if (length >= 0) {
        to[head++] = UF_TEXT_LENGTH;
        head += uf_varint_put(to + head, (uint64_t)length);
    }
    if (quoted && *len < UF_TEXT_CUT - UF_TEXT_QUOTED + 2) {
        *text += 1;
        *len -= 2;
        to[head++] = (uint8_t)(UF_TEXT_QUOTED + *len);
        return head;
    }
    size_t before, after;
    uint8_t opening = opening_of(*text, *len, &before, &after);
    bool opens = opening < UF_TEXT_OPENING_COUNT;
    if (opens) {
        *text += before;
        *len -= before + after;
    }
    if (*len + opens >= UF_TEXT_QUOTED)
        to[head++] = UF_TEXT_LONG;
    to[head++] = (uint8_t)(*len + opens);
    if (opens)
        to[head++] = opening;
    return head;
}

/* length < 0: none is kept. -1 when memory is out. */
static int put_record(struct uf_emit *emit, struct texts *texts, uf_node node, int64_t length,
                      const char *text, size_t len)
{
    uint8_t head[UF_VARINT_MAX + 4];
    size_t head_len = put_head(head, length, &text, &len);
    if (texts->count % UF_TEXTS_PER_BLOCK == 0 && uf_vec_push(&texts->blocks, texts->offset))
        return -1;
    char *to = uf_emit_room(emit, head_len + len);
    memcpy(to, head, head_len);
    memcpy(to + head_len, text, len);
    texts->bits[node / 64] |= UINT64_C(1) << node % 64;
    texts->offset += head_len + len;
    texts->count++;
    return 0;
}

static enum uf_code write_records(struct uf_writing *writing, struct texts *texts,
                                  struct uf_error *err)
{
    const struct uf_shapes *shapes = writing->content->shapes;
    char text[UF_TEXT_MAX + 1];
    uf_emit_begin(writing->emit, UF_CHUNK_TEXTS);
    for (uf_node node = 0; node < writing->counts.nodes; node++) {
        size_t len = 0;
        int64_t length = -1;
        enum uf_text_kind kind = shapes->text(shapes->context, node, text, sizeof text, &len);
        if (kind == UF_TEXT_NONE)
            len = 0;
        if (len == 0 || is_cut(text, len))
            length = shapes->length(shapes->context, node);
        if (kind == UF_TEXT_CONTENT && writing->content->redact)
            len = 0;
        if ((len > 0 || length >= 0) && put_record(writing->emit, texts, node, length, text, len))
            return uf_error_nomem(err);
    }
    return UF_OK;
}

static void write_bounds(struct uf_writing *writing)
{
    const struct uf_shapes *shapes = writing->content->shapes;
    uf_emit_begin(writing->emit, UF_CHUNK_BOUNDS);
    for (uf_node node = 0; node < writing->counts.nodes; node++) {
        int64_t bound = shapes->bound(shapes->context, node);
        if (bound < 0)
            continue;
        struct uf_format_bound item = {(uint64_t)bound, node, 0};
        memcpy(uf_emit_room(writing->emit, sizeof item), &item, sizeof item);
    }
}

enum uf_code uf_write_texts(struct uf_writing *writing, struct uf_error *err)
{
    size_t words = ((size_t)writing->counts.nodes + 63) / 64;
    struct texts texts = {.bits = uf_mem_zalloc((words + 1) * sizeof *texts.bits)};
    enum uf_code code = texts.bits ? write_records(writing, &texts, err) : uf_error_nomem(err);
    if (!code) {
        uf_emit_begin(writing->emit, UF_CHUNK_TEXT_BITS);
        uf_emit_bytes(writing->emit, texts.bits, words * sizeof *texts.bits);
        uf_emit_begin(writing->emit, UF_CHUNK_TEXT_BLOCKS);
        uf_emit_bytes(writing->emit, texts.blocks.at, texts.blocks.len * sizeof *texts.blocks.at);
        write_bounds(writing);
        writing->counts.texts = texts.count;
    }
    uf_mem_free(texts.bits);
    uf_vec_release(&texts.blocks);
    return code;
}
