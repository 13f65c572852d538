/* What decides the names of an object's references, gathered into a few words. */
#include "cpython/decode.h"
#include "cpython/frames.h"
#include "cpython/read.h"
#include "cpython/shapes_private.h"
#include "cpython/sound.h"

#define VIEW_WORDS_MAX 58 /* of an object whose targets are found by where they stand */
#define TARGET_IS_DICT (UINT64_C(1) << 58)
#define TARGET_IS_TYPE (UINT64_C(1) << 59)
#define TARGETS_UNNAMED (UINT64_C(1) << 63) /* two and more that stand nowhere */
#define VALUES_MAX 256

struct maker {
    struct uf_heap_shapes *shapes;
    const struct uf_plan *plan;
    const void *view;
    uint64_t object;
    uint32_t first, middle; /* edge index; number of edges that are neither head nor tail */
    struct uf_attribute_words words;
    struct uf_shape_key *key;
    uint32_t bits; /* used in the last word */
    bool failed;
};

static void put_word(struct maker *m, uint64_t word)
{
    if (m->key->len == UF_SHAPE_KEY_WORDS)
        m->failed = true;
    else
        m->key->word[m->key->len++] = word;
    m->bits = 64;
}

static inline uint32_t put_bit(struct maker *m, bool bit)
{
    if (m->bits == 64) {
        put_word(m, 0);
        m->bits = 0;
    }
    m->key->word[m->key->len - 1] |= (uint64_t)bit << m->bits++;
    return bit;
}

/* Slots, fields, the attribute dict and values: which are there. What comes first does not move where there
 * are more or fewer values. */
static void put_masks(struct maker *m)
{
    const struct uf_plan *plan = m->plan;
    const struct uf_heap *heap = m->shapes->heap;
    const struct uf_layout_record *record = plan->record;
    const struct uf_slot *slot = uf_plan_slots(heap, plan);
    for (uint32_t i = 0; i < plan->slot_count && !m->failed; i++)
        m->key->head += put_bit(m, uf_u64(m->view, slot[i].offset) != 0);
    if (plan->holds != UF_HOLDS_OPAQUE) {
        for (uint8_t i = 0; record && i < record->field_count && !m->failed; i++)
            m->key->tail += put_bit(m, uf_u64(m->view, record->fields[i].offset) != 0);
        m->key->tail += plan->heap_type;
    }
    if (!plan->attributes || plan->traverse_visits_dict || m->failed)
        return;
    m->key->head += put_bit(m, m->words.dict != 0);
    const void *values = m->words.values && m->words.value_count <= VALUES_MAX
                             ? uf_view(heap, m->words.values, m->words.value_count * 8)
                             : NULL;
    m->failed |= m->words.values && !values;
    for (uint64_t i = 0; values && i < m->words.value_count && !m->failed; i++)
        m->key->head += put_bit(m, uf_u64(values, i * 8) != 0);
}

static void mark(uint64_t *bits, const struct uf_graph *graph, uint32_t first, uint32_t count,
                 uint32_t step)
{
    for (uint32_t edge = first; edge < first + count; edge += step) {
        uf_node target = graph->edge_target[edge];
        bits[target / 64] |= UINT64_C(1) << target % 64;
    }
}

/* All of the middle is named one by one. */
static void name_all(struct maker *m)
{
    m->key->head += m->middle;
    m->middle = 0;
}

static void by_rule(struct maker *m, enum uf_shape_rule rule)
{
    m->key->rule = rule;
}

static void put_dict(struct maker *m, uf_node node)
{
    struct uf_heap *heap = m->shapes->heap;
    struct uf_dict_table table;
    if (!uf_dict_table(heap, m->object, &table)) {
        m->failed = true;
        return;
    }
    if (table.values) { /* the names are those of the keys that it shares */
        put_word(m, table.entries);
        const void *values = table.count <= VALUES_MAX && m->middle
                                 ? uf_view(heap, table.values, table.count * 8)
                                 : NULL;
        m->failed |= m->middle && !values;
        for (uint64_t i = 0; values && i < table.count && !m->failed; i++)
            put_bit(m, uf_u64(values, i * 8) != 0);
        name_all(m);
        return;
    }
    bool attributes = uf_naming_is_attribute_dict(heap, node);
    bool ordered = m->plan->holds == UF_HOLDS_ORDERED_DICT;
    uint32_t first = m->first + m->key->head, pairs = m->middle;
    put_word(m, attributes);
    if (ordered) {
        uint64_t used = uf_u64(m->view, heap->objects->dict.used);
        m->failed |= attributes || m->middle != used * 3; /* changed behind its back */
        pairs = m->middle / 3 * 2;
    }
    m->failed |= pairs % 2 != 0;
    if (m->failed)
        return;
    by_rule(m, ordered ? UF_SHAPE_ORDERED : attributes ? UF_SHAPE_ATTRIBUTES : UF_SHAPE_ITEMS);
    mark(attributes ? m->shapes->key_of_attributes : m->shapes->key_of_items, m->shapes->graph,
         first, pairs, 2);
}

/* An item that is NULL takes an index and is no reference. */
static void put_items(struct maker *m, uint64_t count)
{
    if (m->middle == count)
        by_rule(m, UF_SHAPE_INDEX);
    else
        m->failed = true;
}

static void put_tuple(struct maker *m, uf_node node)
{
    const struct uf_heap *heap = m->shapes->heap;
    const struct uf_layout_objects *lay = heap->objects;
    uint32_t function = heap->naming.closure_of.len
                            ? uf_map_get(&heap->naming.closure_of, (uint64_t)node + 1)
                            : UF_MAP_NONE;
    if (function == UF_MAP_NONE) {
        put_items(m, uf_source_word(heap->source, m->object + lay->object.size));
        return;
    }
    put_word(m, uf_source_word(heap->source,
                               m->shapes->graph->address[function] + lay->other.function_code));
    put_word(m, m->middle);
    name_all(m);
}

/* Where in the object's memory a target stands: that decides its name. */
static uint64_t stands_at(struct maker *m, uint32_t edge)
{
    const struct uf_graph *graph = m->shapes->graph;
    uint64_t target = graph->address[graph->edge_target[edge]], mask = 0;
    for (uint64_t i = 0; (i + 1) * 8 <= m->plan->view_bytes; i++)
        mask |= (uint64_t)(uf_u64(m->view, i * 8) == target) << i;
    if (m->plan->attributes) {
        mask |= m->words.dict == target ? TARGET_IS_DICT : 0;
        for (uint64_t i = 0; m->words.values && i < m->words.value_count && !m->failed; i++)
            m->failed |= uf_source_word(m->shapes->heap->source, m->words.values + i * 8) == target;
    }
    if (m->plan->heap_type && target == m->plan->address)
        mask |= TARGET_IS_TYPE;
    return mask;
}

/* `count` references that are named by where they stand; those that stand nowhere may be many. */
static void put_opaque(struct maker *m)
{
    uint32_t edge = m->first + m->key->head, end = edge + m->middle, unnamed = 0, run = 0;
    bool had_run = false;
    for (; edge <= end && !m->failed; edge++) {
        uint64_t mask = edge < end ? stands_at(m, edge) : 1;
        if (mask == 0) {
            run++;
            continue;
        }
        if (run == 1)
            put_word(m, 0);
        if (run > 1) {
            m->failed |= had_run;
            had_run = true;
            unnamed = run;
            put_word(m, TARGETS_UNNAMED);
            m->key->head = edge - run - m->first; /* those before it */
            m->key->tail += end - edge;
        }
        run = 0;
        if (edge < end)
            put_word(m, mask);
    }
    if (unnamed)
        by_rule(m, UF_SHAPE_SAME);
    else
        name_all(m);
}

static void put_frame(struct maker *m)
{
    const struct uf_heap *heap = m->shapes->heap;
    struct uf_frame_key key;
    enum uf_generator_kind kind = m->plan->holds == UF_HOLDS_GENERATOR   ? UF_GENERATOR
                                  : m->plan->holds == UF_HOLDS_COROUTINE ? UF_COROUTINE
                                                                         : UF_ASYNC_GENERATOR;
    bool known = m->plan->holds == UF_HOLDS_FRAME ? uf_frame_object_key(heap, m->object, &key)
                                                  : uf_generator_key(heap, m->object, kind, &key);
    if (!known || key.count != m->middle) {
        m->failed = true;
        return;
    }
    put_word(m, key.code);
    put_word(m, (uint64_t)key.offset_bytes);
    put_word(m, key.places);
    for (uint32_t i = 0; i * 64 < key.places; i++)
        put_word(m, key.held[i]);
    name_all(m);
}

static void put_container(struct maker *m, uf_node node)
{
    switch ((enum uf_container)m->plan->holds) {
    case UF_HOLDS_DICT:
    case UF_HOLDS_ORDERED_DICT:
        put_dict(m, node);
        break;
    case UF_HOLDS_LIST:
        put_items(m, uf_u64(m->view, m->shapes->heap->objects->object.size));
        break;
    case UF_HOLDS_TUPLE:
        put_tuple(m, node);
        break;
    case UF_HOLDS_STRUCTSEQ:
        put_items(m, m->plan->struct_items);
        break;
    case UF_HOLDS_SET:
        by_rule(m, UF_SHAPE_MEMBERS);
        mark(m->shapes->key_of_items, m->shapes->graph, m->first + m->key->head, m->middle, 1);
        break;
    case UF_HOLDS_DEQUE:
    case UF_HOLDS_OBJECT_ARRAY:
        by_rule(m, UF_SHAPE_INDEX);
        break;
    case UF_HOLDS_OPAQUE:
        put_opaque(m);
        break;
    case UF_HOLDS_FRAME:
    case UF_HOLDS_GENERATOR:
    case UF_HOLDS_COROUTINE:
    case UF_HOLDS_ASYNC_GENERATOR:
        put_frame(m);
        break;
    case UF_HOLDS_LRU_CACHE:
    case UF_HOLDS_CODE:
    case UF_HOLDS_MODULE:
        put_word(m, m->middle != 0);
        if (m->middle)
            by_rule(m, UF_SHAPE_SAME);
        break;
    default:
        m->failed |= m->middle != 0;
    }
}

bool uf_shape_key_make(struct uf_heap_shapes *shapes, uf_node node, const struct uf_plan *plan,
                       struct uf_shape_key *ret)
{
    const struct uf_graph *graph = shapes->graph;
    struct maker m = {.shapes = shapes, .plan = plan, .key = ret, .bits = 64};
    uint32_t end = uf_shape_first_guessed(shapes, node), after = graph->edge_start[node + 1];
    ret->head = ret->tail = ret->len = 0;
    ret->rule = UF_SHAPE_NONE;
    m.object = graph->address[node];
    m.first = graph->edge_start[node];
    m.view = uf_view(shapes->heap, m.object, plan->view_bytes);
    bool by_place = plan->holds == UF_HOLDS_OPAQUE || after > end;
    if (!m.view || uf_heap_is_cut(shapes->heap, m.object) ||
        (by_place && plan->view_bytes > VIEW_WORDS_MAX * 8) ||
        (plan->attributes && !uf_plan_attributes(shapes->heap, plan, m.object, &m.words)))
        return false;
    /* how many bits follow, and how many words stand behind: so that no two keys look alike */
    put_word(&m, m.words.value_count << 32 | (after - end));
    put_masks(&m);
    if (m.failed || ret->head + ret->tail > end - m.first)
        return false;
    m.middle = end - m.first - ret->head - ret->tail;
    put_container(&m, node);
    for (uint32_t edge = end; edge < after && !m.failed; edge++, ret->tail++)
        put_word(&m, stands_at(&m, edge));
    return !m.failed;
}
