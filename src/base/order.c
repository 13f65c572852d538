#include "base/order.h"

#include <stdbool.h>

static bool is_behind(const uint64_t *keys, uint32_t a, uint32_t b)
{
    return keys[a] != keys[b] ? keys[a] < keys[b] : a > b;
}

/* Heap sort: above each place of the heap stands one that comes behind what is below. */
static void sink(uint32_t *heap, size_t at, size_t count, const uint64_t *keys)
{
    for (;;) {
        size_t below = 2 * at + 1;
        if (below >= count)
            return;
        if (below + 1 < count && is_behind(keys, heap[below + 1], heap[below]))
            below++;
        if (!is_behind(keys, heap[below], heap[at]))
            return;
        uint32_t moved = heap[at];
        heap[at] = heap[below];
        heap[below] = moved;
        at = below;
    }
}

void uf_order_descending(uint32_t *order, size_t count, const uint64_t *keys)
{
    for (size_t at = count / 2; at-- > 0;)
        sink(order, at, count, keys);
    for (size_t left = count; left > 1; left--) {
        uint32_t last = order[0];
        order[0] = order[left - 1];
        order[left - 1] = last;
        sink(order, 0, left - 1, keys);
    }
}

void uf_order_all_descending(uint32_t *order, size_t count, const uint64_t *keys)
{
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    uf_order_descending(order, count, keys);
}
