#include "cpython/names.h"

#include "cpython/frames.h"
#include "cpython/naming.h"
#include "cpython/read.h"
#include "cpython/sound.h"
#include "cpython/str.h"

#include <stdio.h>

void uf_name_set(struct uf_ref_name *ret, enum uf_ref_kind kind, const char *text,
                 const char *generic)
{
    ret->kind = kind;
    uf_utf8_cut(ret->text, sizeof ret->text, text);
    uf_utf8_cut(ret->generic, sizeof ret->generic, generic);
}

bool uf_is_identifier(const char *name)
{
    if (!*name || (*name >= '0' && *name <= '9'))
        return false;
    for (const char *c = name; *c; c++) {
        bool word = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                    (*c >= '0' && *c <= '9') || *c == '_' || (*c & 0x80);
        if (!word)
            return false;
    }
    return true;
}

static bool is_str(const struct uf_heap *heap, uint64_t object)
{
    return object && uf_source_word(heap->source, object + heap->objects->object.type) ==
                         heap->config.known->type[UF_KNOWN_STR];
}

void uf_name_attribute(struct uf_heap *heap, struct uf_ref_name *ret, uint64_t key)
{
    char name[UF_KEY_BYTES];
    if (is_str(heap, key) && uf_str_copy(heap, key, name, sizeof name) && uf_is_identifier(name)) {
        ret->kind = UF_REF_ATTR;
        ret->text[0] = ret->generic[0] = '.';
        uf_utf8_cut(ret->text + 1, sizeof ret->text - 1, name);
        uf_utf8_cut(ret->generic + 1, sizeof ret->generic - 1, name);
        return;
    }
    uf_key_repr(heap, key, name);
    ret->kind = UF_REF_ITEM;
    snprintf(ret->text, sizeof ret->text, ".__dict__[%s]", name);
    snprintf(ret->generic, sizeof ret->generic, ".__dict__[*]");
}

void uf_name_item(struct uf_heap *heap, struct uf_ref_name *ret, uint64_t key)
{
    char name[UF_KEY_BYTES];
    uf_key_repr(heap, key, name);
    ret->kind = UF_REF_ITEM;
    snprintf(ret->text, sizeof ret->text, "[%s]", name);
    snprintf(ret->generic, sizeof ret->generic, "[*]");
}

void uf_name_index(struct uf_ref_name *ret, uint64_t index)
{
    ret->kind = UF_REF_INDEX;
    snprintf(ret->text, sizeof ret->text, "[%llu]", (unsigned long long)index);
    snprintf(ret->generic, sizeof ret->generic, "[*]");
}

uint64_t uf_name_value_key(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t index)
{
    struct uf_dict_table table;
    if (!plan->cached_keys || !uf_keys_table(heap, plan->cached_keys, &table) ||
        index >= table.count)
        return 0;
    return uf_source_word(heap->source, table.entries + index * table.entry_bytes + table.key);
}

/* Answers when the reference is a slot; otherwise counts the slots off. */
static bool name_slot(struct uf_question *q)
{
    const struct uf_slot *slot = uf_plan_slots(q->heap, q->plan);
    for (uint32_t i = 0; i < q->plan->slot_count && uf_spend(q->heap, 1); i++) {
        if (!uf_u64(q->view, slot[i].offset))
            continue;
        if (q->left-- > 0)
            continue;
        char name[UF_KEY_BYTES];
        name[0] = '.';
        uf_cstr_copy(q->heap, slot[i].name, name + 1, sizeof name - 1);
        uf_name_set(q->ret, UF_REF_ATTR, name, name);
        return true;
    }
    return false;
}

static bool name_attribute(struct uf_question *q)
{
    struct uf_attribute_words words;
    if (!uf_plan_attributes(q->heap, q->plan, q->object, &words))
        return false;
    if (words.dict && q->left-- == 0) {
        uf_name_set(q->ret, UF_REF_DICT, ".__dict__", ".__dict__");
        return true;
    }
    const void *view = words.values ? uf_view(q->heap, words.values, words.value_count * 8) : NULL;
    for (uint64_t i = 0; view && i < words.value_count && uf_spend(q->heap, 1); i++) {
        if (!uf_u64(view, i * 8) || q->left-- > 0)
            continue;
        uf_name_attribute(q->heap, q->ret, uf_name_value_key(q->heap, q->plan, i));
        return true;
    }
    return false;
}

static void name_field(struct uf_question *q)
{
    const struct uf_layout_record *record = q->plan->record;
    for (uint8_t i = 0; record && i < record->field_count; i++) {
        if (!uf_u64(q->view, record->fields[i].offset) || q->left-- > 0)
            continue;
        const char *name = record->fields[i].name;
        uf_name_set(q->ret, name[0] == '.' ? UF_REF_ATTR : UF_REF_FIELD, name, name);
        return;
    }
    if (q->plan->heap_type && q->target == q->plan->address)
        uf_name_set(q->ret, UF_REF_TYPE, ".__class__", ".__class__");
}

/* References behind the container's: fields and type. */
static uint32_t trailing(const struct uf_question *q)
{
    const struct uf_layout_record *record = q->plan->record;
    uint32_t count = q->plan->heap_type ? 1 : 0;
    for (uint8_t i = 0; record && i < record->field_count; i++)
        count += uf_u64(q->view, record->fields[i].offset) != 0;
    return count;
}

static void name(void *context, uf_node source, uint32_t ordinal, struct uf_ref_name *ret)
{
    struct uf_heap *heap = context;
    const struct uf_graph *graph = heap->naming.graph;
    uf_name_set(ret, UF_REF_UNKNOWN, "(held inside)", "(held inside)");
    if (source >= graph->node_count)
        return;
    uint32_t edge = graph->edge_start[source] + ordinal;
    if (edge >= graph->edge_start[source + 1])
        return;
    struct uf_question q = {.heap = heap,
                            .graph = graph,
                            .object = graph->address[source],
                            .target = graph->address[graph->edge_target[edge]],
                            .source = source,
                            .edge = edge,
                            .left = ordinal,
                            .ret = ret};
    uint32_t type = graph->type[source];
    if (type >= heap->plans.len || uf_heap_is_cut(heap, q.object) || !uf_spend(heap, 1))
        return;
    q.plan = &heap->plans.at[type];
    q.view = uf_view(heap, q.object, q.plan->view_bytes);
    uint32_t end = uf_graph_first_guessed(graph, source);
    if (q.view && edge >= end) {
        uf_name_opaque(&q);
        return;
    }
    if (!q.view || (q.plan->slot_count && name_slot(&q)))
        return;
    if (q.plan->attributes && !q.plan->traverse_visits_dict && name_attribute(&q))
        return;
    if (q.plan->holds == UF_HOLDS_OPAQUE) {
        uf_name_opaque(&q);
        return;
    }
    uint32_t rest = end - edge; /* this one and those behind it */
    uint32_t behind = trailing(&q);
    if (rest > behind) {
        uf_name_contained(&q);
        return;
    }
    q.left = behind - rest;
    name_field(&q);
}

static int64_t length(void *context, uf_node node)
{
    struct uf_heap *heap = context;
    return uf_heap_length(heap, heap->naming.graph->address[node]);
}

static int64_t bound(void *context, uf_node node)
{
    struct uf_heap *heap = context;
    return uf_heap_bound(heap, heap->naming.graph->address[node]);
}

static int64_t declared(void *context, uf_node owner, const char *held, int64_t present,
                        char *attribute, size_t size)
{
    struct uf_heap *heap = context;
    return uf_heap_declared_bound(heap, heap->naming.graph->address[owner], held, present,
                                  attribute, size);
}

static void preview(void *context, uf_node node, char *ret, size_t size)
{
    struct uf_heap *heap = context;
    uf_heap_preview(heap, heap->naming.graph->address[node], ret, size);
}

void uf_naming_release(struct uf_heap *heap)
{
    uf_mem_free(heap->naming.attribute_dict);
    uf_map_release(&heap->naming.closure_of);
    heap->naming.attribute_dict = NULL;
    heap->naming.ready = false;
}

void uf_heap_names(struct uf_heap *heap, const struct uf_graph *graph, struct uf_names *ret)
{
    uf_naming_release(heap);
    heap->naming.graph = graph;
    *ret = (struct uf_names){.context = heap,
                             .name = name,
                             .length = length,
                             .bound = bound,
                             .declared = declared,
                             .preview = preview};
}
