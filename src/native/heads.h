/* heads.h - of blocks that were lost together, the ones from which the others hang.
 *
 * A structure that is lost takes along what it points to: that has no finding of
 * its own. Among lost blocks of one call, a block that another one leads to
 * hangs from it; where they lead to each other in a circle, from the first one
 * born.
 */
#ifndef UF_NATIVE_HEADS_H
#define UF_NATIVE_HEADS_H

#include "native/owners.h"

/* `lost[i]`: block i of `owners` is one of them. For those that hang from another lost one `lost[i]`
 * becomes false, and their bytes are added to `carried` of their head. */
enum uf_code uf_heads_find(bool *lost, uint64_t *carried, const struct uf_owners *owners,
                           uf_owners_read read, struct uf_error *err);

#endif
