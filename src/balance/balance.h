/* balance.h - resident memory of a live process, shared out to the last page.
 *
 * What the allocators say of their blocks (pymalloc.h, glibc.h, mapped.h), what
 * the graph says of objects (claims.h) and what the maps say of the rest are
 * swept once, by ascending address. A page in memory that holds several
 * things is shared out by bytes; what is not in memory counts nothing. So the parts
 * add up to the pages that are in memory, exactly; what nothing explains is a part of its own.
 */
#ifndef UF_BALANCE_BALANCE_H
#define UF_BALANCE_BALANCE_H

#include "base/vec.h"
#include "graph/graph.h"
#include "memory/outside.h"

enum uf_balance_part {
    UF_PART_OBJECTS,      /* Python objects and what belongs to them, by block */
    UF_PART_PYTHON_OTHER, /* given out by Python's allocator, no object: of C code, of free lists */
    UF_PART_PYTHON_FREE,  /* of its arenas: free blocks, empty pools, heads of pools */
    UF_PART_FRAMES,       /* where Python's own frames lie (3.11+) */
    UF_PART_NATIVE_USED,  /* given out by malloc, no object in it */
    UF_PART_NATIVE_FREE,  /* kept by malloc */
    UF_PART_ALLOCATOR,    /* of another allocator, as a whole */
    UF_PART_STACKS,
    UF_PART_FILES,      /* pages of files, as the files have them */
    UF_PART_FILES_DATA, /* variables of programs and libraries: written to, or in no file */
    UF_PART_SHARED,     /* shared memory */
    UF_PART_CODE,       /* anonymous memory with code that was generated */
    UF_PART_NAMED,      /* anonymous memory that has a name, loader and kernel */
    UF_PART_REMAINDER,  /* nothing explains it */
    UF_PARTS,
};

/* An arena of malloc; bytes in memory. */
struct uf_balance_arena {
    uint64_t address;
    bool main;
    uint64_t resident, objects, used, free;
};

struct uf_balance_file {
    uint32_t path; /* in paths of the mappings */
    uint64_t bytes, data_bytes;
};

struct uf_balance_type {
    uint32_t type; /* of the graph */
    uint64_t objects, bytes;
};

#define UF_BALANCE_PINS 3
#define UF_BALANCE_UNKNOWN 3

struct uf_balance {
    const struct uf_mappings *mappings; /* the caller's: paths are theirs */
    const struct uf_graph *graph;
    uint64_t resident_bytes; /* the sum of the parts */
    uint64_t
        kernel_bytes; /* as /proc/PID/statm said, for who compares; the caller's, 0: not known */
    uint64_t swapped_bytes;
    uint64_t parts[UF_PARTS];

    /* of UF_PART_OBJECTS: in Python's arenas, from malloc */
    uint64_t objects_small, objects_large;
    /* of UF_PART_PYTHON_FREE */
    uint64_t pool_blocks_free, pools_free, pool_heads;
    uint32_t python_arenas, sparse_arenas; /* in all; at most a quarter in use */
    uint64_t arena_bytes, sparse_free;     /* of one; free in memory in the sparse ones */
    struct uf_balance_type
        pins[UF_BALANCE_PINS]; /* what lies in the sparse ones, most bytes first */

    UF_VEC(struct uf_balance_arena) arenas; /* of malloc, most in memory first */
    uint32_t chunks;                        /* of malloc, each a mapping of its own */
    uint64_t chunk_used, chunk_objects;
    uint64_t cached, fast,
        top;         /* of UF_PART_NATIVE_FREE: kept for threads, in fastbins, never given out */
    uint64_t trim;   /* of it, what malloc_trim(0) would give back */
    uint32_t breaks; /* in chains of chunks; 0: all was seen */

    uint32_t
        allocator; /* path of the library in the mappings' paths; 0: malloc is glibc's, or not known */
    uint64_t elsewhere_bytes; /* sizes of Python objects in memory of that allocator */

    uint32_t stacks;                      /* of threads, with those of threads that have ended */
    UF_VEC(struct uf_balance_file) files; /* most in memory first */
    struct {
        uint64_t start, bytes;
    } unknown[UF_BALANCE_UNKNOWN]; /* the largest of UF_PART_REMAINDER */
};

/* `memory` is of a live process, after a copy; `graph` what was captured from it. UF_ETARGET: it is not known
 * which pages are in memory; UF_ENOMEM. Release it in any case. */
enum uf_code uf_balance_build(struct uf_balance *ret, const struct uf_outside_memory *memory,
                              const struct uf_graph *graph, uint32_t version_hex,
                              struct uf_error *err);
void uf_balance_release(struct uf_balance *balance);

#endif
