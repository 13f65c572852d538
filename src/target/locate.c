#include "target/locate.h"

#include "cpython/debug_offsets.h"
#include "cpython/read.h"
#include "symbols/image.h"

#include <string.h>

#define COOKIE "xdebugpy" /* _Py_Debug_Cookie */
#define COOKIE_BYTES 8
#define PAGE_BYTES 4096
#define SCAN_BYTES_MAX ((uint64_t)1 << 30)

/* What a look into the files showed, for the one line that says why there is no Python. */
struct finder {
    struct uf_location *found;
    const struct uf_outside_memory *memory;
    uint32_t unreadable; /* path of a file that looks like Python and cannot be opened; 0: none */
    bool starting;       /* an image is there whose data is not mapped yet */
    bool old;            /* a CPython without _PyRuntime: 3.6 or before */
    bool named;          /* some file is called python */
    bool pypy;
    bool no_memory;
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *path_of(const struct finder *f, const struct uf_mapping *mapping)
{
    return uf_mapping_path(f->memory->mappings, mapping);
}

static bool looks_like_python(const char *path)
{
    return strstr(base_name(path), "python") != NULL;
}

static bool read_offsets(const struct uf_source *source, uint64_t runtime,
                         struct uf_location *found)
{
    struct uf_debug_offsets offsets;
    if (!uf_debug_offsets_read(source, runtime, &offsets))
        return false;
    found->debug_offsets = true;
    found->version_hex = offsets.version_hex;
    found->free_threaded = offsets.free_threaded;
    return true;
}

/* Is it a symbol or section of `image` that is in the target's memory as well? */
static bool is_mapped(const struct finder *f, uint64_t address)
{
    return uf_source_view(f->memory->source, address, sizeof(uint64_t)) != NULL;
}

static bool find_runtime(struct finder *f, const struct uf_image *image, uint64_t bias)
{
    struct uf_image_symbol symbol;
    if (uf_image_symbol(image, "_PyRuntime", &symbol)) {
        f->starting = !is_mapped(f, symbol.address + bias);
        if (f->starting)
            return false;
        f->found->runtime = symbol.address + bias;
        (void)read_offsets(f->memory->source, f->found->runtime, f->found);
        return true;
    }
    if (!uf_image_section(image, ".PyRuntime", &symbol) ||
        !read_offsets(f->memory->source, symbol.address + bias, f->found))
        return false;
    f->found->runtime = symbol.address + bias;
    return true;
}

static void look_into(struct finder *f, const struct uf_mapping *mapping,
                      const struct uf_image *image)
{
    struct uf_location *found = f->found;
    struct uf_image_symbol symbol;
    uint64_t bias;
    if (!uf_image_bias(image, mapping->offset, mapping->start, &bias))
        return;
    if (!find_runtime(f, image, bias)) {
        f->old |= !uf_image_symbol(image, "_PyRuntime", &symbol) &&
                  uf_image_symbol(image, "PyEval_EvalFrameEx", &symbol);
        return;
    }
    if (uf_image_symbol(image, "Py_Version", &symbol)) {
        uint64_t version = uf_source_word(f->memory->source, symbol.address + bias);
        if (version)
            found->version_hex = (uint32_t)version;
    }
    uf_image_span(image, &found->image_start, &found->image_end);
    found->image_start += bias;
    found->image_end += bias;
    found->image = mapping->path;
}

/* Each file once, at its first executable mapping (or, where a file's code was moved to pages of no
 * file, its first mapping). */
static bool is_first_of_file(const struct uf_mappings *mappings, size_t index, bool executable)
{
    const struct uf_mapping *mapping = &mappings->list.at[index];
    for (size_t i = 0; i < index; i++)
        if (mappings->list.at[i].path == mapping->path &&
            mappings->list.at[i].executable == executable)
            return false;
    return true;
}

static bool has_executable(const struct uf_mappings *mappings, uint32_t path)
{
    for (size_t i = 0; i < mappings->list.len; i++)
        if (mappings->list.at[i].path == path && mappings->list.at[i].executable)
            return true;
    return false;
}

static bool is_candidate(const struct finder *f, size_t index, bool python)
{
    const struct uf_mappings *mappings = f->memory->mappings;
    const struct uf_mapping *mapping = &mappings->list.at[index];
    const char *path = path_of(f, mapping);
    if (path[0] != '/' || mapping->shared || looks_like_python(path) != python)
        return false;
    if (mapping->executable)
        return is_first_of_file(mappings, index, true);
    return python && !has_executable(mappings, mapping->path) &&
           is_first_of_file(mappings, index, false);
}

static bool read_memory(void *context, uint64_t address, void *ret, size_t size)
{
    const struct finder *f = context;
    const void *view = uf_source_view(f->memory->source, address, size);
    if (view)
        memcpy(ret, view, size);
    return view != NULL;
}

/* Out of its file, else (deleted, replaced, another machine's) out of memory; NULL: neither. */
static struct uf_image *open_image(struct finder *f, const struct uf_mapping *mapping)
{
    const struct uf_mappings *mappings = f->memory->mappings;
    struct uf_image *image = NULL;
    int fd = f->memory->open_file(f->memory->context, mapping);
    enum uf_code code = fd >= 0 ? uf_image_open(&image, fd, NULL) : UF_EIO;
    for (size_t i = 0; i < mappings->list.len && code != UF_OK && code != UF_ENOMEM; i++)
        if (mappings->list.at[i].path == mapping->path && mappings->list.at[i].offset == 0)
            code = uf_image_open_memory(&image, mappings->list.at[i].start, read_memory, f, NULL);
    f->no_memory |= code == UF_ENOMEM;
    return image;
}

static void look_into_files(struct finder *f, bool python)
{
    const struct uf_mappings *mappings = f->memory->mappings;
    for (size_t i = 0; i < mappings->list.len && !f->found->runtime; i++) {
        const struct uf_mapping *mapping = &mappings->list.at[i];
        if (!is_candidate(f, i, python))
            continue;
        f->pypy |= strstr(base_name(path_of(f, mapping)), "pypy") != NULL;
        f->named |= python;
        struct uf_image *image = open_image(f, mapping);
        if (image)
            look_into(f, mapping, image);
        else if (python && !f->unreadable)
            f->unreadable = mapping->path;
        uf_image_close(image);
    }
}

/* --- without symbols ---------------------------------------------------------------------------- */

static bool look_into_page(struct finder *f, uint64_t page)
{
    const char *view = uf_source_view(f->memory->source, page, PAGE_BYTES);
    for (uint64_t at = 0; view && at < PAGE_BYTES; at += 8)
        if (memcmp(view + at, COOKIE, COOKIE_BYTES) == 0 &&
            read_offsets(f->memory->source, page + at, f->found) &&
            f->found->version_hex >> 24 == 3) {
            f->found->runtime = page + at;
            return true;
        }
    return false;
}

/* The runtime has an initial value, so it is in data that began as a file's. */
static void look_for_cookie(struct finder *f)
{
    const struct uf_mappings *mappings = f->memory->mappings;
    uint64_t left = SCAN_BYTES_MAX;
    for (size_t i = 0; i < mappings->list.len; i++) {
        const struct uf_mapping *mapping = &mappings->list.at[i];
        if (path_of(f, mapping)[0] != '/' || !mapping->readable || mapping->shared)
            continue;
        for (uint64_t page = mapping->start; page < mapping->end && left >= PAGE_BYTES;
             page += PAGE_BYTES, left -= PAGE_BYTES)
            if (look_into_page(f, page)) {
                f->found->image = mapping->path;
                return;
            }
    }
}

bool uf_locate_image(const struct uf_mappings *mappings, uint64_t address, uint64_t *start,
                     uint64_t *end)
{
    const struct uf_mapping *holds = uf_mappings_find(mappings, address);
    uint32_t path = holds ? holds->path : 0;
    if (holds && !path) { /* .bss: of the mapping in front of it */
        for (size_t i = 1; i < mappings->list.len && !path; i++)
            if (&mappings->list.at[i] == holds && mappings->list.at[i - 1].end == holds->start)
                path = mappings->list.at[i - 1].path;
    }
    if (!path || uf_strings_get(&mappings->paths, path)[0] != '/')
        return false;
    *start = UINT64_MAX;
    *end = 0;
    for (size_t i = 0; i < mappings->list.len; i++) {
        const struct uf_mapping *mapping = &mappings->list.at[i];
        if (mapping->path != path && !(*end == mapping->start && !mapping->path && *end))
            continue;
        *start = mapping->start < *start ? mapping->start : *start;
        *end = mapping->end;
    }
    return true;
}

/* --- what it is instead ------------------------------------------------------------------------- */

static enum uf_code not_found(const struct finder *f, struct uf_error *err)
{
    const struct uf_mappings *mappings = f->memory->mappings;
    const char *program = "";
    for (size_t i = 0; i < mappings->list.len && !program[0]; i++)
        if (mappings->list.at[i].executable && path_of(f, &mappings->list.at[i])[0] == '/')
            program = base_name(path_of(f, &mappings->list.at[i]));
    if (f->pypy)
        return uf_error_set(err, UF_ETARGET,
                            "it runs PyPy (only CPython 3.8 and later can be read)");
    if (f->old)
        return uf_error_set(err, UF_ETARGET,
                            "it runs a CPython before 3.7 (3.8 and later can be read)");
    if (f->unreadable)
        return uf_error_set(err, UF_EUNSUPPORTED,
                            "%.100s cannot be opened, and without it Python is not found (see that "
                            "the file is there and can be read)",
                            uf_strings_get(&mappings->paths, f->unreadable));
    return uf_error_set(err, f->named || f->starting ? UF_EUNSUPPORTED : UF_ETARGET,
                        "not a Python process: there is no CPython in %.60s (give the process that "
                        "runs Python; --children looks at those that it has started)",
                        program[0] ? program : "it");
}

enum uf_code uf_locate(struct uf_location *ret, const struct uf_outside_memory *memory,
                       struct uf_error *err)
{
    struct finder f = {.found = ret, .memory = memory};
    *ret = (struct uf_location){0};
    look_into_files(&f, true);
    if (!ret->runtime)
        look_into_files(&f, false);
    if (!ret->runtime && !f.pypy)
        look_for_cookie(&f);
    if (f.no_memory)
        return uf_error_nomem(err);
    return ret->runtime ? UF_OK : not_found(&f, err);
}
