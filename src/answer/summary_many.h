/* summary_many.h - `unfreed summary` of several processes: read one after the other, added up. */
#ifndef UF_ANSWER_SUMMARY_MANY_H
#define UF_ANSWER_SUMMARY_MANY_H

#include "report/summary.h"
#include "unfreed.h"

/* Fills in `figures` for the report (order and rows are there) and calls `report`, once. */
void uf_summary_many(const struct uf_heap_request *request, struct uf_summary_report *figures,
                     void (*report)(const struct uf_heap_request *,
                                    const struct uf_summary_report *, struct uf_answer *),
                     struct uf_answer *ret);

#endif
