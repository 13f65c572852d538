/* summary_rss.h - `unfreed summary --rss PID`: what the resident memory of a process is used for. */
#ifndef UF_ANSWER_SUMMARY_RSS_H
#define UF_ANSWER_SUMMARY_RSS_H

#include "answer/heap.h"
#include "balance/balance.h"

/* Is what is asked for a process, and only one? Else the answer says what to do. */
bool uf_rss_asked_well(const struct uf_heap_request *request, struct uf_answer *answer);
/* Of a heap that was just opened. False: the answer says why. */
bool uf_rss_balance(struct uf_opened *heap, struct uf_balance *ret, struct uf_answer *answer);
/* Ends the command with the text. */
void uf_rss_report(const struct uf_opened *heap, const struct uf_balance *balance,
                   struct uf_answer *answer);

#endif
