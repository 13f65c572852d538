/* after.h - the time between two looks at running processes. */
#ifndef UF_ANSWER_AFTER_H
#define UF_ANSWER_AFTER_H

#include "unfreed.h"

struct uf_after {
    double seconds;   /* that were waited for */
    bool interrupted; /* the user did not want to wait for the rest */
};

/* Waits for request->after_seconds; shorter when the user says so, or when all of them have ended. */
struct uf_after uf_after_wait(const struct uf_heap_request *request, const int *pids, size_t count);

/* Is there a process of this number that has not ended? A zombie has. */
bool uf_after_runs(int pid);

#endif
