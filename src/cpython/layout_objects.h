/* layout_objects.h - where the fields of objects lie: the object half of a layout row.
 *
 * Plain data: offsets in bytes, sizes, flag bits. Kinds of objects that are
 * nothing but a few fields are rows of a table of records, so a new kind or a
 * new version is a change of data (pyext/layout_objects.c, layout_records.c)
 * and not of the decoder. A field that the version lacks is UF_NO_FIELD.
 */
#ifndef UF_CPYTHON_LAYOUT_OBJECTS_H
#define UF_CPYTHON_LAYOUT_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#ifndef UF_NO_FIELD
#define UF_NO_FIELD UINT16_MAX
#endif

/* What an object holds besides its fields, its attributes and its type. */
enum uf_container {
    UF_HOLDS_NOTHING,
    UF_HOLDS_DICT,
    UF_HOLDS_LIST,
    UF_HOLDS_TUPLE,
    UF_HOLDS_STRUCTSEQ,
    UF_HOLDS_SET,
    UF_HOLDS_TYPE,
    UF_HOLDS_CODE,
    UF_HOLDS_MODULE,
    UF_HOLDS_DEQUE,
    UF_HOLDS_LRU_CACHE,
    UF_HOLDS_FRAME,
    UF_HOLDS_GENERATOR,
    UF_HOLDS_COROUTINE,
    UF_HOLDS_ASYNC_GENERATOR,
    UF_HOLDS_ORDERED_DICT,
    UF_HOLDS_OBJECT_ARRAY, /* a pointer to an array of objects: fields `array`, `array_length` */
    UF_HOLDS_OPAQUE,       /* asked through tp_traverse */
};

/* How sys.getsizeof computes the size. */
enum uf_size_rule {
    UF_SIZE_BASIC, /* tp_basicsize + ob_size * tp_itemsize: object.__sizeof__ */
    UF_SIZE_INT,
    UF_SIZE_STR,
    UF_SIZE_DICT,
    UF_SIZE_LIST,
    UF_SIZE_SET,
    UF_SIZE_TYPE,
    UF_SIZE_CODE,
    UF_SIZE_ORDERED_DICT,
    UF_SIZE_DEQUE,
    UF_SIZE_FRAME,
    UF_SIZE_GENERATOR,
    UF_SIZE_PLUS,     /* BASIC + a count at `count` * unit (+ head) */
    UF_SIZE_PLUS_IF,  /* the same if the pointer at `pointer` is not NULL */
    UF_SIZE_ARRAY,    /* array.array: BASIC + allocated * item size of its descriptor */
    UF_SIZE_BYTES_IO, /* BASIC + the size of its buffer object where nobody shares it */
    UF_SIZE_STRUCT,   /* struct.Struct: BASIC + its format codes and one more */
    UF_SIZE_POOL,     /* itertools: BASIC + (length of the tuple at `pointer` + `count`) * unit */
    UF_SIZE_ELEMENT,  /* xml Element: BASIC + its block of attributes and children */
};

enum uf_known {
    UF_KNOWN_NONE, /* a record recognised by the name of its type */
    UF_KNOWN_TYPE,
    UF_KNOWN_OBJECT,
    UF_KNOWN_DICT,
    UF_KNOWN_LIST,
    UF_KNOWN_TUPLE,
    UF_KNOWN_STRUCTSEQ, /* type of sys.version_info: any structseq serves */
    UF_KNOWN_SET,
    UF_KNOWN_FROZENSET,
    UF_KNOWN_INT,
    UF_KNOWN_BOOL,
    UF_KNOWN_FLOAT,
    UF_KNOWN_STR,
    UF_KNOWN_BYTES,
    UF_KNOWN_BYTEARRAY,
    UF_KNOWN_NONE_TYPE,
    UF_KNOWN_FUNCTION,
    UF_KNOWN_CELL,
    UF_KNOWN_METHOD,
    UF_KNOWN_INSTANCE_METHOD,
    UF_KNOWN_BUILTIN,
    UF_KNOWN_BUILTIN_METHOD,
    UF_KNOWN_PROPERTY,
    UF_KNOWN_STATIC_METHOD,
    UF_KNOWN_CLASS_METHOD,
    UF_KNOWN_CODE,
    UF_KNOWN_MODULE,
    UF_KNOWN_WEAKREF,
    UF_KNOWN_WEAK_PROXY,
    UF_KNOWN_WEAK_CALLABLE_PROXY,
    UF_KNOWN_TRACEBACK,
    UF_KNOWN_FRAME,
    UF_KNOWN_GENERATOR,
    UF_KNOWN_COROUTINE,
    UF_KNOWN_ASYNC_GENERATOR,
    UF_KNOWN_SLICE,
    UF_KNOWN_RANGE,
    UF_KNOWN_MAPPING_PROXY,
    UF_KNOWN_WRAPPER_DESCRIPTOR,
    UF_KNOWN_METHOD_DESCRIPTOR,
    UF_KNOWN_CLASS_METHOD_DESCRIPTOR,
    UF_KNOWN_MEMBER_DESCRIPTOR,
    UF_KNOWN_GETSET_DESCRIPTOR,
    UF_KNOWN_ORDERED_DICT,
    UF_KNOWN_NAMESPACE,
    UF_KNOWN_SUPER,
    UF_KNOWN_BASE_EXCEPTION,
    UF_KNOWN_SYSTEM_EXIT,
    UF_KNOWN_STOP_ITERATION,
    UF_KNOWN_OS_ERROR,
    UF_KNOWN_IMPORT_ERROR,
    UF_KNOWN_SYNTAX_ERROR,
    UF_KNOWN_NAME_ERROR,
    UF_KNOWN_ATTRIBUTE_ERROR,
    UF_KNOWN_UNICODE_ENCODE_ERROR,
    UF_KNOWN_UNICODE_DECODE_ERROR,
    UF_KNOWN_UNICODE_TRANSLATE_ERROR,
    UF_KNOWN_EXCEPTION_GROUP,
    UF_KNOWN_FROZEN_DICT, /* 3.15 */
    UF_KNOWN_COUNT
};

/* One object-valued field. The name is written as it is shown: ".fget" is an
 * attribute, a name without a dot is internal ("callback"). */
struct uf_layout_field {
    uint16_t offset;
    const char *name;
};

#define UF_RECORD_FIELDS_MAX 16

/* One kind of object. Canonical order of its references: see decode.h. */
struct uf_layout_record {
    uint16_t known;        /* enum uf_known */
    const char *type_name; /* tp_name, where known is UF_KNOWN_NONE */
    uint16_t basic_size;   /* 0, or what tp_basicsize must be for the record to apply */
    uint8_t holds;         /* enum uf_container */
    uint8_t size_rule;     /* enum uf_size_rule */
    uint16_t count, pointer, unit, head; /* UF_SIZE_PLUS: head bytes where the count is not 0 */
    uint8_t field_count;
    struct uf_layout_field fields[UF_RECORD_FIELDS_MAX];
};

/* How instances keep attributes where Py_TPFLAGS_MANAGED_DICT is set. */
enum uf_managed {
    UF_MANAGED_NONE,   /* 3.10 */
    UF_MANAGED_WORDS,  /* 3.11: dict pointer and values pointer, two words */
    UF_MANAGED_TAGGED, /* 3.12: one word: dict, or values with bit 0 set */
    UF_MANAGED_INLINE, /* 3.13+: a dict pointer; values behind the object where the type says so */
};

struct uf_layout_objects {
    struct {
        uint16_t refcount, type, size;
        uint16_t refcount_bytes; /* 8; 4 in 3.14+ */
        uint32_t immortal_mask;  /* of the low 32 bits of the count; 0 before 3.12 */
        uint16_t head_bytes, var_head_bytes, gc_head_bytes;
    } object;

    struct {
        uint16_t name, basic_size, item_size, dealloc, flags, traverse, is_gc, members;
        uint16_t dict, base, bases, mro, cache, subclasses, weaklist_offset, dict_offset;
        uint16_t type_bytes, heap_type_bytes;
        uint16_t heap_name, heap_qualname, heap_slots, heap_module, heap_cached_keys;
        /* bits of tp_flags */
        uint64_t flag_heap_type, flag_gc, flag_managed_dict, flag_managed_weakref,
            flag_inline_values, flag_static_builtin, flag_type_subclass, flag_int_subclass;
        bool gc_head_by_object; /* 3.10, 3.13+: a static type is counted without GC header */
    } type;

    /* PyMemberDef, and the two codes that mean "an object" */
    struct {
        uint16_t name, type, offset, bytes;
        int32_t object, object_ex;
    } member;

    uint8_t managed;                      /* enum uf_managed */
    int16_t managed_dict, managed_values; /* from the object, negative */

    struct {
        uint16_t used, keys, values, bytes;
    } dict;

    struct {
        uint16_t refcount, log2_size, log2_index_bytes, kind, usable, entry_count, indices, bytes;
        uint16_t size; /* 3.10: dk_size; then log2_* and kind are UF_NO_FIELD */
        uint8_t general_kind;
        uint8_t entry_bytes, entry_key, entry_value;                         /* hash, key, value */
        uint8_t unicode_entry_bytes, unicode_entry_key, unicode_entry_value; /* key, value */
    } keys;

    struct {
        uint16_t at;                        /* first value */
        uint16_t capacity, embedded, valid; /* 3.13+ */
        bool of_dict; /* values in an instance count as its dict's as soon as it has one */
    } values;

    struct {
        uint16_t items, allocated, bytes;
    } list;

    struct {
        uint16_t items;
    } tuple;

    struct {
        uint16_t fill, used, mask, table, small_table, entry_bytes, entry_hash;
    } set;

    struct {
        uint16_t size;      /* ob_size, or lv_tag */
        uint8_t size_shift; /* lv_tag >> 3 */
        bool signed_size;
        uint16_t digits;
        uint8_t digit_bits;
        bool zero_has_digit; /* 3.11.2+: an int of 0 is counted with one digit */
    } integer;

    struct {
        uint16_t value;
    } floating;

    struct {
        uint16_t length, state;
        uint8_t kind_shift;
        uint32_t kind_mask, compact_mask, ascii_mask, interned_mask;
        uint16_t ascii_bytes, compact_bytes, unicode_bytes;
        uint16_t utf8, utf8_length, data;
        uint16_t wstr, wstr_length; /* before 3.12 */
    } str;

    struct {
        uint16_t data;
    } bytes;

    struct {
        uint16_t allocated, start;
    } bytearray;

    struct {
        uint16_t cached; /* 3.12+: pointer to an array of objects */
        uint16_t cached_count;
        uint16_t cellvars, cell2arg, opcache, opcache_map, opcache_size, bytecode; /* 3.10 */
        uint16_t opcache_entry_bytes;
        uint16_t extra;
        uint16_t freevars; /* 3.10: tuple; else localsplusnames is cut by nfreevars */
        uint16_t localsplusnames, nlocalsplus, nfreevars;
    } code;

    struct {
        uint16_t dict, def, state, name;
        uint16_t def_traverse, def_state_bytes; /* where `def` is missing: of the module itself */
    } module;

    /* structures that no header shows; UF_NO_FIELD throughout where they are not known */
    struct {
        uint16_t left, right, left_index, maxlen, free_blocks, free_block_count;
        uint16_t block_items, block_length, block_next, block_bytes;
    } deque;

    struct {
        uint16_t next; /* of an entry; the wrapper itself is the head of the ring of entries */
        uint16_t cache, maxsize;
    } lru_cache;

    struct {
        uint16_t fast_nodes, fast_nodes_size, first, node_key, node_next, node_bytes;
    } ordered_dict;

    struct {
        uint16_t items, allocated, descr, descr_item_bytes;
    } array;

    struct {
        uint16_t buffer;
    } bytes_io;

    struct {
        uint16_t codes, code_bytes, code_def;
    } structure;

    struct {
        uint16_t tag, text, tail; /* text and tail with flags in their low bits */
        uint16_t extra, extra_bytes, attributes, length, allocated, children, inline_children;
    } element;

    struct {
        uint16_t frame_data; /* 3.11+: the frame within a frame object */
        uint16_t function_code, function_closure;
        uint16_t weakref_object, weakref_callback;
    } other;

    const struct uf_layout_record *records;
    uint16_t record_count;
};

#endif
