#include "cpython/gc_lists.h"

#include <string.h>

/* No list can be longer than the graph can number. */
#define STEPS_MAX UINT32_MAX

/* A list is a chain of cache misses, but objects made in a loop lie in a rhythm: the head LAG steps on
 * is likely to be as far from this one as this one is from the head LAG steps back. 12 is a multiple of
 * the commonest rhythms. Walking the heap of bench_capture.py takes 0.6 of the time. */
#define LAG 12

static bool read_head(const struct uf_heap_config *config, uint64_t address, uint64_t *next,
                      uint64_t *prev)
{
    const struct uf_layout_runtime *runtime = &config->layout->runtime;
    const char *view = uf_source_view(config->source, address, runtime->gc.head_size);

    if (view == NULL)
        return false;
    memcpy(next, view + runtime->gc.head_next, sizeof *next);
    memcpy(prev, view + runtime->gc.head_prev, sizeof *prev);
    *next &= ~runtime->gc.next_flags;
    *prev &= ~runtime->gc.prev_flags;
    return true;
}

enum uf_code uf_gc_list_open(struct uf_gc_list *list, const struct uf_heap_config *config,
                             int generation, struct uf_error *err)
{
    const struct uf_layout_runtime *runtime = &config->layout->runtime;
    uint64_t gc = uf_gc_state(config);

    if (generation < 0 || generation > UF_GC_PERMANENT)
        return uf_error_set(err, UF_EINVAL, "generation %d does not exist", generation);
    *list = (struct uf_gc_list){
        .config = config,
        .head = generation == UF_GC_PERMANENT
                    ? gc + runtime->gc.permanent
                    : gc + runtime->gc.generations +
                          (uint64_t)generation * runtime->gc.generation_size,
        .left = STEPS_MAX,
    };
    list->at = list->head;
    return UF_OK;
}

enum uf_code uf_gc_list_next(struct uf_gc_list *list, uint64_t *objects, size_t max, size_t *count,
                             struct uf_error *err)
{
    const uint32_t head_size = list->config->layout->runtime.gc.head_size;
    uint64_t at = list->at, next, after, prev;
    size_t n = 0;

    *count = 0;
    if (list->done)
        return UF_OK;
    if (!read_head(list->config, at, &next, &prev))
        return uf_error_at(err, UF_EFAULT, at, "a collector's list cannot be read");
    while (n < max && next != list->head) {
        if (next == 0 || !read_head(list->config, next, &after, &prev))
            return uf_error_at(err, UF_ECORRUPT, at, "a collector's list leads nowhere");
        if (prev != at)
            return uf_error_at(err, UF_ECORRUPT, next, "a collector's list is damaged");
        if (list->left-- == 0)
            return uf_error_at(err, UF_ELIMIT, next, "a collector's list does not end");
        objects[n] = next + head_size;
        if (n >= LAG)
            __builtin_prefetch(
                (const void *)(uintptr_t)(2 * objects[n] - objects[n - LAG])); // NOLINT
        n++;
        at = next;
        next = after;
    }
    list->done = next == list->head;
    __builtin_prefetch((const void *)(uintptr_t)next); // NOLINT
    list->at = at;
    *count = n;
    return UF_OK;
}

bool uf_gc_collecting(const struct uf_heap_config *config)
{
    const struct uf_layout_runtime *runtime = &config->layout->runtime;
    const int *view =
        uf_source_view(config->source, uf_gc_state(config) + runtime->gc.collecting, sizeof *view);

    return view != NULL && *view != 0;
}
