/* scan.h - the words of an object in which references may lie that nothing reports.
 *
 * A type without collector support has no tp_traverse to ask, and a tp_traverse
 * may forget a member. What such an object refers to lies somewhere between the
 * part that its base describes and tp_basicsize. From outside, where no tp_traverse
 * can be asked, everything of an opaque object is such a part. Which of these words are
 * references, and owned ones, is for the caller to judge (capture/guess.h).
 *
 * Left out: what is known to be something else (declared members, slots and fields of
 * a record, which are references already; the attribute dict; the list of weak references).
 */
#ifndef UF_CPYTHON_SCAN_H
#define UF_CPYTHON_SCAN_H

#include "cpython/heap.h"

#define UF_SCAN_WORDS_MAX 8192 /* of one object; larger structures are looked at so far */

struct uf_scan {
    uint32_t first, count; /* in offsets */
    /* Items of a variable-size object whose type nothing describes, one behind the other; 0: none are looked at. */
    uint32_t items_at, item_bytes;
    bool module; /* such objects have a state, which is a block of its own */
};

struct uf_scans {
    const struct uf_source *source;
    UF_VEC(uint32_t) offsets; /* from the start of an object, in bytes */
    UF_VEC(struct uf_scan)
    of_type; /* by number of the type in the heap; count 0: nothing to scan */
};

/* For all types that the heap knows by now and `scans` ({0} at first) does not; release it in any case. */
enum uf_code uf_scans_make(struct uf_scans *scans, struct uf_heap *heap, struct uf_error *err);
void uf_scans_release(struct uf_scans *scans);

/* Are objects of the type made smaller than tp_basicsize says? */
bool uf_scan_is_cut_short(struct uf_heap *heap, uint32_t type);

#endif
