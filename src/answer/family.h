/* family.h - which processes a command is asked about: those named, or one and all that descend from it. */
#ifndef UF_ANSWER_FAMILY_H
#define UF_ANSWER_FAMILY_H

#include "report/processes.h"
#include "unfreed.h"

struct uf_family {
    int *pids;
    size_t count;
    int master; /* the first of them, where its descendants were asked for; else 0 */
};

/* --children: those that live now. False: the answer says why. */
bool uf_family_find(struct uf_family *ret, const struct uf_heap_request *request,
                    struct uf_answer *answer);
bool uf_family_has(const struct uf_family *family, int pid);
/* After a process could not be opened: where it was not named itself, but found as a descendant, it is left
 * out: `ret` is filled in (its text is the caller's), and the answer is empty again. `gone`: it runs no more, and
 * is left out even if it was named. False: the command ends with the answer as it is. */
bool uf_family_leave_out(const struct uf_family *family, int pid, bool gone, struct uf_absent *ret,
                         struct uf_answer *answer);
void uf_family_release(struct uf_family *family);

#endif
