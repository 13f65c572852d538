/* tracing.h - the tracker of this process: every block of Python's memory born while it watches.
 *
 * Wraps the interpreter's allocators (PyMem_SetAllocator: object, mem and, if
 * asked, raw), enters births into track/blocks.h with their stacks in
 * track/sites.h, and answers where an object that lives was born.
 *
 * Leaves to others: which calls to watch, when to look. What it does to the
 * program under study: time, memory of its own, and for some freelists of the
 * interpreter that they stay empty while it watches (pyext/freelists.h).
 * Nothing in a hook allocates through Python or malloc.
 *
 * Bounds. No stack, but a birth all the same: where the thread does not hold
 * the main interpreter's lock (raw memory without it, subinterpreters with a
 * lock of their own). After a fork the hooks of the child only pass through. If
 * another tool has put its hooks above ours in the meantime, ours stay in place
 * when they are stopped and pass through.
 *
 * One at a time; all functions need the interpreter lock of the main interpreter.
 */
#ifndef UF_PYEXT_TRACING_H
#define UF_PYEXT_TRACING_H

#include "base/error.h"
#include "graph/births.h"
#include "track/blocks.h"

struct uf_tracing; /* opaque */

struct uf_tracing_options {
    bool raw; /* the raw domain as well */
};

/* Hooks in; births are recorded from now on, as of call 0. UF_EINVAL: one is there already. */
enum uf_code uf_tracing_start(struct uf_tracing **ret, const struct uf_tracing_options *options,
                              struct uf_error *err);
/* What is born from now on belongs to call `call`; 0: to none, between calls. A call other than 0
 * begins with a full collection, which empties the interpreter's freelists. */
void uf_tracing_call(struct uf_tracing *tracing, uint32_t call);
/* Hooks out. What was recorded stays readable, but deaths from now on are not seen: capture and look
 * before more Python runs. May be called twice. */
void uf_tracing_stop(struct uf_tracing *tracing);
/* Stops, and forgets everything. `tracing` may be NULL. */
void uf_tracing_free(struct uf_tracing *tracing);

/* find(): by the address of an object or of a block. Texts are valid until uf_tracing_free(). */
const struct uf_births *uf_tracing_births(struct uf_tracing *tracing);

/* The running thread's Python stack, interned; UF_SITE_NONE where there is none (no thread state, the
 * main interpreter's lock not held, memory out). Allocates nothing through Python or malloc; may be
 * called inside malloc. */
uint32_t uf_tracing_site_now(struct uf_tracing *tracing);

struct uf_live_block {
    uint64_t address, bytes;
    uint32_t site, call;
    uint8_t domain; /* enum uf_domain */
};
/* A value other than 0 ends the walk and is returned. */
typedef int (*uf_tracing_visit)(void *context, const struct uf_live_block *block);
/* Every block born while watched and still there, by ascending address. */
int uf_tracing_each_live(struct uf_tracing *tracing, uf_tracing_visit visit, void *context);

/* Blocks that could not be recorded (unaligned, no memory for the tables): 0 in any sane process. */
uint64_t uf_tracing_missed(const struct uf_tracing *tracing);

#endif
