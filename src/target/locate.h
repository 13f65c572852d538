/* locate.h - CPython in the memory of a program: where its runtime is, and which version it says it is.
 *
 * The runtime (_PyRuntime) is found by its symbol in any file that is mapped as
 * a program is: the executable, libpython, a program that was started through
 * its own dynamic loader, a server that has Python built in. Without symbols,
 * 3.13 and later are found by their section, and in memory by the cookie that their debug
 * offsets begin with (CPython 3.13 Include/internal/pycore_debug_offsets.h).
 *
 * Nothing of the heap is read here; what is found is believed only after
 * validate.h. The memory must outlive what is located.
 */
#ifndef UF_TARGET_LOCATE_H
#define UF_TARGET_LOCATE_H

#include "memory/outside.h"

struct uf_location {
    uint64_t runtime; /* &_PyRuntime; 0: not found, and yet `image` looks like Python */
    /* PY_VERSION_HEX as Py_Version (3.11+) or the debug offsets (3.13+) say; 0: neither is there */
    uint32_t version_hex;
    bool debug_offsets; /* the runtime begins with them */
    bool free_threaded; /* as they say */
    /* The image that holds the runtime, with .bss; 0: only its mapping is known. */
    uint64_t image_start, image_end;
    uint32_t image; /* its path, in memory->mappings->paths; 0: unknown */
};

/* UF_ETARGET: there is no CPython 3.7 or later in it; says what there is instead. UF_EUNSUPPORTED: the same of a
 * program that looks like one whose libraries are not there yet, or of a file that cannot be opened. UF_ENOMEM. */
enum uf_code uf_locate(struct uf_location *ret, const struct uf_outside_memory *memory,
                       struct uf_error *err);

/* The image that `address` is part of, as far as the mappings show it: all mappings of the same file
 * and what lies without a gap behind them (.bss). False: it is of no file. */
bool uf_locate_image(const struct uf_mappings *mappings, uint64_t address, uint64_t *start,
                     uint64_t *end);

#endif
