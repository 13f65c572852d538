/* size.h - shallow sizes as sys.getsizeof gives them (private to cpython).
 *
 * A class may define __sizeof__ in Python or in an extension: the engine runs
 * no code, so such objects get object.__sizeof__'s answer.
 */
#ifndef UF_CPYTHON_SIZE_H
#define UF_CPYTHON_SIZE_H

#include "cpython/plan.h"

struct uf_size {
    uint64_t bytes;    /* sys.getsizeof */
    uint64_t malloced; /* see struct uf_object */
};

/* False: the target cannot be read. */
bool uf_size_of(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                struct uf_size *ret);

#endif
