#include "base/queue.h"

#include <stdbool.h>

static bool is_before(const struct uf_queue_item *a, const struct uf_queue_item *b)
{
    return a->key != b->key ? a->key > b->key : a->number < b->number;
}

static void swap(struct uf_queue_item *a, struct uf_queue_item *b)
{
    struct uf_queue_item moved = *a;
    *a = *b;
    *b = moved;
}

int uf_queue_push(struct uf_queue *queue, uint64_t key, uint32_t number)
{
    struct uf_queue_item item = {key, number};
    if (uf_vec_push(&queue->items, item))
        return -1;
    for (size_t at = queue->items.len - 1; at > 0;) {
        size_t above = (at - 1) / 2;
        if (!is_before(&queue->items.at[at], &queue->items.at[above]))
            break;
        swap(&queue->items.at[at], &queue->items.at[above]);
        at = above;
    }
    return 0;
}

uint32_t uf_queue_pop(struct uf_queue *queue)
{
    struct uf_queue_item *items = queue->items.at;
    uint32_t top = items[0].number;
    size_t len = --queue->items.len;
    items[0] = items[len];
    for (size_t at = 0, below; (below = 2 * at + 1) < len; at = below) {
        if (below + 1 < len && is_before(&items[below + 1], &items[below]))
            below++;
        if (!is_before(&items[below], &items[at]))
            break;
        swap(&items[below], &items[at]);
    }
    return top;
}

void uf_queue_release(struct uf_queue *queue)
{
    uf_vec_release(&queue->items);
}
