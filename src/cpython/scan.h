/* scan.h - the words of an object in which references may lie that nothing reports.
 *
 * A type without collector support has no tp_traverse to ask, and a tp_traverse
 * may forget a member. What such an object refers to lies somewhere between the
 * part that its base describes and tp_basicsize. Which of these words are
 * references, and owned ones, is for the caller to judge (capture/guess.h).
 *
 * Left out: what is known to be something else (declared members and slots,
 * which are references already; the attribute dict; the list of weak references).
 */
#ifndef UF_CPYTHON_SCAN_H
#define UF_CPYTHON_SCAN_H

#include "cpython/heap.h"

#define UF_SCAN_WORDS_MAX 512 /* of one object; larger structures are looked at so far */

struct uf_scan {
    uint32_t first, count; /* in offsets */
};

struct uf_scans {
    const struct uf_source *source;
    UF_VEC(uint32_t) offsets; /* from the start of an object, in bytes */
    UF_VEC(struct uf_scan)
    of_type; /* by number of the type in the heap; count 0: nothing to scan */
};

/* For all types that the heap knows by now. `ret` is {0} before; release it in any case. */
enum uf_code uf_scans_make(struct uf_scans *ret, struct uf_heap *heap, struct uf_error *err);
void uf_scans_release(struct uf_scans *scans);

#endif
