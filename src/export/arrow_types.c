/* The table `types`: a row for each type object that an object of the heap has. */
#include "export/arrow_table.h"

static enum uf_code fill_name(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                              struct uf_error *err)
{
    const struct uf_arrow_texts *names = &rows->heap->type_names;
    (void)err;
    ret->values = names->offsets.at + rows->first; /* offsets need not begin with 0 */
    ret->bytes = names->bytes.at;
    return UF_OK;
}

static bool has_object(const struct uf_arrow_rows *rows, uint32_t type)
{
    return rows->heap->graph->types[type].node != UF_NODE_NONE;
}

static enum uf_code fill_object(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                struct uf_error *err)
{
    uf_node *nodes = uf_arrow_values(rows, ret, sizeof *nodes, err);
    if (!nodes)
        return UF_ENOMEM;
    for (uint32_t i = 0; i < rows->count; i++)
        nodes[i] = rows->heap->graph->types[rows->first + i].node;
    return uf_arrow_validity(rows, has_object, ret, err);
}

/* The figure at `offset` in struct uf_type_figures, of every type. */
static enum uf_code fill_figure(struct uf_arrow_rows *rows, size_t offset,
                                struct uf_arrow_column *ret, struct uf_error *err)
{
    uint64_t *values = uf_arrow_values(rows, ret, sizeof *values, err);
    if (!values)
        return UF_ENOMEM;
    for (uint32_t i = 0; i < rows->count; i++) {
        const struct uf_type_figures *of = &rows->heap->totals.of[rows->first + i];
        values[i] = *(const uint64_t *)(const void *)((const char *)of + offset);
    }
    return UF_OK;
}

static enum uf_code fill_objects(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                 struct uf_error *err)
{
    return fill_figure(rows, offsetof(struct uf_type_figures, objects), ret, err);
}

static enum uf_code fill_bytes(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                               struct uf_error *err)
{
    return fill_figure(rows, offsetof(struct uf_type_figures, bytes), ret, err);
}

static enum uf_code fill_retained(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                  struct uf_error *err)
{
    return fill_figure(rows, offsetof(struct uf_type_figures, retained_bytes), ret, err);
}

static enum uf_code fill_garbage(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                 struct uf_error *err)
{
    return fill_figure(rows, offsetof(struct uf_type_figures, garbage_objects), ret, err);
}

static const struct uf_arrow_field fields[] = {
    {"id", UF_ARROW_U32, false, 0, uf_arrow_ids, NULL},
    {"name", UF_ARROW_UTF8, false, UF_ARROW_TYPE_NAMES, fill_name, NULL},
    {"object", UF_ARROW_U32, true, 0, fill_object, NULL},
    {"objects", UF_ARROW_U64, false, UF_ARROW_TOTALS, fill_objects, NULL},
    {"bytes", UF_ARROW_U64, false, UF_ARROW_TOTALS, fill_bytes, NULL},
    {"retained", UF_ARROW_U64, false, UF_ARROW_TOTALS, fill_retained, NULL},
    {"garbage_objects", UF_ARROW_U64, false, UF_ARROW_TOTALS, fill_garbage, NULL},
};

static uint64_t count_rows(const struct uf_arrow_heap *heap)
{
    return heap->graph->type_count;
}

static bool next_run(const struct uf_arrow_heap *heap, uint32_t at, uint32_t limit, uint32_t *first,
                     uint32_t *count)
{
    uint32_t left = at < heap->graph->type_count ? heap->graph->type_count - at : 0;
    *first = at;
    *count = left < limit ? left : limit;
    return *count > 0;
}

const struct uf_arrow_table uf_arrow_types = {
    "types", fields, sizeof fields / sizeof fields[0], count_rows, next_run,
};
