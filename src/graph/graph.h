/* graph.h - the object graph: the only thing that analyses, reports and files see.
 *
 * Nodes are numbered 0 .. node_count-1 in the order in which capture met them
 * (collector-tracked objects first, in the collector's order, then what was
 * reached from them). The references of node n are
 * edge_target[edge_start[n] .. edge_start[n+1]-1], in the canonical order of
 * its decoder (docs/ARCHITECTURE.md, "canonical order"): so the name of a
 * reference is recovered from the source node and the ordinal.
 *
 * A reference that an object holds twice stands twice. Weak references and
 * borrowed pointers are not in the graph.
 *
 * Invariants (uf_graph_check verifies them): every edge target, root node and
 * type index is in range; edge_start is ascending, begins with 0 and ends with
 * edge_count; addresses are distinct and not 0; a size stands in big_sizes
 * exactly when size[n] is UF_SIZE_BIG; guessed edges ascend and are the last ones of their sources.
 */
#ifndef UF_GRAPH_GRAPH_H
#define UF_GRAPH_GRAPH_H

#include "base/error.h"
#include "base/map.h"
#include "base/strings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t uf_node;

#define UF_NODE_NONE UINT32_MAX
#define UF_NODE_MAX (UINT32_MAX - 1)
#define UF_SIZE_BIG UINT32_MAX       /* the size is in big_sizes */
#define UF_COUNT_IMMORTAL UINT32_MAX /* the object is immortal (3.12+): its count tells nothing */

enum uf_node_flag {
    UF_NODE_TRACKED = 1 << 0, /* in one of the collector's lists */
    UF_NODE_FROZEN = 1 << 1,  /* in the permanent generation (gc.freeze) */
    UF_NODE_OWN = 1 << 2,     /* belongs to unfreed itself: in no figure */
    UF_NODE_TYPE = 1 << 3,    /* is a type object */
    UF_NODE_STATIC = 1 << 4,  /* a static type, or another object that is never freed */
    UF_NODE_OPAQUE = 1
        << 5, /* its references came from tp_traverse, or by guessing, not from a layout */
    UF_NODE_YOUNG = 1 << 6, /* tracked, in generation 0 or 1 */
};

struct uf_graph_type {
    uint64_t address;
    uint32_t name; /* in strings: "module.Qualified.name"; builtins without the module: "dict" */
    uf_node node;  /* the type object itself, or UF_NODE_NONE */
};

enum uf_root_kind {
    UF_ROOT_MODULE,      /* name: the module's name in sys.modules */
    UF_ROOT_THREAD,      /* name: the thread's name; label: "local 'y' of f() at file:12" */
    UF_ROOT_INTERPRETER, /* name: the field: "atexit", "codecs", ... */
    UF_ROOT_STATIC_TYPE, /* name: the type's name */
    UF_ROOT_CACHE,  /* name: "interned", "type cache": they hold whatever passed by, so they are
                          * shown only for what nothing else holds */
    UF_ROOT_NATIVE, /* more references counted than found: held from C */
};

/* Roots stand in the order of preference: a path from an earlier kind is shown first. */
struct uf_graph_root {
    uf_node node;
    uint32_t name;  /* in strings */
    uint32_t label; /* in strings; 0 = none: what the root calls this object */
    uint8_t kind;   /* enum uf_root_kind */
    /* UF_ROOT_NATIVE: references counted and not found; 0: an immortal object, whose count tells nothing, or
     * one that is never freed */
    uint32_t surplus;
};

struct uf_graph {
    uf_node node_count;
    uint64_t *address;
    uint32_t *type;     /* index into types */
    uint32_t *size;     /* shallow bytes as sys.getsizeof gives them; UF_SIZE_BIG: see big_sizes */
    uint32_t *refcount; /* UF_COUNT_IMMORTAL for immortal objects and counts that do not fit */
    uint8_t *flags;     /* enum uf_node_flag */

    uint32_t edge_count;
    uint32_t *edge_start; /* node_count + 1 entries */
    uf_node *edge_target;
    /* Edges that nothing reports: a word in the memory of an opaque object that explains a surplus of
     * its target's count (capture/guess.h). Ascending; behind the canonical ones of their source. */
    uint32_t *guessed;
    uint32_t guessed_count;

    struct uf_graph_type *types;
    uint32_t type_count;
    struct uf_graph_root *roots;
    uint32_t root_count;

    struct uf_map big_sizes; /* node + 1 -> index into big_size_bytes */
    uint64_t *big_size_bytes;
    struct uf_strings strings;
};

/* Shallow size in bytes. */
uint64_t uf_graph_size(const struct uf_graph *graph, uf_node node);
const char *uf_graph_type_name(const struct uf_graph *graph, uf_node node);

/* The guessed edges of a node are its last ones: the index of the first, or of the end. */
uint32_t uf_graph_first_guessed(const struct uf_graph *graph, uf_node node);
bool uf_graph_is_guessed(const struct uf_graph *graph, uint32_t edge);

/* Verifies the invariants above; UF_ECORRUPT names the first that does not hold. */
enum uf_code uf_graph_check(const struct uf_graph *graph, struct uf_error *err);

/* Frees everything; the struct is {0} afterwards. */
void uf_graph_release(struct uf_graph *graph);

#endif
