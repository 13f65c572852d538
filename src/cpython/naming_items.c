/* Names of what containers hold. */
#include "cpython/frames.h"
#include "cpython/naming.h"
#include "cpython/read.h"
#include "cpython/sound.h"
#include "cpython/str.h"

#include <stdio.h>

#define OPAQUE_EDGES_MAX 64
#define AHEAD 12 /* nodes: far enough to hide a cache miss, as in graph/builder.h */

static bool is_dict(const struct uf_plan *plan)
{
    return plan->holds == UF_HOLDS_DICT || plan->holds == UF_HOLDS_ORDERED_DICT;
}

/* Marks the attribute dict among the first references of `node`, if it has one. */
static void mark_dict(struct uf_heap *heap, uf_node node, const struct uf_plan *plan)
{
    const struct uf_graph *graph = heap->naming.graph;
    uint32_t end = graph->edge_start[node + 1];
    uint32_t most = plan->holds == UF_HOLDS_OPAQUE ? OPAQUE_EDGES_MAX : plan->slot_count + 1;
    uint64_t dict, subclasses;
    if (plan->holds == UF_HOLDS_TYPE)
        uf_type_parts(heap, graph->address[node], &dict, &subclasses);
    else
        dict = uf_plan_dict(heap, plan, graph->address[node]);
    for (uint32_t edge = graph->edge_start[node]; dict && edge < end && most; edge++, most--) {
        uf_node target = graph->edge_target[edge];
        if (graph->address[target] != dict)
            continue;
        if (is_dict(&heap->plans.at[graph->type[target]]))
            heap->naming.attribute_dict[target / 8] |= (uint8_t)(1 << target % 8);
        return;
    }
}

static void mark_closure(struct uf_heap *heap, uf_node node)
{
    const struct uf_graph *graph = heap->naming.graph;
    uint64_t closure =
        uf_source_word(heap->source, graph->address[node] + heap->objects->other.function_closure);
    for (uint32_t edge = graph->edge_start[node]; closure && edge < graph->edge_start[node + 1];
         edge++) {
        uf_node target = graph->edge_target[edge];
        if (graph->address[target] == closure) {
            (void)uf_map_set(&heap->naming.closure_of, (uint64_t)target + 1, node);
            return;
        }
    }
}

/* One pass over the graph, when the first dict or tuple is asked for. When memory is out the names
 * are plainer, nothing more. */
void uf_naming_prepare(struct uf_heap *heap)
{
    const struct uf_graph *graph = heap->naming.graph;
    if (heap->naming.ready)
        return;
    heap->naming.ready = true;
    heap->naming.attribute_dict = uf_mem_zalloc((size_t)graph->node_count / 8 + 1);
    if (!heap->naming.attribute_dict)
        return;
    for (uf_node node = 0; node < graph->node_count; node++) {
        if (node + AHEAD < graph->node_count)
            uf_source_prefetch(heap->source, graph->address[node + AHEAD]);
        const struct uf_plan *plan = &heap->plans.at[graph->type[node]];
        if (plan->attributes || plan->holds == UF_HOLDS_TYPE)
            mark_dict(heap, node, plan);
        if (plan->record && plan->record->known == UF_KNOWN_FUNCTION)
            mark_closure(heap, node);
    }
}

static void name_in_dict(const struct uf_question *q)
{
    struct uf_heap *heap = q->heap;
    struct uf_dict_table table;
    if (!uf_dict_table(heap, q->object, &table))
        return;
    uint64_t key = 0;
    if (table.values) {
        const void *view = uf_view(heap, table.values, table.count * 8);
        uint32_t left = q->left;
        for (uint64_t i = 0; view && i < table.count && !key && uf_spend(heap, 1); i++)
            if (uf_u64(view, i * 8) && left-- == 0)
                key =
                    uf_source_word(heap->source, table.entries + i * table.entry_bytes + table.key);
    } else if (q->left % 2) {
        key = q->graph->address[q->graph->edge_target[q->edge - 1]];
    } else {
        char text[UF_KEY_BYTES + 8] = "key ";
        uf_key_repr(heap, q->target, text + 4);
        uf_name_set(q->ret, UF_REF_KEY, text, "key");
        return;
    }
    if (!key)
        return;
    uf_naming_prepare(heap);
    if (table.values || uf_naming_is_attribute_dict(heap, q->source))
        uf_name_attribute(heap, q->ret, key);
    else
        uf_name_item(heap, q->ret, key);
}

static void name_in_ordered_dict(const struct uf_question *q)
{
    uint64_t used = uf_u64(q->view, q->heap->objects->dict.used);
    if (q->left < used * 2)
        name_in_dict(q);
    else
        uf_name_set(q->ret, UF_REF_KEY, "key (in the order list)", "key");
}

/* The index of the left-th item that is there: nearly always `left` itself. */
static void name_in_array(const struct uf_question *q, uint64_t first, uint64_t count)
{
    uint64_t index = q->left;
    if (count > UF_ITEMS_MAX)
        return;
    if (index >= count || uf_source_word(q->heap->source, first + index * 8) != q->target) {
        const void *view = uf_view(q->heap, first, count * 8);
        uint32_t left = q->left;
        for (index = 0; view && index < count && uf_spend(q->heap, 1); index++)
            if (uf_u64(view, index * 8) && left-- == 0)
                break;
    }
    uf_name_index(q->ret, index);
}

/* "closure 'x'": the name of the index-th free variable of a function. */
static bool name_in_closure(const struct uf_question *q)
{
    struct uf_heap *heap = q->heap;
    const struct uf_layout_objects *lay = heap->objects;
    uf_naming_prepare(heap);
    uint32_t function = uf_map_get(&heap->naming.closure_of, (uint64_t)q->source + 1);
    if (function == UF_MAP_NONE)
        return false;
    uint64_t code =
        uf_source_word(heap->source, q->graph->address[function] + lay->other.function_code);
    uint64_t names = 0;
    uint64_t index = q->left;
    /* the line table is the last of the fields that are asked for */
    const void *view = code ? uf_view(heap, code, heap->config.layout->runtime.code.line_table + 8U)
                            : NULL;
    if (!view)
        return false;
    if (lay->code.freevars != UF_NO_FIELD) {
        names = uf_u64(view, lay->code.freevars);
    } else { /* free variables are the last of all local names */
        names = uf_u64(view, lay->code.localsplusnames);
        index += uf_u32(view, lay->code.nlocalsplus) - uf_u32(view, lay->code.nfreevars);
    }
    const void *tuple = names ? uf_view(heap, names, lay->object.var_head_bytes) : NULL;
    if (!tuple || index >= uf_u64(tuple, lay->object.size))
        return false;
    char name[80], text[100];
    if (!uf_str_copy(heap, uf_source_word(heap->source, names + lay->tuple.items + index * 8), name,
                     sizeof name))
        return false;
    snprintf(text, sizeof text, "closure '%s'", name);
    uf_name_set(q->ret, UF_REF_CLOSURE, text, text);
    return true;
}

static void name_in_type(const struct uf_question *q)
{
    const struct uf_layout_objects *lay = q->heap->objects;
    uint64_t dict, subclasses;
    uf_type_parts(q->heap, q->object, &dict, &subclasses);
    struct {
        uint64_t address;
        enum uf_ref_kind kind;
        const char *name;
    } parts[10] = {
        {dict, UF_REF_DICT, ".__dict__"},
        {uf_u64(q->view, lay->type.bases), UF_REF_ATTR, ".__bases__"},
        {uf_u64(q->view, lay->type.mro), UF_REF_ATTR, ".__mro__"},
        {uf_u64(q->view, lay->type.base), UF_REF_ATTR, ".__base__"},
        {uf_u64(q->view, lay->type.cache), UF_REF_FIELD, "cache"},
        {subclasses, UF_REF_FIELD, "subclasses"},
    };
    if (uf_u64(q->view, lay->type.flags) & lay->type.flag_heap_type) {
        const void *heap_type = uf_view(q->heap, q->object, lay->type.heap_type_bytes);
        if (!heap_type)
            return;
        parts[6].address = uf_u64(heap_type, lay->type.heap_name);
        parts[7].address = uf_u64(heap_type, lay->type.heap_qualname);
        parts[8].address = uf_u64(heap_type, lay->type.heap_slots);
        if (lay->type.heap_module != UF_NO_FIELD)
            parts[9].address = uf_u64(heap_type, lay->type.heap_module);
        for (int i = 6; i < 10; i++) {
            static const char *const names[] = {".__name__", ".__qualname__", ".__slots__",
                                                "defining module"};
            parts[i].name = names[i - 6];
            parts[i].kind = names[i - 6][0] == '.' ? UF_REF_ATTR : UF_REF_FIELD;
        }
    }
    uint32_t left = q->left;
    for (int i = 0; i < 10; i++)
        if (parts[i].address && left-- == 0) {
            uf_name_set(q->ret, parts[i].kind, parts[i].name, parts[i].name);
            return;
        }
    uf_name_set(q->ret, UF_REF_FIELD, "name of an instance attribute",
                "name of an instance attribute");
}

static void name_in_frame(const struct uf_question *q)
{
    struct uf_frame_ref_name name;
    bool found;
    if (q->plan->holds == UF_HOLDS_FRAME)
        found = uf_frame_object_ref_name(q->heap, q->object, q->left, &name);
    else
        found = uf_generator_ref_name(q->heap, q->object,
                                      q->plan->holds == UF_HOLDS_GENERATOR   ? UF_GENERATOR
                                      : q->plan->holds == UF_HOLDS_COROUTINE ? UF_COROUTINE
                                                                             : UF_ASYNC_GENERATOR,
                                      q->left, &name);
    if (found)
        uf_name_set(q->ret, name.is_local ? UF_REF_LOCAL : UF_REF_FIELD, name.text, name.generic);
}

void uf_name_contained(const struct uf_question *q)
{
    const struct uf_layout_objects *lay = q->heap->objects;
    char text[UF_KEY_BYTES + 4];
    switch ((enum uf_container)q->plan->holds) {
    case UF_HOLDS_DICT:
        name_in_dict(q);
        break;
    case UF_HOLDS_ORDERED_DICT:
        name_in_ordered_dict(q);
        break;
    case UF_HOLDS_LIST:
        name_in_array(q, uf_u64(q->view, lay->list.items), uf_u64(q->view, lay->object.size));
        break;
    case UF_HOLDS_TUPLE:
        if (!name_in_closure(q))
            name_in_array(q, q->object + lay->tuple.items,
                          uf_source_word(q->heap->source, q->object + lay->object.size));
        break;
    case UF_HOLDS_STRUCTSEQ:
        name_in_array(q, q->object + lay->tuple.items, q->plan->struct_items);
        break;
    case UF_HOLDS_DEQUE:
        uf_name_index(q->ret, q->left);
        break;
    case UF_HOLDS_LRU_CACHE:
        uf_name_set(q->ret, UF_REF_FIELD, "entry", "entry");
        break;
    case UF_HOLDS_SET: {
        size_t len = uf_key_repr(q->heap, q->target, text + 1);
        text[0] = '{';
        text[len + 1] = '}';
        text[len + 2] = 0;
        uf_name_set(q->ret, UF_REF_KEY, text, "{*}");
        break;
    }
    case UF_HOLDS_TYPE:
        name_in_type(q);
        break;
    case UF_HOLDS_CODE:
        uf_name_set(q->ret, UF_REF_FIELD, "cached bytecode or names", "cached bytecode or names");
        break;
    case UF_HOLDS_MODULE:
        uf_name_set(q->ret, UF_REF_FIELD, "module state", "module state");
        break;
    case UF_HOLDS_FRAME:
    case UF_HOLDS_GENERATOR:
    case UF_HOLDS_COROUTINE:
    case UF_HOLDS_ASYNC_GENERATOR:
        name_in_frame(q);
        break;
    case UF_HOLDS_OBJECT_ARRAY:
        uf_name_index(q->ret, q->left);
        break;
    case UF_HOLDS_OPAQUE:
    case UF_HOLDS_NOTHING:
        break;
    }
}
