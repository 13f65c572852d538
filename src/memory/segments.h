/* segments.h - the mappings of this process, and reading its memory without risk.
 *
 * What is looked through here is not known to be there: a thread of the target
 * may unmap it meanwhile. So it is read through /proc/self/mem, where a page
 * that is gone is an error and no fault.
 */
#ifndef UF_MEMORY_SEGMENTS_H
#define UF_MEMORY_SEGMENTS_H

#include "base/error.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum uf_segment_kind {
    UF_SEGMENT_ANONYMOUS, /* without a name */
    UF_SEGMENT_HEAP,      /* "[heap]": what brk(2) gave */
    UF_SEGMENT_OTHER,     /* of a file, a stack, the kernel's */
};

struct uf_segment {
    uint64_t start, end;
    uint8_t kind; /* enum uf_segment_kind */
};

/* The private writable mappings, by ascending address. */
struct uf_segments {
    UF_VEC(struct uf_segment) list;
};

/* `ret` is {0} before; release it in any case. UF_EFAULT: /proc cannot be read. */
enum uf_code uf_segments_read(struct uf_segments *ret, struct uf_error *err);
/* The same from the text of /proc/PID/maps. */
enum uf_code uf_segments_parse(struct uf_segments *ret, const char *text, struct uf_error *err);
void uf_segments_release(struct uf_segments *segments);

/* -1: cannot be opened. Close it with close(2). */
int uf_own_memory_open(void);
/* How many of the bytes at `address` could be read: fewer than `size` where a page is missing. */
size_t uf_own_memory_read(int memory, uint64_t address, void *ret, size_t size);

#endif
