#include "cpython/scan.h"

#include "cpython/plan.h"
#include "cpython/read.h"

#include <string.h>

/* Is the word at `offset` a declared member, a slot or a field? Its reference is in the graph. */
static bool is_known(const struct uf_heap *heap, const struct uf_plan *plan, uint32_t offset)
{
    const struct uf_slot *slot = uf_plan_slots(heap, plan);
    for (uint32_t i = 0; i < plan->slot_count; i++)
        if (slot[i].offset == offset)
            return true;
    if (!plan->record || plan->holds == UF_HOLDS_OPAQUE)
        return false; /* fields of opaque ones have names only */
    for (uint8_t i = 0; i < plan->record->field_count; i++)
        if (plan->record->fields[i].offset == offset)
            return true;
    return false;
}

/* Where the part begins that no layout describes; plan->basic_size: there is none. */
static uint64_t unknown_from(const struct uf_heap *heap, const struct uf_plan *plan)
{
    const struct uf_layout_objects *lay = heap->objects;
    bool outside = heap->config.traverse == NULL;
    bool element = plan->record && plan->size_rule == UF_SIZE_ELEMENT;
    if (plan->holds == UF_HOLDS_TYPE) /* what a metatype of C adds */
        return outside && plan->also_traverse ? lay->type.heap_type_bytes : plan->basic_size;
    if (!plan->record || (outside && plan->holds == UF_HOLDS_OPAQUE && !element))
        return plan->item_size ? lay->object.var_head_bytes : lay->object.head_bytes;
    /* behind the base part; where items follow that one, the extra fields lie behind them */
    return plan->item_size ? plan->basic_size : plan->base_basic_size;
}

/* Without a time zone these are made smaller than tp_basicsize says (CPython 3.12
 * Modules/_datetimemodule.c, datetime_alloc, time_alloc): the last words may be another's. What they
 * refer to, their tzinfo, is a member anyway. */
bool uf_scan_is_cut_short(struct uf_heap *heap, uint32_t type)
{
    const char *name = uf_heap_type_name(heap, type);
    return strcmp(name, "datetime.datetime") == 0 || strcmp(name, "datetime.time") == 0;
}

static int add_words(struct uf_scans *scans, const struct uf_heap *heap, const struct uf_plan *plan)
{
    struct uf_scan scan = {.first = (uint32_t)scans->offsets.len};
    const struct uf_layout_objects *lay = heap->objects;
    uint64_t weak = uf_source_word(heap->source, plan->address + lay->type.weaklist_offset);
    uint64_t end = plan->basic_size < plan->view_bytes ? plan->basic_size : plan->view_bytes;
    for (uint64_t at = (unknown_from(heap, plan) + 7) & ~UINT64_C(7);
         at + 8 <= end && scan.count < UF_SCAN_WORDS_MAX; at += 8) {
        uint32_t offset = (uint32_t)at;
        bool dict = plan->attributes == UF_ATTRIBUTES_AT && plan->dict_offset == (int64_t)at;
        if (at == weak || dict || is_known(heap, plan, offset))
            continue;
        if (uf_vec_push(&scans->offsets, offset))
            return -1;
        scan.count++;
    }
    bool outside = heap->config.traverse == NULL;
    if (outside && (!plan->record || plan->holds == UF_HOLDS_OPAQUE) && plan->item_size >= 8 &&
        plan->item_size % 8 == 0 && plan->item_size <= UF_SCAN_WORDS_MAX * 8 && !plan->is_int) {
        scan.items_at = (uint32_t)((plan->basic_size + 7) & ~UINT64_C(7));
        scan.item_bytes = (uint32_t)plan->item_size;
    }
    scan.module = outside && plan->holds == UF_HOLDS_MODULE;
    return uf_vec_push(&scans->of_type, scan);
}

enum uf_code uf_scans_make(struct uf_scans *scans, struct uf_heap *heap, struct uf_error *err)
{
    scans->source = heap->source;
    for (size_t t = scans->of_type.len; t < heap->plans.len; t++) {
        struct uf_scan nothing = {0};
        if (uf_scan_is_cut_short(heap, (uint32_t)t) ? uf_vec_push(&scans->of_type, nothing)
                                                    : add_words(scans, heap, &heap->plans.at[t]))
            return uf_error_nomem(err);
    }
    return UF_OK;
}

void uf_scans_release(struct uf_scans *scans)
{
    uf_vec_release(&scans->offsets);
    uf_vec_release(&scans->of_type);
}
