/* heapsnapshot_ids.h - numbers of objects that are the same in every file of one process.
 *
 * The viewers compare two snapshots by the ids of nodes: 32 bits, odd for
 * objects. An id here follows from the object's address alone: the address in
 * units of 8 bytes, modulo 16 GiB, so that what lies in one stretch of memory
 * has ids of its own without a table. Where two stretches of 64 KiB would have
 * the same ids, the lower one keeps them and the other moves to free ones: its
 * objects may then have other ids in a file that was written when the lower
 * stretch was not in use yet.
 *
 * A heap spread over more than 16 GiB of such stretches has ids by number
 * instead (`by_number`): they identify objects within one file only.
 *
 * Ids up to UF_HS_IDS_OBJECTS are no object's; the caller uses them for nodes
 * that stand for no object, and even ones.
 */
#ifndef UF_EXPORT_HEAPSNAPSHOT_IDS_H
#define UF_EXPORT_HEAPSNAPSHOT_IDS_H

#include "base/map.h"
#include "graph/graph.h"

#define UF_HS_IDS_OBJECTS 131071u /* objects' ids are greater: eight stretches are kept free */

struct uf_hs_ids {
    struct uf_map places; /* number of a stretch + 1 -> its place among ids; empty: all at home */
    uint64_t last_stretch;
    uint32_t last_place;
    bool by_number;
};

/* On failure (UF_ENOMEM) `ids` is {0}. */
enum uf_code uf_hs_ids_init(struct uf_hs_ids *ids, const struct uf_graph *graph,
                            struct uf_error *err);
void uf_hs_ids_release(struct uf_hs_ids *ids);

uint32_t uf_hs_id(struct uf_hs_ids *ids, const struct uf_graph *graph, uf_node node);

#endif
