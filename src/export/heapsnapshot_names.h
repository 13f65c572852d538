/* heapsnapshot_names.h - what nodes and references are called in a .heapsnapshot, and its strings.
 *
 * Viewers group objects by type and name of the node, so:
 *
 *     str                        string    its text, if the snapshot has it
 *     int, float, complex        number    its value, likewise
 *     code                       code      its type
 *     class, function, module    object    "<class 'shop.Session'>": grouped by what stands before the
 *                                          first space, as DevTools groups elements of a page
 *     all others                 object    the type
 *
 * References: attributes and items of a mapping are properties, called by their bare name or key (so
 * that a key that is a str and its reference share one string); items of sequences, integer keys and
 * members of sets are elements; locals and free variables are of kind context; what has no
 * syntax in Python is internal.
 *
 * All strings together have to fit into one JavaScript string (2^29 - 24 characters in V8). What objects
 * contain is left out once `content_units` characters are used: such nodes are called by their type,
 * such references by their generic name.
 */
#ifndef UF_EXPORT_HEAPSNAPSHOT_NAMES_H
#define UF_EXPORT_HEAPSNAPSHOT_NAMES_H

#include "base/map.h"
#include "base/sink.h"
#include "base/vec.h"
#include "graph/names.h"

#define UF_HS_STRINGS_UNITS                                                                        \
    536000000u /* of the array as written; the rest is for what surrounds it */
#define UF_HS_CONTENT_UNITS 400000000u

/* Their numbers in the file: places in the lists of types that its header has. */
enum uf_hs_node_type {
    UF_HS_STRING = 2,
    UF_HS_OBJECT = 3,
    UF_HS_CODE = 4,
    UF_HS_NUMBER = 7,
    UF_HS_NATIVE = 8,
    UF_HS_SYNTHETIC = 9,
};
enum uf_hs_edge_type {
    UF_HS_CONTEXT = 0,
    UF_HS_ELEMENT = 1,
    UF_HS_PROPERTY = 2,
    UF_HS_INTERNAL = 3,
    UF_HS_WEAK = 6,
};

struct uf_hs_node_name {
    enum uf_hs_node_type type;
    uint32_t name; /* number of a string */
};
struct uf_hs_edge_name {
    enum uf_hs_edge_type type;
    uint32_t name; /* number of a string; of an element the index */
};

struct uf_hs_generic; /* what is known of a generic name */
struct uf_hs_type;    /* ... of a type */

struct uf_hs_names {
    const struct uf_graph *graph;
    const struct uf_names *names;
    struct uf_strings strings;
    uint64_t units,
        content_units; /* used by the strings as written, and from where content is left out */
    struct uf_map generic_of; /* number of uf_names.generic + 1 -> index into generic */
    UF_VEC(struct uf_hs_generic) generic;
    struct uf_hs_type *types; /* by index into graph->types */
    bool failed;              /* memory is out: nothing that follows is right */
};

/* On failure (UF_ENOMEM) `names` is released. */
enum uf_code uf_hs_names_init(struct uf_hs_names *names, const struct uf_graph *graph,
                              const struct uf_names *from, uint64_t content_units,
                              struct uf_error *err);
void uf_hs_names_release(struct uf_hs_names *names);

/* The number of a text. */
uint32_t uf_hs_text(struct uf_hs_names *names, const char *text);
struct uf_hs_node_name uf_hs_name_node(struct uf_hs_names *names, uf_node node);
/* Of the ordinal-th reference of `source`; `weak`: it holds nothing. */
struct uf_hs_edge_name uf_hs_name_edge(struct uf_hs_names *names, uf_node source, uint32_t ordinal,
                                       bool weak);

/* The array of all strings, in ASCII. UF_ELIMIT: they are too long in all; UF_ENOMEM also for what was
 * asked before. */
enum uf_code uf_hs_write_strings(const struct uf_hs_names *names, struct uf_sink *sink,
                                 struct uf_error *err);

#endif
