/* A run of rows as an Arrow array: a struct whose children are the columns. */
#include "export/arrow_stream.h"

#include <string.h>

#define BUFFERS_MAX 3 /* validity, values or offsets, bytes */

static void release_array(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release)
            array->children[i]->release(array->children[i]);
    if (array->dictionary && array->dictionary->release)
        array->dictionary->release(array->dictionary);
    array->release = NULL;
    uf_arrow_memory_drop(array->private_data);
}

/* An array that nothing has hold of until begin(): its room, and that of its buffers' addresses. */
struct room {
    struct ArrowArray array;
    const void *buffers[BUFFERS_MAX];
};

static void begin(struct room *room, struct uf_arrow_memory *memory, int64_t length, int64_t nulls,
                  int64_t buffers)
{
    room->array = (struct ArrowArray){
        .length = length,
        .null_count = nulls,
        .n_buffers = buffers,
        .buffers = room->buffers,
        .release = release_array,
        .private_data = memory,
    };
    uf_arrow_memory_hold(memory);
}

static void begin_texts(struct room *room, struct uf_arrow_memory *memory,
                        const struct uf_arrow_texts *texts)
{
    room->buffers[1] = texts->offsets.at;
    room->buffers[2] = texts->bytes.at ? texts->bytes.at : "";
    begin(room, memory, (int64_t)uf_arrow_texts_count(texts), 0, 3);
}

static void begin_column(struct room *room, struct uf_arrow_memory *memory, uint32_t rows,
                         const struct uf_arrow_column *column, enum uf_arrow_type type)
{
    room->buffers[0] = column->validity;
    room->buffers[1] = column->values;
    room->buffers[2] = column->bytes ? column->bytes : "";
    begin(room, memory, rows, column->nulls, type == UF_ARROW_UTF8 ? 3 : 2);
}

/* Nothing fails any more: the structs become the consumer's. */
static void hand_out(struct ArrowArray *ret, struct uf_arrow_rows *rows, struct room *columns,
                     struct room *texts, struct ArrowArray **children,
                     const struct uf_arrow_column *filled, const struct uf_arrow_table *table,
                     const struct uf_arrow_selection *selection)
{
    struct room *whole = &columns[selection->count];
    for (uint8_t i = 0; i < selection->count; i++) {
        const struct uf_arrow_field *field = &table->fields[selection->fields[i]];
        begin_column(&columns[i], rows->memory, rows->count, &filled[i], field->type);
        if (field->texts) {
            begin_texts(&texts[i], rows->memory, field->texts(rows->heap));
            columns[i].array.dictionary = &texts[i].array;
        }
        children[i] = &columns[i].array;
    }
    begin(whole, rows->memory, rows->count, 0, 1);
    *ret = whole->array;
    ret->children = children;
    ret->n_children = selection->count;
}

static enum uf_code make(struct ArrowArray *ret, struct uf_arrow_rows *rows,
                         const struct uf_arrow_table *table,
                         const struct uf_arrow_selection *selection, struct uf_error *err)
{
    size_t count = selection->count;
    struct room *columns = uf_arrow_memory_take(rows->memory, (count + 1) * sizeof *columns);
    struct room *texts = uf_arrow_memory_take(rows->memory, count * sizeof *texts);
    struct ArrowArray **children = uf_arrow_memory_take(rows->memory, count * sizeof *children);
    struct uf_arrow_column filled[UF_ARROW_COLUMNS_MAX] = {0};
    if (!columns || !texts || !children)
        return uf_error_nomem(err);
    for (size_t i = 0; i < count; i++) {
        enum uf_code code = table->fields[selection->fields[i]].fill(rows, &filled[i], err);
        if (code)
            return code;
    }
    hand_out(ret, rows, columns, texts, children, filled, table, selection);
    return UF_OK;
}

enum uf_code uf_arrow_batch(struct ArrowArray *ret, struct uf_arrow_heap *heap,
                            const struct uf_arrow_table *table,
                            const struct uf_arrow_selection *selection, uint32_t first,
                            uint32_t count, struct uf_error *err)
{
    unsigned needs = 0;
    memset(ret, 0, sizeof *ret);
    for (uint8_t i = 0; i < selection->count; i++)
        needs |= table->fields[selection->fields[i]].needs;
    enum uf_code code = uf_arrow_heap_prepare(heap, needs, err);
    if (code)
        return code;
    struct uf_arrow_rows rows = {.heap = heap, .first = first, .count = count};
    rows.memory = uf_arrow_memory_create(heap);
    if (!rows.memory)
        return uf_error_nomem(err);
    code = make(ret, &rows, table, selection, err);
    uf_arrow_memory_drop(rows.memory); /* the structs hold it now, or nobody does */
    return code;
}
