#include "target/known.h"

#include "cpython/decode.h"
#include "cpython/gc_lists.h"
#include "cpython/read.h"
#include "cpython/str.h"

#include <string.h>

#define STATIC_TYPES_MAX ((size_t)1 << 16)

/* tp_name of each; the second one where a version changed it (3.12: weakref.ReferenceType). */
static const struct {
    enum uf_known known;
    const char *name, *other;
} names[] = {
    {UF_KNOWN_TYPE, "type", NULL},
    {UF_KNOWN_OBJECT, "object", NULL},
    {UF_KNOWN_DICT, "dict", NULL},
    {UF_KNOWN_LIST, "list", NULL},
    {UF_KNOWN_TUPLE, "tuple", NULL},
    {UF_KNOWN_SET, "set", NULL},
    {UF_KNOWN_FROZENSET, "frozenset", NULL},
    {UF_KNOWN_INT, "int", NULL},
    {UF_KNOWN_BOOL, "bool", NULL},
    {UF_KNOWN_FLOAT, "float", NULL},
    {UF_KNOWN_STR, "str", NULL},
    {UF_KNOWN_BYTES, "bytes", NULL},
    {UF_KNOWN_BYTEARRAY, "bytearray", NULL},
    {UF_KNOWN_NONE_TYPE, "NoneType", NULL},
    {UF_KNOWN_FUNCTION, "function", NULL},
    {UF_KNOWN_CELL, "cell", NULL},
    {UF_KNOWN_METHOD, "method", NULL},
    {UF_KNOWN_INSTANCE_METHOD, "instancemethod", NULL},
    {UF_KNOWN_BUILTIN, "builtin_function_or_method", NULL},
    {UF_KNOWN_BUILTIN_METHOD, "builtin_method", NULL},
    {UF_KNOWN_PROPERTY, "property", NULL},
    {UF_KNOWN_STATIC_METHOD, "staticmethod", NULL},
    {UF_KNOWN_CLASS_METHOD, "classmethod", NULL},
    {UF_KNOWN_CODE, "code", NULL},
    {UF_KNOWN_MODULE, "module", NULL},
    {UF_KNOWN_WEAKREF, "weakref", "weakref.ReferenceType"},
    {UF_KNOWN_WEAK_PROXY, "weakproxy", "weakref.ProxyType"},
    {UF_KNOWN_WEAK_CALLABLE_PROXY, "weakcallableproxy", "weakref.CallableProxyType"},
    {UF_KNOWN_TRACEBACK, "traceback", NULL},
    {UF_KNOWN_FRAME, "frame", NULL},
    {UF_KNOWN_GENERATOR, "generator", NULL},
    {UF_KNOWN_COROUTINE, "coroutine", NULL},
    {UF_KNOWN_ASYNC_GENERATOR, "async_generator", NULL},
    {UF_KNOWN_SLICE, "slice", NULL},
    {UF_KNOWN_RANGE, "range", NULL},
    {UF_KNOWN_MAPPING_PROXY, "mappingproxy", NULL},
    {UF_KNOWN_WRAPPER_DESCRIPTOR, "wrapper_descriptor", NULL},
    {UF_KNOWN_METHOD_DESCRIPTOR, "method_descriptor", NULL},
    {UF_KNOWN_CLASS_METHOD_DESCRIPTOR, "classmethod_descriptor", NULL},
    {UF_KNOWN_MEMBER_DESCRIPTOR, "member_descriptor", NULL},
    {UF_KNOWN_GETSET_DESCRIPTOR, "getset_descriptor", NULL},
    {UF_KNOWN_ORDERED_DICT, "collections.OrderedDict", NULL},
    {UF_KNOWN_NAMESPACE, "types.SimpleNamespace", NULL},
    {UF_KNOWN_SUPER, "super", NULL},
    {UF_KNOWN_BASE_EXCEPTION, "BaseException", NULL},
    {UF_KNOWN_SYSTEM_EXIT, "SystemExit", NULL},
    {UF_KNOWN_STOP_ITERATION, "StopIteration", NULL},
    {UF_KNOWN_OS_ERROR, "OSError", NULL},
    {UF_KNOWN_IMPORT_ERROR, "ImportError", NULL},
    {UF_KNOWN_SYNTAX_ERROR, "SyntaxError", NULL},
    {UF_KNOWN_NAME_ERROR, "NameError", NULL},
    {UF_KNOWN_ATTRIBUTE_ERROR, "AttributeError", NULL},
    {UF_KNOWN_UNICODE_ENCODE_ERROR, "UnicodeEncodeError", NULL},
    {UF_KNOWN_UNICODE_DECODE_ERROR, "UnicodeDecodeError", NULL},
    {UF_KNOWN_UNICODE_TRANSLATE_ERROR, "UnicodeTranslateError", NULL},
    {UF_KNOWN_EXCEPTION_GROUP, "BaseExceptionGroup", NULL},
    {UF_KNOWN_FROZEN_DICT, "frozendict", NULL},
};

/* Those whose objects are in every heap: without them, the class tree was not read. */
static const enum uf_known always[] = {UF_KNOWN_INT,    UF_KNOWN_TUPLE,     UF_KNOWN_LIST,
                                       UF_KNOWN_SET,    UF_KNOWN_FUNCTION,  UF_KNOWN_CODE,
                                       UF_KNOWN_MODULE, UF_KNOWN_NONE_TYPE, UF_KNOWN_WEAKREF};

static uint64_t word(const struct uf_python *python, uint64_t address)
{
    return uf_source_word(python->memory->source, address);
}

static bool has_name(const struct uf_python *python, uint64_t type, const char *name)
{
    size_t size = strlen(name) + 1;
    uint64_t text = word(python, type + python->layout.objects.type.name);
    const char *view = text ? uf_source_view(python->memory->source, text, size) : NULL;
    return view && memcmp(view, name, size) == 0;
}

/* --- what can be read without knowing any type -------------------------------------------------- */

static bool find_image(struct uf_known_types *ret, const struct uf_python *python)
{
    uint64_t type = ret->type[UF_KNOWN_TYPE];
    const struct uf_location *location = &python->location;
    if (type >= location->image_start && type < location->image_end) {
        ret->static_start = location->image_start;
        ret->static_end = location->image_end;
        return true;
    }
    return uf_locate_image(python->memory->mappings, type, &ret->static_start, &ret->static_end);
}

/* The type of the first key. The dict's entries are read as uf_dict_table() does, which asks no type. */
static uint64_t type_of_keys(const struct uf_python *python, const struct uf_heap *heap,
                             uint64_t dict)
{
    struct uf_dict_table table;
    if (!uf_dict_table(heap, dict, &table))
        return 0;
    for (uint64_t i = 0; i < table.count; i++) {
        uint64_t key = word(python, table.entries + i * table.entry_bytes + table.key);
        if (key && word(python, table.entries + i * table.entry_bytes + table.value))
            return word(python, key + python->layout.objects.object.type);
    }
    return 0;
}

enum uf_code uf_known_begin(struct uf_known_types *ret, const struct uf_python *python,
                            struct uf_error *err)
{
    const struct uf_layout_objects *lay = &python->layout.objects;
    struct uf_heap_config config = uf_python_config(python);
    uint64_t modules =
        word(python, config.interpreter + python->layout.runtime.interpreter.modules);
    struct uf_heap *heap = NULL;
    *ret = (struct uf_known_types){0};
    if (!modules)
        return uf_error_set(err, UF_EUNSUPPORTED, "sys.modules is not there");
    uint64_t dict = word(python, modules + lay->object.type);
    uint64_t type = word(python, dict + lay->object.type);
    if (!has_name(python, dict, "dict") || !has_name(python, type, "type") ||
        word(python, type + lay->object.type) != type)
        return uf_error_at(err, UF_EUNSUPPORTED, modules, "sys.modules is no dict");
    enum uf_code code = uf_heap_create(&heap, &config, err);
    if (code)
        return code;
    ret->type[UF_KNOWN_DICT] = dict;
    ret->type[UF_KNOWN_TYPE] = type;
    ret->type[UF_KNOWN_STR] = type_of_keys(python, heap, modules);
    ret->type[UF_KNOWN_OBJECT] = word(python, dict + lay->type.base);
    uf_heap_destroy(heap);
    if (!has_name(python, ret->type[UF_KNOWN_STR], "str") ||
        !has_name(python, ret->type[UF_KNOWN_OBJECT], "object"))
        return uf_error_at(err, UF_EUNSUPPORTED, modules, "sys.modules has no names in it");
    if (!find_image(ret, python))
        return uf_error_at(err, UF_EUNSUPPORTED, type, "the builtin types are in no file's image");
    return UF_OK;
}

/* --- the tree of classes ------------------------------------------------------------------------ */

struct tree {
    const struct uf_python *python;
    const struct uf_heap *heap;
    struct uf_known_types *known;
    struct uf_map seen;
    UF_VEC(uint64_t) types;
};

static bool is_static_type(const struct tree *t, uint64_t type)
{
    const struct uf_layout_objects *lay = &t->python->layout.objects;
    if (type < t->known->static_start || type >= t->known->static_end || type % 8)
        return false;
    const void *view = uf_source_view(t->python->memory->source, type, lay->type.type_bytes);
    return view && !(uf_u64(view, lay->type.flags) & lay->type.flag_heap_type);
}

static int enter(struct tree *t, uint64_t type)
{
    if (!is_static_type(t, type) || t->types.len >= STATIC_TYPES_MAX ||
        uf_map_get(&t->seen, type) != UF_MAP_NONE)
        return 0;
    return uf_map_set(&t->seen, type, 0) || uf_vec_push(&t->types, type) ? -1 : 0;
}

/* tp_subclasses: a dict whose values are weak references (Objects/typeobject.c, add_subclass). */
static int enter_subclasses(struct tree *t, uint64_t type)
{
    uint64_t dict, subclasses;
    struct uf_dict_table table;
    uf_type_parts(t->heap, type, &dict, &subclasses);
    if (!subclasses || !uf_dict_table(t->heap, subclasses, &table))
        return 0;
    for (uint64_t i = 0; i < table.count; i++) {
        uint64_t ref = word(t->python, table.entries + i * table.entry_bytes + table.value);
        uint64_t to = ref ? word(t->python, ref + t->python->layout.objects.other.weakref_object)
                          : 0;
        if (to && enter(t, to))
            return -1;
    }
    return 0;
}

static void name_type(struct tree *t, uint64_t type)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!t->known->type[names[i].known] &&
            (has_name(t->python, type, names[i].name) ||
             (names[i].other && has_name(t->python, type, names[i].other))))
            t->known->type[names[i].known] = type;
}

static int walk(struct tree *t)
{
    if (enter(t, t->known->type[UF_KNOWN_OBJECT]))
        return -1;
    for (size_t i = 0; i < t->types.len; i++) {
        name_type(t, t->types.at[i]);
        if (enter_subclasses(t, t->types.at[i]))
            return -1;
    }
    return 0;
}

/* --- by example --------------------------------------------------------------------------------- */

static uint64_t type_in_sys(const struct uf_python *python, const struct uf_heap *heap,
                            const char *name)
{
    uint64_t object = uf_dict_find(heap, python->sys, name);
    return object ? word(python, object + python->layout.objects.object.type) : 0;
}

/* A class made by a class statement that is there from the start. */
static uint64_t subtype_traverse(const struct uf_python *python, const struct uf_heap *heap)
{
    const struct uf_layout_objects *lay = &python->layout.objects;
    uint64_t modules =
        word(python, heap->config.interpreter + python->layout.runtime.interpreter.modules);
    uint64_t importlib = uf_dict_find(heap, modules, "_frozen_importlib");
    uint64_t dict = importlib ? word(python, importlib + lay->module.dict) : 0;
    uint64_t spec = uf_dict_find(heap, dict, "ModuleSpec");
    return spec ? word(python, spec + lay->type.traverse) : 0;
}

enum uf_code uf_known_fill(struct uf_known_types *ret, const struct uf_python *python,
                           const struct uf_heap *heap, struct uf_error *err)
{
    struct tree t = {.python = python, .heap = heap, .known = ret};
    int status = walk(&t);
    uf_map_release(&t.seen);
    uf_vec_release(&t.types);
    if (status)
        return uf_error_nomem(err);
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        if (!ret->type[always[i]])
            return uf_error_set(err, UF_EUNSUPPORTED, "a builtin type is not found");
    return UF_OK;
}

enum uf_code uf_known_by_example(struct uf_known_types *ret, const struct uf_python *python,
                                 const struct uf_heap *heap, struct uf_error *err)
{
    ret->type[UF_KNOWN_STRUCTSEQ] = type_in_sys(python, heap, "version_info");
    ret->subtype_traverse = subtype_traverse(python, heap);
    if (ret->subtype_traverse < ret->static_start || ret->subtype_traverse >= ret->static_end)
        return uf_error_set(err, UF_EUNSUPPORTED, "importlib's ModuleSpec is not found");
    return UF_OK;
}
