#include "pyext/native_preload.h"

#include "analysis/result.h"
#include "base/mem.h"
#include "pyext/python.h"

#include <dlfcn.h>

#define ARENA_LEAST_BYTES                                                                          \
    ((size_t)256 << 10) /* ARENA_SIZE, CPython Include/internal/pycore_obmalloc.h */

static uint32_t probed; /* births seen by the probe */

static void probe_born(void *context, enum uf_preload_kind kind, uint64_t key, uint64_t bytes,
                       const struct uf_preload_mark *mark)
{
    (void)context, (void)key, (void)bytes, (void)mark;
    if (kind == UF_PRELOAD_HEAP)
        __atomic_add_fetch(&probed, 1, __ATOMIC_RELAXED);
}

static void probe_lost(void *context, enum uf_preload_kind kind, uint64_t key,
                       struct uf_preload_mark *mark)
{
    (void)context, (void)kind, (void)key, (void)mark;
}

static void probe_starting(void *context, struct uf_preload_mark *mark)
{
    (void)context, (void)mark;
}

/* Whether malloc leads there is tried: its address would not tell (see over_glibc in known.c). */
static bool is_called(const struct uf_preload *preload)
{
    static const struct uf_preload_hooks probe = {
        .born = probe_born, .lost = probe_lost, .starting = probe_starting};
    uint32_t before = probed;
    preload->set_hooks(&probe);
    PyMem_RawFree(PyMem_RawMalloc(1000));
    preload->set_hooks(NULL);
    return probed != before;
}

const struct uf_preload *uf_native_preloaded(const char **why)
{
    static const char *reason;
    static const struct uf_preload *found;
    static bool looked;
    if (!looked) {
        looked = true;
        found = dlsym(RTLD_DEFAULT, UF_PRELOAD_SYMBOL);
        if (!found)
            reason = "the library that watches malloc was not loaded with the interpreter";
        else if (found->version != UF_PRELOAD_VERSION)
            reason = "the library that watches malloc is of another version of unfreed";
        else if (!is_called(found))
            reason =
                "another allocator stands in front of malloc (a preloaded one, or a sanitizer), "
                "so that calls of it could not be watched";
        if (reason)
            found = NULL;
    }
    if (why)
        *why = reason;
    return found;
}

/* --- arenas ------------------------------------------------------------------------------------ */

static const struct uf_preload *preload; /* NULL: not there */
static PyObjectArenaAllocator arenas;
static PyObject *count_blocks; /* sys.getallocatedblocks, as it was before the target */

/* What is smaller is no arena: stacks of frames come from here too (push_chunk, CPython 3.11
 * Python/pystate.c), and those can be lost. */
static void *arena_alloc(void *context, size_t bytes)
{
    int *hush = preload->hush(), before = *hush;
    *hush += bytes >= ARENA_LEAST_BYTES;
    void *arena = arenas.alloc(context, bytes);
    *hush = before;
    return arena;
}

static void arena_free(void *context, void *arena, size_t bytes)
{
    int *hush = preload->hush(), before = *hush;
    *hush += bytes >= ARENA_LEAST_BYTES;
    arenas.free(context, arena, bytes);
    *hush = before;
}

void uf_native_prepare(void)
{
    preload = uf_native_preloaded(NULL);
    count_blocks = PySys_GetObject("getallocatedblocks");
    Py_XINCREF(count_blocks);
    if (!preload || arenas.alloc)
        return;
    PyObject_GetArenaAllocator(&arenas);
    PyObjectArenaAllocator counted = {arenas.ctx, arena_alloc, arena_free};
    PyObject_SetArenaAllocator(&counted);
}

double uf_native_mapped_bytes(void)
{
    if (!preload)
        return UF_UNKNOWN;
    return (double)preload->mapped_bytes() - (double)uf_mem_mapped_bytes();
}

double uf_native_python_blocks(void)
{
    PyObject *count = count_blocks ? PyObject_CallNoArgs(count_blocks) : NULL;
    double blocks = count ? PyLong_AsDouble(count) : UF_UNKNOWN;
    Py_XDECREF(count);
    PyErr_Clear();
    return blocks;
}
