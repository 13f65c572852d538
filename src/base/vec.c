#include "base/vec.h"

#include <string.h>

/* From this size on an array is a mapping that grows without a copy, so small steps are cheap and
 * little is mapped that is not used. */
#define SMALL_STEPS_FROM_BYTES ((size_t)4 << 20)

int uf_vec_grow(void **at, size_t *cap, size_t wanted, size_t item_bytes)
{
    if (wanted <= *cap)
        return 0;
    size_t step = *cap > SMALL_STEPS_FROM_BYTES / item_bytes ? *cap / 8 : *cap;
    size_t now, bytes;
    if (__builtin_add_overflow(*cap, step, &now) || now < wanted)
        now = wanted;
    if (now < 4)
        now = 4;
    if (__builtin_mul_overflow(now, item_bytes, &bytes))
        return -1;
    /* `at` points to a pointer of another type: read and written as bytes. */
    void *block;
    memcpy(&block, at, sizeof block);
    block = uf_mem_resize(block, bytes);
    if (!block)
        return -1;
    memcpy(at, &block, sizeof block);
    *cap = now;
    return 0;
}
