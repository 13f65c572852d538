/* validate.h - does a layout row hold for this target? Every claim that can be checked is, before anything else
 * of the row is believed.
 *
 * The runtime half: interpreters form a list that ends at number 0, threads
 * know their interpreter, the collector's lists close and show objects. The
 * object half: sizes that the types themselves state.
 */
#ifndef UF_TARGET_VALIDATE_H
#define UF_TARGET_VALIDATE_H

#include "target/python.h"

/* Lists the interpreters of python->layout into python->interpreters, the main one first. UF_EUNSUPPORTED:
 * what does not hold, as the end of a sentence. UF_ENOMEM. */
enum uf_code uf_validate_interpreters(struct uf_python *python, struct uf_error *err);
/* The collector's lists of all of them. */
enum uf_code uf_validate_collector(const struct uf_python *python, struct uf_error *err);
/* What the known types say of themselves. */
enum uf_code uf_validate_types(const struct uf_python *python, struct uf_error *err);

#endif
