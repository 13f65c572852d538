#include "pyext/self.h"

#include "pyext/known.h"
#include "pyext/python.h"

#include "cpython/read.h"

#define THREADS_MAX (1 << 16)

static bool version_matches(void)
{
    char expected[16];
    int len = snprintf(expected, sizeof expected, "%d.%d.", PY_MAJOR_VERSION, PY_MINOR_VERSION);
    return strncmp(Py_GetVersion(), expected, (size_t)len) == 0;
}

static bool this_thread_is_listed(const struct uf_heap_config *config)
{
    const struct uf_layout_runtime *r = &config->layout->runtime;
    uint64_t wanted = (uint64_t)(uintptr_t)PyThreadState_Get();
    uint64_t at = uf_source_word(config->source, config->interpreter + r->interpreter.threads_head);

    for (int i = 0; i < THREADS_MAX && at && at % 8 == 0 && at != wanted; i++)
        at = uf_source_word(config->source, at + r->thread.next);
    return at == wanted;
}

static bool generation_closes(const struct uf_heap_config *config, uint64_t head)
{
    const struct uf_layout_runtime *r = &config->layout->runtime;
    uint64_t next = uf_source_word(config->source, head + r->gc.head_next) & ~r->gc.next_flags;
    uint64_t prev = uf_source_word(config->source, head + r->gc.head_prev) & ~r->gc.prev_flags;

    return next && prev && next % 8 == 0 && prev % 8 == 0 &&
           (uf_source_word(config->source, next + r->gc.head_prev) & ~r->gc.prev_flags) == head;
}

/* What a public function can confirm, before anything else is believed: patch releases have moved
 * fields (3.14), and a debug build has others than the headers say. */
static bool layout_holds(const struct uf_heap_config *config)
{
    const struct uf_layout_runtime *r = &config->layout->runtime;

    if (uf_source_word(config->source, config->interpreter + r->interpreter.modules) !=
        (uint64_t)(uintptr_t)PyImport_GetModuleDict())
        return false;
    for (unsigned generation = 0; generation < UF_GC_GENERATIONS; generation++)
        if (!generation_closes(config, config->interpreter + r->interpreter.gc + r->gc.generations +
                                           generation * r->gc.generation_size))
            return false;
    return this_thread_is_listed(config);
}

enum uf_code uf_self_config(struct uf_heap_config *config, struct uf_error *err)
{
    if (!version_matches())
        return uf_error_set(err, UF_EUNSUPPORTED,
                            "built for CPython %d.%d, but this is %.20s (build it again here)",
                            PY_MAJOR_VERSION, PY_MINOR_VERSION, Py_GetVersion());
    enum uf_code code = uf_heap_config_self(config, err);
    if (code == UF_OK && !layout_holds(config))
        return uf_error_set(
            err, UF_EUNSUPPORTED,
            "this CPython %.20s is laid out otherwise than the headers that unfreed "
            "was built with (build it again here)",
            Py_GetVersion());
    return code;
}
