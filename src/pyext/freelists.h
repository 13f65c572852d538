/* freelists.h - the interpreter's freelists, which hide births and deaths from an allocator's hooks.
 *
 * A dead tuple is kept for the next one, which then is born without the
 * allocator: the recorded birth would be that of an earlier life. So while
 * births are watched the main interpreter's freelists are shut, as far as that
 * can be done from outside, through the state that their own code respects:
 *
 *     3.14 and later: all; a size of -1 means "disabled" (pycore_freelist_state.h)
 *     3.13: tuples, floats, lists, dicts and their keys; -1, as in finalization
 *     3.10 to 3.12: tuples and floats; empty, and counted as full
 *
 * Lists, dicts and their keys of 3.10 to 3.12 wait in arrays whose count alone
 * decides: these are drained at every birth instead. What entered such an array
 * and left it again between two births is found too, since it is still written
 * there: it was reborn since the last birth that was seen.
 *
 * A full collection opens what was shut in 3.10 to 3.13: uf_freelists_check()
 * notices, and remembers it for the call. PyRefTracer (3.13) would see the same
 * births, at the price of two callbacks per object and of a slot that other
 * tools want.
 *
 * Under the main interpreter's lock.
 */
#ifndef UF_PYEXT_FREELISTS_H
#define UF_PYEXT_FREELISTS_H

#include "pyext/frame_layout.h"
#include "track/blocks.h"

#include <stdbool.h>
#include <stdint.h>

/* Shuts those that are empty; a full collection empties all. */
void uf_freelists_shut(void);
/* Notes for this call which of them are not shut now. */
void uf_freelists_check(uint32_t call);
/* Opens what was shut. */
void uf_freelists_open(void);
/* Forgets what was noted. */
void uf_freelists_forget(void);
/* Whether the memory of the live object at `address`, born in this call, may have been in a freelist. */
bool uf_freelists_may_hold(uint64_t address, uint32_t call);

/* --- arrays (3.10 to 3.12) --------------------------------------------------------------------- */

/* A birth as its hook saw it. */
struct uf_freelists_event {
    uint64_t block; /* the one that was just given out; 0: none was, this is the end of a call */
    uint32_t site, call;
    bool mem_calloc;
};

/* Whether something entered an array since the last uf_freelists_drain(). */
static inline bool uf_freelists_touched(const PyInterpreterState *interpreter)
{
#if PY_VERSION_HEX < 0x030d0000
    return interpreter->list.free_list[0] || interpreter->dict_state.free_list[0] ||
           interpreter->dict_state.keys_free_list[0];
#else
    (void)interpreter;
    return false;
#endif
}
/* Frees what waits, and enters what was reborn as born at this event. `free_block` is the free() of
 * the object domain with all that belongs to a death. */
void uf_freelists_drain(struct uf_blocks *blocks, const struct uf_freelists_event *event,
                        void (*free_block)(void *block));
/* The same, forgetting it all: before births are watched. */
void uf_freelists_forget_arrays(void);

#endif
