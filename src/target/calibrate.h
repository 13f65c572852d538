/* calibrate.h - the collector's lists, where a patch release moved them.
 *
 * A list's head is known by what it is: its next one points back at it, and so
 * does the last. The generations' heads lie one behind the other, the permanent
 * one at the distance that the row says; objects with a type lie behind them. What
 * else looks like that in an interpreter is nowhere to be found (measured on 3.8 to
 * 3.15), so the place is taken only if it is the only one.
 */
#ifndef UF_TARGET_CALIBRATE_H
#define UF_TARGET_CALIBRATE_H

#include "target/python.h"

/* Looks through the main interpreter (3.8: the runtime) and sets the offset of the collector's state in
 * python->layout. UF_EUNSUPPORTED: no such place, or several. */
enum uf_code uf_calibrate_collector(struct uf_python *python, struct uf_error *err);

/* Do the heads of all lists lie there, the first generation's at `first`, and is something in one of them? */
bool uf_collector_begins(const struct uf_python *python, uint64_t first);

#endif
