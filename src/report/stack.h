/* stack.h - one stack on one row of a text report: "shop.py:14 in Store.open  <-  shop.py:31 in checkout". */
#ifndef UF_REPORT_STACK_H
#define UF_REPORT_STACK_H

#include "analysis/result.h"

/* Appends the innermost frames, as many as tell enough; nothing for an empty stack. Files are shortened
 * to what an import would call them. */
void uf_report_stack(struct uf_text *ret, const uf_stack_frames *frames);

/* "urllib3/connection.py" of ".../site-packages/urllib3/connection.py"; else the last component. */
const char *uf_report_short_file(const char *file);

#endif
