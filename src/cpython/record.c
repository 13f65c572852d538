#include "cpython/plan.h"

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Of a field that the version may lack. */
static uint64_t behind(uint64_t needed, uint16_t field)
{
    return field == UF_NO_FIELD ? needed : most(needed, field + UINT64_C(8));
}

uint64_t uf_record_needs(const struct uf_layout_objects *lay, const struct uf_layout_record *record)
{
    uint64_t needed = lay->object.head_bytes;
    switch ((enum uf_container)record->holds) {
    case UF_HOLDS_DICT:
        needed = lay->dict.bytes;
        break;
    case UF_HOLDS_ORDERED_DICT:
        needed = behind(lay->dict.bytes, lay->ordered_dict.fast_nodes);
        needed = behind(behind(needed, lay->ordered_dict.fast_nodes_size), lay->ordered_dict.first);
        break;
    case UF_HOLDS_LIST:
        needed = lay->list.bytes;
        break;
    case UF_HOLDS_SET:
        needed = lay->set.small_table;
        break;
    case UF_HOLDS_TYPE:
        needed = lay->type.type_bytes;
        break;
    case UF_HOLDS_CODE:
        needed = behind(lay->code.extra + UINT64_C(8), lay->code.cellvars);
        needed = behind(behind(needed, lay->code.cell2arg), lay->code.opcache);
        needed = behind(behind(needed, lay->code.opcache_map), lay->code.bytecode);
        if (lay->code.opcache_size != UF_NO_FIELD) /* a byte, the last field of all */
            needed = most(needed, lay->code.opcache_size + UINT64_C(1));
        break;
    case UF_HOLDS_MODULE:
        needed = lay->module.def == UF_NO_FIELD ? lay->module.def_traverse : lay->module.def;
        needed = behind(behind(needed + 8, lay->module.name), lay->module.dict);
        break;
    case UF_HOLDS_DEQUE:
        needed = lay->deque.maxlen + 8U;
        break;
    case UF_HOLDS_LRU_CACHE:
        needed = lay->lru_cache.maxsize + 8U;
        break;
    case UF_HOLDS_OBJECT_ARRAY:
        needed = behind(behind(needed, record->pointer), record->count);
        break;
    case UF_HOLDS_TUPLE:
    case UF_HOLDS_STRUCTSEQ:
        needed = lay->object.var_head_bytes;
        break;
    default:
        break;
    }
    switch ((enum uf_size_rule)record->size_rule) {
    case UF_SIZE_PLUS:
    case UF_SIZE_PLUS_IF:
    case UF_SIZE_POOL:
        needed = behind(behind(needed, record->pointer), record->count);
        break;
    case UF_SIZE_ARRAY:
        needed = behind(behind(needed, lay->array.descr), lay->array.items);
        needed = behind(needed, lay->array.allocated);
        break;
    case UF_SIZE_BYTES_IO:
        needed = most(needed, lay->bytes_io.buffer + 8U);
        break;
    case UF_SIZE_STRUCT:
        needed = most(needed, lay->structure.codes + 8U);
        break;
    case UF_SIZE_ELEMENT:
        needed = most(needed, lay->element.extra + 8U);
        break;
    case UF_SIZE_INT:
        needed = lay->integer.digits;
        break;
    default:
        break;
    }
    for (uint8_t i = 0; i < record->field_count; i++)
        needed = most(needed, record->fields[i].offset + 8U);
    return needed;
}
