#include "cpython/conservative.h"

#include "cpython/read.h"
#include "cpython/sound.h"

#define COUNT_MAX (UINT64_C(1) << 31)
#define STATE_BYTES_MAX (UINT64_C(1) << 20)
/* Words of a block that are looked at without finding an object among them. */
#define BARREN_WORDS 4096
/* PYMALLOC_DEBUG: size, kind of allocator and FORBIDDENBYTEs in front of a block (Objects/obmalloc.c) */
#define DEBUG_HEAD_BYTES 16
#define DEBUG_FORBIDDEN UINT64_C(0xfdfdfdfdfdfdfd)

void uf_unknown_init(struct uf_unknown *ret, struct uf_heap *heap)
{
    *ret = (struct uf_unknown){.heap = heap};
    ret->pool_bytes = UF_POOL_BYTES(heap->config.layout->version_hex);
}

void uf_unknown_release(struct uf_unknown *unknown)
{
    uf_scans_release(&unknown->scans);
    uf_vec_release(&unknown->blocks);
    uf_map_release(&unknown->seen);
    uf_map_release(&unknown->types);
}

/* --- words --------------------------------------------------------------------------------------- */

static int visit_items(const struct uf_unknown *unknown, uint64_t object,
                       const struct uf_plan *plan, const struct uf_scan *scan, uf_word_visit visit,
                       void *context)
{
    const void *head = uf_view(unknown->heap, object, plan->view_bytes);
    uint64_t bytes = head ? uf_plan_items(unknown->heap, plan, head) : 0;
    bytes = bytes < UF_SCAN_WORDS_MAX ? bytes * scan->item_bytes : 0;
    const void *items = bytes ? uf_view(unknown->heap, object + scan->items_at, bytes) : NULL;
    int status = 0;
    for (uint64_t at = 0; items && at + 8 <= bytes && !status; at += 8)
        if (uf_u64(items, at))
            status = visit(context, uf_u64(items, at));
    return status;
}

int uf_unknown_words(const struct uf_unknown *unknown, uint64_t object, uint32_t type,
                     uf_word_visit visit, void *context)
{
    const struct uf_scan *scan = &unknown->scans.of_type.at[type];
    const uint32_t *offset = unknown->scans.offsets.at + scan->first;
    int status = 0;
    if (scan->count) {
        const void *view = uf_view(unknown->heap, object, (size_t)offset[scan->count - 1] + 8);
        for (uint32_t i = 0; view && i < scan->count && !status; i++)
            if (uf_u64(view, offset[i]))
                status = visit(context, uf_u64(view, offset[i]));
    }
    if (scan->item_bytes && !status)
        status = visit_items(unknown, object, &unknown->heap->plans.at[type], scan, visit, context);
    return status;
}

int uf_unknown_block_words(const struct uf_unknown *unknown, const struct uf_unknown_block *block,
                           uf_word_visit visit, void *context)
{
    uint64_t at = block->start, barren = 0;
    while (at + 8 <= block->end && barren < BARREN_WORDS) {
        uint64_t bytes = block->end - at < BARREN_WORDS * 8 ? block->end - at : BARREN_WORDS * 8;
        const void *view = uf_view(unknown->heap, at, bytes);
        if (!view || !uf_spend(unknown->heap, bytes / 8)) /* blocks of a damaged heap may overlap */
            return 0;
        for (uint64_t i = 0; i + 8 <= bytes; i += 8, barren++) {
            int status = uf_u64(view, i) ? visit(context, uf_u64(view, i)) : 0;
            if (status < 0)
                return status;
            if (status)
                barren = 0;
        }
        at += bytes;
    }
    return 0;
}

/* --- what a word is ------------------------------------------------------------------------------ */

/* A failure to remember costs time only. */
static bool is_type(struct uf_unknown *unknown, uint64_t address)
{
    if (address == 0)
        return false;
    uint32_t known = uf_map_get(&unknown->types, address);
    if (known == UF_MAP_NONE) {
        known = uf_is_type(unknown->heap, address);
        (void)uf_map_set(&unknown->types, address, known);
    }
    return known == 1;
}

/* What a live object's count can be. A link of free blocks, written over it, is none. */
static bool is_count(const struct uf_layout_objects *lay, const void *head)
{
    uint64_t word = uf_u64(head, lay->object.refcount);
    uint64_t low = word & UINT32_MAX, high = word >> 32;
    if (lay->object.immortal_mask && low & lay->object.immortal_mask)
        return lay->object.refcount_bytes == 4 ? (high & UINT16_MAX) <= 1 : high <= 1;
    if (lay->object.refcount_bytes == 4) /* behind it ob_overflow and ob_flags, 3.14 object.h */
        return low > 0 && (high & UINT16_MAX) == 0;
    return word > 0 && word < COUNT_MAX;
}

/* Tracked objects are in the collector's lists, so they need no finding. */
static bool is_tracked(const struct uf_heap *heap, uint64_t object)
{
    uint64_t head = object - heap->objects->object.gc_head_bytes;
    const void *view = uf_view(heap, head, 8);
    return !view || (uf_u64(view, 0) & ~heap->config.layout->runtime.gc.next_flags) != 0;
}

static bool has_debug_head(const struct uf_heap *heap, uint64_t start)
{
    const void *view = uf_view(heap, start, DEBUG_HEAD_BYTES);
    return view && uf_u64(view, 8) >> 8 == DEBUG_FORBIDDEN;
}

/* Does a block begin where the memory of an object at `object` would? */
static bool begins_block(const struct uf_unknown *unknown, const struct uf_plan *plan,
                         uint64_t object, struct uf_block *ret)
{
    const struct uf_heap *heap = unknown->heap;
    uint64_t start = object - plan->prefix_bytes;
    *ret = uf_block_at(heap->source, unknown->pool_bytes, start);
    if (ret->kind == UF_BLOCK_NONE)
        *ret = uf_block_at(heap->source, unknown->pool_bytes, start - DEBUG_HEAD_BYTES);
    if (ret->kind == UF_BLOCK_NONE)
        return false;
    return ret->start == start ||
           (ret->start + DEBUG_HEAD_BYTES == start && has_debug_head(heap, ret->start));
}

bool uf_unknown_is_object(struct uf_unknown *unknown, uint64_t word)
{
    struct uf_heap *heap = unknown->heap;
    const struct uf_layout_objects *lay = heap->objects;
    const void *head = word % 8 || word >> 47 ? NULL : uf_view(heap, word, lay->object.head_bytes);
    if (!head || !uf_spend(heap, 1) || !is_count(lay, head) ||
        !is_type(unknown, uf_u64(head, lay->object.type)))
        return false;
    uint32_t type = uf_heap_type(heap, uf_u64(head, lay->object.type));
    if (type == UINT32_MAX)
        return false;
    const struct uf_plan *plan = &heap->plans.at[type];
    uint64_t least = plan->view_bytes < plan->basic_size ? plan->view_bytes : plan->basic_size;
    if (uf_scan_is_cut_short(heap, type))
        least = lay->object.head_bytes;
    if (!uf_view(heap, word, least))
        return false;
    const struct uf_known_types *known = heap->config.known;
    if (word >= known->static_start && word < known->static_end)
        return true;
    struct uf_block block;
    if (!begins_block(unknown, plan, word, &block)) {
        /* inside a block of the small allocator nothing begins; else it is data of a library, or memory of
         * another allocator */
        if (block.kind == UF_BLOCK_SMALL)
            return false;
        if (plan->holds == UF_HOLDS_TYPE)
            return is_type(unknown, word);
    } else if (word + least > block.end) {
        return false;
    }
    return !plan->gc || !is_tracked(heap, word);
}

int uf_unknown_add_block(struct uf_unknown *unknown, uint64_t word, uint64_t owner, uint8_t depth)
{
    if (depth > UF_UNKNOWN_DEPTH_MAX || word % 8 || word >> 47)
        return 0;
    if (uf_map_get(&unknown->seen, word) != UF_MAP_NONE)
        return 0;
    struct uf_heap *heap = unknown->heap;
    struct uf_block block = uf_block_at(heap->source, unknown->pool_bytes, word);
    bool debug = block.kind && word == block.start + DEBUG_HEAD_BYTES &&
                 has_debug_head(heap, block.start);
    if (!block.kind || (block.start != word && !debug))
        return 0;
    struct uf_unknown_block entry = {word, block.end, owner, depth, false};
    return uf_map_set(&unknown->seen, word, 1) || uf_vec_push(&unknown->blocks, entry) ? -1 : 0;
}

int uf_unknown_add_state(struct uf_unknown *unknown, uint64_t module, uint32_t type)
{
    struct uf_heap *heap = unknown->heap;
    const struct uf_layout_objects *lay = heap->objects;
    const struct uf_plan *plan = &heap->plans.at[type];
    const void *view = uf_view(heap, module, plan->view_bytes);
    uint64_t state = view ? uf_u64(view, lay->module.state) : 0, def = module;
    if (!state)
        return 0;
    if (lay->module.def != UF_NO_FIELD)
        def = uf_u64(view, lay->module.def);
    uint64_t bytes = def ? uf_source_word(heap->source, def + lay->module.def_state_bytes) : 0;
    if (bytes == 0 || bytes > STATE_BYTES_MAX || !uf_view(heap, state, bytes))
        return 0;
    if (uf_map_get(&unknown->seen, state) != UF_MAP_NONE)
        return 0;
    struct uf_unknown_block entry = {state, state + bytes, module, 0, true};
    return uf_map_set(&unknown->seen, state, 1) || uf_vec_push(&unknown->blocks, entry) ? -1 : 0;
}
