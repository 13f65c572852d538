#include "target/validate.h"

#include "cpython/gc_lists.h"
#include "cpython/read.h"

#define THREADS_MAX ((size_t)1 << 16)

static uint64_t word(const struct uf_python *python, uint64_t address)
{
    return uf_source_word(python->memory->source, address);
}

static bool is_pointer(uint64_t value)
{
    return value != 0 && value % 8 == 0;
}

/* --- interpreters and threads ------------------------------------------------------------------- */

/* *left: how many more there may be, of all interpreters together. */
static enum uf_code check_threads(const struct uf_python *python, uint64_t interpreter,
                                  size_t *left, struct uf_error *err)
{
    const struct uf_layout_runtime *r = &python->layout.runtime;
    uint64_t at = word(python, interpreter + r->interpreter.threads_head);
    for (; at && *left; (*left)--) {
        if (!is_pointer(at) || word(python, at + r->thread.interpreter) != interpreter)
            return uf_error_at(err, UF_EUNSUPPORTED, at, "a thread does not know its interpreter");
        at = word(python, at + r->thread.next);
    }
    return at ? uf_error_at(err, UF_EUNSUPPORTED, at, "the list of threads does not end") : UF_OK;
}

static void main_one_first(struct uf_python *python)
{
    for (size_t low = 0, high = python->interpreters.len; low + 1 < high; low++) {
        uint64_t kept = python->interpreters.at[low];
        python->interpreters.at[low] = python->interpreters.at[--high];
        python->interpreters.at[high] = kept;
    }
}

enum uf_code uf_validate_interpreters(struct uf_python *python, struct uf_error *err)
{
    const struct uf_layout_runtime *r = &python->layout.runtime;
    const struct uf_source *source = python->memory->source;
    uint64_t id = UINT64_MAX;
    size_t threads = THREADS_MAX;
    uint64_t at = word(python, python->location.runtime + r->runtime.interpreters_head);
    python->interpreters.len = 0;
    if (!at)
        return uf_error_set(err, UF_EUNSUPPORTED, "it has no interpreter");
    for (; at; at = word(python, at + r->interpreter.next)) { /* newest first */
        if (!is_pointer(at) || python->interpreters.len >= UF_INTERPRETERS_MAX ||
            !uf_source_view(source, at + r->interpreter.bytes - 8, 8))
            return uf_error_at(err, UF_EUNSUPPORTED, at, "the list of interpreters is damaged");
        uint64_t number = word(python, at + r->interpreter.id);
        if (number >= id)
            return uf_error_at(err, UF_EUNSUPPORTED, at, "interpreters are not in order");
        id = number;
        if (uf_vec_push(&python->interpreters, at))
            return uf_error_nomem(err);
        enum uf_code code = check_threads(python, at, &threads, err);
        if (code)
            return code;
    }
    if (id != 0)
        return uf_error_set(err, UF_EUNSUPPORTED, "its first interpreter is not number 0");
    main_one_first(python);
    return UF_OK;
}

/* --- the collector ------------------------------------------------------------------------------ */

static bool is_type_of_types(const struct uf_python *python, uint64_t type)
{
    const struct uf_layout_objects *lay = &python->layout.objects;
    const void *view = is_pointer(type)
                           ? uf_source_view(python->memory->source, type, lay->type.type_bytes)
                           : NULL;
    uint64_t meta = view ? uf_u64(view, lay->object.type) : 0;
    const void *meta_view = is_pointer(meta)
                                ? uf_source_view(python->memory->source, meta, lay->type.type_bytes)
                                : NULL;
    return meta_view && (uf_u64(meta_view, lay->type.flags) & lay->type.flag_type_subclass);
}

static bool has_object(const struct uf_python *python, uint64_t head)
{
    const struct uf_layout *layout = &python->layout;
    return is_pointer(head) &&
           is_type_of_types(python, word(python, head + layout->runtime.gc.head_size +
                                                     layout->objects.object.type));
}

/* Both ends of a list. While the collector runs (in a core; a process is waited for), it keeps counts where
 * the way back is. */
static enum uf_code check_list(const struct uf_python *python, const struct uf_heap_config *config,
                               int generation, struct uf_error *err)
{
    const struct uf_layout_runtime *r = &python->layout.runtime;
    bool collecting = uf_gc_collecting(config);
    struct uf_gc_list list;
    enum uf_code code = uf_gc_list_open(&list, config, generation, err);
    if (code)
        return code;
    uint64_t next = word(python, list.head + r->gc.head_next) & ~r->gc.next_flags;
    uint64_t prev = word(python, list.head + r->gc.head_prev) & ~r->gc.prev_flags;
    uint64_t back = word(python, next + r->gc.head_prev) & ~r->gc.prev_flags;
    /* an empty list refers to its own head, which from 3.13.5 on is aligned to 4 bytes only */
    if ((next != list.head && !is_pointer(next)) || (next == list.head) != (prev == list.head) ||
        (back != list.head && !collecting))
        return uf_error_at(err, UF_EUNSUPPORTED, list.head,
                           "the collector's list %d does not close", generation);
    if (next != list.head &&
        (!has_object(python, next) || (!has_object(python, prev) && !collecting)))
        return uf_error_at(err, UF_EUNSUPPORTED, list.head,
                           "the collector's list %d has no objects in it", generation);
    return UF_OK;
}

enum uf_code uf_validate_collector(const struct uf_python *python, struct uf_error *err)
{
    struct uf_heap_config config = uf_python_config(python);
    for (size_t i = 0; i < python->interpreters.len; i++) {
        config.interpreter = python->interpreters.at[i];
        for (int generation = 0; generation < UF_GC_LISTS; generation++) {
            enum uf_code code = check_list(python, &config, generation, err);
            if (code)
                return code;
        }
    }
    return UF_OK;
}

/* --- types -------------------------------------------------------------------------------------- */

enum uf_code uf_validate_types(const struct uf_python *python, struct uf_error *err)
{
    const struct uf_layout_objects *lay = &python->layout.objects;
    const struct {
        enum uf_known known;
        uint64_t bytes;
        const char *name;
    } sizes[] = {
        {UF_KNOWN_TYPE, lay->type.heap_type_bytes, "type"},
        {UF_KNOWN_DICT, lay->dict.bytes, "dict"},
        {UF_KNOWN_LIST, lay->list.bytes, "list"},
        {UF_KNOWN_STR, lay->str.unicode_bytes, "str"},
        {UF_KNOWN_OBJECT, lay->object.head_bytes, "object"},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t bytes = word(python, python->known.type[sizes[i].known] + lay->type.basic_size);
        if (bytes != sizes[i].bytes)
            return uf_error_set(err, UF_EUNSUPPORTED, "a %s is %llu bytes and not %llu",
                                sizes[i].name, (unsigned long long)bytes,
                                (unsigned long long)sizes[i].bytes);
    }
    return UF_OK;
}
