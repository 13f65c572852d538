#include "analysis/summary_sum.h"

/* The name in sum->strings, and its row, or `next` if it has none yet. UF_MAP_NONE: memory is out. */
static uint32_t row_of(struct uf_summary_sum *sum, struct uf_map *rows,
                       const struct uf_graph *graph, uint32_t from, uint32_t next, uint32_t *name)
{
    *name = uf_strings_add_z(&sum->strings, uf_strings_get(&graph->strings, from));
    if (*name == UF_STRING_NONE)
        return UF_MAP_NONE;
    uint32_t row = uf_map_get(rows, (uint64_t)*name + 1);
    if (row != UF_MAP_NONE)
        return row;
    return uf_map_set(rows, (uint64_t)*name + 1, next) ? UF_MAP_NONE : next;
}

static void add_figures(struct uf_type_figures *to, const struct uf_type_figures *from)
{
    to->objects += from->objects;
    to->bytes += from->bytes;
    to->retained_objects += from->retained_objects;
    to->retained_bytes += from->retained_bytes;
    to->garbage_objects += from->garbage_objects;
    to->garbage_bytes += from->garbage_bytes;
}

static void add_share(struct uf_summary_share *to, const struct uf_summary_share *from)
{
    to->objects += from->objects;
    to->bytes += from->bytes;
}

static enum uf_code add_type(struct uf_summary_sum *sum, const struct uf_summary_type *from,
                             const struct uf_graph *graph, struct uf_error *err)
{
    struct uf_summary_type fresh = {.fewest = UINT64_MAX};
    uint32_t next = (uint32_t)sum->all.types.len;
    uint32_t row = row_of(sum, &sum->type_rows, graph, from->name, next, &fresh.name);
    if (row == UF_MAP_NONE || (row == next && uf_vec_push(&sum->all.types, fresh)))
        return uf_error_nomem(err);
    struct uf_summary_type *to = &sum->all.types.at[row];
    uint64_t objects = from->figures.objects;
    add_figures(&to->figures, &from->figures);
    to->heaps++;
    to->types = from->types > to->types ? from->types : to->types;
    to->fewest = objects < to->fewest ? objects : to->fewest;
    to->most = objects > to->most ? objects : to->most;
    return UF_OK;
}

static enum uf_code add_native(struct uf_summary_sum *sum, const struct uf_summary_native *from,
                               const struct uf_graph *graph, struct uf_error *err)
{
    struct uf_summary_native fresh = {.example = UF_NODE_NONE};
    uint32_t next = (uint32_t)sum->all.native.len;
    uint32_t row = row_of(sum, &sum->native_rows, graph, from->name, next, &fresh.name);
    if (row == UF_MAP_NONE || (row == next && uf_vec_push(&sum->all.native, fresh)))
        return uf_error_nomem(err);
    struct uf_summary_native *to = &sum->all.native.at[row];
    to->held += from->held;
    to->references += from->references;
    to->objects += from->objects;
    to->bytes += from->bytes;
    return UF_OK;
}

enum uf_code uf_summary_sum_add(struct uf_summary_sum *sum, const struct uf_summary *one,
                                const struct uf_graph *graph, struct uf_error *err)
{
    enum uf_code code = UF_OK;
    for (size_t i = 0; i < one->types.len && !code; i++)
        code = add_type(sum, &one->types.at[i], graph, err);
    for (size_t i = 0; i < one->native.len && !code; i++)
        code = add_native(sum, &one->native.at[i], graph, err);
    add_figures(&sum->all.all, &one->all);
    sum->all.references += one->references;
    sum->all.frozen_objects += one->frozen_objects;
    sum->all.garbage_frozen_objects += one->garbage_frozen_objects;
    sum->all.garbage_frozen_bytes += one->garbage_frozen_bytes;
    for (int kind = 0; kind <= UF_ROOT_NATIVE; kind++)
        add_share(&sum->all.held[kind], &one->held[kind]);
    add_share(&sum->all.immortal, &one->immortal);
    sum->heaps++;
    return code;
}

enum uf_code uf_summary_sum_finish(struct uf_summary_sum *sum, enum uf_summary_order order,
                                   struct uf_error *err)
{
    for (size_t i = 0; i < sum->all.types.len; i++)
        if (sum->all.types.at[i].heaps < sum->heaps)
            sum->all.types.at[i].fewest = 0;
    return uf_summary_order_rows(&sum->all, order, err);
}

void uf_summary_sum_release(struct uf_summary_sum *sum)
{
    uf_summary_release(&sum->all);
    uf_strings_release(&sum->strings);
    uf_map_release(&sum->type_rows);
    uf_map_release(&sum->native_rows);
    *sum = (struct uf_summary_sum){0};
}
