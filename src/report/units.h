/* units.h - figures as people read them.
 *
 * All functions append to `ret`, never depend on the locale, and write "?" for
 * a figure that is not known. Rounding never carries a figure out of its unit
 * ("1 MiB", not "1024 KiB").
 */
#ifndef UF_REPORT_UNITS_H
#define UF_REPORT_UNITS_H

#include "base/text.h"

/* Exactly `decimals` (0 to 3) of them, thousands separated: "5,012", "2.00". */
void uf_units_fixed(struct uf_text *ret, double value, int decimals);

/* "5,012"; what is not whole gets as many decimals as tell something: "0.33", "98.5". */
void uf_units_count(struct uf_text *ret, double value);

/* "357 B", "2.8 KiB", "41 KiB", "1.2 GiB". */
void uf_units_bytes(struct uf_text *ret, double bytes);

/* "12 ms", "1.5 s", "2 min 5 s", "3 h 20 min". */
void uf_units_seconds(struct uf_text *ret, double seconds);

/* "1 object", "5,012 objects", "0.33 objects". */
void uf_units_plural(struct uf_text *ret, double count, const char *one, const char *many);

/* "1 per call", "2.50 per call", "1 in 3 calls". */
void uf_units_per_call(struct uf_text *ret, double rate);

#endif
