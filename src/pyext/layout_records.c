/* Kinds of objects that are a few fields: one row each. Canonical order is the order of a row.
 *
 * A row with a basic size comes from a structure that only a .c file of the interpreter shows; it
 * applies where tp_basicsize agrees. Attribute dicts are not listed: tp_dictoffset tells them.
 */
#include "pyext/layout_headers.h"

#include "pyext/layout_objects.h"

#define AT(structure, member) (uint16_t)offsetof(structure, member)
/* a field that only some versions have */
#if PY_VERSION_HEX >= 0x03090000
#define SINCE_3_9(...) __VA_ARGS__,
#else
#define SINCE_3_9(...)
#endif
#if PY_VERSION_HEX >= 0x030a0000
#define SINCE_3_10(...) __VA_ARGS__,
#else
#define SINCE_3_10(...)
#endif
#if PY_VERSION_HEX >= 0x030b0000
#define SINCE_3_11(...) __VA_ARGS__,
#define BEFORE_3_11(...)
#else
#define SINCE_3_11(...)
#define BEFORE_3_11(...) __VA_ARGS__,
#endif
#if PY_VERSION_HEX >= 0x030c0000
#define SINCE_3_12(...) __VA_ARGS__,
#else
#define SINCE_3_12(...)
#endif
#if PY_VERSION_HEX >= 0x030d0000
#define SINCE_3_13(...) __VA_ARGS__,
#else
#define SINCE_3_13(...)
#endif
#if PY_VERSION_HEX >= 0x030e0000
#define SINCE_3_14(...) __VA_ARGS__,
#else
#define SINCE_3_14(...)
#endif
#if PY_VERSION_HEX >= 0x030f0000
#define SINCE_3_15(...) __VA_ARGS__,
#else
#define SINCE_3_15(...)
#endif
#define COUNT_ARGS(...)                                                                            \
    (sizeof((struct uf_layout_field[]){__VA_ARGS__}) / sizeof(struct uf_layout_field))
#define FIELDS(...) .field_count = (uint8_t)COUNT_ARGS(__VA_ARGS__), .fields = {__VA_ARGS__}
#define DESCRIPTOR                                                                                 \
    FIELDS({AT(PyDescrObject, d_type), ".__objclass__"}, {AT(PyDescrObject, d_name), ".__name__"}, \
           {AT(PyDescrObject, d_qualname), ".__qualname__"})
#define EXCEPTION                                                                                  \
    {AT(PyBaseExceptionObject, args), ".args"},                                                    \
        SINCE_3_11({AT(PyBaseExceptionObject, notes), ".__notes__"}){                              \
            AT(PyBaseExceptionObject, traceback), ".__traceback__"},                               \
        {AT(PyBaseExceptionObject, context), ".__context__"},                                      \
        {AT(PyBaseExceptionObject, cause), ".__cause__"}
#define UNICODE_ERROR                                                                              \
    FIELDS(EXCEPTION, {AT(PyUnicodeErrorObject, encoding), ".encoding"},                           \
           {AT(PyUnicodeErrorObject, object), ".object"},                                          \
           {AT(PyUnicodeErrorObject, reason), ".reason"})
#if PY_VERSION_HEX >= 0x030a0000
#define PROPERTY_BYTES 64
#define LINE_TABLE {AT(PyCodeObject, co_linetable), ".co_linetable"}
#else
#define PROPERTY_BYTES 56
#define LINE_TABLE {AT(PyCodeObject, co_lnotab), ".co_lnotab"}
#endif
#if PY_VERSION_HEX < 0x030b0000
#define CODE_BYTES {AT(PyCodeObject, co_code), ".co_code"},
#elif PY_VERSION_HEX < 0x030c0000
#define CODE_BYTES {AT(PyCodeObject, _co_code), ".co_code"},
#else
#define CODE_BYTES
#endif
#if PY_VERSION_HEX < 0x030b0000
#define GENERATOR_SIZE UF_SIZE_BASIC
#define DEQUE_BYTES 80
#else
#define GENERATOR_SIZE UF_SIZE_GENERATOR
#define DEQUE_BYTES 216
#endif
#if PY_VERSION_HEX < 0x030e0000
#define PARTIAL_BYTES 64
#else
#define PARTIAL_BYTES 80 /* what marks a placeholder is borrowed */
#endif
#define BUFFERED                                                                                   \
    .known = UF_KNOWN_NONE, .basic_size = BUFFERED_BYTES, .size_rule = UF_SIZE_PLUS_IF,            \
    .pointer = BUFFERED_BUFFER, .count = BUFFERED_SIZE, .unit = 1,                                 \
    FIELDS({AT(struct buffered, raw), ".raw"})

#if PY_VERSION_HEX >= 0x030f0000
/* Its buffer is a bytes object that nobody else has: counted as part of it, as getsizeof does. */
#define BYTEARRAY_BUFFER AT(PyByteArrayObject, ob_bytes_object)
#define BYTEARRAY_HEAD (offsetof(PyBytesObject, ob_sval) + 1)
#define STRUCT_BYTES 64
#else
#define BYTEARRAY_BUFFER AT(PyByteArrayObject, ob_bytes)
#define BYTEARRAY_HEAD 0
#define STRUCT_BYTES 56
#endif
#if PY_VERSION_HEX >= 0x030a0000
#define LRU_CACHE_BYTES 152
#define LRU_CACHE_TYPES {112, "keyword mark"}, {120, "type of entries"}, {128, "cache_info type"}
#else
#define LRU_CACHE_BYTES (PY_VERSION_HEX >= 0x03090000 ? 136 : 128)
#define LRU_CACHE_TYPES {112, "cache_info type"}
#endif
/* Modules/_asynciomodule.c: FutureObj, TaskObj */
#define FUTURE_HEAD                                                                                \
    {16, "._loop"}, {24, "callback"}, {32, "context of callback"}, {40, "._callbacks"},            \
        {48, "._exception"},
#define FUTURE_SINCE_3_10                                                                          \
    FUTURE_HEAD{56, "._exception_tb"}, {64, "._result"}, {72, "._source_traceback"},               \
        {80, "._cancel_message"},
/* struct _PyErr_StackItem: the exception of the cancellation */
#define FUTURE_CANCELLED(at)                                                                       \
    {(at), "type of cancelled exception"}, {(at) + 8, "cancelled exception"},                      \
        {(at) + 16, "traceback of cancelled exception"}
#if PY_VERSION_HEX < 0x03090000
#define FUTURE FUTURE_HEAD{56, "._result"}, {64, "._source_traceback"}
#define FUTURE_BYTES 104
#define TASK_BYTES 144
#define TASK_FIELDS 104
#elif PY_VERSION_HEX < 0x030a0000
#define FUTURE                                                                                     \
    FUTURE_HEAD{56, "._result"}, {64, "._source_traceback"}, {72, "._cancel_message"},             \
        FUTURE_CANCELLED(112)
#define FUTURE_BYTES 144
#define TASK_BYTES 184
#define TASK_FIELDS 144
#elif PY_VERSION_HEX < 0x030b0000
#define FUTURE FUTURE_SINCE_3_10 FUTURE_CANCELLED(120)
#define FUTURE_BYTES 152
#define TASK_BYTES 192
#define TASK_FIELDS 152
#elif PY_VERSION_HEX < 0x030d0000
#define FUTURE FUTURE_SINCE_3_10{120, "cancelled exception"}
#define FUTURE_BYTES 128
#define TASK_BYTES 176
#define TASK_FIELDS 128
#elif PY_VERSION_HEX < 0x030e0000
#define FUTURE FUTURE_SINCE_3_10{88, "cancelled exception"}
#define FUTURE_BYTES 104
#define TASK_BYTES 144
#define TASK_FIELDS 112
#else
#define FUTURE FUTURE_SINCE_3_10{88, "cancelled exception"}, {96, "._asyncio_awaited_by"}
#define FUTURE_BYTES 112
#define TASK_BYTES 168
#define TASK_FIELDS 120
#endif
#define ITERATOR(type, bytes, at, name)                                                            \
    {.type_name = (type), .basic_size = (bytes), FIELDS({at, name})}
/* Objects/dictobject.c: dictiterobject. The result is a tuple that is used again. */
#define DICT_ITERATOR(type)                                                                        \
    {.type_name = (type), .basic_size = 56, FIELDS({16, "dict"}, {40, "result"})}
#define COMBINATIONS                                                                               \
    .basic_size = 56, .size_rule = UF_SIZE_PLUS, .pointer = UF_NO_FIELD, .count = 40, .unit = 8,   \
    FIELDS({16, "pool"}, {32, "result"})

/* Modules/_io/bufferedio.c: struct buffered */
struct buffered {
    PyObject head;
    PyObject *raw;
    int ok, detached, readable, writable;
    char finalizing;
    int fast_closed_checks;
    int64_t abs_pos;
    char *buffer;
    int64_t pos, raw_pos, read_end, write_pos, write_end;
    void *lock;
    unsigned long owner;
    Py_ssize_t buffer_size, buffer_mask;
    PyObject *dict, *weakreflist;
};
#define BUFFERED_BYTES sizeof(struct buffered)
#define BUFFERED_BUFFER AT(struct buffered, buffer)
#define BUFFERED_SIZE AT(struct buffered, buffer_size)

const struct uf_layout_record uf_layout_records_self[] = {
    {.known = UF_KNOWN_OBJECT},
    {.known = UF_KNOWN_DICT, .holds = UF_HOLDS_DICT, .size_rule = UF_SIZE_DICT},
    {.known = UF_KNOWN_FROZEN_DICT, .holds = UF_HOLDS_DICT, .size_rule = UF_SIZE_DICT},
    {.known = UF_KNOWN_LIST, .holds = UF_HOLDS_LIST, .size_rule = UF_SIZE_LIST},
    {.known = UF_KNOWN_TUPLE, .holds = UF_HOLDS_TUPLE},
    {.known = UF_KNOWN_STRUCTSEQ, .holds = UF_HOLDS_STRUCTSEQ},
    {.known = UF_KNOWN_SET, .holds = UF_HOLDS_SET, .size_rule = UF_SIZE_SET},
    {.known = UF_KNOWN_FROZENSET, .holds = UF_HOLDS_SET, .size_rule = UF_SIZE_SET},
    {.known = UF_KNOWN_TYPE, .holds = UF_HOLDS_TYPE, .size_rule = UF_SIZE_TYPE},
    {.known = UF_KNOWN_INT, .size_rule = UF_SIZE_INT},
    {.known = UF_KNOWN_BOOL, .size_rule = UF_SIZE_INT},
    {.known = UF_KNOWN_STR, .size_rule = UF_SIZE_STR},
    {.known = UF_KNOWN_FLOAT},
    {.known = UF_KNOWN_BYTES},
    {.known = UF_KNOWN_NONE_TYPE},
    {.known = UF_KNOWN_BYTEARRAY,
     .size_rule = UF_SIZE_PLUS,
     .pointer = BYTEARRAY_BUFFER,
     .count = AT(PyByteArrayObject, ob_alloc),
     .unit = 1,
     .head = BYTEARRAY_HEAD},
    {.known = UF_KNOWN_FUNCTION,
     FIELDS({AT(PyFunctionObject, func_code), ".__code__"},
            {AT(PyFunctionObject, func_globals), ".__globals__"},
            SINCE_3_10({AT(PyFunctionObject, func_builtins), ".__builtins__"}){
                AT(PyFunctionObject, func_module), ".__module__"},
            {AT(PyFunctionObject, func_name), ".__name__"},
            {AT(PyFunctionObject, func_qualname), ".__qualname__"},
            {AT(PyFunctionObject, func_defaults), ".__defaults__"},
            {AT(PyFunctionObject, func_kwdefaults), ".__kwdefaults__"},
            {AT(PyFunctionObject, func_closure), ".__closure__"},
            {AT(PyFunctionObject, func_doc), ".__doc__"},
            {AT(PyFunctionObject, func_annotations), ".__annotations__"},
            SINCE_3_14({AT(PyFunctionObject, func_annotate), ".__annotate__"})
                SINCE_3_12({AT(PyFunctionObject, func_typeparams), ".__type_params__"}))},
    {.known = UF_KNOWN_CELL, FIELDS({AT(PyCellObject, ob_ref), ".cell_contents"})},
    {.known = UF_KNOWN_METHOD,
     FIELDS({AT(PyMethodObject, im_self), ".__self__"},
            {AT(PyMethodObject, im_func), ".__func__"})},
    {.known = UF_KNOWN_INSTANCE_METHOD, FIELDS({AT(PyInstanceMethodObject, func), ".__func__"})},
    {.known = UF_KNOWN_BUILTIN,
     FIELDS({AT(PyCFunctionObject, m_self), ".__self__"},
            {AT(PyCFunctionObject, m_module), ".__module__"})},
#if PY_VERSION_HEX >= 0x03090000
    {.known = UF_KNOWN_BUILTIN_METHOD,
     FIELDS({AT(PyCMethodObject, func.m_self), ".__self__"},
            {AT(PyCMethodObject, func.m_module), ".__module__"},
            {AT(PyCMethodObject, mm_class), "defining class"})},
#endif
    /* Objects/descrobject.c: propertyobject, mappingproxyobject, wrapperobject */
    {.known = UF_KNOWN_PROPERTY,
     .basic_size = PROPERTY_BYTES,
     FIELDS({16, ".fget"}, {24, ".fset"}, {32, ".fdel"}, {40, ".__doc__"},
            SINCE_3_10({48, ".__name__"}))},
    {.known = UF_KNOWN_MAPPING_PROXY, .basic_size = 24, FIELDS({16, "mapping"})},
    {.type_name = "method-wrapper",
     .basic_size = 32,
     FIELDS({16, ".__objclass__"}, {24, ".__self__"})},
    {.known = UF_KNOWN_WRAPPER_DESCRIPTOR, DESCRIPTOR},
    {.known = UF_KNOWN_METHOD_DESCRIPTOR, DESCRIPTOR},
    {.known = UF_KNOWN_CLASS_METHOD_DESCRIPTOR, DESCRIPTOR},
    {.known = UF_KNOWN_MEMBER_DESCRIPTOR, DESCRIPTOR},
    {.known = UF_KNOWN_GETSET_DESCRIPTOR, DESCRIPTOR},
    /* Objects/funcobject.c: staticmethod, classmethod */
    {.known = UF_KNOWN_STATIC_METHOD, .basic_size = 32, FIELDS({16, ".__func__"})},
    {.known = UF_KNOWN_CLASS_METHOD, .basic_size = 32, FIELDS({16, ".__func__"})},
    {.known = UF_KNOWN_CODE,
     .holds = UF_HOLDS_CODE,
     .size_rule = UF_SIZE_CODE,
     FIELDS({AT(PyCodeObject, co_consts), ".co_consts"}, {AT(PyCodeObject, co_names), ".co_names"},
            {AT(PyCodeObject, co_filename), ".co_filename"},
            {AT(PyCodeObject, co_name), ".co_name"}, LINE_TABLE,
            SINCE_3_11({AT(PyCodeObject, co_qualname), ".co_qualname"})
                SINCE_3_11({AT(PyCodeObject, co_exceptiontable), ".co_exceptiontable"})
                    SINCE_3_11({AT(PyCodeObject, co_localsplusnames), "names of locals"})
                        SINCE_3_11({AT(PyCodeObject, co_localspluskinds), "kinds of locals"})
                            BEFORE_3_11({AT(PyCodeObject, co_varnames), ".co_varnames"})
                                BEFORE_3_11({AT(PyCodeObject, co_freevars), ".co_freevars"})
                                    BEFORE_3_11({AT(PyCodeObject, co_cellvars), ".co_cellvars"})
                                        CODE_BYTES)},
    {.known = UF_KNOWN_MODULE,
     .holds = UF_HOLDS_MODULE,
     FIELDS({AT(PyModuleObject, md_name), "name"})},
    {.known = UF_KNOWN_WEAKREF, FIELDS({AT(PyWeakReference, wr_callback), "callback"})},
    {.known = UF_KNOWN_WEAK_PROXY, FIELDS({AT(PyWeakReference, wr_callback), "callback"})},
    {.known = UF_KNOWN_WEAK_CALLABLE_PROXY, FIELDS({AT(PyWeakReference, wr_callback), "callback"})},
    {.known = UF_KNOWN_TRACEBACK,
     FIELDS({AT(PyTracebackObject, tb_next), ".tb_next"},
            {AT(PyTracebackObject, tb_frame), ".tb_frame"})},
    {.known = UF_KNOWN_FRAME, .holds = UF_HOLDS_FRAME, .size_rule = UF_SIZE_FRAME},
    {.known = UF_KNOWN_GENERATOR, .holds = UF_HOLDS_GENERATOR, .size_rule = GENERATOR_SIZE},
    {.known = UF_KNOWN_COROUTINE, .holds = UF_HOLDS_COROUTINE, .size_rule = GENERATOR_SIZE},
    {.known = UF_KNOWN_ASYNC_GENERATOR,
     .holds = UF_HOLDS_ASYNC_GENERATOR,
     .size_rule = GENERATOR_SIZE},
    {.known = UF_KNOWN_SLICE,
     FIELDS({AT(PySliceObject, start), ".start"}, {AT(PySliceObject, stop), ".stop"},
            {AT(PySliceObject, step), ".step"})},
    /* Objects/rangeobject.c */
    {.known = UF_KNOWN_RANGE,
     .basic_size = 48,
     FIELDS({16, ".start"}, {24, ".stop"}, {32, ".step"}, {40, "length"})},
    {.known = UF_KNOWN_ORDERED_DICT,
     .basic_size = sizeof(PyDictObject) + 64,
     .holds = UF_HOLDS_ORDERED_DICT,
     .size_rule = UF_SIZE_ORDERED_DICT},
    {.known = UF_KNOWN_NAMESPACE},
    /* Objects/typeobject.c: superobject */
    {.known = UF_KNOWN_SUPER,
     .basic_size = 40,
     FIELDS({16, ".__thisclass__"}, {24, ".__self__"}, {32, ".__self_class__"})},

    {.known = UF_KNOWN_BASE_EXCEPTION, FIELDS(EXCEPTION)},
    {.known = UF_KNOWN_SYSTEM_EXIT, FIELDS(EXCEPTION, {AT(PySystemExitObject, code), ".code"})},
    {.known = UF_KNOWN_STOP_ITERATION,
     FIELDS(EXCEPTION, {AT(PyStopIterationObject, value), ".value"})},
    {.known = UF_KNOWN_OS_ERROR,
     FIELDS(EXCEPTION, {AT(PyOSErrorObject, myerrno), ".errno"},
            {AT(PyOSErrorObject, strerror), ".strerror"},
            {AT(PyOSErrorObject, filename), ".filename"},
            {AT(PyOSErrorObject, filename2), ".filename2"})},
    {.known = UF_KNOWN_IMPORT_ERROR,
     FIELDS(EXCEPTION, {AT(PyImportErrorObject, msg), ".msg"},
            {AT(PyImportErrorObject, name), ".name"}, {AT(PyImportErrorObject, path), ".path"},
            SINCE_3_12({AT(PyImportErrorObject, name_from), ".name_from"}))},
    {.known = UF_KNOWN_SYNTAX_ERROR,
     FIELDS(EXCEPTION, {AT(PySyntaxErrorObject, msg), ".msg"},
            {AT(PySyntaxErrorObject, filename), ".filename"},
            {AT(PySyntaxErrorObject, lineno), ".lineno"},
            {AT(PySyntaxErrorObject, offset), ".offset"},
            SINCE_3_10({AT(PySyntaxErrorObject, end_lineno), ".end_lineno"})
                SINCE_3_10({AT(PySyntaxErrorObject, end_offset), ".end_offset"}){
                    AT(PySyntaxErrorObject, text), ".text"},
            {AT(PySyntaxErrorObject, print_file_and_line), ".print_file_and_line"},
            SINCE_3_14({AT(PySyntaxErrorObject, metadata), "._metadata"}))},
#if PY_VERSION_HEX >= 0x030a0000
    {.known = UF_KNOWN_NAME_ERROR, FIELDS(EXCEPTION, {AT(PyNameErrorObject, name), ".name"})},
    {.known = UF_KNOWN_ATTRIBUTE_ERROR,
     FIELDS(EXCEPTION, {AT(PyAttributeErrorObject, obj), ".obj"},
            {AT(PyAttributeErrorObject, name), ".name"})},
#endif
    {.known = UF_KNOWN_UNICODE_ENCODE_ERROR, UNICODE_ERROR},
    {.known = UF_KNOWN_UNICODE_DECODE_ERROR, UNICODE_ERROR},
    {.known = UF_KNOWN_UNICODE_TRANSLATE_ERROR, UNICODE_ERROR},
#if PY_VERSION_HEX >= 0x030b0000
    {.known = UF_KNOWN_EXCEPTION_GROUP,
     FIELDS(EXCEPTION, {AT(PyBaseExceptionGroupObject, msg), ".message"},
            {AT(PyBaseExceptionGroupObject, excs), ".exceptions"},
            SINCE_3_15({AT(PyBaseExceptionGroupObject, excs_str), "text of exceptions"}))},
#endif

    /* Modules/_collectionsmodule.c */
    {.type_name = "collections.deque",
     .basic_size = DEQUE_BYTES,
     .holds = UF_HOLDS_DEQUE,
     .size_rule = UF_SIZE_DEQUE},
    {.type_name = "collections.defaultdict",
     .basic_size = sizeof(PyDictObject) + 8,
     .holds = UF_HOLDS_DICT,
     .size_rule = UF_SIZE_DICT,
     FIELDS({sizeof(PyDictObject), ".default_factory"})},
    {.type_name = PY_VERSION_HEX < 0x030c0000 ? "_collections._tuplegetter"
                                              : "collections._tuplegetter",
     .basic_size = 32,
     FIELDS({24, ".__doc__"})},
    /* Modules/_functoolsmodule.c. An entry is owned by the cache dict and by the ring of entries;
     * tp_traverse of the wrapper reports what the entries own. */
    {.type_name = "functools._lru_cache_wrapper",
     .basic_size = LRU_CACHE_BYTES,
     .holds = UF_HOLDS_LRU_CACHE,
     FIELDS({72, "cache"}, {88, ".__wrapped__"}, LRU_CACHE_TYPES)},
    {.type_name = "functools._lru_list_elem",
     .basic_size = 56,
     FIELDS({40, "key"}, {48, "result"})},
    {.type_name = "functools.partial",
     .basic_size = PARTIAL_BYTES,
     FIELDS({16, ".func"}, {24, ".args"}, {32, ".keywords"})},
    {.type_name = "_asyncio.Future", .basic_size = FUTURE_BYTES, FIELDS(FUTURE)},
    {.type_name = "_asyncio.Task",
     .basic_size = TASK_BYTES,
     FIELDS(FUTURE, {TASK_FIELDS, "._fut_waiter"}, {TASK_FIELDS + 8, "coroutine"},
            {TASK_FIELDS + 16, "task's name"}, {TASK_FIELDS + 24, "context"})},
    ITERATOR("list_iterator", 32, 24, "sequence"),
    ITERATOR("tuple_iterator", 32, 24, "sequence"),
    ITERATOR("iterator", 32, 24, "sequence"),
    DICT_ITERATOR("dict_keyiterator"),
    DICT_ITERATOR("dict_valueiterator"),
    DICT_ITERATOR("dict_itemiterator"),
    ITERATOR("dict_keys", 24, 16, "dict"),
    ITERATOR("dict_values", 24, 16, "dict"),
    ITERATOR("dict_items", 24, 16, "dict"),
    ITERATOR("coroutine_wrapper", 24, 16, "coroutine"),
    /* Objects/memoryobject.c. A view's own copy of the buffer is borrowed. */
    {.type_name = "memoryview", FIELDS({AT(PyMemoryViewObject, mbuf), "buffer"})},
    {.type_name = "managedbuffer", FIELDS({AT(_PyManagedBufferObject, master.obj), ".obj"})},
    /* Modules/_threadmodule.c: nothing but a lock of the C library */
    {.type_name = "_thread.lock"},
    {.type_name = "_thread.RLock"},
    {.type_name = "array.array", .basic_size = 64, .size_rule = UF_SIZE_ARRAY},
    {.type_name = "_io.BytesIO",
     .basic_size = 64,
     .size_rule = UF_SIZE_BYTES_IO,
     FIELDS({16, "buffer"})},
#if PY_VERSION_HEX < 0x030c0000 /* not collector-tracked before: nobody else tells what it holds */
    {.type_name = "_io.IncrementalNewlineDecoder",
     .basic_size = 40,
     FIELDS({16, "decoder"}, {24, "errors"})},
#endif
    {.type_name = "_io.BufferedReader", BUFFERED},
    {.type_name = "_io.BufferedWriter", BUFFERED},
    {.type_name = "_io.BufferedRandom", BUFFERED},
    {.type_name = "itertools.product",
     .basic_size = 48,
     .size_rule = UF_SIZE_POOL,
     .pointer = 16,
     .count = UF_NO_FIELD,
     .unit = 8,
     FIELDS({16, "pools"}, {32, "result"})},
    {.type_name = "itertools.permutations",
     .basic_size = 64,
     .size_rule = UF_SIZE_POOL,
     .pointer = 16,
     .count = 48,
     .unit = 8,
     FIELDS({16, "pool"}, {40, "result"})},
    {.type_name = "itertools.combinations", COMBINATIONS},
    {.type_name = "itertools.combinations_with_replacement", COMBINATIONS},
    {.type_name = "xml.etree.ElementTree.Element",
     .basic_size = 56,
     .holds = UF_HOLDS_OPAQUE,
     .size_rule = UF_SIZE_ELEMENT,
     FIELDS({16, ".tag"}, {24, ".text"}, {32, ".tail"})},
#if PY_VERSION_HEX >= 0x030f0000
    /* Modules/_queuemodule.c: simplequeueobject */
    {.type_name = "_queue.SimpleQueue",
     .basic_size = 72,
     .holds = UF_HOLDS_OPAQUE,
     .size_rule = UF_SIZE_PLUS,
     .pointer = 40,
     .count = 48,
     .unit = 8},
#endif
    {.type_name = PY_VERSION_HEX < 0x03090000 ? "Struct" : "_struct.Struct",
     .basic_size = STRUCT_BYTES,
     .size_rule = UF_SIZE_STRUCT,
     FIELDS({40, ".format"})},
};

const uint16_t uf_layout_records_self_count = sizeof uf_layout_records_self /
                                              sizeof uf_layout_records_self[0];
