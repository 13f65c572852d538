/* surplus.h - objects that live on and are counted more often with each call.
 *
 * A reference that C code takes and never drops shows nowhere but in the count:
 * no object is added and none grows. So what is counted and not found (the
 * surplus of a native root) is followed from capture to capture, object by
 * object, and put to the growth test. Only what changes has a series.
 *
 * An object is the same one as before if address and type are the same, and it
 * was there in every capture between. Immortal objects (3.12 and later) have no
 * count that could grow.
 */
#ifndef UF_ANALYSIS_SURPLUS_H
#define UF_ANALYSIS_SURPLUS_H

#include "analysis/growth.h"
#include "analysis/steps.h"

struct uf_surpluses;

enum uf_code uf_surpluses_create(struct uf_surpluses **ret, struct uf_error *err);
void uf_surpluses_destroy(struct uf_surpluses *surpluses);
/* The end of warm-up: all series begin anew with the next capture. */
void uf_surpluses_seal(struct uf_surpluses *surpluses);
/* Enters one capture, made after `calls` calls (ascending). */
enum uf_code uf_surpluses_add(struct uf_surpluses *surpluses, const struct uf_graph *graph,
                              uint32_t calls, struct uf_error *err);

/* The largest wish of all series that rise so far, and whether one is a trend. */
enum uf_growth_wish uf_surpluses_wish(const struct uf_surpluses *surpluses, bool *trend);

/* Appends a finding of kind orphan for each object whose surplus is a trend, the fastest first, at most
 * 3. `view` shows the capture last entered. */
enum uf_code uf_surpluses_tell(const struct uf_surpluses *surpluses, const struct uf_view *view,
                               struct uf_check_result *result, struct uf_error *err);

#endif
