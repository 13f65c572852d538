#include "pyext/native_owners.h"

#include "native/heads.h"
#include "native/sites.h"
#include "pyext/python.h"

#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

/* Through the kernel: another thread may unmap what is being read. */
static size_t read_words(uint64_t address, uint64_t *ret, size_t count)
{
    struct iovec to = {ret, count * sizeof *ret};
    struct iovec from = {(void *)(uintptr_t)address, to.iov_len}; // NOLINT
    ssize_t got = process_vm_readv(getpid(), &to, 1, &from, 1, 0);
    return got > 0 ? (size_t)got / sizeof *ret : 0;
}

static bool is_memory(const struct uf_native_block *block)
{
    return block->kind == UF_NATIVE_HEAP || block->kind == UF_NATIVE_MAPPING ||
           block->kind == UF_NATIVE_PYTHON || block->kind == UF_NATIVE_OBJECT;
}

/* Memory that can be lost without an object: what the interpreter itself took is left out. */
static bool may_be_lost(const struct uf_native_block *block)
{
    return block->kind == UF_NATIVE_HEAP || block->kind == UF_NATIVE_MAPPING ||
           (block->kind == UF_NATIVE_PYTHON && block->stack != 0);
}

/* What holds text and numbers, and what holds only objects, leads to no native block. */
static bool is_looked_into(const PyTypeObject *type)
{
    return type != &PyUnicode_Type && type != &PyBytes_Type && type != &PyLong_Type &&
           type != &PyFloat_Type && type != &PyComplex_Type && type != &PyDict_Type &&
           type != &PyTuple_Type && type != &PyList_Type && type != &PySet_Type &&
           type != &PyFunction_Type && type != &PyCode_Type && type != &PyCell_Type &&
           type != &PyMethod_Type && type != &PyFrozenSet_Type;
}

/* Bytes of the object that lie behind its address. */
static size_t own_bytes(const struct uf_graph *graph, uf_node node, PyObject *object)
{
    const PyTypeObject *type = Py_TYPE(object);
    size_t bytes = type->tp_basicsize > 0 ? (size_t)type->tp_basicsize : 0;
    if (type->tp_itemsize == 0)
        return bytes;
    size_t all = (size_t)uf_graph_size(graph, node); /* with the header of the collector */
    return all > bytes + 16 ? all - 16 : bytes;
}

static PyObject *object_of(const struct uf_graph *graph, uf_node node)
{
    return (PyObject *)(uintptr_t)graph->address[node]; // NOLINT
}

static void scan_objects(struct uf_owners *owners, const struct uf_graph *graph)
{
    /* every object is its own first: what leads from one object to another makes no owner */
    for (uf_node n = 0; n < graph->node_count; n++) {
        size_t block = uf_owners_block(owners, graph->address[n]);
        if (block != SIZE_MAX && owners->blocks[block].kind == UF_NATIVE_OBJECT)
            owners->owner[block] = n + 1;
    }
    for (uf_node n = 0; n < graph->node_count; n++) {
        PyObject *object = object_of(graph, n);
        /* types: static ones have another size than their metatype says */
        if ((graph->flags[n] & (UF_NODE_OWN | UF_NODE_TYPE)) || !is_looked_into(Py_TYPE(object)))
            continue;
        uf_owners_scan(owners, (const uint64_t *)(const void *)object,
                       own_bytes(graph, n, object) / 8, n + 1);
    }
    uf_owners_follow(owners, read_words);
}

/* Objects that nothing leads to, and the interpreter's own memory: what hangs on it goes with it. */
static void scan_python_blocks(struct uf_owners *owners, uint32_t first_owner)
{
    for (size_t i = 0; i < owners->count; i++)
        if (!may_be_lost(&owners->blocks[i]))
            uf_owners_give(owners, i, first_owner + (uint32_t)i);
    uf_owners_follow(owners, read_words);
}

/* Blocks that lead to an object of their own call go with it. */
static void scan_back(struct uf_owners *owners)
{
    uint64_t words[512];
    for (size_t i = 0; i < owners->count; i++) {
        const struct uf_native_block *block = &owners->blocks[i];
        if (owners->owner[i] != UF_OWNER_NONE || block->kind == UF_NATIVE_MAPPING ||
            block->bytes < 8)
            continue;
        size_t wanted = (size_t)block->bytes / 8;
        size_t got = read_words(block->key, words, wanted < 512 ? wanted : 512);
        for (size_t w = 0; w < got && owners->owner[i] == UF_OWNER_NONE; w++) {
            size_t target = uf_owners_block(owners, words[w]);
            if (target != SIZE_MAX && owners->blocks[target].kind == UF_NATIVE_OBJECT &&
                owners->blocks[target].call == block->call)
                uf_owners_give(owners, i, owners->owner[target]);
        }
    }
    uf_owners_follow(owners, read_words);
}

struct hold { /* a native block on an owner */
    uint32_t owner, call, block;
};

static int by_owner(const void *a, const void *b)
{
    const struct hold *x = a, *y = b;
    if (x->owner != y->owner)
        return x->owner < y->owner ? -1 : 1;
    return (x->call > y->call) - (x->call < y->call);
}

static bool piles_up(const struct hold *holds, size_t count, uint32_t calls)
{
    uint32_t windows = 0, last = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        uint32_t window = (uint32_t)((uint64_t)(holds[i].call - 1) * UF_SITES_WINDOWS / calls);
        windows += window != last;
        last = window;
    }
    return count >= UF_SITES_LEAST && windows >= UF_SITES_LEAST_WINDOWS;
}

/* Those that belong to an object, and with others of many calls to the same one. */
static enum uf_code find_piles(bool *wanted, uf_node *holder, const struct uf_owners *owners,
                               uf_node nodes, uint32_t calls, struct uf_error *err)
{
    UF_VEC(struct hold) holds = {0};
    for (size_t i = 0; i < owners->count; i++) {
        const struct uf_native_block *block = &owners->blocks[i];
        if (owners->owner[i] == UF_OWNER_NONE || !may_be_lost(block) || block->call == 0 ||
            block->call > calls)
            continue;
        if (uf_vec_push(&holds, ((struct hold){owners->owner[i], block->call, (uint32_t)i}))) {
            uf_vec_release(&holds);
            return uf_error_nomem(err);
        }
    }
    if (holds.len > 1)
        qsort(holds.at, holds.len, sizeof *holds.at, by_owner);
    for (size_t from = 0, to; from < holds.len; from = to) {
        for (to = from + 1; to < holds.len && holds.at[to].owner == holds.at[from].owner;)
            to++;
        if (!piles_up(holds.at + from, to - from, calls))
            continue;
        uint32_t owner = holds.at[from].owner;
        for (size_t i = from; i < to; i++) {
            wanted[holds.at[i].block] = true;
            holder[holds.at[i].block] = owner <= nodes ? owner - 1 : UF_NODE_NONE;
        }
    }
    uf_vec_release(&holds);
    return UF_OK;
}

struct verdicts { /* by block */
    bool *wanted;
    uf_node *holder;
    uint64_t *carried;
};

static enum uf_code judge(struct verdicts *ret, const struct uf_owners *owners, uf_node nodes,
                          uint32_t calls, struct uf_error *err)
{
    ret->wanted = uf_mem_zalloc(owners->count + 1);
    ret->holder = uf_mem_zalloc((owners->count + 1) * sizeof *ret->holder);
    ret->carried = uf_mem_zalloc((owners->count + 1) * sizeof *ret->carried);
    if (!ret->wanted || !ret->holder || !ret->carried || owners->failed)
        return uf_error_nomem(err);
    for (size_t i = 0; i < owners->count; i++) {
        ret->wanted[i] = owners->owner[i] == UF_OWNER_NONE && may_be_lost(&owners->blocks[i]);
        ret->holder[i] = UF_NODE_NONE;
    }
    enum uf_code code = uf_heads_find(ret->wanted, ret->carried, owners, read_words, err);
    if (!code)
        code = find_piles(ret->wanted, ret->holder, owners, nodes, calls, err);
    for (size_t i = 0; i < owners->count && !code; i++) {
        uint32_t owner = owners->owner[i];
        if (!may_be_lost(&owners->blocks[i]) || !uf_site_grows_in_place(&owners->blocks[i]))
            continue;
        ret->wanted[i] = true;
        ret->holder[i] = owner != UF_OWNER_NONE && owner <= nodes ? owner - 1 : UF_NODE_NONE;
    }
    return code;
}

enum uf_code uf_native_owners_find(bool *wanted, uf_node *holder, struct uf_native_block *survivors,
                                   size_t count, const struct uf_capture *capture, uint32_t calls,
                                   struct uf_error *err)
{
    const struct uf_graph *graph = &capture->graph;
    uf_native_blocks memory = {0};
    UF_VEC(uint32_t) index = {0};
    struct uf_owners owners = {0};
    struct verdicts verdicts = {0};
    enum uf_code code = UF_OK;
    for (size_t i = 0; i < count && !code; i++) {
        wanted[i] = false;
        holder[i] = UF_NODE_NONE;
        if (is_memory(&survivors[i]) &&
            (uf_vec_push(&memory, survivors[i]) || uf_vec_push(&index, (uint32_t)i)))
            code = uf_error_nomem(err);
    }
    if (!code)
        code = uf_owners_init(&owners, memory.at, memory.len, err);
    if (!code) {
        scan_objects(&owners, graph);
        scan_python_blocks(&owners, graph->node_count + 1);
        scan_back(&owners);
        code = judge(&verdicts, &owners, graph->node_count, calls, err);
    }
    for (size_t i = 0; i < memory.len && !code; i++) {
        wanted[index.at[i]] = verdicts.wanted[i];
        holder[index.at[i]] = verdicts.holder[i];
        survivors[index.at[i]].bytes += verdicts.carried[i];
    }
    uf_mem_free(verdicts.wanted);
    uf_mem_free(verdicts.holder);
    uf_mem_free(verdicts.carried);
    uf_owners_release(&owners);
    uf_vec_release(&memory);
    uf_vec_release(&index);
    return code;
}
