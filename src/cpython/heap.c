#include "cpython/heap.h"

#include "cpython/decode.h"
#include "cpython/read.h"
#include "cpython/size.h"
#include "cpython/sound.h"
#include "cpython/str.h"
#include "graph/graph.h"

#define NAME_MAX_BYTES 256
#define NO_TYPE (UINT32_MAX - 1)

/* Which record describes which type: by address, and by the tp_traverse that others inherit. */
static int resolve_records(struct uf_heap *heap)
{
    const struct uf_layout_objects *lay = heap->objects;
    heap->known = uf_mem_zalloc((lay->record_count + 1U) * sizeof *heap->known);
    if (!heap->known)
        return -1;
    for (uint16_t i = 0; i < lay->record_count; i++)
        if (lay->records[i].known != UF_KNOWN_NONE)
            heap->known[i].type = heap->config.known->type[lay->records[i].known];
    uint64_t structseq = heap->config.known->type[UF_KNOWN_STRUCTSEQ];
    if (structseq)
        heap->structseq_traverse = uf_source_word(heap->source, structseq + lay->type.traverse);
    return 0;
}

enum uf_code uf_heap_create(struct uf_heap **ret, const struct uf_heap_config *config,
                            struct uf_error *err)
{
    *ret = NULL;
    if (!config->source || !config->layout || !config->known)
        return uf_error_set(err, UF_EINVAL, "a heap needs a source, a layout and known types");
    struct uf_heap *heap = uf_mem_zalloc(sizeof *heap);
    if (!heap)
        return uf_error_nomem(err);
    heap->config = *config;
    heap->source = config->source;
    heap->objects = &config->layout->objects;
    uf_heap_renew_steps(heap);
    if (resolve_records(heap)) {
        uf_heap_destroy(heap);
        return uf_error_nomem(err);
    }
    *ret = heap;
    return UF_OK;
}

void uf_heap_destroy(struct uf_heap *heap)
{
    if (!heap)
        return;
    uf_naming_release(heap);
    for (size_t i = 0; i < heap->plans.len; i++)
        uf_mem_free(heap->plans.at[i].name);
    uf_vec_release(&heap->plans);
    uf_vec_release(&heap->slots);
    uf_map_release(&heap->by_type);
    uf_map_release(&heap->cut);
    uf_mem_free(heap->known);
    uf_mem_free(heap);
}

static uint32_t enter_type(struct uf_heap *heap, uint64_t address)
{
    uint32_t index = uf_map_get(&heap->by_type, address);
    if (index != UF_MAP_NONE)
        return index;
    if (!heap->source->identity && !uf_is_type(heap, address))
        return NO_TYPE;
    struct uf_plan plan;
    size_t slots = heap->slots.len;
    index = (uint32_t)heap->plans.len;
    if (uf_plan_make(heap, address, &plan) || uf_vec_push(&heap->plans, plan)) {
        heap->slots.len = slots;
        return UINT32_MAX;
    }
    if (uf_map_set(&heap->by_type, address, index)) {
        heap->plans.len--;
        heap->slots.len = slots;
        return UINT32_MAX;
    }
    return index;
}

static inline uint32_t find_type(struct uf_heap *heap, uint64_t address)
{
    size_t way = (address >> 4 ^ address >> 12) & (UF_TYPE_CACHE - 1);
    if (heap->cache[way].address == address && address)
        return heap->cache[way].type;
    if (address == 0)
        return NO_TYPE;
    uint32_t type = enter_type(heap, address);
    if (type < NO_TYPE) {
        heap->cache[way].address = address;
        heap->cache[way].type = type;
    }
    return type;
}

uint32_t uf_heap_type(struct uf_heap *heap, uint64_t address)
{
    uint32_t type = find_type(heap, address);
    return type == NO_TYPE ? UINT32_MAX : type;
}

const struct uf_plan *uf_plan_of(struct uf_heap *heap, uint64_t object)
{
    const void *head = uf_view(heap, object, heap->objects->object.head_bytes);
    uint32_t type = head ? find_type(heap, uf_u64(head, heap->objects->object.type)) : NO_TYPE;
    return type >= NO_TYPE ? NULL : &heap->plans.at[type];
}

uint32_t uf_heap_type_count(const struct uf_heap *heap)
{
    return (uint32_t)heap->plans.len;
}

uint64_t uf_heap_type_address(const struct uf_heap *heap, uint32_t type)
{
    return heap->plans.at[type].address;
}

/* "module.Qualified.name" of a heap type; 0 where its name cannot be had that way. */
static size_t heap_type_name(const struct uf_heap *heap, uint64_t type, char *ret, size_t size)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = uf_view(heap, type, lay->type.heap_type_bytes);
    if (!view || !(uf_u64(view, lay->type.flags) & lay->type.flag_heap_type))
        return 0;
    uint64_t str = heap->config.known->type[UF_KNOWN_STR];
    uint64_t qualname = uf_u64(view, lay->type.heap_qualname);
    if (!qualname || uf_source_word(heap->source, qualname + lay->object.type) != str)
        return 0;
    uint64_t module = uf_dict_find(heap, uf_u64(view, lay->type.dict), "__module__");
    size_t len = 0;
    if (module && uf_source_word(heap->source, module + lay->object.type) == str &&
        !uf_str_equals(heap, module, "builtins")) {
        len = uf_str_copy(heap, module, ret, size / 2);
        if (len)
            ret[len++] = '.';
    }
    return len + uf_str_copy(heap, qualname, ret + len, size - len);
}

const char uf_heap_no_name[] = "?";

const char *uf_heap_type_name(struct uf_heap *heap, uint32_t type)
{
    struct uf_plan *plan = &heap->plans.at[type];
    if (plan->name)
        return plan->name;
    char name[NAME_MAX_BYTES];
    size_t len = heap_type_name(heap, plan->address, name, sizeof name);
    if (len == 0) {
        uint64_t text = uf_source_word(heap->source, plan->address + heap->objects->type.name);
        len = uf_cstr_copy(heap, text, name, sizeof name);
        static const char builtins[] = "builtins.";
        if (len > sizeof builtins && memcmp(name, builtins, sizeof builtins - 1) == 0)
            memmove(name, name + sizeof builtins - 1, len + 2 - sizeof builtins);
    }
    plan->name = uf_mem_strdup(len ? name : "?");
    return plan->name ? plan->name : uf_heap_no_name;
}

static uint32_t read_count(const struct uf_layout_objects *lay, const void *view)
{
    uint32_t low = uf_u32(view, lay->object.refcount);
    if (lay->object.immortal_mask)
        return low & lay->object.immortal_mask ? UF_COUNT_IMMORTAL : low;
    uint64_t count = uf_u64(view, lay->object.refcount);
    return count >= UF_COUNT_IMMORTAL ? UF_COUNT_IMMORTAL : low;
}

/* Dicts, lists, tuples, numbers and strings are most of any heap: their size and references in one go, as
 * size.c and decode.c have them. 0: too large for this, or it cannot be read: ask those; else the size. */
static uint64_t decode_quick(struct uf_heap *heap, const struct uf_plan *plan, uint64_t address,
                             uf_refs *refs)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *view = uf_view(heap, address, plan->view_bytes);
    uint64_t items, count, bytes;
    if (!view)
        return 0;
    switch ((enum uf_container)plan->holds) {
    case UF_HOLDS_DICT:
        return uf_dict_quick(heap, plan, address, refs);
    case UF_HOLDS_LIST:
        items = uf_u64(view, lay->list.items);
        count = uf_u64(view, lay->object.size);
        bytes = plan->basic_size + plan->prefix_bytes + uf_u64(view, lay->list.allocated) * 8;
        break;
    case UF_HOLDS_TUPLE:
        items = address + lay->tuple.items;
        count = uf_u64(view, lay->object.size);
        bytes = plan->basic_size + plan->prefix_bytes + count * 8;
        break;
    default:
        if (plan->size_rule == UF_SIZE_STR) {
            uint32_t state = uf_u32(view, lay->str.state);
            uint32_t wanted = lay->str.compact_mask | lay->str.ascii_mask;
            if ((state & wanted) != wanted ||
                (lay->str.wstr != UF_NO_FIELD && uf_u64(view, lay->str.wstr)))
                return 0;
            count = uf_u64(view, lay->str.length);
            bytes = lay->str.ascii_bytes + count + 1;
            return count < UF_SMALL_BYTES && bytes <= UF_SMALL_BYTES ? bytes : 0;
        }
        count = lay->integer.signed_size
                    ? uf_u64(view, lay->integer.size) // a negative one is large
                    : uf_u64(view, lay->integer.size) >> lay->integer.size_shift;
        return count && count < 64 ? lay->integer.digits + count * 4 : 0;
    }
    if (bytes > UF_SMALL_BYTES || count > UF_SMALL_BYTES / 8)
        return 0;
    const void *words = uf_view(heap, items, count * 8);
    if ((!words && count) || uf_vec_reserve(refs, refs->len + count))
        return 0;
    uint64_t *end = refs->at + refs->len;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t word = uf_u64(words, i * 8);
        *end = word;
        end += word != 0;
    }
    refs->len = (size_t)(end - refs->at);
    return bytes;
}

enum uf_code uf_heap_decode(struct uf_heap *heap, uint64_t address, struct uf_object *ret,
                            uf_refs *refs, struct uf_error *err)
{
    const struct uf_layout_objects *lay = heap->objects;
    const void *head = uf_view(heap, address, lay->object.head_bytes);
    if (!head)
        return uf_error_at(err, UF_EFAULT, address, "cannot read an object");
    uint64_t type_address = uf_u64(head, lay->object.type);
    uint32_t type = find_type(heap, type_address);
    if (type >= NO_TYPE)
        return type == NO_TYPE ? uf_error_at(err, UF_ECORRUPT, address, "an object has no type")
                               : uf_error_nomem(err);
    const struct uf_plan *plan = &heap->plans.at[type];
    ret->address = address;
    ret->type = type;
    ret->refcount = read_count(lay, head);
    ret->malloced = 0;
    ret->flags = 0;
    ret->cut = false;
    if (plan->quick && (ret->size = decode_quick(heap, plan, address, refs)) != 0)
        return UF_OK;
    struct uf_size size = {.bytes = plan->constant_size};
    if ((size.bytes == 0 || size.bytes > UF_SMALL_BYTES) &&
        !uf_size_of(heap, plan, address, &size)) {
        size = (struct uf_size){.bytes = plan->basic_size + plan->prefix_bytes};
        ret->cut = true;
    }
    ret->size = size.bytes;
    ret->malloced = size.malloced;
    if (plan->leaf)
        return UF_OK;
    if (plan->holds == UF_HOLDS_TYPE && !heap->source->identity && !uf_is_type(heap, address)) {
        ret->cut = true; /* a type of no sizes: nothing can be one of it */
    } else if (plan->holds == UF_HOLDS_TYPE) {
        const void *view = uf_view(heap, address, lay->type.type_bytes);
        ret->flags = UF_NODE_TYPE;
        if (view && !(uf_u64(view, lay->type.flags) & lay->type.flag_heap_type))
            ret->flags |= UF_NODE_STATIC;
    }
    if (plan->holds == UF_HOLDS_OPAQUE)
        ret->flags |= UF_NODE_OPAQUE;
    return uf_decode_refs(heap, plan, address, refs, &ret->cut, err);
}
