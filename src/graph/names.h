/* names.h - where the names of references come from.
 *
 * An analysis that wants to say `.attr`, `['key']` or `local 'y'` asks through
 * this interface; the live heap (cpython/names.h) and, later, a snapshot file
 * implement it. A name is valid only while the heap stands as it was captured.
 */
#ifndef UF_GRAPH_NAMES_H
#define UF_GRAPH_NAMES_H

#include "graph/graph.h"

enum uf_ref_kind {
    UF_REF_ATTR,    /* ".name": an attribute, a module's global, a slot, a C member */
    UF_REF_ITEM,    /* "['key']" of a mapping (value side) */
    UF_REF_KEY,     /* the key itself of a mapping, or a member of a set */
    UF_REF_INDEX,   /* "[3]" of a sequence */
    UF_REF_CLOSURE, /* "closure 'x'" */
    UF_REF_LOCAL,   /* "local 'y' of f() at file:12" */
    UF_REF_DICT, /* the attribute dictionary of an instance, module or type: shown merged with what follows */
    UF_REF_TYPE, /* instance -> its type */
    UF_REF_FIELD, /* a named internal field without attribute syntax: "callback", "frame", "globals" */
    UF_REF_UNKNOWN, /* nothing is known but that tp_traverse reports it */
};

struct uf_ref_name {
    enum uf_ref_kind kind;
    char text[200]; /* as Python would write it; contents of long keys are cut with "..." */
    char
        generic[96]; /* the same without keys, indices, lines: ".name", "[*]", "local 'y' of f()" */
};

#define UF_GENERIC_KIND_BITS 4
#define UF_GENERIC_KIND(number) ((enum uf_ref_kind)((number) & ((1U << UF_GENERIC_KIND_BITS) - 1)))

struct uf_names {
    void *context;
    /* Name of the ordinal-th reference (0-based) of `source`. Never fails: kind UNKNOWN at worst. */
    void (*name)(void *context, uf_node source, uint32_t ordinal, struct uf_ref_name *ret);
    /* The number of elements that `node` holds: len() of list, tuple, dict, set, str, bytes,
     * bytearray, deque, array; -1 for what has none. A length that only goes up is growth in place
     * even where the allocated size stays. */
    int64_t (*length)(void *context, uf_node node);
    /* The bound of a holder that cannot grow past it (lru_cache maxsize, deque maxlen); -1: none. */
    int64_t (*bound)(void *context, uf_node node);
    /* The bound that `owner` declares for a container that it holds as `held` (".queue"; "" for one that
     * it is itself) with `present` entries: the least integer attribute not below `present` whose name
     * means a bound (maxsize, max_size, maxlen, capacity, limit; of a module a global like re._MAXCACHE).
     * Its name is put into `attribute`. -1: none. Nothing enforces it. May be NULL. */
    int64_t (*declared)(void *context, uf_node owner, const char *held, int64_t present,
                        char *attribute, size_t size);
    /* The number of the generic name of a reference: equal numbers are equal texts, for one struct
     * uf_names; UINT32_MAX when memory is out. Cheap, for passes over all references. May be NULL: then
     * `name` has to be asked. `generic_text` gives the text of a number, until the next one is asked for. A
     * number's lowest bits are the kind (UF_GENERIC_KIND): so references of one text and two kinds have two
     * numbers. */
    uint32_t (*generic)(void *context, uf_node source, uint32_t ordinal);
    const char *(*generic_text)(void *context, uint32_t number);
    /* A short preview of an object for people: "'9f3c...'", "42", "<Session>"; at most size-1 bytes. */
    void (*preview)(void *context, uf_node node, char *ret, size_t size);
};

#endif
