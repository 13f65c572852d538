#define Py_BUILD_CORE 1
#include <Python.h>
#include <frameobject.h>
#include <link.h>
#include <malloc.h>
#include <pycore_interp.h>
#include <pycore_runtime.h>
#if PY_VERSION_HEX >= 0x030d0000
#include <pycore_sysmodule.h>
#endif
#include <stdlib.h>

#include "base/error.h"
#include "cpython/read.h"
#include "pyext/known.h"
#include "pyext/layout_objects.h"
#include "pyext/layout_runtime.h"

#define ADDRESS(pointer) ((uint64_t)(uintptr_t)(pointer))

/* --- static types ------------------------------------------------------------------------------ */

static const struct {
    enum uf_known known;
    PyTypeObject *type;
} exported[] = {
    {UF_KNOWN_TYPE, &PyType_Type},
    {UF_KNOWN_OBJECT, &PyBaseObject_Type},
    {UF_KNOWN_DICT, &PyDict_Type},
    {UF_KNOWN_LIST, &PyList_Type},
    {UF_KNOWN_TUPLE, &PyTuple_Type},
    {UF_KNOWN_SET, &PySet_Type},
    {UF_KNOWN_FROZENSET, &PyFrozenSet_Type},
    {UF_KNOWN_INT, &PyLong_Type},
    {UF_KNOWN_BOOL, &PyBool_Type},
    {UF_KNOWN_FLOAT, &PyFloat_Type},
    {UF_KNOWN_STR, &PyUnicode_Type},
    {UF_KNOWN_BYTES, &PyBytes_Type},
    {UF_KNOWN_BYTEARRAY, &PyByteArray_Type},
    {UF_KNOWN_FUNCTION, &PyFunction_Type},
    {UF_KNOWN_CELL, &PyCell_Type},
    {UF_KNOWN_METHOD, &PyMethod_Type},
    {UF_KNOWN_INSTANCE_METHOD, &PyInstanceMethod_Type},
    {UF_KNOWN_BUILTIN, &PyCFunction_Type},
    {UF_KNOWN_BUILTIN_METHOD, &PyCMethod_Type},
    {UF_KNOWN_PROPERTY, &PyProperty_Type},
    {UF_KNOWN_STATIC_METHOD, &PyStaticMethod_Type},
    {UF_KNOWN_CLASS_METHOD, &PyClassMethod_Type},
    {UF_KNOWN_CODE, &PyCode_Type},
    {UF_KNOWN_MODULE, &PyModule_Type},
    {UF_KNOWN_WEAKREF, &_PyWeakref_RefType},
    {UF_KNOWN_WEAK_PROXY, &_PyWeakref_ProxyType},
    {UF_KNOWN_WEAK_CALLABLE_PROXY, &_PyWeakref_CallableProxyType},
    {UF_KNOWN_TRACEBACK, &PyTraceBack_Type},
    {UF_KNOWN_FRAME, &PyFrame_Type},
    {UF_KNOWN_GENERATOR, &PyGen_Type},
    {UF_KNOWN_COROUTINE, &PyCoro_Type},
    {UF_KNOWN_ASYNC_GENERATOR, &PyAsyncGen_Type},
    {UF_KNOWN_SLICE, &PySlice_Type},
    {UF_KNOWN_RANGE, &PyRange_Type},
    {UF_KNOWN_MAPPING_PROXY, &PyDictProxy_Type},
    {UF_KNOWN_WRAPPER_DESCRIPTOR, &PyWrapperDescr_Type},
    {UF_KNOWN_METHOD_DESCRIPTOR, &PyMethodDescr_Type},
    {UF_KNOWN_CLASS_METHOD_DESCRIPTOR, &PyClassMethodDescr_Type},
    {UF_KNOWN_MEMBER_DESCRIPTOR, &PyMemberDescr_Type},
    {UF_KNOWN_GETSET_DESCRIPTOR, &PyGetSetDescr_Type},
    {UF_KNOWN_ORDERED_DICT, &PyODict_Type},
    {UF_KNOWN_SUPER, &PySuper_Type},
#if PY_VERSION_HEX >= 0x030f0000
    {UF_KNOWN_FROZEN_DICT, &PyFrozenDict_Type},
#endif
};

static void fill_exceptions(struct uf_known_types *known)
{
    const struct {
        enum uf_known known;
        PyObject *type;
    } exceptions[] = {
        {UF_KNOWN_BASE_EXCEPTION, PyExc_BaseException},
        {UF_KNOWN_SYSTEM_EXIT, PyExc_SystemExit},
        {UF_KNOWN_STOP_ITERATION, PyExc_StopIteration},
        {UF_KNOWN_OS_ERROR, PyExc_OSError},
        {UF_KNOWN_IMPORT_ERROR, PyExc_ImportError},
        {UF_KNOWN_SYNTAX_ERROR, PyExc_SyntaxError},
        {UF_KNOWN_NAME_ERROR, PyExc_NameError},
        {UF_KNOWN_ATTRIBUTE_ERROR, PyExc_AttributeError},
        {UF_KNOWN_UNICODE_ENCODE_ERROR, PyExc_UnicodeEncodeError},
        {UF_KNOWN_UNICODE_DECODE_ERROR, PyExc_UnicodeDecodeError},
        {UF_KNOWN_UNICODE_TRANSLATE_ERROR, PyExc_UnicodeTranslateError},
#if PY_VERSION_HEX >= 0x030b0000
        {UF_KNOWN_EXCEPTION_GROUP, PyExc_BaseExceptionGroup},
#endif
    };
    for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
        known->type[exceptions[i].known] = ADDRESS(exceptions[i].type);
}

/* Types that no symbol names, from objects that every interpreter has. */
static void fill_by_example(struct uf_known_types *known)
{
    PyObject *version = PySys_GetObject("version_info"); /* borrowed */
    PyObject *implementation = PySys_GetObject("implementation");
    known->type[UF_KNOWN_NONE_TYPE] = ADDRESS(Py_TYPE(Py_None));
    if (version)
        known->type[UF_KNOWN_STRUCTSEQ] = ADDRESS(Py_TYPE(version));
    if (implementation)
        known->type[UF_KNOWN_NAMESPACE] = ADDRESS(Py_TYPE(implementation));
    /* A class made by a class statement that is there from the start. */
    PyObject *importlib = PyImport_ImportModule("_frozen_importlib");
    PyObject *spec = importlib ? PyObject_GetAttrString(importlib, "ModuleSpec") : NULL;
    if (spec && PyType_Check(spec))
        known->subtype_traverse = ADDRESS(((PyTypeObject *)spec)->tp_traverse);
    Py_XDECREF(spec);
    Py_XDECREF(importlib);
    PyErr_Clear();
}

/* The image that holds PyType_Type. */
static int find_image(struct dl_phdr_info *info, size_t size, void *context)
{
    struct uf_known_types *known = context;
    (void)size;
    uint64_t start = UINT64_MAX, end = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_LOAD)
            continue;
        uint64_t first = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        uint64_t last = first + info->dlpi_phdr[i].p_memsz;
        start = first < start ? first : start;
        end = last > end ? last : end;
    }
    uint64_t type = known->type[UF_KNOWN_TYPE];
    if (type < start || type >= end)
        return 0;
    known->static_start = start;
    known->static_end = end;
    return 1;
}

/* --- the configuration ------------------------------------------------------------------------- */

static int visit(PyObject *object, void *context)
{
    uf_refs *refs = context;
    return object && uf_vec_push(refs, ADDRESS(object)) ? -1 : 0;
}

static int traverse(uint64_t object, uint64_t tp_traverse, uf_refs *refs)
{
    traverseproc function;
    memcpy(&function, &tp_traverse, sizeof function);
    return function((PyObject *)(uintptr_t)object, visit, refs);
}

/* Blocks over 512 bytes are glibc's: pymalloc is in front, and a block of the allocator behind it has
 * its size where glibc writes it. (Asking for malloc's address would not tell: a program that is not
 * position-independent shows its own stub.) */
static bool over_glibc(void)
{
#ifdef __GLIBC__
    const char *name = _PyMem_GetCurrentAllocatorName();
    if (!name || strcmp(name, "pymalloc") != 0)
        return false;
    uint64_t *block = PyMem_RawMalloc(1000);
    if (!block)
        return false;
    uint64_t size = uf_u64((const char *)block - 8, 0) & ~UINT64_C(7);
    bool same = size == malloc_usable_size(block) + 8;
    PyMem_RawFree(block);
    return same;
#else
    return false;
#endif
}

/* The extension serves every patch release of its minor version, also those that count an int of 0
 * otherwise than the one whose headers it was compiled with. */
static bool zero_has_digit(uint16_t digits)
{
    PyObject *zero = PyLong_FromLong(0);
    bool has = zero && _PySys_GetSizeOf(zero) > digits;
    Py_XDECREF(zero);
    return has;
}

#if PY_VERSION_HEX >= 0x030d0000
static int note_visit(PyObject *object, void *seen)
{
    *(PyObject **)seen = object;
    return 0;
}

/* Releases differ in whether an instance shows its dict or the values that it keeps for it (gh-130327),
 * and distributions took the change over early. So it is tried, on memory that looks like an instance with
 * both; what it "holds" is visited and not looked at. */
static bool values_of_dict(void)
{
    struct {
        PyObject *weakrefs, *dict; /* MANAGED_DICT_OFFSET: three words before the object */
        PyGC_Head gc;
        PyObject head;
        unsigned char capacity, size, embedded, valid, padding[4];
        PyObject *value;
    } instance = {.capacity = 1, .size = 1, .embedded = 1, .valid = 1};
    PyTypeObject type = {.tp_basicsize = sizeof(PyObject),
                         .tp_flags = Py_TPFLAGS_MANAGED_DICT | Py_TPFLAGS_INLINE_VALUES};
    PyObject *seen = NULL;
    instance.dict = &instance.head;
    instance.head.ob_type = &type;
    PyObject_VisitManagedDict(&instance.head, note_visit, (void *)&seen);
    return seen == instance.dict;
}
#endif

enum uf_code uf_heap_config_self(struct uf_heap_config *ret, struct uf_error *err)
{
    static struct uf_known_types known;
    static struct uf_layout layout;
    memset(&known, 0, sizeof known);
    for (size_t i = 0; i < sizeof exported / sizeof exported[0]; i++)
        known.type[exported[i].known] = ADDRESS(exported[i].type);
    fill_exceptions(&known);
    fill_by_example(&known);
    dl_iterate_phdr(find_image, &known);
    layout.version_hex = PY_VERSION_HEX;
    layout.objects = *uf_layout_objects_self();
    layout.objects.integer.zero_has_digit = zero_has_digit(layout.objects.integer.digits);
#if PY_VERSION_HEX >= 0x030d0000
    layout.objects.values.of_dict = values_of_dict();
#endif
    layout.runtime = uf_layout_runtime_self;
    *ret = (struct uf_heap_config){
        .source = &uf_source_self,
        .layout = &layout,
        .runtime = ADDRESS(&_PyRuntime),
        .interpreter = ADDRESS(PyInterpreterState_Get()),
        .traverse = traverse,
        .known = &known,
        .glibc_blocks = over_glibc(),
    };
    if (!known.subtype_traverse)
        return uf_error_set(err, UF_EUNSUPPORTED, "the interpreter has no importlib");
    return UF_OK;
}
