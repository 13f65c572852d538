#include "pyext/native_frames.h"

#include "pyext/python.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define INLINED_MAX 8 /* functions inlined into each other at one place */

/* Frames that only hand on what they are asked for; the one that asked is the one to look at. */
static const char *const allocator_ends[] = {
    "malloc",
    "calloc",
    "realloc",
    "memalign",
    "aligned_alloc",
    "zalloc",
    "reallocarray",
    "malloc0",
    "strdup",
    "strndup",
    "memdup",
    "PyMem_New",
    "mmap",
    "mmap64",
    "_Znwm",
    "_Znam",
    "PyObject_Malloc",
    "PyMem_Malloc",
    "PyMem_Realloc",
    "PyMem_Calloc",
    "Malloc",
    "_PyObject_ArenaMmap",
    "_PyObject_VirtualAlloc",
};
static const char *const allocator_starts[] = {
    "operator new",           "std::allocator<",
    "std::allocator_traits<", "__gnu_cxx::new_allocator<",
    "std::__new_allocator<",  "__rust_alloc",
    "__rustc::__rust_alloc",  "__rdl_alloc",
    "alloc::alloc::",         "alloc::raw_vec::",
};

static bool ends_with(const char *text, const char *end)
{
    size_t text_len = strlen(text), end_len = strlen(end);
    return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}

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
    for (size_t i = 0; i < sizeof allocator_ends / sizeof *allocator_ends; i++)
        if (ends_with(frame->symbol, allocator_ends[i]))
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

static int add_frame(uf_stack_frames *ret, const struct uf_symbol *symbol)
{
    struct uf_stack_frame frame = {
        .library = copy_of(symbol->library),
        .symbol = copy_of(symbol->symbol),
        .offset = symbol->offset,
        .file = copy_of(symbol->file),
        .line = symbol->line,
    };
    if (frame.library && !uf_vec_push(ret, frame))
        return 0;
    uf_mem_free(frame.library);
    uf_mem_free(frame.symbol);
    uf_mem_free(frame.file);
    return -1;
}

int uf_native_frames_name(struct uf_symbols *symbols, const struct uf_native_stack *stack,
                          uf_stack_frames *ret)
{
    size_t before = ret->len, outside = before; /* behind the last frame out of the interpreter */
    for (uint32_t i = 0; i < stack->native_count; i++) {
        struct uf_symbol found[INLINED_MAX];
        size_t count = uf_symbols_find(symbols, stack->native[i], true, found, INLINED_MAX);
        for (size_t f = 0; f < count; f++) {
            if (!found[f].library || (ret->len == before && hands_on(&found[f])))
                continue;
            if (add_frame(ret, &found[f]))
                return -1;
            if (!is_interpreter(found[f].library))
                outside = ret->len;
        }
    }
    if (outside > before)
        cut(ret, outside);
    return 0;
}
