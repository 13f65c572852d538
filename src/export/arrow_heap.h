/* arrow_heap.h - a heap as tables see it: the graph, its names, what was computed of it, counted holders.
 *
 * Tables, streams and batches hold it; the last one that lets go ends it, and
 * closes the snapshot. So a snapshot may be closed by its user while batches
 * live: they stay what they were.
 *
 * Threads. A consumer may let go of a batch on any thread, and ask for the next
 * one on any thread. `host` says what that means where the engine runs: inside
 * the interpreter making a batch takes its lock, and a heap whose last holder
 * went away on a foreign thread is ended later, under the lock. In a program of
 * one thread `host` is NULL. All other functions: the caller holds the lock.
 */
#ifndef UF_EXPORT_ARROW_HEAP_H
#define UF_EXPORT_ARROW_HEAP_H

#include "analysis/dominators.h"
#include "analysis/type_totals.h"
#include "export/arrow_texts.h"
#include "graph/names.h"
#include "snapshot/snapshot.h"

#include <stdatomic.h>
#include <stdbool.h>

struct uf_arrow_heap;

struct uf_arrow_host {
    /* Around the making of a batch; enter returns false where that is not possible any more. */
    bool (*enter)(intptr_t *state);
    void (*leave)(intptr_t state);
    /* The last holder has gone, on whichever thread: uf_arrow_heap_end() is due. */
    void (*last)(struct uf_arrow_heap *heap);
};

/* What a column needs besides the graph and its names: made when it is first asked for. */
enum uf_arrow_need {
    UF_ARROW_TYPE_NAMES = 1 << 0,
    UF_ARROW_DOMINATORS = 1 << 1,
    UF_ARROW_GENERICS = 1 << 2, /* the generic name of every reference */
    UF_ARROW_TOTALS = 1 << 3,   /* objects, bytes and retained bytes of every type */
};

struct uf_arrow_heap {
    atomic_uint holders;
    const struct uf_arrow_host *host;
    struct uf_snapshot *snapshot; /* owned; NULL: graph and names are borrowed */
    const struct uf_graph *graph;
    const struct uf_names *names;
    const struct uf_dominators *dominators; /* NULL: not asked for yet */
    struct uf_dominators own_dominators;
    struct uf_arrow_texts type_names; /* by type */
    struct uf_arrow_texts generics;
    struct uf_strings generic_pool;
    struct uf_map generic_map;    /* number of `names` + 1 -> number in generic_pool */
    struct uf_type_totals totals; /* by type */
    unsigned ready;               /* needs that were met */
    struct uf_arrow_heap *next;   /* for the host's list of heaps to end */
};

/* With one holder. Every byte of the file has been verified and all columns are loaded: what fails later
 * fails for want of memory. UF_EIO, UF_ECORRUPT, UF_EUNSUPPORTED,
 * UF_ENOMEM; then *ret is NULL. */
enum uf_code uf_arrow_heap_open(struct uf_arrow_heap **ret, const char *path,
                                const struct uf_arrow_host *host, struct uf_error *err);
/* Of a graph that is there already and stays until the heap ends; `dominators` may be NULL. */
enum uf_code uf_arrow_heap_borrow(struct uf_arrow_heap **ret, const struct uf_graph *graph,
                                  const struct uf_names *names,
                                  const struct uf_dominators *dominators, struct uf_error *err);
/* From any thread. */
void uf_arrow_heap_hold(struct uf_arrow_heap *heap);
void uf_arrow_heap_drop(struct uf_arrow_heap *heap);
/* Only for a host, once its `last` was called. */
void uf_arrow_heap_end(struct uf_arrow_heap *heap);

/* Makes what is not there yet (UF_ENOMEM, UF_ELIMIT). What was given out stays valid. */
enum uf_code uf_arrow_heap_prepare(struct uf_arrow_heap *heap, unsigned needs,
                                   struct uf_error *err);
/* The text of `generics` for a reference; needs UF_ARROW_GENERICS. UF_STRING_NONE when memory is out. */
uint32_t uf_arrow_heap_generic(struct uf_arrow_heap *heap, uf_node source, uint32_t ordinal);

#endif
