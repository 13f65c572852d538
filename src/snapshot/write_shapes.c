/* Shapes: how the references of nodes are called. Complete when every node's was asked for. */
#include "snapshot/write_private.h"

#include <string.h>

static void write_part(struct uf_emit *emit, const struct uf_shape_part *part)
{
    struct uf_format_part item = {part->text, part->generic, part->kind};
    memcpy(uf_emit_room(emit, sizeof item), &item, sizeof item);
}

void uf_write_shapes(struct uf_writing *writing)
{
    const struct uf_shapes *shapes = writing->content->shapes;
    uint32_t count = shapes->count(shapes->context);
    struct uf_shape shape;
    writing->counts.shapes = count;
    uf_emit_begin(writing->emit, UF_CHUNK_SHAPES);
    for (uint32_t s = 0; s < count; s++) {
        shapes->get(shapes->context, s, &shape);
        struct uf_format_shape item = {
            .head_count = shape.head_count,
            .tail_count = shape.tail_count,
            .rule = (uint8_t)shape.rule,
        };
        if (shape.rule == UF_SHAPE_SAME) {
            item.same_text = shape.same.text;
            item.same_generic = shape.same.generic;
            item.same_kind = shape.same.kind;
        }
        memcpy(uf_emit_room(writing->emit, sizeof item), &item, sizeof item);
        writing->counts.shape_parts += shape.head_count + shape.tail_count;
    }
    for (uint32_t s = 0; s < count; s++) {
        shapes->get(shapes->context, s, &shape);
        for (uint32_t i = 0; i < shape.head_count; i++)
            write_part(writing->emit, &shape.head[i]);
        for (uint32_t i = 0; i < shape.tail_count; i++)
            write_part(writing->emit, &shape.tail[i]);
    }
    const struct uf_strings *strings = shapes->strings(shapes->context);
    uf_emit_begin(writing->emit, UF_CHUNK_SHAPE_STRINGS);
    uf_emit_bytes(writing->emit, strings->bytes, strings->bytes_len);
}
