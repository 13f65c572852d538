/* plan.h - what the decoder knows about a type (private to cpython).
 *
 * A plan is made once per type and capture, from the type object's memory:
 * which record describes the objects, where their attributes and slots are.
 * Classification follows the interpreter's own: a class made by a class
 * statement has tp_traverse == subtype_traverse, which visits its slots and
 * its attributes and then hands over to the nearest base that has another
 * tp_traverse (Objects/typeobject.c). That base's kind is told by its address,
 * by its name, or by a tp_traverse that it inherited.
 */
#ifndef UF_CPYTHON_PLAN_H
#define UF_CPYTHON_PLAN_H

#include "cpython/heap.h"
#include "cpython/known.h"

#include <stdbool.h>

/* A dict's table of entries (decode_dict.c). */
struct uf_dict_table {
    uint64_t entries; /* address of the first entry */
    uint64_t count;   /* entries in use, holes included */
    uint64_t values;  /* address of the first value of a dict with shared keys; 0: combined table */
    uint64_t keys_bytes; /* of the keys block, as the interpreter counts it */
    uint64_t values_bytes;
    uint64_t keys_refcount;
    uint16_t entry_bytes, key, value; /* within an entry */
    bool embedded;                    /* the values belong to the instance that the dict is of */
};

#define UF_SMALL_BYTES                                                                             \
    512 /* larger blocks come from malloc: SMALL_REQUEST_THRESHOLD, Objects/obmalloc.c */
#define UF_TYPE_CACHE 256
#define UF_BASES_MAX 256 /* bound on chains of tp_base */
#define UF_ITEMS_MAX                                                                               \
    (UINT64_C(1) << 40) /* bound on lengths; what lies behind must be readable too */

/* A slot of a class with __slots__, or an object-valued member of a C type. */
struct uf_slot {
    uint32_t offset;
    uint64_t name; /* address of a C string in the target */
};

enum uf_attributes {
    UF_ATTRIBUTES_NONE,
    UF_ATTRIBUTES_AT,     /* dict pointer at dict_offset */
    UF_ATTRIBUTES_BEHIND, /* negative dict_offset: counted from the end of a variable-size object */
    UF_ATTRIBUTES_MANAGED,
};

struct uf_plan {
    uint64_t address;                      /* of the type */
    uint64_t traverse;                     /* tp_traverse to ask when holds is UF_HOLDS_OPAQUE */
    uint64_t cached_keys;                  /* shared keys of instances, 0 = none */
    const struct uf_layout_record *record; /* of the base part; NULL: none */
    const struct uf_layout_record
        *sized; /* the one whose size rule it has: `record`, or a base's */
    uint64_t basic_size, item_size;
    uint64_t view_bytes;      /* of an object, to be in view before its fields are read */
    uint64_t base_basic_size; /* of the type that `record` describes */
    int64_t dict_offset;
    uint32_t first_slot, slot_count; /* in heap->slots; in canonical order */
    uint32_t value_count;            /* entries of cached_keys */
    uint32_t struct_items;           /* UF_HOLDS_STRUCTSEQ: n_fields */
    uint32_t fixed_refs;             /* most references besides those of the container */
    uint32_t constant_size;    /* of every such object, as sys.getsizeof gives it; 0: it varies */
    bool leaf;                 /* such objects hold no references */
    bool container_only;       /* all their references are the container's */
    bool quick;                /* see decode_quick() in heap.c */
    uint8_t holds;             /* enum uf_container */
    uint8_t size_rule;         /* enum uf_size_rule */
    uint8_t attributes;        /* enum uf_attributes */
    uint8_t prefix_bytes;      /* memory before the object: GC header, managed words */
    bool heap_type;            /* instances own a reference to the type */
    bool traverse_visits_type; /* and tp_traverse reports it */
    bool traverse_visits_dict; /* the same for the attributes */
    bool inline_values;        /* UF_MANAGED_INLINE: values behind the object */
    bool also_traverse;        /* tp_traverse reports more than the record tells (a C metatype) */
    bool gc, is_int;
    char *name; /* made when first asked for; uf_mem */
};

struct uf_known_record {
    uint64_t type, traverse;
};

struct uf_heap {
    struct uf_heap_config config;
    const struct uf_source *source;
    const struct uf_layout_objects *objects;
    UF_VEC(struct uf_plan) plans;
    UF_VEC(struct uf_slot) slots;
    struct uf_map by_type;
    struct {
        uint64_t address;
        uint32_t type;
    } cache[UF_TYPE_CACHE];
    struct uf_known_record *known; /* by record number: the type it describes, where it is known */
    uint64_t steps, *steps_left;   /* sound.h; the pointer is to the number before it */
    struct uf_map cut;             /* objects whose references are not all there -> 1 */
    uint64_t structseq_traverse;
    struct { /* names.c: what the present graph needs for naming, made when first asked for */
        const struct uf_graph *graph;
        uint8_t *attribute_dict;  /* bit per node: it is the attribute dict of something */
        struct uf_map closure_of; /* node of a closure tuple + 1 -> node of its function */
        bool ready;
    } naming;
};

struct uf_graph;
void uf_naming_release(struct uf_heap *heap);

/* Fills `plan` from the type at `address`; a type that cannot be read gets a plan that holds nothing.
 * 0, or -1 when memory is out. */
int uf_plan_make(struct uf_heap *heap, uint64_t address, struct uf_plan *plan);

/* How far into an object the decoder and the size rule of a record look, in bytes. */
uint64_t uf_record_needs(const struct uf_layout_objects *lay,
                         const struct uf_layout_record *record);

/* The plan of an object's type, entered if new; NULL: unreadable. Valid until the next type is. */
const struct uf_plan *uf_plan_of(struct uf_heap *heap, uint64_t object);

/* Where an object keeps its attributes; 0 = not there (yet). */
struct uf_attribute_words {
    uint64_t dict;        /* the attribute dict */
    uint64_t values;      /* address of the first of the values kept without a dict */
    uint64_t value_count; /* empty ones included */
};
/* False: the target cannot be read. */
bool uf_plan_attributes(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object,
                        struct uf_attribute_words *ret);
uint64_t uf_plan_dict(const struct uf_heap *heap, const struct uf_plan *plan, uint64_t object);
/* ob_size without sign; the number of digits for an int. */
uint64_t uf_plan_items(const struct uf_heap *heap, const struct uf_plan *plan, const void *view);

/* The first of its slots. */
static inline const struct uf_slot *uf_plan_slots(const struct uf_heap *heap,
                                                  const struct uf_plan *plan)
{
    return plan->slot_count ? heap->slots.at + plan->first_slot : NULL;
}

static inline const void *uf_view(const struct uf_heap *heap, uint64_t address, size_t size)
{
    return uf_source_view(heap->source, address, size);
}

#endif
