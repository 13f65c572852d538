/* The table `objects`: a row for each object. */
#include "analysis/edges.h"
#include "export/arrow_table.h"

#include <string.h>

#define TEXT_BYTES 240

static enum uf_code fill_address(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                 struct uf_error *err)
{
    (void)err;
    ret->values = rows->heap->graph->address + rows->first;
    return UF_OK;
}

/* A type's number is also the number of its name. */
static enum uf_code fill_type(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                              struct uf_error *err)
{
    (void)err;
    ret->values = rows->heap->graph->type + rows->first;
    return UF_OK;
}

static enum uf_code fill_size(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                              struct uf_error *err)
{
    const struct uf_graph *graph = rows->heap->graph;
    uint64_t *sizes = uf_arrow_values(rows, ret, sizeof *sizes, err);
    if (!sizes)
        return UF_ENOMEM;
    for (uint32_t i = 0; i < rows->count; i++)
        sizes[i] = uf_edges_size(graph, rows->first + i);
    return UF_OK;
}

/* Own objects have no row, so this is exactly what nothing reaches (analysis/dominators.h). */
static bool is_garbage(const struct uf_arrow_rows *rows, uint32_t node)
{
    return rows->heap->dominators->retained_objects[node] == 0;
}

static bool is_alive(const struct uf_arrow_rows *rows, uint32_t node)
{
    return !is_garbage(rows, node);
}

static enum uf_code fill_retained(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                  struct uf_error *err)
{
    ret->values = rows->heap->dominators->retained + rows->first;
    return uf_arrow_validity(rows, is_alive, ret, err);
}

static enum uf_code fill_retained_objects(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                          struct uf_error *err)
{
    ret->values = rows->heap->dominators->retained_objects + rows->first;
    return uf_arrow_validity(rows, is_alive, ret, err);
}

static bool is_dominated(const struct uf_arrow_rows *rows, uint32_t node)
{
    return rows->heap->dominators->idom[node] != UF_NODE_NONE;
}

static enum uf_code fill_dominator(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                   struct uf_error *err)
{
    ret->values = rows->heap->dominators->idom + rows->first;
    return uf_arrow_validity(rows, is_dominated, ret, err);
}

static bool is_counted(const struct uf_arrow_rows *rows, uint32_t node)
{
    return rows->heap->graph->refcount[node] != UF_COUNT_IMMORTAL;
}

static enum uf_code fill_refcount(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                  struct uf_error *err)
{
    ret->values = rows->heap->graph->refcount + rows->first;
    return uf_arrow_validity(rows, is_counted, ret, err);
}

static enum uf_code fill_length(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                struct uf_error *err)
{
    const struct uf_names *names = rows->heap->names;
    int64_t *lengths = uf_arrow_values(rows, ret, sizeof *lengths, err);
    uint8_t *valid = uf_arrow_memory_take(rows->memory, ((size_t)rows->count + 7) / 8);
    if (!lengths || !valid)
        return uf_error_nomem(err);
    for (uint32_t i = 0; i < rows->count; i++) {
        int64_t length = names->length(names->context, rows->first + i);
        if (length >= 0)
            valid[i / 8] = (uint8_t)(valid[i / 8] | 1 << i % 8);
        lengths[i] = length >= 0 ? length : 0;
        ret->nulls += length < 0;
    }
    ret->validity = ret->nulls ? valid : NULL;
    return UF_OK;
}

static bool has_flag(const struct uf_arrow_rows *rows, uint32_t node, enum uf_node_flag flag)
{
    return rows->heap->graph->flags[node] & flag;
}

static bool is_tracked(const struct uf_arrow_rows *rows, uint32_t node)
{
    return has_flag(rows, node, UF_NODE_TRACKED);
}

static bool is_frozen(const struct uf_arrow_rows *rows, uint32_t node)
{
    return has_flag(rows, node, UF_NODE_FROZEN);
}

static bool is_opaque(const struct uf_arrow_rows *rows, uint32_t node)
{
    return has_flag(rows, node, UF_NODE_OPAQUE);
}

static bool is_immortal(const struct uf_arrow_rows *rows, uint32_t node)
{
    return !is_counted(rows, node);
}

static enum uf_code fill_tracked(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                 struct uf_error *err)
{
    return uf_arrow_bits(rows, is_tracked, ret, err);
}

static enum uf_code fill_garbage(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                 struct uf_error *err)
{
    return uf_arrow_bits(rows, is_garbage, ret, err);
}

static enum uf_code fill_frozen(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                struct uf_error *err)
{
    return uf_arrow_bits(rows, is_frozen, ret, err);
}

static enum uf_code fill_immortal(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                  struct uf_error *err)
{
    return uf_arrow_bits(rows, is_immortal, ret, err);
}

static enum uf_code fill_opaque(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                                struct uf_error *err)
{
    return uf_arrow_bits(rows, is_opaque, ret, err);
}

/* Does the preview say only what `type` and `length` say: "<shop.Session>", "dict, 3 entries"? */
static bool says_nothing(const char *text, const char *type)
{
    size_t len = strlen(type);
    if (text[0] == '<')
        return strncmp(text + 1, type, len) == 0 && strcmp(text + 1 + len, ">") == 0;
    return text[0] == '\0' || strcmp(text, "?") == 0 ||
           (strncmp(text, type, len) == 0 && strncmp(text + len, ", ", 2) == 0);
}

static enum uf_code add_text(const struct uf_arrow_rows *rows, uf_node node, uint8_t *valid,
                             struct uf_arrow_texts *texts, struct uf_error *err)
{
    const struct uf_names *names = rows->heap->names;
    char text[TEXT_BYTES];
    names->preview(names->context, node, text, sizeof text);
    if (says_nothing(text, uf_graph_type_name(rows->heap->graph, node)))
        return uf_arrow_texts_add(texts, "", 0, err);
    uint32_t i = node - rows->first;
    valid[i / 8] = (uint8_t)(valid[i / 8] | 1 << i % 8);
    return uf_arrow_texts_add(texts, text, strlen(text), err);
}

static enum uf_code fill_text(struct uf_arrow_rows *rows, struct uf_arrow_column *ret,
                              struct uf_error *err)
{
    struct uf_arrow_texts texts;
    uint8_t *valid = uf_arrow_memory_take(rows->memory, ((size_t)rows->count + 7) / 8);
    if (!valid)
        return uf_error_nomem(err);
    enum uf_code code = uf_arrow_texts_init(&texts, rows->count, err);
    for (uint32_t i = 0; i < rows->count && !code; i++) {
        code = add_text(rows, rows->first + i, valid, &texts, err);
        ret->nulls += !(valid[i / 8] >> i % 8 & 1);
    }
    if (!code)
        code = uf_arrow_keep_texts(rows, &texts, ret, err);
    ret->validity = ret->nulls ? valid : NULL;
    uf_arrow_texts_release(&texts);
    return code;
}

static const struct uf_arrow_field fields[] = {
    {"id", UF_ARROW_U32, false, 0, uf_arrow_ids, NULL},
    {"address", UF_ARROW_U64, false, 0, fill_address, NULL},
    {"type", UF_ARROW_DICT32, false, UF_ARROW_TYPE_NAMES, fill_type, uf_arrow_type_names},
    {"type_id", UF_ARROW_U32, false, 0, fill_type, NULL},
    {"size", UF_ARROW_U64, false, 0, fill_size, NULL},
    {"retained", UF_ARROW_U64, true, UF_ARROW_DOMINATORS, fill_retained, NULL},
    {"retained_objects", UF_ARROW_U32, true, UF_ARROW_DOMINATORS, fill_retained_objects, NULL},
    {"dominator", UF_ARROW_U32, true, UF_ARROW_DOMINATORS, fill_dominator, NULL},
    {"refcount", UF_ARROW_U32, true, 0, fill_refcount, NULL},
    {"length", UF_ARROW_I64, true, 0, fill_length, NULL},
    {"tracked", UF_ARROW_BOOL, false, 0, fill_tracked, NULL},
    {"garbage", UF_ARROW_BOOL, false, UF_ARROW_DOMINATORS, fill_garbage, NULL},
    {"frozen", UF_ARROW_BOOL, false, 0, fill_frozen, NULL},
    {"immortal", UF_ARROW_BOOL, false, 0, fill_immortal, NULL},
    {"opaque", UF_ARROW_BOOL, false, 0, fill_opaque, NULL},
    {"text", UF_ARROW_UTF8, true, 0, fill_text, NULL},
};

static uint64_t count_rows(const struct uf_arrow_heap *heap)
{
    const struct uf_graph *graph = heap->graph;
    uint64_t rows = 0;
    for (uf_node n = 0; n < graph->node_count; n++)
        rows += !(graph->flags[n] & UF_NODE_OWN);
    return rows;
}

static bool next_run(const struct uf_arrow_heap *heap, uint32_t at, uint32_t limit, uint32_t *first,
                     uint32_t *count)
{
    const struct uf_graph *graph = heap->graph;
    while (at < graph->node_count && graph->flags[at] & UF_NODE_OWN)
        at++;
    *first = at;
    while (at < graph->node_count && at - *first < limit && !(graph->flags[at] & UF_NODE_OWN))
        at++;
    *count = at - *first;
    return *count > 0;
}

const struct uf_arrow_table uf_arrow_objects = {
    "objects", fields, sizeof fields / sizeof fields[0], count_rows, next_run,
};
