/* capture.h - a heap in, a graph out.
 *
 * Walks the collector's lists of one interpreter (all generations and the
 * permanent one) and everything that is reached from them and from the roots.
 * Creates no Python object, runs no Python code, leaves the collector as it
 * was. The caller holds the interpreter lock; the graph and names made from it
 * describe the heap only until the lock is given up or Python code runs.
 *
 * From outside (config.traverse is NULL) the memory is not trusted: what is no object
 * does not become a node, nor what refers to it an edge; an object of which a
 * part cannot be read has the references of the rest. Both are counted. UF_ELIMIT:
 * the memory claims more than fits into it. The graph keeps its invariants.
 *
 * Peak memory: at most 40 bytes per object plus 8 per reference (bench/capture).
 */
#ifndef UF_CAPTURE_CAPTURE_H
#define UF_CAPTURE_CAPTURE_H

#include "cpython/heap.h"
#include "graph/graph.h"
#include "graph/names.h"

struct uf_capture_options {
    const uint64_t *own; /* addresses of unfreed's own objects, ascending: flagged UF_NODE_OWN */
    size_t own_count;
};

/* Not to be copied or moved: its names refer to its graph. */
struct uf_capture {
    struct uf_graph graph;
    struct uf_heap *heap;    /* for names */
    struct uf_names names;   /* of this graph; valid while the heap stands still */
    uint64_t tracked;        /* collector-tracked objects in the generations, own ones left out */
    uint64_t frozen;         /* in the permanent generation */
    uint64_t python_bytes;   /* shallow sizes of all nodes, own ones left out */
    uint64_t malloced_bytes; /* of those, what came from malloc (see struct uf_object) */
    /* From outside: addresses that something refers to and no object is at; objects of which a part could not
     * be read; lists of the collector that were caught in the middle of a change. */
    uint64_t not_objects, cut_objects;
    uint32_t broken_lists;
    bool
        collecting; /* and the collector was running (a core: nobody can wait): of what it was about to free,
                      * some may be missing */
    double seconds;
};

enum uf_code uf_capture_heap(struct uf_capture *capture, const struct uf_heap_config *config,
                             const struct uf_capture_options *options, struct uf_error *err);
void uf_capture_release(struct uf_capture *capture);

/* What len(gc.get_objects()) would say: walks the lists only. `own` as above. Bounded. */
enum uf_code uf_capture_count_tracked(const struct uf_heap_config *config,
                                      const struct uf_capture_options *options, uint64_t *tracked,
                                      uint64_t *frozen, struct uf_error *err);

#endif
