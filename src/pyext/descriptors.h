/* descriptors.h - the open descriptors of this process and what each of them is.
 *
 * No malloc and no Python: looking leaves nothing behind.
 */
#ifndef UF_PYEXT_DESCRIPTORS_H
#define UF_PYEXT_DESCRIPTORS_H

#include "base/text.h"
#include "base/vec.h"

#include <stdint.h>

struct uf_descriptor {
    int fd;
    uint64_t device,
        inode; /* together: the same open file again, or another under the same number */
};
typedef UF_VEC(struct uf_descriptor) uf_descriptors;

/* Every open descriptor but the one that lists them. 0; -1 when they cannot be listed or memory is out. */
int uf_descriptors_list(uf_descriptors *ret);
/* One of them in words, and its sort (analysis/descriptor_words.h). Nothing is written when it has been
 * closed. Either may be NULL. */
void uf_descriptor_describe(int fd, struct uf_text *target, struct uf_text *sort);

/* Calls `each` with every open descriptor; -1 when they cannot be listed. */
int uf_descriptors_each(void (*each)(void *context, int fd), void *context);

#endif
