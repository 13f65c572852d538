/* native_owners.h - which surviving native blocks are no object's: what is lost, or held by what stays.
 *
 * A block that an object born in the same calls leads to goes with that object,
 * and has no finding of its own; so does one that leads to such an object (the
 * registries of binding generators). A block is lost when no object leads to
 * it, and piles up when it hangs on one object with those of many other calls.
 */
#ifndef UF_PYEXT_NATIVE_OWNERS_H
#define UF_PYEXT_NATIVE_OWNERS_H

#include "capture/capture.h"
#include "native/store.h"

/* `wanted[i]`: survivor i is lost or piles up; `holder[i]`: the node that it piles up at, or
 * UF_NODE_NONE. Bytes of lost blocks that hang from another one are added to those of that one.
 * Survivors are ascending by key, as the store gives them; `capture` shows the heap as it is now. The
 * interpreter lock is held. */
enum uf_code uf_native_owners_find(bool *wanted, uf_node *holder, struct uf_native_block *survivors,
                                   size_t count, const struct uf_capture *capture, uint32_t calls,
                                   struct uf_error *err);

#endif
