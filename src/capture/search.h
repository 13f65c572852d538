/* search.h - objects that only objects of unknown layout refer to: found before the graph is finished.
 *
 * From outside no tp_traverse can be asked, so what such an object refers to is
 * found by looking at its words (cpython/conservative.h). What is an object becomes a node,
 * is decoded, and is looked into in its turn, until nothing new is found. The
 * references themselves are added when all counts are known (guess.h).
 */
#ifndef UF_CAPTURE_SEARCH_H
#define UF_CAPTURE_SEARCH_H

#include "cpython/conservative.h"
#include "graph/builder.h"

struct uf_search {
    struct uf_unknown unknown;
    uf_node looked_into; /* nodes before it were */
    size_t blocks_looked_into;
};

/* Looks into all nodes decoded so far that were not looked into before, and queues what they lead to. The caller
 * decodes what is queued and asks again, until nothing is. */
enum uf_code uf_search_more(struct uf_search *search, struct uf_builder *builder,
                            struct uf_error *err);

#endif
