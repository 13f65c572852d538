/* queue.h - numbers with keys, taken out largest key first.
 *
 * Of equal keys the lower number comes first. {0} is a valid empty queue.
 */
#ifndef UF_BASE_QUEUE_H
#define UF_BASE_QUEUE_H

#include "base/vec.h"

#include <stdint.h>

struct uf_queue_item {
    uint64_t key;
    uint32_t number;
};

/* Invariant: an item comes out before those at 2 i + 1 and 2 i + 2. */
struct uf_queue {
    UF_VEC(struct uf_queue_item) items;
};

/* 0, or -1 when memory is out (the queue is unchanged). */
int uf_queue_push(struct uf_queue *queue, uint64_t key, uint32_t number);
/* The queue must not be empty. */
uint32_t uf_queue_pop(struct uf_queue *queue);
void uf_queue_release(struct uf_queue *queue);

#endif
