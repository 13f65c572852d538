#include "cpython/size.h"

#include "cpython/decode.h"
#include "cpython/read.h"
#include "cpython/sound.h"

#define GLIBC_SIZE_MASK (~UINT64_C(7))
#define BYTES_MAX (UINT64_C(1) << 46)
#define CODES_MAX_BYTES (1 << 20) /* of the format of one struct.Struct */

/* A block of `bytes` bytes at `address` that the object owns: what malloc counts for it. */
static void add_block(const struct uf_heap *heap, uint64_t address, uint64_t bytes,
                      struct uf_size *ret)
{
    const struct uf_known_types *known = heap->config.known;
    if (bytes <= UF_SMALL_BYTES || !heap->config.glibc_blocks || !address || (address & 15))
        return;
    if (address >= known->static_start && address < known->static_end)
        return;
    ret->malloced += uf_source_word(heap->source, address - 8) & GLIBC_SIZE_MASK;
}

static uint64_t dict_size(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                          struct uf_size *ret)
{
    struct uf_dict_table table;
    uint64_t bytes = plan->basic_size;
    if (!uf_dict_table(heap, object, &table))
        return bytes;
    if (table.values) {
        bytes += table.values_bytes;
        if (heap->objects->managed == UF_MANAGED_NONE) /* later ones are always small */
            add_block(heap, table.values, table.values_bytes, ret);
    }
    if (table.keys_refcount == 1) {
        bytes += table.keys_bytes;
        add_block(heap, uf_source_word(heap->source, object + heap->objects->dict.keys),
                  table.keys_bytes, ret);
    }
    return bytes;
}

static uint64_t str_size(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                         const void *view, struct uf_size *ret)
{
    const struct uf_layout_objects *lay = heap->objects;
    uint32_t state = uf_u32(view, lay->str.state);
    uint64_t width = (state & lay->str.kind_mask) >> lay->str.kind_shift;
    uint64_t length = uf_u64(view, lay->str.length);
    uint64_t bytes, at = 0, data = 0;
    bool ascii = (state & lay->str.ascii_mask) != 0;
    bool compact = (state & lay->str.compact_mask) != 0;
    if (length > BYTES_MAX)
        return plan->basic_size;
    if (compact && ascii) {
        bytes = lay->str.ascii_bytes + length + 1;
    } else if (compact) {
        bytes = lay->str.compact_bytes + (length + 1) * width;
        at = object + lay->str.compact_bytes;
    } else {
        /* A subclass of str: unicode_sizeof counts PyUnicodeObject, not tp_basicsize. */
        bytes = lay->str.unicode_bytes;
        at = data = uf_source_word(heap->source, object + lay->str.data);
        if (data) {
            bytes += (length + 1) * width;
            add_block(heap, data, (length + 1) * width, ret);
        }
    }
    bool has_wide = lay->str.wstr !=
                    UF_NO_FIELD; /* before 3.12: a second form for old extensions */
    uint64_t wide = has_wide ? uf_u64(view, lay->str.wstr) : 0;
    if (compact && ascii)
        return bytes + (wide ? (length + 1) * sizeof(wchar_t) : 0);
    const void *long_form = uf_view(heap, object, lay->str.compact_bytes);
    if (!long_form)
        return bytes;
    if (wide && wide != at)
        bytes += (uf_u64(long_form, lay->str.wstr_length) + 1) * sizeof(wchar_t);
    uint64_t utf8 = uf_u64(long_form, lay->str.utf8);
    if (utf8 && utf8 != at) {
        uint64_t utf8_bytes = uf_u64(long_form, lay->str.utf8_length) + 1;
        bytes += utf8_bytes;
        add_block(heap, utf8, utf8_bytes, ret);
    }
    return bytes;
}

static uint64_t type_size(const struct uf_heap *heap, const void *view, uint64_t object,
                          struct uf_size *ret)
{
    const struct uf_layout_objects *lay = heap->objects;
    if (!(uf_u64(view, lay->type.flags) & lay->type.flag_heap_type))
        return lay->type.type_bytes;
    uint64_t bytes = lay->type.heap_type_bytes;
    uint64_t keys = uf_source_word(heap->source, object + lay->type.heap_cached_keys);
    struct uf_dict_table table;
    if (keys && uf_keys_table(heap, keys, &table)) {
        bytes += table.keys_bytes;
        add_block(heap, keys, table.keys_bytes, ret);
    }
    return bytes;
}

static uint64_t code_extra(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = uf_view(heap, object, plan->view_bytes);
    uint64_t bytes = 0;
    uint64_t extra = view ? uf_u64(view, lay->code.extra) : 0;
    if (extra) /* _PyCodeObjectExtra: a count and as many pointers */
        bytes += 8 + uf_source_word(heap->source, extra) * 8;
    if (lay->code.cell2arg == UF_NO_FIELD || !view)
        return bytes;
    uint64_t cellvars = uf_u64(view, lay->code.cellvars);
    if (uf_u64(view, lay->code.cell2arg) && cellvars)
        bytes += uf_source_word(heap->source, cellvars + lay->object.size) * 8;
    if (uf_u64(view, lay->code.opcache))
        bytes += (uint64_t)uf_u8(view, lay->code.opcache_size) * lay->code.opcache_entry_bytes;
    uint64_t bytecode = uf_u64(view, lay->code.bytecode);
    if (uf_u64(view, lay->code.opcache_map) && bytecode)
        bytes += uf_source_word(heap->source, bytecode + lay->object.size) / 2;
    return bytes;
}

static uint64_t deque_blocks(const struct uf_heap *heap, const void *view, uint64_t object,
                             struct uf_size *ret)
{
    const struct uf_layout_objects *lay = heap->objects;
    uint64_t length = lay->deque.block_length;
    uint64_t items = uf_u64(view, lay->object.size);
    uint64_t blocks = (uf_u64(view, lay->deque.left_index) + items + length - 1) / length;
    uint64_t at = uf_u64(view, lay->deque.left);
    for (uint64_t i = 0; i < blocks && at && heap->config.glibc_blocks; i++) {
        add_block(heap, at, lay->deque.block_bytes, ret);
        at = uf_source_word(heap->source, at + lay->deque.block_next);
    }
    if (lay->deque.free_blocks != UF_NO_FIELD && heap->config.glibc_blocks) {
        uint64_t spare = uf_source_word(heap->source, object + lay->deque.free_block_count);
        for (uint64_t i = 0; i < spare && i < 16; i++)
            add_block(heap, uf_source_word(heap->source, object + lay->deque.free_blocks + i * 8),
                      lay->deque.block_bytes, ret);
    }
    return blocks * lay->deque.block_bytes;
}

static uint64_t frame_words(const struct uf_heap *heap, uint64_t code)
{
    const struct uf_layout_runtime *run = &heap->config.layout->runtime;
    const void *view = code ? uf_view(heap, code, run->code.stack_size + 4) : NULL;
    const void *locals = code ? uf_view(heap, code, run->code.nlocalsplus + 4) : NULL;
    if (!view || !locals)
        return 0;
    return (uint64_t)uf_u32(view, run->code.stack_size) + uf_u32(locals, run->code.nlocalsplus);
}

static uint64_t frame_size(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object)
{
    const struct uf_layout_objects *lay = heap->objects;
    const struct uf_layout_runtime *run = &heap->config.layout->runtime;
    if (run->frame_object.frame == UF_NO_OFFSET) { /* 3.10: frame_sizeof, Objects/frameobject.c */
        uint64_t code = uf_source_word(heap->source, object + run->frame.code);
        const void *view = code ? uf_view(heap, code, run->code.line_table + 8U) : NULL;
        if (!view) /* the line table is the last of the fields that are asked for */
            return plan->basic_size;
        uint64_t words = (uint64_t)uf_u32(view, run->code.stack_size) +
                         uf_u32(view, run->code.nlocals);
        words += uf_source_word(heap->source, uf_u64(view, lay->code.cellvars) + lay->object.size);
        words += uf_source_word(heap->source, uf_u64(view, lay->code.freevars) + lay->object.size);
        return plan->basic_size + (words - 1) * 8; /* one is part of the basic size */
    }
    /* _f_frame_data is the last field of the frame object, a struct _PyInterpreterFrame */
    uint64_t frame = uf_source_word(heap->source, object + run->frame_object.frame);
    uint64_t code = frame ? uf_source_word(heap->source, frame + run->frame.code) & ~UINT64_C(7)
                          : 0;
    return lay->other.frame_data + run->frame.locals_start + frame_words(heap, code) * 8;
}

static uint64_t generator_size(const struct uf_heap *heap, uint64_t object)
{
    const struct uf_layout_runtime *run = &heap->config.layout->runtime;
    uint64_t at = object + run->generator.frame;
    uint64_t code = uf_source_word(heap->source, at + run->frame.code) & ~UINT64_C(7);
    return run->generator.frame + run->frame.locals_start + frame_words(heap, code) * 8;
}

static uint64_t bytes_io_size(const struct uf_heap *heap, const struct uf_plan *plan,
                              const void *view)
{
    const struct uf_layout_objects *lay = heap->objects;
    uint64_t buffer = uf_u64(view, lay->bytes_io.buffer);
    const void *bytes = buffer ? uf_view(heap, buffer, lay->object.var_head_bytes) : NULL;
    if (!bytes || uf_u32(bytes, lay->object.refcount) != 1)
        return plan->basic_size;
    return plan->basic_size + lay->bytes.data + 1U + uf_u64(bytes, lay->object.size);
}

static uint64_t structure_codes(const struct uf_heap *heap, const void *view)
{
    const struct uf_layout_objects *lay = heap->objects;
    uint64_t at = uf_u64(view, lay->structure.codes);
    uint64_t bytes = lay->structure.code_bytes;
    while (at && bytes < CODES_MAX_BYTES && uf_spend(heap, 1) &&
           uf_source_word(heap->source, at + lay->structure.code_def)) {
        bytes += lay->structure.code_bytes;
        at += lay->structure.code_bytes;
    }
    return bytes;
}

static uint64_t element_extra(const struct uf_heap *heap, const void *view)
{
    const struct uf_layout_objects *lay = heap->objects;
    uint64_t at = uf_u64(view, lay->element.extra);
    const void *extra = at ? uf_view(heap, at, lay->element.extra_bytes) : NULL;
    if (!extra)
        return 0;
    if (uf_u64(extra, lay->element.children) == at + lay->element.inline_children)
        return lay->element.extra_bytes;
    return lay->element.extra_bytes + uf_u64(extra, lay->element.allocated) * 8;
}

static uint64_t int_size(const struct uf_heap *heap, const struct uf_plan *plan, const void *view)
{
    const struct uf_layout_objects *lay = heap->objects;
    uint64_t digits = uf_plan_items(heap, plan, view);
    if (digits == 0 && lay->integer.zero_has_digit)
        digits = 1;
    return lay->integer.digits + digits * 4;
}

bool uf_size_of(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                struct uf_size *ret)
{
    const struct uf_layout_objects *lay = heap->objects;
    const struct uf_layout_record *record = plan->sized;
    const void *view = uf_view(heap, object, plan->view_bytes);
    ret->malloced = 0;
    ret->bytes = 0;
    if (!view)
        return false;
    uint64_t bytes = plan->basic_size; /* the answer of __sizeof__ */
    uint64_t own = 0;                  /* what of it lies in the object's own block; 0: all */
    if (plan->item_size && !plan->is_int)
        bytes += uf_plan_items(heap, plan, view) * plan->item_size;
    switch ((enum uf_size_rule)plan->size_rule) {
    case UF_SIZE_BASIC:
        break;
    case UF_SIZE_INT:
        bytes = int_size(heap, plan, view);
        break;
    case UF_SIZE_STR:
        bytes = str_size(heap, plan, object, view, ret);
        if (!(uf_u32(view, lay->str.state) & lay->str.compact_mask))
            own = plan->basic_size;
        break;
    case UF_SIZE_DICT:
        bytes = dict_size(heap, plan, object, ret);
        own = plan->basic_size;
        break;
    case UF_SIZE_ORDERED_DICT:
        bytes = dict_size(heap, plan, object, ret);
        bytes += uf_u64(view, lay->ordered_dict.fast_nodes_size) * 8;
        bytes += uf_u64(view, lay->dict.used) * lay->ordered_dict.node_bytes;
        add_block(heap, uf_u64(view, lay->ordered_dict.fast_nodes),
                  uf_u64(view, lay->ordered_dict.fast_nodes_size) * 8, ret);
        own = plan->basic_size;
        break;
    case UF_SIZE_LIST: {
        uint64_t items = uf_u64(view, lay->list.allocated) * 8;
        bytes = plan->basic_size + items;
        add_block(heap, uf_u64(view, lay->list.items), items, ret);
        own = plan->basic_size;
        break;
    }
    case UF_SIZE_SET: {
        uint64_t table = uf_u64(view, lay->set.table);
        bytes = plan->basic_size;
        if (table != object + lay->set.small_table) {
            uint64_t items = (uf_u64(view, lay->set.mask) + 1) * lay->set.entry_bytes;
            bytes += items;
            add_block(heap, table, items, ret);
        }
        own = plan->basic_size;
        break;
    }
    case UF_SIZE_TYPE:
        bytes = type_size(heap, view, object, ret);
        own = uf_u64(view, lay->type.flags) & lay->type.flag_heap_type ? lay->type.heap_type_bytes
                                                                       : 1;
        break;
    case UF_SIZE_CODE:
        own = bytes = (bytes + 7) & ~UINT64_C(7); /* _PyObject_VAR_SIZE */
        bytes += code_extra(heap, plan, object);
        break;
    case UF_SIZE_DEQUE:
        bytes = plan->basic_size + deque_blocks(heap, view, object, ret);
        own = plan->basic_size;
        break;
    case UF_SIZE_FRAME:
        bytes = frame_size(heap, plan, object);
        break;
    case UF_SIZE_GENERATOR:
        bytes = generator_size(heap, object);
        break;
    case UF_SIZE_PLUS:
    case UF_SIZE_PLUS_IF: {
        uint64_t block = record->pointer == UF_NO_FIELD ? 0 : uf_u64(view, record->pointer);
        own = bytes;
        if (record->size_rule == UF_SIZE_PLUS || block) {
            uint64_t more = uf_u64(view, record->count) * record->unit;
            more += more ? record->head : 0;
            bytes += more;
            add_block(heap, block, more, ret);
        }
        break;
    }
    case UF_SIZE_ARRAY: {
        uint64_t descr = uf_u64(view, lay->array.descr);
        const void *item = descr ? uf_view(heap, descr, lay->array.descr_item_bytes + 4U) : NULL;
        own = plan->basic_size;
        if (item) {
            uint64_t more = uf_u64(view, lay->array.allocated) *
                            uf_u32(item, lay->array.descr_item_bytes);
            bytes = own + more;
            add_block(heap, uf_u64(view, lay->array.items), more, ret);
        }
        break;
    }
    case UF_SIZE_BYTES_IO:
        own = plan->basic_size;
        bytes = bytes_io_size(heap, plan, view);
        break;
    case UF_SIZE_POOL: {
        uint64_t pool = uf_u64(view, record->pointer);
        own = bytes;
        if (pool)
            bytes += uf_source_word(heap->source, pool + lay->object.size) * record->unit;
        if (record->count != UF_NO_FIELD)
            bytes += uf_u64(view, record->count) * record->unit;
        break;
    }
    case UF_SIZE_ELEMENT:
        own = bytes;
        bytes += element_extra(heap, view);
        break;
    case UF_SIZE_STRUCT:
        own = plan->basic_size;
        bytes = own + structure_codes(heap, view);
        break;
    }
    ret->bytes = bytes + plan->prefix_bytes;
    if (plan->prefix_bytes && plan->holds == UF_HOLDS_TYPE && lay->type.gc_head_by_object &&
        !(uf_u64(view, lay->type.flags) & lay->type.flag_heap_type))
        ret->bytes -= plan->prefix_bytes; /* static types are not in the collector's lists */
    add_block(heap, object - plan->prefix_bytes, (own ? own : bytes) + plan->prefix_bytes, ret);
    return ret->bytes < BYTES_MAX && uf_is_size(heap, ret->bytes);
}
