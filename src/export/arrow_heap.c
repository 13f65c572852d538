#include "export/arrow_heap.h"

#include "base/mem.h"

#include <string.h>

enum uf_code uf_arrow_heap_borrow(struct uf_arrow_heap **ret, const struct uf_graph *graph,
                                  const struct uf_names *names,
                                  const struct uf_dominators *dominators, struct uf_error *err)
{
    struct uf_arrow_heap *heap = *ret = uf_mem_zalloc(sizeof *heap);
    if (!heap)
        return uf_error_nomem(err);
    atomic_init(&heap->holders, 1);
    heap->graph = graph;
    heap->names = names;
    heap->dominators = dominators;
    heap->ready = dominators ? UF_ARROW_DOMINATORS : 0;
    return UF_OK;
}

enum uf_code uf_arrow_heap_open(struct uf_arrow_heap **ret, const char *path,
                                const struct uf_arrow_host *host, struct uf_error *err)
{
    struct uf_snapshot *snapshot;
    *ret = NULL;
    enum uf_code code = uf_snapshot_open(&snapshot, path, err);
    if (code)
        return code;
    code = uf_snapshot_verify(snapshot, err);
    if (!code)
        code = uf_snapshot_load(snapshot, UF_LOAD_ALL, err);
    if (!code)
        code = uf_arrow_heap_borrow(ret, uf_snapshot_graph(snapshot), uf_snapshot_names(snapshot),
                                    NULL, err);
    if (code) {
        uf_snapshot_close(snapshot);
        return code;
    }
    (*ret)->snapshot = snapshot;
    (*ret)->host = host;
    return UF_OK;
}

void uf_arrow_heap_end(struct uf_arrow_heap *heap)
{
    uf_type_totals_release(&heap->totals);
    uf_arrow_texts_release(&heap->type_names);
    uf_arrow_texts_release(&heap->generics);
    uf_map_release(&heap->generic_map);
    uf_strings_release(&heap->generic_pool);
    uf_dominators_release(&heap->own_dominators);
    uf_snapshot_close(heap->snapshot);
    uf_mem_free(heap);
}

void uf_arrow_heap_hold(struct uf_arrow_heap *heap)
{
    atomic_fetch_add_explicit(&heap->holders, 1, memory_order_relaxed);
}

void uf_arrow_heap_drop(struct uf_arrow_heap *heap)
{
    if (atomic_fetch_sub_explicit(&heap->holders, 1, memory_order_acq_rel) != 1)
        return;
    if (heap->host)
        heap->host->last(heap);
    else
        uf_arrow_heap_end(heap);
}

static enum uf_code name_types(struct uf_arrow_heap *heap, struct uf_error *err)
{
    const struct uf_graph *graph = heap->graph;
    uf_arrow_texts_release(&heap->type_names); /* half of them, from a try that failed */
    enum uf_code code = uf_arrow_texts_init(&heap->type_names, graph->type_count, err);
    for (uint32_t t = 0; t < graph->type_count && !code; t++) {
        const char *name = uf_strings_get(&graph->strings, graph->types[t].name);
        code = uf_arrow_texts_add(&heap->type_names, name, strlen(name), err);
    }
    return code;
}

/* Numbers of generic texts, as the column has them, are their places in `generic_pool`; 0: it has no
 * name. Numbers that `names` gives are mapped to them: several may stand for one text. UF_STRING_NONE when
 * memory is out. */
static uint32_t generic_of(struct uf_arrow_heap *heap, uf_node source, uint32_t ordinal)
{
    const struct uf_names *names = heap->names;
    if (!names->generic) {
        struct uf_ref_name name;
        names->name(names->context, source, ordinal, &name);
        return uf_strings_add_z(&heap->generic_pool, name.generic);
    }
    uint32_t number = names->generic(names->context, source, ordinal);
    if (number == UF_STRING_NONE)
        return number;
    if (UF_GENERIC_KIND(number) == UF_REF_UNKNOWN)
        return 0;
    uint32_t place = uf_map_get(&heap->generic_map, (uint64_t)number + 1);
    if (place != UF_MAP_NONE)
        return place;
    place = uf_strings_add_z(&heap->generic_pool, names->generic_text(names->context, number));
    if (place != UF_STRING_NONE && uf_map_set(&heap->generic_map, (uint64_t)number + 1, place))
        return UF_STRING_NONE;
    return place;
}

/* All of them first, so that every batch has the same dictionary. */
static enum uf_code collect_generics(struct uf_arrow_heap *heap, struct uf_error *err)
{
    const struct uf_graph *graph = heap->graph;
    for (uf_node n = 0; n < graph->node_count; n++) {
        uint32_t count = graph->edge_start[n + 1] - graph->edge_start[n];
        for (uint32_t i = 0; i < count; i++)
            if (generic_of(heap, n, i) == UF_STRING_NONE)
                return uf_error_nomem(err);
    }
    uf_arrow_texts_release(&heap->generics);
    enum uf_code code = uf_arrow_texts_init(&heap->generics, heap->generic_pool.count + 1, err);
    for (uint32_t i = 0; i < heap->generic_pool.count && !code; i++) {
        const char *text = uf_strings_get(&heap->generic_pool, i);
        code = uf_arrow_texts_add(&heap->generics, text, strlen(text), err);
    }
    return code;
}

uint32_t uf_arrow_heap_generic(struct uf_arrow_heap *heap, uf_node source, uint32_t ordinal)
{
    return generic_of(heap, source, ordinal);
}

static enum uf_code compute_dominators(struct uf_arrow_heap *heap, struct uf_error *err)
{
    enum uf_code code = uf_dominators_build(&heap->own_dominators, heap->graph, err);
    if (!code)
        heap->dominators = &heap->own_dominators;
    return code;
}

static enum uf_code compute_totals(struct uf_arrow_heap *heap, struct uf_error *err)
{
    struct uf_domtree tree;
    enum uf_code code = uf_domtree_build(&tree, heap->dominators, err);
    if (code)
        return code;
    code = uf_type_totals_build(&heap->totals, heap->graph, heap->dominators, &tree, err);
    uf_domtree_release(&tree);
    return code;
}

enum uf_code uf_arrow_heap_prepare(struct uf_arrow_heap *heap, unsigned needs, struct uf_error *err)
{
    static enum uf_code (*const makers[])(struct uf_arrow_heap *, struct uf_error *) = {
        name_types,
        compute_dominators,
        collect_generics,
        compute_totals, /* enum uf_arrow_need */
    };
    if (needs & UF_ARROW_TOTALS)
        needs |= UF_ARROW_DOMINATORS;
    needs &= ~heap->ready;
    for (unsigned i = 0; i < sizeof makers / sizeof *makers; i++) {
        if (!(needs >> i & 1))
            continue;
        enum uf_code code = makers[i](heap, err);
        if (code)
            return code;
        heap->ready |= 1U << i;
    }
    return UF_OK;
}
