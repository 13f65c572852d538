/* The object half of the layout row, from the headers of the interpreter that we are compiled for.
 *
 * Structures that no header shows are copied as offsets from the .c file named beside them; they
 * apply only where tp_basicsize is what we expect (layout_records.c), else tp_traverse is asked.
 */
#include "pyext/layout_headers.h"

#include "pyext/layout_objects.h"

#define AT(structure, member) (uint16_t)offsetof(structure, member)
#define SIZE(structure) (uint16_t)sizeof(structure)
#define NONE UF_NO_FIELD

#if PY_VERSION_HEX >= 0x030c0000
#define STATIC_BUILTIN_FLAG _Py_TPFLAGS_STATIC_BUILTIN
#define MANAGED_WEAKREF_FLAG Py_TPFLAGS_MANAGED_WEAKREF
#else
#define STATIC_BUILTIN_FLAG 0
#define MANAGED_WEAKREF_FLAG 0
#endif

/* What an int of 0 counts for changed within 3.11 (gh-100637; 3.10.13 still counts no digit). */
#define ZERO_HAS_DIGIT (PY_VERSION_HEX >= 0x030b0200)

/* Whether values in an instance count as its dict's once it has one (gh-130327). Upstream from 3.13.13 and
 * 3.14.4 on, in Debian's 3.13.5 as well; inside the process it is tried out (known.c). From outside it
 * tells which of the two a reference is shown at, no more. */
#define VALUES_OF_DICT (PY_VERSION_HEX >= 0x030d0500)

static struct uf_layout_objects layout = {
    .object = {.refcount = AT(PyObject, ob_refcnt),
               .type = AT(PyObject, ob_type),
               .size = AT(PyVarObject, ob_size),
#if PY_VERSION_HEX >= 0x030e0000
               .refcount_bytes = 4,
#else
               .refcount_bytes = 8,
#endif
#if PY_VERSION_HEX >= 0x030c0000
               .immortal_mask = UINT32_C(1) << 31, /* _Py_IsImmortal: the low half is negative */
#endif
               .head_bytes = SIZE(PyObject),
               .var_head_bytes = SIZE(PyVarObject),
               .gc_head_bytes = SIZE(PyGC_Head)},
    .type = {.name = AT(PyTypeObject, tp_name),
             .basic_size = AT(PyTypeObject, tp_basicsize),
             .item_size = AT(PyTypeObject, tp_itemsize),
             .dealloc = AT(PyTypeObject, tp_dealloc),
             .flags = AT(PyTypeObject, tp_flags),
             .traverse = AT(PyTypeObject, tp_traverse),
             .is_gc = AT(PyTypeObject, tp_is_gc),
             .members = AT(PyTypeObject, tp_members),
             .dict = AT(PyTypeObject, tp_dict),
             .base = AT(PyTypeObject, tp_base),
             .bases = AT(PyTypeObject, tp_bases),
             .mro = AT(PyTypeObject, tp_mro),
             .cache = AT(PyTypeObject, tp_cache),
             .subclasses = AT(PyTypeObject, tp_subclasses),
             .weaklist_offset = AT(PyTypeObject, tp_weaklistoffset),
             .dict_offset = AT(PyTypeObject, tp_dictoffset),
             .type_bytes = SIZE(PyTypeObject),
             .heap_type_bytes = SIZE(PyHeapTypeObject),
             .heap_name = AT(PyHeapTypeObject, ht_name),
             .heap_qualname = AT(PyHeapTypeObject, ht_qualname),
             .heap_slots = AT(PyHeapTypeObject, ht_slots),
#if PY_VERSION_HEX >= 0x03090000
             .heap_module = AT(PyHeapTypeObject, ht_module),
#else
             .heap_module = NONE,
#endif
             .heap_cached_keys = AT(PyHeapTypeObject, ht_cached_keys),
             .flag_heap_type = Py_TPFLAGS_HEAPTYPE,
             .flag_gc = Py_TPFLAGS_HAVE_GC,
#if PY_VERSION_HEX >= 0x030b0000
             .flag_managed_dict = Py_TPFLAGS_MANAGED_DICT,
#endif
             .flag_managed_weakref = MANAGED_WEAKREF_FLAG,
#if PY_VERSION_HEX >= 0x030d0000
             .flag_inline_values = Py_TPFLAGS_INLINE_VALUES,
#endif
             .flag_static_builtin = STATIC_BUILTIN_FLAG,
             .flag_type_subclass = Py_TPFLAGS_TYPE_SUBCLASS,
             .flag_int_subclass = Py_TPFLAGS_LONG_SUBCLASS,
             .gc_head_by_object = PY_VERSION_HEX < 0x030b0000 || PY_VERSION_HEX >= 0x030d0000},
    .member = {.name = AT(PyMemberDef, name),
               .type = AT(PyMemberDef, type),
               .offset = AT(PyMemberDef, offset),
               .bytes = SIZE(PyMemberDef),
               .object = 6,      /* T_OBJECT, _Py_T_OBJECT */
               .object_ex = 16}, /* T_OBJECT_EX, Py_T_OBJECT_EX */
#if PY_VERSION_HEX < 0x030b0000
    .managed = UF_MANAGED_NONE,
#elif PY_VERSION_HEX < 0x030c0000
    .managed = UF_MANAGED_WORDS,
    .managed_dict = -24, /* pycore_object.h: MANAGED_DICT_OFFSET, _PyObject_ValuesPointer */
    .managed_values = -32,
#elif PY_VERSION_HEX < 0x030d0000
    .managed = UF_MANAGED_TAGGED,
    .managed_dict = -24,
#else
    .managed = UF_MANAGED_INLINE,
    .managed_dict = MANAGED_DICT_OFFSET,
#endif
    .dict = {.used = AT(PyDictObject, ma_used),
             .keys = AT(PyDictObject, ma_keys),
             .values = AT(PyDictObject, ma_values),
             .bytes = SIZE(PyDictObject)},
#if PY_VERSION_HEX < 0x030b0000
    .keys = {.refcount = AT(struct uf_dict_keys, dk_refcnt),
             .log2_size = NONE,
             .log2_index_bytes = NONE,
             .kind = NONE,
             .size = AT(struct uf_dict_keys, dk_size),
             .entry_count = AT(struct uf_dict_keys, dk_nentries),
             .indices = AT(struct uf_dict_keys, dk_indices),
             .bytes = SIZE(struct uf_dict_keys),
             .entry_bytes = 24,
             .entry_key = 8,
             .entry_value = 16},
#else
    .keys = {.refcount = AT(struct _dictkeysobject, dk_refcnt),
             .log2_size = AT(struct _dictkeysobject, dk_log2_size),
             .log2_index_bytes = AT(struct _dictkeysobject, dk_log2_index_bytes),
             .kind = AT(struct _dictkeysobject, dk_kind),
             .usable = AT(struct _dictkeysobject, dk_usable),
             .size = NONE,
             .entry_count = AT(struct _dictkeysobject, dk_nentries),
             .indices = AT(struct _dictkeysobject, dk_indices),
             .bytes = SIZE(struct _dictkeysobject),
             .general_kind = DICT_KEYS_GENERAL,
             .entry_bytes = sizeof(PyDictKeyEntry),
             .entry_key = offsetof(PyDictKeyEntry, me_key),
             .entry_value = offsetof(PyDictKeyEntry, me_value),
             .unicode_entry_bytes = sizeof(PyDictUnicodeEntry),
             .unicode_entry_key = offsetof(PyDictUnicodeEntry, me_key),
             .unicode_entry_value = offsetof(PyDictUnicodeEntry, me_value)},
#endif
#if PY_VERSION_HEX < 0x030d0000
    .values = {.at = 0, .capacity = NONE, .embedded = NONE, .valid = NONE},
#else
    .values = {.at = AT(struct _dictvalues, values),
               .capacity = AT(struct _dictvalues, capacity),
               .embedded = AT(struct _dictvalues, embedded),
               .valid = AT(struct _dictvalues, valid),
               .of_dict = VALUES_OF_DICT},
#endif
    .list = {.items = AT(PyListObject, ob_item),
             .allocated = AT(PyListObject, allocated),
             .bytes = SIZE(PyListObject)},
    .tuple = {.items = AT(PyTupleObject, ob_item)},
    .set = {.fill = AT(PySetObject, fill),
            .used = AT(PySetObject, used),
            .mask = AT(PySetObject, mask),
            .table = AT(PySetObject, table),
            .small_table = AT(PySetObject, smalltable),
            .entry_bytes = SIZE(setentry),
            .entry_hash = AT(setentry, hash)},
#if PY_VERSION_HEX < 0x030c0000
    .integer = {.size = AT(PyVarObject, ob_size),
                .signed_size = true,
                .digits = AT(struct _longobject, ob_digit),
                .digit_bits = PyLong_SHIFT,
                .zero_has_digit = ZERO_HAS_DIGIT},
#else
    .integer = {.size = AT(struct _longobject, long_value.lv_tag),
                .size_shift = 3, /* NON_SIZE_BITS, pycore_long.h */
                .digits = AT(struct _longobject, long_value.ob_digit),
                .digit_bits = PyLong_SHIFT,
                .zero_has_digit = ZERO_HAS_DIGIT},
#endif
    .floating = {.value = AT(PyFloatObject, ob_fval)},
    .str = {.length = AT(PyASCIIObject, length),
            .state = AT(PyASCIIObject, state),
            .ascii_bytes = SIZE(PyASCIIObject),
            .compact_bytes = SIZE(PyCompactUnicodeObject),
            .unicode_bytes = SIZE(PyUnicodeObject),
            .utf8 = AT(PyCompactUnicodeObject, utf8),
            .utf8_length = AT(PyCompactUnicodeObject, utf8_length),
            .data = AT(PyUnicodeObject, data),
#if PY_VERSION_HEX < 0x030c0000
            .wstr = AT(PyASCIIObject, wstr),
            .wstr_length = AT(PyCompactUnicodeObject, wstr_length)},
#else
            .wstr = NONE,
            .wstr_length = NONE},
#endif
    .bytes = {.data = AT(PyBytesObject, ob_sval)},
    .bytearray = {.allocated = AT(PyByteArrayObject, ob_alloc),
                  .start = AT(PyByteArrayObject, ob_start)},
#if PY_VERSION_HEX < 0x030b0000
    .code = {.cached = NONE,
             .cellvars = AT(PyCodeObject, co_cellvars),
             .freevars = AT(PyCodeObject, co_freevars),
             .cell2arg = AT(PyCodeObject, co_cell2arg),
             .opcache = AT(PyCodeObject, co_opcache),
             .opcache_map = AT(PyCodeObject, co_opcache_map),
             .opcache_size = AT(PyCodeObject, co_opcache_size),
             .opcache_entry_bytes = SIZE(_PyOpcache),
             .bytecode = AT(PyCodeObject, co_code),
             .extra = AT(PyCodeObject, co_extra),
             .localsplusnames = NONE,
             .nlocalsplus = NONE,
             .nfreevars = NONE},
#else
    .code = {.cellvars = NONE,
             .freevars = NONE,
             .cell2arg = NONE,
             .opcache = NONE,
             .opcache_map = NONE,
             .opcache_size = NONE,
             .bytecode = NONE,
             .extra = AT(PyCodeObject, co_extra),
             .localsplusnames = AT(PyCodeObject, co_localsplusnames),
             .nlocalsplus = AT(PyCodeObject, co_nlocalsplus),
             .nfreevars = AT(PyCodeObject, co_nfreevars),
#if PY_VERSION_HEX >= 0x030c0000
             .cached = AT(PyCodeObject, _co_cached),
             .cached_count = sizeof(_PyCoCached) / sizeof(PyObject *)},
#else
             .cached = NONE},
#endif
#endif
    .module = {.dict = AT(PyModuleObject, md_dict),
#if PY_VERSION_HEX >= 0x030f0000
               .def = NONE, /* the traverse function lies in the module itself */
               .def_traverse = AT(PyModuleObject, md_state_traverse),
               .def_state_bytes = AT(PyModuleObject, md_state_size),
#else
               .def = AT(PyModuleObject, md_def),
               .def_traverse = AT(struct PyModuleDef, m_traverse),
               .def_state_bytes = AT(struct PyModuleDef, m_size),
#endif
               .state = AT(PyModuleObject, md_state),
               .name = AT(PyModuleObject, md_name)},
    /* Modules/_collectionsmodule.c: struct dequeobject, struct BLOCK */
    .deque = {.left = 24,
              .right = 32,
              .left_index = 40,
              .maxlen = 64,
#if PY_VERSION_HEX < 0x030b0000
              .free_blocks = NONE,
              .free_block_count = NONE,
#else
              .free_block_count = 72,
              .free_blocks = 80,
#endif
              .block_items = 8,
              .block_length = 64,
              .block_next = 8 + 64 * 8,
              .block_bytes = 16 + 64 * 8},
    /* Modules/_functoolsmodule.c: struct lru_cache_object */
    .lru_cache = {.next = 24, .cache = 72, .maxsize = 96},
    /* Objects/odictobject.c: struct _odictobject, struct _odictnode */
    .ordered_dict = {.first = sizeof(PyDictObject),
                     .fast_nodes = sizeof(PyDictObject) + 16,
                     .fast_nodes_size = sizeof(PyDictObject) + 24,
                     .node_key = 0,
                     .node_next = 16,
                     .node_bytes = 32},
    /* Modules/arraymodule.c: arrayobject, struct arraydescr */
    .array = {.items = 24, .allocated = 32, .descr = 40, .descr_item_bytes = 4},
    .bytes_io = {.buffer = 16},                                  /* Modules/_io/bytesio.c */
    .structure = {.codes = 32, .code_bytes = 32, .code_def = 0}, /* Modules/_struct.c */
    /* Modules/_elementtree.c: ElementObject, ElementObjectExtra */
    .element = {.tag = 16,
                .text = 24,
                .tail = 32,
                .extra = 40,
                .extra_bytes = 64,
                .attributes = 0,
                .length = 8,
                .allocated = 16,
                .children = 24,
                .inline_children = 32},
    .other =
        {
#if PY_VERSION_HEX >= 0x030b0000
            .frame_data = AT(struct _frame, _f_frame_data),
#endif
            .function_code = AT(PyFunctionObject, func_code),
            .function_closure = AT(PyFunctionObject, func_closure),
            .weakref_object = AT(PyWeakReference, wr_object),
            .weakref_callback = AT(PyWeakReference, wr_callback)},
    .records = uf_layout_records_self,
};

static uint32_t state_word(const PyASCIIObject *specimen)
{
    uint32_t word;
    memcpy(&word, (const char *)specimen + layout.str.state, sizeof word);
    return word;
}

const struct uf_layout_objects *uf_layout_objects_self(void)
{
    PyASCIIObject specimen;
    memset(&specimen, 0, sizeof specimen);
    specimen.state.kind = 7;
    layout.str.kind_mask = state_word(&specimen);
    layout.str.kind_shift = (uint8_t)__builtin_ctz(layout.str.kind_mask);
    specimen.state.kind = 0;
    specimen.state.compact = 1;
    layout.str.compact_mask = state_word(&specimen);
    specimen.state.compact = 0;
    specimen.state.ascii = 1;
    layout.str.ascii_mask = state_word(&specimen);
    specimen.state.ascii = 0;
    specimen.state.interned = 1;
    layout.str.interned_mask = state_word(&specimen);
    layout.record_count = uf_layout_records_self_count;
    return &layout;
}
