/* Shapes: most nodes of a type have one of a few, so a node keeps an 8-bit number within its type's list. */
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "snapshot/write_private.h"

#include <string.h>

struct pair {
    uint32_t type, shape;
};

struct lists {
    struct uf_map place_of;    /* type << 32 | shape, + 1 -> place in the type's list */
    UF_VEC(struct pair) pairs; /* all entries of all lists; those of one type in their order */
    uint32_t *len;             /* by type; at most UF_SHAPE_BIG */
    struct last {
        uint32_t shape, place;
    } * last; /* by type: the shape of its last node, and the place of that in the list */
    UF_VEC(struct uf_format_exception) exceptions;
};

static void lists_release(struct lists *lists)
{
    uf_map_release(&lists->place_of);
    uf_vec_release(&lists->pairs);
    uf_vec_release(&lists->exceptions);
    uf_mem_free(lists->len);
    uf_mem_free(lists->last);
}

static int lists_init(struct lists *lists, uint32_t types)
{
    *lists = (struct lists){0};
    lists->len = uf_mem_zalloc(((size_t)types + 1) * sizeof *lists->len);
    lists->last = uf_mem_alloc(((size_t)types + 1) * sizeof *lists->last);
    if (!lists->len || !lists->last)
        return -1;
    for (uint32_t t = 0; t < types; t++)
        lists->last[t] = (struct last){UF_SHAPE_NOMEM, 0};
    return 0;
}

/* The place of the shape in the type's list, UF_SHAPE_BIG if there is none left; -1 when memory is out. */
static int place_of(struct lists *lists, uint32_t type, uint32_t shape)
{
    uint64_t key = ((uint64_t)type << 32 | shape) + 1;
    uint32_t place = uf_map_get(&lists->place_of, key);
    if (place != UF_MAP_NONE)
        return (int)place;
    if (lists->len[type] == UF_SHAPE_BIG)
        return UF_SHAPE_BIG;
    struct pair pair = {type, shape};
    if (uf_vec_push(&lists->pairs, pair) || uf_map_set(&lists->place_of, key, lists->len[type]))
        return -1;
    return (int)lists->len[type]++;
}

static enum uf_code write_numbers(struct uf_writing *writing, struct lists *lists,
                                  struct uf_error *err)
{
    const struct uf_graph *graph = writing->content->graph;
    const struct uf_shapes *shapes = writing->content->shapes;
    uf_emit_begin(writing->emit, UF_CHUNK_SHAPE);
    for (uf_node node = 0; node < graph->node_count; node++) {
        uint32_t shape = shapes->of(shapes->context, node), type = graph->type[node];
        if (shape == UF_SHAPE_NOMEM)
            return uf_error_nomem(err);
        struct last *last = &lists->last[type];
        if (last->shape != shape) {
            int place = place_of(lists, type, shape);
            if (place < 0)
                return uf_error_nomem(err);
            *last = (struct last){shape, (uint32_t)place};
        }
        if (last->place == UF_SHAPE_BIG) {
            struct uf_format_exception item = {node, shape};
            if (uf_vec_push(&lists->exceptions, item))
                return uf_error_nomem(err);
        }
        *(uint8_t *)uf_emit_room(writing->emit, 1) = (uint8_t)last->place;
    }
    return UF_OK;
}

/* The end of each type's list, then the lists. */
static enum uf_code write_lists(struct uf_writing *writing, const struct lists *lists,
                                struct uf_error *err)
{
    uint32_t types = writing->content->graph->type_count, end = 0;
    uint32_t *sorted = uf_mem_alloc((lists->pairs.len + 1) * sizeof *sorted);
    uint32_t *next = uf_mem_alloc(((size_t)types + 1) * sizeof *next);
    if (!sorted || !next) {
        uf_mem_free(sorted);
        uf_mem_free(next);
        return uf_error_nomem(err);
    }
    uf_emit_begin(writing->emit, UF_CHUNK_SHAPE_LISTS);
    for (uint32_t t = 0; t < types; t++) {
        next[t] = end;
        end += lists->len[t];
        memcpy(uf_emit_room(writing->emit, sizeof end), &end, sizeof end);
    }
    for (size_t i = 0; i < lists->pairs.len; i++)
        sorted[next[lists->pairs.at[i].type]++] = lists->pairs.at[i].shape;
    uf_emit_bytes(writing->emit, sorted, lists->pairs.len * sizeof *sorted);
    uf_mem_free(sorted);
    uf_mem_free(next);
    return UF_OK;
}

static void write_part(struct uf_emit *emit, const struct uf_shape_part *part)
{
    struct uf_format_part item = {part->text, part->generic, part->kind};
    memcpy(uf_emit_room(emit, sizeof item), &item, sizeof item);
}

static void write_shapes(struct uf_writing *writing)
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

enum uf_code uf_write_shapes(struct uf_writing *writing, struct uf_error *err)
{
    struct lists lists;
    enum uf_code code = UF_OK;
    if (lists_init(&lists, writing->content->graph->type_count))
        code = uf_error_nomem(err);
    if (!code)
        code = write_numbers(writing, &lists, err);
    if (!code) {
        uf_emit_begin(writing->emit, UF_CHUNK_SHAPE_BIG);
        uf_emit_bytes(writing->emit, lists.exceptions.at,
                      lists.exceptions.len * sizeof *lists.exceptions.at);
        code = write_lists(writing, &lists, err);
    }
    if (!code)
        write_shapes(writing);
    lists_release(&lists);
    return code;
}
