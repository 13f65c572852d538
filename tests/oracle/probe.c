/* probe.c - the engine's view of single objects, for the oracle tests. Not shipped. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "cpython/debug_offsets.h"
#include "cpython/heap.h"
#include "cpython/layouts.h"
#include "cpython/names.h"
#include "pyext/known.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static struct uf_heap_config config;

static uint64_t address_of(PyObject *object)
{
    return (uint64_t)(uintptr_t)object;
}

static PyObject *raise_error(const struct uf_error *err)
{
    PyErr_SetString(PyExc_RuntimeError, err->message);
    return NULL;
}

/* Types do not come and go while a test compares objects one by one: one heap serves them all. */
static struct uf_heap *kept_heap;

static PyObject *probe_forget(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    uf_heap_destroy(kept_heap);
    kept_heap = NULL;
    Py_RETURN_NONE;
}

/* decode(object) -> (type name, refcount, size, malloced, flags, references as bytes) */
static PyObject *probe_decode(PyObject *self, PyObject *object)
{
    (void)self;
    struct uf_error err = {0};
    struct uf_object header;
    static uf_refs refs;
    refs.len = 0;
    if (!kept_heap && uf_heap_create(&kept_heap, &config, &err))
        return raise_error(&err);
    if (uf_heap_decode(kept_heap, address_of(object), &header, &refs, &err))
        return raise_error(&err);
    return Py_BuildValue("(sIKKiy#)", uf_heap_type_name(kept_heap, header.type), header.refcount,
                         header.size, header.malloced, header.flags,
                         refs.len ? (const char *)refs.at : "", (Py_ssize_t)refs.len * 8);
}

/* decode_many(list, times) -> (seconds, references): how fast it is, nothing else */
static PyObject *probe_decode_many(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *objects;
    int times;
    struct uf_error err = {0};
    struct uf_heap *heap;
    uf_refs refs = {0};
    struct timespec start, end;
    if (!PyArg_ParseTuple(args, "O!i", &PyList_Type, &objects, &times))
        return NULL;
    if (uf_heap_create(&heap, &config, &err))
        return raise_error(&err);
    size_t count = (size_t)PyList_GET_SIZE(objects);
    size_t total = 0;
    enum uf_code code = UF_OK;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int round = 0; round < times && code == UF_OK; round++) {
        for (size_t i = 0; i < count && code == UF_OK; i++) {
            struct uf_object header;
            if (refs.len > 1 << 20) {
                total += refs.len;
                refs.len = 0;
            }
            code = uf_heap_decode(heap, address_of(PyList_GET_ITEM(objects, (Py_ssize_t)i)),
                                  &header, &refs, &err);
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    total += refs.len;
    uf_vec_release(&refs);
    uf_heap_destroy(heap);
    if (code)
        return raise_error(&err);
    return Py_BuildValue(
        "(dK)", (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) * 1e-9,
        (unsigned long long)total);
}

struct walk {
    struct uf_map index;
    UF_VEC(uint64_t) address;
    UF_VEC(uint32_t) found; /* references to it */
};

static void walk_meet(struct walk *walk, uint64_t address, uint32_t references)
{
    uint32_t node = uf_map_get(&walk->index, address);
    if (node == UF_MAP_NONE) {
        node = (uint32_t)walk->address.len;
        uf_map_set(&walk->index, address, node);
        uf_vec_push(&walk->address, address);
        uf_vec_push(&walk->found, 0);
    }
    walk->found.at[node] += references;
}

/* balance(list) -> [(address, type name, refcount, references found)] of everything reached from the
 * list, where the two differ; immortal ones left out. */
static PyObject *probe_balance(PyObject *self, PyObject *objects)
{
    (void)self;
    struct uf_error err = {0};
    struct uf_heap *heap;
    struct walk walk;
    memset(&walk, 0, sizeof walk);
    uf_refs refs = {0};
    UF_VEC(struct uf_object) headers = {0};
    enum uf_code code = UF_OK;
    if (!PyList_Check(objects) || uf_heap_create(&heap, &config, &err))
        return raise_error(&err);
    walk_meet(&walk, address_of(objects), 0);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(objects); i++)
        walk_meet(&walk, address_of(PyList_GET_ITEM(objects, i)), 0);
    for (size_t i = 0; i < walk.address.len && code == UF_OK; i++) {
        struct uf_object header;
        refs.len = 0;
        code = uf_heap_decode(heap, walk.address.at[i], &header, &refs, &err);
        uf_vec_push(&headers, header);
        for (size_t j = 0; j < refs.len; j++)
            walk_meet(&walk, refs.at[j], 1);
    }
    PyObject *ret = code ? raise_error(&err) : PyList_New(0);
    for (size_t i = 0; ret && i < headers.len; i++) {
        const struct uf_object *header = &headers.at[i];
        if (header->refcount == UF_COUNT_IMMORTAL || header->refcount == walk.found.at[i])
            continue;
        PyObject *row = Py_BuildValue("(KsII)", walk.address.at[i],
                                      uf_heap_type_name(heap, header->type), header->refcount,
                                      walk.found.at[i]);
        if (!row || PyList_Append(ret, row))
            Py_CLEAR(ret);
        Py_XDECREF(row);
    }
    uf_vec_release(&headers);
    uf_vec_release(&refs);
    uf_vec_release(&walk.address);
    uf_vec_release(&walk.found);
    uf_map_release(&walk.index);
    uf_heap_destroy(heap);
    return ret;
}

/* --- a source that copies and damages: what reading another process may meet ------------------- */

struct copies {
    UF_VEC(void *)
    blocks;          /* each exactly as large as its view, so that AddressSanitizer sees more */
    uint64_t state;  /* of the random numbers */
    uint32_t damage; /* one view in so many has a damaged word; 0: none */
};

static uint64_t next_random(struct copies *copies)
{
    copies->state ^= copies->state << 13;
    copies->state ^= copies->state >> 7;
    copies->state ^= copies->state << 17;
    return copies->state;
}

static const void *view_copy(void *context, uint64_t address, size_t size)
{
    struct copies *copies = context;
    if (size == 0 || size > 1 << 24)
        return NULL;
    char *block = malloc(size);
    struct iovec here = {.iov_base = block, .iov_len = size};
    struct iovec there = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};
    if (!block || process_vm_readv(getpid(), &here, 1, &there, 1, 0) != (ssize_t)size ||
        uf_vec_push(&copies->blocks, block)) {
        free(block);
        return NULL;
    }
    if (copies->damage && next_random(copies) % copies->damage == 0) {
        static const uint64_t odd[] = {0, 1, 7, UINT64_MAX, 1 << 20, (uint64_t)1 << 62};
        uint64_t word = next_random(copies) % 2 ? next_random(copies)
                                                : odd[next_random(copies) % 6];
        size_t at = next_random(copies) % size / 8 * 8;
        memcpy(block + at, &word, size - at < 8 ? size - at : 8);
    }
    return block;
}

static void release_copies(struct copies *copies)
{
    for (size_t i = 0; i < copies->blocks.len; i++)
        free(copies->blocks.at[i]);
    copies->blocks.len = 0;
}

/* A graph of a few objects, just complete enough for naming. */
struct small_graph {
    struct uf_graph graph;
    struct uf_map index;
    UF_VEC(uint64_t) address;
    UF_VEC(uint32_t) type;
    UF_VEC(uint32_t) start;
    UF_VEC(uint32_t) target;
};

static uint32_t small_node(struct small_graph *small, uint64_t address)
{
    uint32_t node = uf_map_get(&small->index, address);
    if (node != UF_MAP_NONE)
        return node;
    node = (uint32_t)small->address.len;
    uf_vec_push(&small->address, address);
    uf_map_set(&small->index, address, node);
    return node;
}

static void small_release(struct small_graph *small)
{
    uf_map_release(&small->index);
    uf_vec_release(&small->address);
    uf_vec_release(&small->type);
    uf_vec_release(&small->start);
    uf_vec_release(&small->target);
}

static enum uf_code small_build(struct small_graph *small, struct uf_heap *heap, PyObject *objects,
                                struct uf_error *err)
{
    Py_ssize_t count = PyTuple_GET_SIZE(objects);
    for (Py_ssize_t i = 0; i < count; i++)
        small_node(small, address_of(PyTuple_GET_ITEM(objects, i)));
    size_t given = small->address.len;
    uf_refs refs = {0};
    for (size_t i = 0; i < small->address.len; i++) {
        struct uf_object header;
        refs.len = 0;
        enum uf_code code = uf_heap_decode(heap, small->address.at[i], &header, &refs, err);
        if (code)
            return code;
        uf_vec_push(&small->type, header.type);
        uf_vec_push(&small->start, (uint32_t)small->target.len);
        for (size_t j = 0; i < given && j < refs.len; j++)
            uf_vec_push(&small->target, small_node(small, refs.at[j]));
    }
    uf_vec_push(&small->start, (uint32_t)small->target.len);
    uf_vec_release(&refs);
    small->graph.node_count = (uf_node)small->address.len;
    small->graph.address = small->address.at;
    small->graph.type = small->type.at;
    small->graph.edge_start = small->start.at;
    small->graph.edge_target = small->target.at;
    small->graph.edge_count = (uint32_t)small->target.len;
    return UF_OK;
}

/* names(object, *owners) -> [(target address, kind, text, generic)]: the owners are in the graph too */
static PyObject *probe_names(PyObject *self, PyObject *objects)
{
    (void)self;
    struct uf_error err = {0};
    struct uf_heap *heap;
    struct small_graph small = {.graph = {0}};
    struct uf_names names;
    if (PyTuple_GET_SIZE(objects) == 0 || uf_heap_create(&heap, &config, &err))
        return raise_error(&err);
    PyObject *ret = NULL;
    if (small_build(&small, heap, objects, &err)) {
        raise_error(&err);
    } else {
        uf_heap_names(heap, &small.graph, &names);
        ret = PyList_New(0);
        for (uint32_t i = 0; ret && i < small.start.at[1]; i++) {
            struct uf_ref_name name;
            names.name(names.context, 0, i, &name);
            PyObject *row = Py_BuildValue("(Kiss)", small.address.at[small.target.at[i]],
                                          (int)name.kind, name.text, name.generic);
            if (!row || PyList_Append(ret, row))
                Py_CLEAR(ret);
            Py_XDECREF(row);
        }
    }
    small_release(&small);
    uf_heap_destroy(heap);
    return ret;
}

/* read_copies(object, seed, damage) -> references as bytes, or None: decoded, named and shown through
 * copies of its memory, damaged or not; tp_traverse is not asked. */
static PyObject *probe_read_copies(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *object;
    unsigned long long seed;
    unsigned int damage;
    if (!PyArg_ParseTuple(args, "OKI", &object, &seed, &damage))
        return NULL;
    struct copies copies = {.state = seed * 2 + 1, .damage = damage};
    struct uf_source source = {.context = &copies, .view = view_copy};
    struct uf_heap_config damaged = config;
    struct uf_error err = {0};
    struct uf_heap *heap;
    struct uf_object header;
    uf_refs refs = {0};
    char preview[100];
    damaged.source = &source;
    damaged.traverse = NULL;
    damaged.glibc_blocks = false;
    if (uf_heap_create(&heap, &damaged, &err))
        return raise_error(&err);
    enum uf_code code = uf_heap_decode(heap, address_of(object), &header, &refs, &err);
    struct small_graph small = {.graph = {0}};
    struct uf_names names;
    PyObject *objects = PyTuple_Pack(1, object);
    if (objects && refs.len < 100000 && small_build(&small, heap, objects, &err) == UF_OK) {
        uf_heap_names(heap, &small.graph, &names);
        for (uint32_t i = 0; i < small.start.at[1] && i < 50; i++) {
            struct uf_ref_name name;
            names.name(names.context, 0, i, &name);
        }
    }
    Py_XDECREF(objects);
    uf_heap_preview(heap, address_of(object), preview, sizeof preview);
    (void)uf_heap_length(heap, address_of(object));
    (void)uf_heap_bound(heap, address_of(object));
    PyObject *ret = Py_NewRef(Py_None);
    if (code == UF_OK) {
        Py_DECREF(ret);
        ret = PyBytes_FromStringAndSize(refs.len ? (const char *)refs.at : "",
                                        (Py_ssize_t)refs.len * 8);
    }
    small_release(&small);
    uf_vec_release(&refs);
    uf_heap_destroy(heap);
    release_copies(&copies);
    uf_vec_release(&copies.blocks);
    return ret;
}

/* facts(object) -> (length, bound, preview) */
static PyObject *probe_facts(PyObject *self, PyObject *object)
{
    (void)self;
    struct uf_error err = {0};
    struct uf_heap *heap;
    char preview[120];
    if (uf_heap_create(&heap, &config, &err))
        return raise_error(&err);
    uf_heap_preview(heap, address_of(object), preview, sizeof preview);
    PyObject *ret = Py_BuildValue("(LLs)", (long long)uf_heap_length(heap, address_of(object)),
                                  (long long)uf_heap_bound(heap, address_of(object)), preview);
    uf_heap_destroy(heap);
    return ret;
}

/* Py_Version is there from 3.11 on only. */
static uint32_t running_version(void)
{
    unsigned major = 0, minor = 0, micro = 0;
    sscanf(Py_GetVersion(), "%u.%u.%u", &major, &minor, &micro); // NOLINT(cert-err34-c)
    return major << 24 | minor << 16 | micro << 8;
}

/* layouts() -> (address of this interpreter's compiled row, and of its row for reading from outside;
 * whether that was found to serve this release) */
static PyObject *probe_layouts(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
#ifdef Py_DEBUG
    const struct uf_layout_row *row = uf_layout_find(running_version(), true);
#else
    const struct uf_layout_row *row = uf_layout_find(running_version(), false);
#endif
    uint32_t release = running_version();
    return Py_BuildValue("(KKi)", (unsigned long long)(uintptr_t)config.layout,
                         (unsigned long long)(uintptr_t)(row ? row->layout : NULL),
                         row && row->first <= release && release <= row->last);
}

/* debug_offsets() -> (version, free-threaded, fields told, [(name, told, row)] that contradict the compiled
 * row), or None */
static PyObject *probe_debug_offsets(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    struct uf_debug_offsets head;
    struct uf_contradiction wrong[64];
    struct uf_layout empty = {.version_hex = config.layout->version_hex};
    if (!uf_debug_offsets_read(config.source, config.runtime, &head))
        Py_RETURN_NONE;
    size_t count = uf_debug_offsets_check(config.source, config.runtime, config.layout, wrong, 64);
    empty.runtime.told = config.layout->runtime.told;
    size_t told = uf_debug_offsets_apply(config.source, config.runtime, &empty);
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < count && i < 64; i++) {
        PyObject *item = Py_BuildValue("(sKK)", wrong[i].name, wrong[i].told, wrong[i].row);
        if (!item || PyList_Append(list, item))
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list ? Py_BuildValue("(IiiN)", head.version_hex, head.free_threaded, (int)told, list)
                : NULL;
}

static PyMethodDef methods[] = {
    {"decode", probe_decode, METH_O, NULL},
    {"decode_many", probe_decode_many, METH_VARARGS, NULL},
    {"balance", probe_balance, METH_O, NULL},
    {"forget", probe_forget, METH_NOARGS, NULL},
    {"names", probe_names, METH_VARARGS, NULL},
    {"read_copies", probe_read_copies, METH_VARARGS, NULL},
    {"facts", probe_facts, METH_O, NULL},
    {"layouts", probe_layouts, METH_NOARGS, NULL},
    {"debug_offsets", probe_debug_offsets, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "unfreed_probe",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit_unfreed_probe(void)
{
    struct uf_error err = {0};
    if (uf_heap_config_self(&config, &err))
        return raise_error(&err);
    return PyModule_Create(&module);
}
