#include "pyext/native_frames.h"

#include "pyext/python.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* Frames that only hand on what they are asked for; the one that asked is the one to look at. */
static const char *const allocators[] = {
    "malloc",          "calloc",        "realloc",
    "memalign",        "aligned_alloc", "posix_memalign",
    "reallocarray",    "strdup",        "__strdup",
    "strndup",         "__strndup",     "mmap",
    "mmap64",          "_Znwm",         "_Znam",
    "CRYPTO_malloc",   "CRYPTO_zalloc", "CRYPTO_realloc",
    "CRYPTO_strdup",   "CRYPTO_memdup", "CRYPTO_clear_realloc",
    "PyMem_RawMalloc", "PyMem_Malloc",  "PyObject_Malloc",
    "g_malloc",        "g_malloc0",     "g_realloc",
    "xmalloc",         "xrealloc",      "xcalloc",
};
static const char *const allocator_starts[] = {
    "operator new",           "std::allocator<",
    "std::allocator_traits<", "__gnu_cxx::new_allocator<",
    "std::__new_allocator<",  "__rust_alloc",
    "__rustc::__rust_alloc",  "__rdl_alloc",
    "alloc::alloc::",         "alloc::raw_vec::",
};

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static bool hands_on(const struct uf_symbol *frame)
{
    if (strncmp(last_part(frame->library), "libffi", 6) == 0)
        return true; /* for ctypes and cffi */
    if (!frame->symbol)
        return false;
    for (size_t i = 0; i < sizeof allocators / sizeof *allocators; i++)
        if (strcmp(frame->symbol, allocators[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof allocator_starts / sizeof *allocator_starts; i++)
        if (strncmp(frame->symbol, allocator_starts[i], strlen(allocator_starts[i])) == 0)
            return true;
    return false;
}

static const char *interpreter_file(void)
{
    static char path[4096];
    Dl_info info;
    if (!path[0] && dladdr((void *)(uintptr_t)PyEval_EvalCode, &info) && info.dli_fname)
        (void)snprintf(path, sizeof path, "%s", info.dli_fname);
    return path;
}

static bool is_interpreter(const char *library)
{
    /* the program itself is known to the linker by the name it was started with */
    return library && (strcmp(last_part(library), last_part(interpreter_file())) == 0 ||
                       strncmp(last_part(library), "libpython3", 10) == 0 ||
                       strncmp(last_part(library), "python3", 7) == 0);
}

bool uf_native_is_interpreters(const char *library)
{
    return is_interpreter(library) || (library && strstr(library, "/lib-dynload/"));
}

void uf_native_library_name(const char *library, char *ret, size_t size)
{
    const char *name = last_part(library);
    (void)snprintf(ret, size, "%.*s", (int)strcspn(name, "."), name);
}

static char *copy_of(const char *text)
{
    return text ? uf_mem_strdup(text) : NULL;
}

static void cut(uf_stack_frames *frames, size_t len)
{
    while (frames->len > len) {
        struct uf_stack_frame *frame = &frames->at[--frames->len];
        uf_mem_free(frame->file);
        uf_mem_free(frame->library);
        uf_mem_free(frame->symbol);
    }
}

int uf_native_frames_name(struct uf_symbols *symbols, const struct uf_native_stack *stack,
                          uf_stack_frames *ret)
{
    size_t before = ret->len, outside = before; /* behind the last frame out of the interpreter */
    for (uint32_t i = 0; i < stack->native_count; i++) {
        struct uf_symbol found = uf_symbols_find(symbols, stack->native[i], true);
        if (!found.library || (ret->len == before && hands_on(&found)))
            continue;
        struct uf_stack_frame frame = {
            .library = copy_of(found.library),
            .symbol = copy_of(found.symbol),
            .offset = found.offset,
            .file = copy_of(found.file),
            .line = found.line,
        };
        if (!frame.library || uf_vec_push(ret, frame)) {
            uf_mem_free(frame.library);
            uf_mem_free(frame.symbol);
            uf_mem_free(frame.file);
            return -1;
        }
        if (!is_interpreter(found.library))
            outside = ret->len;
    }
    if (outside > before)
        cut(ret, outside);
    return 0;
}
