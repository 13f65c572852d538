/* outside.h - who outside of the graph holds an object: a variable of C code, or a block of memory.
 *
 * An object that is counted more often than the graph explains is either held by
 * C code, which then has its address somewhere, or it is lost: the reference is
 * counted and nobody has it. So its address is looked for in everything that C
 * code may write to: the data of libraries, what malloc gave (the heap, arenas
 * of threads, blocks with a mapping of their own), blocks of Python's small
 * allocator that are no objects of the graph, stacks of threads and of Python frames. The
 * interpreter's own data is left out: what it holds is in the graph, and its
 * freelists show objects of the past.
 *
 * Memory that was freed may still show an address, so a single object proves
 * little: judge by how many of a group of objects are held. Memory of an
 * allocator that is not known here (one that a library brought along) is not
 * looked through.
 */
#ifndef UF_CAPTURE_OUTSIDE_H
#define UF_CAPTURE_OUTSIDE_H

#include "base/strings.h"
#include "base/vec.h"
#include "graph/graph.h"

#define UF_OUTSIDE_OBJECTS_MAX 65536
#define UF_OUTSIDE_PLACES 4
#define UF_OUTSIDE_BYTES_MAX ((uint64_t)8 << 30) /* looked through, in all */

struct uf_outside_object {
    uint64_t address;
    uf_node node;       /* UF_NODE_NONE: not in the graph */
    uint32_t in_data;   /* words in data of libraries */
    uint32_t in_memory; /* words in other memory ... */
    uint32_t by_graph;  /* ... of them, so many hold references of the graph's own containers */
    uint64_t at[UF_OUTSIDE_PLACES]; /* where such words lie: the first few; 0: no more */
    uint32_t library;               /* in names: whose data, of the last one found; 0: none */
};

struct uf_outside {
    UF_VEC(struct uf_outside_object) objects;
    struct uf_strings names;
    bool complete; /* false: there was more than UF_OUTSIDE_BYTES_MAX, or it could not be read */
};

/* Is it held by something that is not in the graph? */
static inline bool uf_outside_holds(const struct uf_outside_object *object)
{
    return object->in_data + object->in_memory > object->by_graph;
}

struct uf_heap_config;

/* Looks for all `objects` (set `address` and nothing else) at once, in the present memory, which is as
 * `graph` shows it. */
enum uf_code uf_outside_look(struct uf_outside *outside, const struct uf_graph *graph,
                             const struct uf_heap_config *config, struct uf_error *err);
void uf_outside_release(struct uf_outside *outside);

#endif
