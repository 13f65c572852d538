/* family.h - which processes a command is asked about: those named, or one and all that descend from it. */
#ifndef UF_ANSWER_FAMILY_H
#define UF_ANSWER_FAMILY_H

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
void uf_family_release(struct uf_family *family);

#endif
