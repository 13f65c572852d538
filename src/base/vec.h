/* vec.h - a growing array, typed by macro.
 *
 *     UF_VEC(uint32_t) ids = {0};
 *     if (uf_vec_push(&ids, 7)) return uf_error_nomem(err);
 *     for (size_t i = 0; i < ids.len; i++) use(ids.at[i]);
 *     uf_vec_release(&ids);
 *
 * {0} is a valid empty array. `at` is NULL while cap is 0. Invariant:
 * len <= cap. uf_vec_push and uf_vec_reserve return 0, or -1 when memory is
 * out, and then leave the array as it was.
 */
#ifndef UF_BASE_VEC_H
#define UF_BASE_VEC_H

#include "base/mem.h"

#define UF_VEC(type)                                                                               \
    struct {                                                                                       \
        type *at;                                                                                  \
        size_t len, cap;                                                                           \
    }

/* Makes room for `wanted` elements in all; doubles (large ones grow by 1/8), never shrinks. */
int uf_vec_grow(void **at, size_t *cap, size_t wanted, size_t item_bytes);

#define uf_vec_reserve(v, wanted)                                                                  \
    ((size_t)(wanted) < (v)->cap + 1                                                               \
         ? 0                                                                                       \
         : uf_vec_grow((void **)&(v)->at, &(v)->cap, (wanted), sizeof *(v)->at))
#define uf_vec_push(v, value)                                                                      \
    (uf_vec_reserve((v), (v)->len + 1) ? -1 : ((void)((v)->at[(v)->len++] = (value)), 0))
#define uf_vec_release(v) (uf_mem_free((v)->at), (v)->at = NULL, (v)->len = (v)->cap = 0)

#endif
