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
 * A full collection opens those of 3.10 to 3.13 again: uf_freelists_check()
 * notices, and remembers it for the call. PyRefTracer (3.13) would see the same
 * births, at the price of two callbacks per object and of a slot that other
 * tools want.
 *
 * Under the main interpreter's lock.
 */
#ifndef UF_PYEXT_FREELISTS_H
#define UF_PYEXT_FREELISTS_H

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

#endif
