/* diff_many.h - several processes, each looked at twice, in one report (comparison.h).
 *
 * Groups of equal paths are one group, whatever process they are in, so what grows in all workers of a
 * server is named once; what each process has of it is told beside it. A place that grows in one process
 * and shrinks as much in another is no growth. At any time at most two heaps are held whole: the one that
 * is being read, and the one that has grown most, which gives the examples.
 */
#ifndef UF_ANSWER_DIFF_MANY_H
#define UF_ANSWER_DIFF_MANY_H

#include "unfreed.h"

void uf_diff_many(const struct uf_heap_request *request, struct uf_answer *ret);

#endif
