#include "target/calibrate.h"

#include "cpython/gc_lists.h"
#include "cpython/read.h"
#include "target/validate.h"

#define RUNTIME_BYTES ((uint64_t)1 << 16) /* 3.8: its runtime is 1,800 bytes */

#define HEAD_ALIGNMENT 4

/* Does a list begin at `head`? *filled: and there is something in it. */
static bool is_head(const struct uf_python *python, uint64_t head, bool *filled)
{
    const struct uf_layout_runtime *r = &python->layout.runtime;
    const struct uf_source *source = python->memory->source;
    uint64_t next = uf_source_word(source, head + r->gc.head_next) & ~r->gc.next_flags;
    uint64_t prev = uf_source_word(source, head + r->gc.head_prev) & ~r->gc.prev_flags;
    /* The heads in the collector's state are aligned to HEAD_ALIGNMENT from 3.13.5 on, those of objects to 8. */
    *filled = next != head;
    if (!next || !prev || *filled != (prev != head) || (*filled && (next % 8 || prev % 8)))
        return false;
    return (uf_source_word(source, next + r->gc.head_prev) & ~r->gc.prev_flags) == head &&
           (uf_source_word(source, prev + r->gc.head_next) & ~r->gc.next_flags) == head;
}

bool uf_collector_begins(const struct uf_python *python, uint64_t first)
{
    const struct uf_layout_runtime *r = &python->layout.runtime;
    bool filled, any = false;
    for (uint64_t i = 0; i < UF_GC_GENERATIONS; i++) {
        if (!is_head(python, first + i * r->gc.generation_size, &filled))
            return false;
        any |= filled;
    }
    if (!is_head(python, first + (r->gc.permanent - r->gc.generations), &filled))
        return false;
    return any || filled;
}

enum uf_code uf_calibrate_collector(struct uf_python *python, struct uf_error *err)
{
    struct uf_layout_runtime *r = &python->layout.runtime;
    bool of_runtime = r->interpreter.gc == UF_NO_OFFSET;
    uint32_t *gc = of_runtime ? &r->runtime.gc : &r->interpreter.gc;
    uint64_t start = of_runtime ? python->location.runtime : python->interpreters.at[0];
    uint64_t bytes = of_runtime ? RUNTIME_BYTES : r->interpreter.bytes;
    uint32_t row = *gc, found = UF_NO_OFFSET;
    for (uint64_t at = r->gc.generations; at < bytes; at += HEAD_ALIGNMENT) {
        if (!uf_collector_begins(python, start + at))
            continue;
        *gc = (uint32_t)(at - r->gc.generations);
        if (uf_validate_collector(python, NULL) != UF_OK)
            continue;
        if (found != UF_NO_OFFSET) {
            *gc = row;
            return uf_error_set(err, UF_EUNSUPPORTED, "the collector's lists are in two places");
        }
        found = *gc;
    }
    *gc = found == UF_NO_OFFSET ? row : found;
    if (found == UF_NO_OFFSET)
        return uf_error_set(err, UF_EUNSUPPORTED, "the collector's lists are not found");
    python->calibrated |= found != row;
    return UF_OK;
}
