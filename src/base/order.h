/* order.h - puts numbers in order by what is known of them, largest first.
 *
 * In place and without memory of its own: qsort() may call malloc.
 */
#ifndef UF_BASE_ORDER_H
#define UF_BASE_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* `order` holds distinct places in `keys`. Afterwards their keys descend; of equal keys the lower place
 * comes first. */
void uf_order_descending(uint32_t *order, size_t count, const uint64_t *keys);

/* The same for all places 0 .. count-1, which are entered first. */
void uf_order_all_descending(uint32_t *order, size_t count, const uint64_t *keys);

#endif
