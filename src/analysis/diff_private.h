/* diff_private.h - the inside of diff.h: the joint tree (diff.c), causes (diff_entries.c), objects
 * (diff_nodes.c). */
#ifndef UF_ANALYSIS_DIFF_PRIVATE_H
#define UF_ANALYSIS_DIFF_PRIVATE_H

#include "analysis/diff.h"

/* Every change into one entry; fills grown and shrunk. */
enum uf_code uf_diff_find_entries(struct uf_diff *diff, struct uf_error *err);

static inline int64_t uf_diff_objects_grown(const struct uf_diff_group *group)
{
    return (int64_t)group->heap[UF_DIFF_NEW].objects - (int64_t)group->heap[UF_DIFF_OLD].objects;
}

static inline int64_t uf_diff_bytes_grown(const struct uf_diff_group *group)
{
    return (int64_t)group->heap[UF_DIFF_NEW].bytes - (int64_t)group->heap[UF_DIFF_OLD].bytes;
}

#endif
