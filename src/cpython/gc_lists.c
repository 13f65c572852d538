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
    if (!config->source->identity && uf_gc_collecting(config)) {
        list->collecting = true;
        if (config->source
                ->bytes) /* a circle shows itself by nothing else: so many heads cannot be */
            list->left = config->source->bytes / runtime->gc.head_size;
    }
    return UF_OK;
}

/* The head behind `at` in the direction of the walk, which must refer back to `at`. */
static enum uf_code step(const struct uf_gc_list *list, uint64_t at, uint64_t to, uint64_t *after,
                         struct uf_error *err)
{
    uint64_t next, prev;

    if (to == 0 || to % 8 || !read_head(list->config, to, &next, &prev))
        return uf_error_at(err, UF_ECORRUPT, at, "a collector's list leads nowhere");
    if ((list->backwards ? next : prev) != at && !list->collecting)
        return uf_error_at(err, UF_ECORRUPT, to, "a collector's list is damaged");
    *after = list->backwards ? prev : next;
    return UF_OK;
}

/* As uf_gc_list_next(), and *count is 0 as well where the walk turns round. */
static enum uf_code walk(struct uf_gc_list *list, uint64_t *objects, size_t max, size_t *count,
                         struct uf_error *err)
{
    const struct uf_source *source = list->config->source;
    const uint32_t head_size = list->config->layout->runtime.gc.head_size;
    uint64_t at = list->at, next, after = 0, prev;
    enum uf_code code = UF_OK;
    size_t n = 0;

    if (!read_head(list->config, at, &next, &prev))
        return uf_error_at(err, UF_EFAULT, at, "a collector's list cannot be read");
    if (list->backwards)
        next = prev;
    while (n < max && next != list->head && !(list->backwards && next == list->broken_at)) {
        if ((code = step(list, at, next, &after, err)) != UF_OK)
            break;
        if (list->left-- == 0) {
            code = uf_error_at(err, UF_ELIMIT, next, "a collector's list does not end");
            break;
        }
        objects[n] = next + head_size;
        if (n >= LAG)
            uf_source_prefetch(source, 2 * objects[n] - objects[n - LAG]);
        n++;
        at = next;
        next = after;
    }
    if (code && (source->identity || (list->backwards && !list->steps) ||
                 (code == UF_ELIMIT && !list->collecting)))
        return code; /* neither end leads anywhere */
    list->steps += n;
    if (code && !list->backwards && !list->collecting) {
        list->broken_at = at;
        list->backwards = true;
        at = list->head;
    } else {
        list->broken |= code != UF_OK;
        list->done = code || n < max || next == list->head;
        uf_source_prefetch(source, next);
    }
    list->at = at;
    *count = n;
    return UF_OK;
}

enum uf_code uf_gc_list_next(struct uf_gc_list *list, uint64_t *objects, size_t max, size_t *count,
                             struct uf_error *err)
{
    enum uf_code code = UF_OK;

    for (*count = 0; code == UF_OK && *count == 0 && !list->done;)
        code = walk(list, objects, max, count, err);
    return code;
}

bool uf_gc_collecting(const struct uf_heap_config *config)
{
    const struct uf_layout_runtime *runtime = &config->layout->runtime;
    int collecting = 0;
    const void *view = uf_source_view(config->source, uf_gc_state(config) + runtime->gc.collecting,
                                      sizeof collecting);

    if (view != NULL)
        memcpy(&collecting, view, sizeof collecting);
    return collecting != 0;
}
