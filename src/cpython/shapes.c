#include "cpython/shapes.h"

#include "cpython/shapes_private.h"
#include "cpython/sound.h"

#include <string.h>

#define AHEAD 12          /* nodes: far enough to hide a cache miss, as in graph/builder.h */
#define PARTS_MAX 65536   /* of one shape: an object that needs more names says less */
#define STEPS_OF_NAME 256 /* for it is kept */
#define RUN_WORTH_IT 2    /* references of the same name, one behind the other */

/* --- building one: by asking for names ---------------------------------------------------------- */

/* A shape's texts are kept where contents are left out: no key of a dict may be among them. Such names come
 * here only from dicts that are changed behind their back. */
static void leave_out_content(struct uf_ref_name *name)
{
    if (name->kind == UF_REF_KEY || (name->kind == UF_REF_ITEM && name->text[0] == '['))
        memcpy(name->text, name->generic, sizeof name->generic);
}

static bool part_of(struct uf_heap_shapes *shapes, uf_node node, uint32_t ordinal,
                    struct uf_shape_part *ret)
{
    const struct uf_strings *strings = &shapes->table.strings;
    struct uf_ref_name name;
    size_t before = strings->count;
    shapes->names->name(shapes->names->context, node, ordinal, &name);
    leave_out_content(&name);
    if (!uf_shape_table_part(&shapes->table, &name, ret))
        return false;
    /* names of a damaged heap may all differ; when nothing may be spent any more, they are all the same */
    if (strings->count > before)
        (void)uf_spend(shapes->heap, STEPS_OF_NAME);
    return true;
}

static bool push_parts(struct uf_heap_shapes *shapes, uf_node node, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        struct uf_shape_part part;
        if (!part_of(shapes, node, i, &part) || uf_vec_push(&shapes->building, part))
            return false;
    }
    return true;
}

static uint32_t build(struct uf_heap_shapes *shapes, uf_node node, uint32_t head, uint32_t tail,
                      enum uf_shape_rule rule)
{
    const struct uf_graph *graph = shapes->graph;
    uint32_t total = graph->edge_start[node + 1] - graph->edge_start[node];
    struct uf_shape shape = {.rule = rule, .head_count = head, .tail_count = tail};
    shapes->building.len = 0;
    if (rule == UF_SHAPE_SAME && !part_of(shapes, node, head, &shape.same))
        return UF_SHAPE_NOMEM;
    if (!push_parts(shapes, node, 0, head) || !push_parts(shapes, node, total - tail, total))
        return UF_SHAPE_NOMEM;
    shape.head = shapes->building.at;
    shape.tail = shape.head ? shape.head + head : NULL;
    return uf_shape_table_add(&shapes->table, &shape);
}

/* "(held inside)" for all. */
static uint32_t build_coarse(struct uf_heap_shapes *shapes)
{
    struct uf_shape shape = {.rule = UF_SHAPE_SAME};
    struct uf_ref_name name;
    uf_name_set(&name, UF_REF_UNKNOWN, "(held inside)", "(held inside)");
    return uf_shape_table_part(&shapes->table, &name, &shape.same)
               ? uf_shape_table_add(&shapes->table, &shape)
               : UF_SHAPE_NOMEM;
}

/* Every reference by its name; the longest run of equal ones is said once. */
static uint32_t build_exact(struct uf_heap_shapes *shapes, uf_node node)
{
    const struct uf_graph *graph = shapes->graph;
    uint32_t total = graph->edge_start[node + 1] - graph->edge_start[node];
    if (total > PARTS_MAX)
        return build_coarse(shapes);
    shapes->building.len = 0;
    if (!push_parts(shapes, node, 0, total))
        return UF_SHAPE_NOMEM;
    const struct uf_shape_part *parts = shapes->building.at;
    uint32_t run_at = 0, run = 0;
    for (uint32_t i = 0, from = 0; i < total; i++) {
        if (parts[i].text != parts[from].text || parts[i].kind != parts[from].kind)
            from = i;
        if (i + 1 - from > run) {
            run = i + 1 - from;
            run_at = from;
        }
    }
    if (run < RUN_WORTH_IT) {
        run = 0;
        run_at = total;
    }
    struct uf_shape shape = {.rule = run ? UF_SHAPE_SAME : UF_SHAPE_NONE,
                             .head_count = run_at,
                             .tail_count = total - run_at - run,
                             .head = parts,
                             .tail = parts ? parts + run_at + run : NULL};
    if (run)
        shape.same = parts[run_at];
    return uf_shape_table_add(&shapes->table, &shape);
}

/* --- what serves a type -------------------------------------------------------------------------- */

static enum uf_text_form text_form(const struct uf_heap *heap, const struct uf_plan *plan)
{
    const struct uf_known_types *known = heap->config.known;
    if (plan->address == known->type[UF_KNOWN_STR])
        return UF_TEXT_FORM_STR;
    if (plan->address == known->type[UF_KNOWN_BYTES])
        return UF_TEXT_FORM_BYTES;
    if (plan->address == known->type[UF_KNOWN_INT])
        return UF_TEXT_FORM_INT;
    if (plan->address == known->type[UF_KNOWN_FLOAT])
        return UF_TEXT_FORM_FLOAT;
    if (plan->address == known->type[UF_KNOWN_BOOL] ||
        plan->address == known->type[UF_KNOWN_NONE_TYPE])
        return UF_TEXT_FORM_WORD;
    if (plan->address == known->type[UF_KNOWN_TUPLE])
        return UF_TEXT_FORM_TUPLE;
    switch ((enum uf_container)plan->holds) {
    case UF_HOLDS_MODULE:
    case UF_HOLDS_TYPE:
    case UF_HOLDS_FRAME:
    case UF_HOLDS_GENERATOR:
    case UF_HOLDS_COROUTINE:
    case UF_HOLDS_ASYNC_GENERATOR:
        return UF_TEXT_FORM_PLACE;
    default:
        break;
    }
    switch (plan->record ? (enum uf_known)plan->record->known : UF_KNOWN_NONE) {
    case UF_KNOWN_FUNCTION:
    case UF_KNOWN_METHOD:
    case UF_KNOWN_BUILTIN:
    case UF_KNOWN_BUILTIN_METHOD:
    case UF_KNOWN_CODE:
        return UF_TEXT_FORM_PLACE;
    default:
        return UF_TEXT_FORM_NONE;
    }
}

static bool has_length(const struct uf_plan *plan)
{
    uint16_t known = plan->record ? plan->record->known : UF_KNOWN_NONE;
    return plan->size_rule == UF_SIZE_STR || plan->size_rule == UF_SIZE_ARRAY ||
           known == UF_KNOWN_BYTES || known == UF_KNOWN_BYTEARRAY;
}

static void make_form(struct uf_heap_shapes *shapes, const struct uf_plan *plan,
                      struct uf_shape_form *form)
{
    form->text = (uint8_t)text_form(shapes->heap, plan);
    form->has_length = has_length(plan);
    form->has_bound = plan->holds == UF_HOLDS_DEQUE || plan->holds == UF_HOLDS_LRU_CACHE;
    form->shape = UF_SHAPE_NOMEM;
    switch ((enum uf_container)plan->holds) {
    case UF_HOLDS_TYPE:
        form->kind = UF_FORM_EXACT;
        break;
    case UF_HOLDS_NOTHING:
        form->kind = plan->slot_count || plan->attributes ||
                             (plan->record && plan->record->field_count)
                         ? UF_FORM_KEYED
                         : UF_FORM_ALWAYS;
        break;
    default:
        form->kind = UF_FORM_KEYED;
    }
}

static inline struct uf_shape_form *form_of(struct uf_heap_shapes *shapes, uf_node node)
{
    uint32_t type = shapes->graph->type[node];
    struct uf_shape_form *form = &shapes->forms[type];
    if (form->kind == UF_FORM_NEW)
        make_form(shapes, &shapes->heap->plans.at[type], form);
    return form;
}

/* --- the interface -------------------------------------------------------------------------------- */

uint32_t uf_shape_first_guessed(struct uf_heap_shapes *shapes, uf_node node)
{
    const struct uf_graph *graph = shapes->graph;
    uint32_t first = graph->edge_start[node], end = graph->edge_start[node + 1];
    uint32_t at = shapes->guessed;
    if (at > 0 && graph->guessed[at - 1] >= first) /* not asked in ascending order */
        return uf_graph_first_guessed(graph, node);
    while (at < graph->guessed_count && graph->guessed[at] < first)
        at++;
    shapes->guessed = at;
    return at < graph->guessed_count && graph->guessed[at] < end ? graph->guessed[at] : end;
}

static inline void prefetch(const struct uf_heap_shapes *shapes, uf_node node)
{
    if (node < shapes->graph->node_count)
        uf_source_prefetch(shapes->heap->source, shapes->graph->address[node]);
}

static uint32_t keyed(struct uf_heap_shapes *shapes, uf_node node, struct uf_shape_form *form)
{
    uint32_t type = shapes->graph->type[node];
    struct uf_shape_key key;
    if (!uf_shape_key_make(shapes, node, &shapes->heap->plans.at[type], &key))
        return build_exact(shapes, node);
    if (key.len == form->last_len && memcmp(key.word, form->last, key.len * sizeof *key.word) == 0)
        return form->shape;
    uint32_t shape = uf_shape_memo_get(&shapes->memo, type, &key);
    if (shape == UF_SHAPE_NOMEM) {
        shape = (uint64_t)key.head + key.tail > PARTS_MAX
                    ? build_coarse(shapes)
                    : build(shapes, node, key.head, key.tail, key.rule);
        if (shape == UF_SHAPE_NOMEM)
            return shape;
        uf_shape_memo_set(&shapes->memo, type, &key, shape);
    }
    if (key.len <= UF_FORM_LAST_WORDS) {
        form->last_len = key.len;
        memcpy(form->last, key.word, key.len * sizeof *key.word);
        form->shape = shape;
    }
    return shape;
}

static uint32_t of(void *context, uf_node node)
{
    struct uf_heap_shapes *shapes = context;
    const struct uf_graph *graph = shapes->graph;
    if (!shapes->prepared) {
        uf_naming_prepare(shapes->heap);
        if (!shapes->heap->naming.attribute_dict)
            return UF_SHAPE_NOMEM;
        shapes->prepared = true;
    }
    struct uf_shape_form *form = form_of(shapes, node);
    prefetch(shapes, node + AHEAD);
    if (form->kind == UF_FORM_KEYED)
        return keyed(shapes, node, form);
    if (form->kind == UF_FORM_EXACT || uf_heap_is_cut(shapes->heap, graph->address[node]))
        return build_exact(shapes, node);
    if (uf_shape_first_guessed(shapes, node) < graph->edge_start[node + 1])
        return build_exact(shapes, node);
    if (form->shape == UF_SHAPE_NOMEM)
        form->shape = build_exact(shapes, node);
    return form->shape;
}

static uint32_t count(void *context)
{
    const struct uf_heap_shapes *shapes = context;
    return (uint32_t)shapes->table.shapes.len;
}

static void get(void *context, uint32_t shape, struct uf_shape *ret)
{
    const struct uf_heap_shapes *shapes = context;
    uf_shape_table_get(&shapes->table, shape, ret);
}

static const struct uf_strings *strings(void *context)
{
    struct uf_heap_shapes *shapes = context;
    return &shapes->table.strings;
}

static enum uf_text_kind text(void *context, uf_node node, char *ret, size_t size, size_t *len)
{
    struct uf_heap_shapes *shapes = context;
    if (form_of(shapes, node)->text == UF_TEXT_FORM_NONE) {
        *len = 0;
        return UF_TEXT_NONE;
    }
    prefetch(shapes, node + AHEAD);
    return uf_shape_text(shapes, node, ret, size, len);
}

static int64_t length(void *context, uf_node node)
{
    struct uf_heap_shapes *shapes = context;
    const struct uf_graph *graph = shapes->graph;
    uint64_t object = graph->address[node];
    if (form_of(shapes, node)->has_length)
        return uf_heap_length(shapes->heap, object);
    if (shapes->heap->plans.at[graph->type[node]].holds != UF_HOLDS_DICT ||
        graph->edge_start[node] != graph->edge_start[node + 1])
        return -1;
    /* from 3.13 on its values may lie in the object that it belongs to, which then holds them */
    int64_t entries = uf_heap_length(shapes->heap, object);
    return entries > 0 ? entries : -1;
}

static int64_t bound(void *context, uf_node node)
{
    struct uf_heap_shapes *shapes = context;
    return form_of(shapes, node)->has_bound
               ? uf_heap_bound(shapes->heap, shapes->graph->address[node])
               : -1;
}

void uf_heap_shapes_destroy(struct uf_heap_shapes *shapes)
{
    if (!shapes)
        return;
    uf_shape_table_release(&shapes->table);
    uf_shape_memo_release(&shapes->memo);
    uf_vec_release(&shapes->building);
    uf_mem_free(shapes->forms);
    uf_mem_free(shapes->key_of_items);
    uf_mem_free(shapes->key_of_attributes);
    uf_mem_free(shapes);
}

enum uf_code uf_heap_shapes_create(struct uf_heap_shapes **own, struct uf_heap *heap,
                                   const struct uf_graph *graph, const struct uf_names *names,
                                   struct uf_shapes *ret, struct uf_error *err)
{
    struct uf_heap_shapes *shapes = *own = uf_mem_zalloc(sizeof *shapes);
    if (!shapes)
        return uf_error_nomem(err);
    size_t words = (size_t)graph->node_count / 64 + 1;
    shapes->heap = heap;
    shapes->graph = graph;
    shapes->names = names;
    shapes->forms = uf_mem_zalloc(((size_t)graph->type_count + 1) * sizeof *shapes->forms);
    shapes->key_of_items = uf_mem_zalloc(words * sizeof *shapes->key_of_items);
    shapes->key_of_attributes = uf_mem_zalloc(words * sizeof *shapes->key_of_attributes);
    if (!shapes->forms || !shapes->key_of_items || !shapes->key_of_attributes) {
        uf_heap_shapes_destroy(shapes);
        *own = NULL;
        return uf_error_nomem(err);
    }
    *ret = (struct uf_shapes){.context = shapes,
                              .of = of,
                              .count = count,
                              .get = get,
                              .strings = strings,
                              .text = text,
                              .length = length,
                              .bound = bound};
    return UF_OK;
}
