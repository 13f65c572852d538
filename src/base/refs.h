/* refs.h - the references of one object, or of many, as raw addresses.
 *
 * The one vector that decoders append to and the graph builder reads.
 */
#ifndef UF_BASE_REFS_H
#define UF_BASE_REFS_H

#include "base/vec.h"

#include <stdint.h>

typedef UF_VEC(uint64_t) uf_refs;

#endif
